"""Where the embedded servers of a DATA folder are reached, and the installation's secret."""

import hashlib
import os
import re
import secrets
from pathlib import Path
from urllib.parse import quote

from cpms.programs import EmbeddedError

#: The longest path that fits a Unix socket's address on Linux, without its closing zero.
LONGEST_SOCKET_PATH = 107
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"


def urls(data: Path) -> tuple[str, str]:
    """Return the URLs of PostgreSQL and of Valkey for the folder `data`; nothing is touched."""
    sockets = socket_folder(data)
    database = f"postgresql://kilowatch@/kilowatch?host={quote(str(sockets), safe='/')}"
    return database, f"unix://{sockets / VALKEY_SOCKET}?db=0"


def socket_folder(data: Path) -> Path:
    """Return where the sockets are: under `data`, or in /tmp if that path can't name a socket."""
    folder = data.absolute() / "run"
    plain = re.fullmatch(r"[\w./-]+", str(folder), re.ASCII)
    if plain and len(str(folder / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH:
        return folder
    digest = hashlib.sha256(os.fsencode(data.absolute())).hexdigest()[:16]
    return Path("/tmp") / f"kilowatch-{digest}"  # noqa: S108 (owner and mode are checked)


def is_open(data: Path) -> bool:
    """Whether PostgreSQL's socket is there: the servers of `data` run, or were killed."""
    return (socket_folder(data) / POSTGRES_SOCKET).exists()


def celery_broker(redis_url: str) -> str:
    """Return `redis_url` as Celery writes it: Unix sockets have another scheme there."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    database = re.search(r"(?:^|&)db=(\d+)", query)
    return f"redis+socket://{path}?virtual_host={database[1] if database else 0}"


def secret_key(data: Path) -> str:
    """Return the secret of the installation in `data`, made at first use, readable by us only."""
    path = data / "secret_key"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text()
    except OSError as problem:
        raise EmbeddedError(
            f"{path} can't be used ({problem.strerror}); set DATA to a folder of your own."
        ) from problem


def _write_once(path: Path, text: str) -> None:
    """Write `text` to `path` whole; if another process was first, its text stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
