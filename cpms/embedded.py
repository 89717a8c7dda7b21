"""PostgreSQL and Valkey from their wheels, on private Unix sockets, with nothing to install.

Everything lives under DATA: `postgres/` and `run/` (sockets), the servers' logs and the
secret key. The servers end with the process that started them, whatever ends it.
"""

import fcntl
import os
import shutil
import stat
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from cpms.addresses import celery_broker, is_open, secret_key, socket_folder, urls
from cpms.programs import EmbeddedError
from cpms.servers import Postgres, Server, Valkey, own, servers_user

__all__ = [
    "Embedded",
    "EmbeddedError",
    "Server",
    "celery_broker",
    "is_open",
    "secret_key",
    "socket_folder",
    "start",
    "urls",
]


def start(data: Path, *, fsync: bool = True) -> "Embedded":
    """Start both servers on the folder `data` and return them, ready for connections.

    With `fsync` off a power cut may cost the data: for tests only. Call it from a thread that
    lives as long as the servers should: Linux ends them with that thread.
    Raises EmbeddedError, also if another process runs the servers of `data`.
    """
    if sys.platform != "linux":
        raise EmbeddedError("The embedded servers need Linux; set DATABASE_URL and REDIS_URL.")
    return Embedded(data.absolute(), fsync=fsync)


class Embedded:
    """The running servers of one DATA folder; a context manager that stops them."""

    def __init__(self, data: Path, *, fsync: bool) -> None:
        self.data = data
        self.database_url, self.redis_url = urls(data)
        self._lock: int | None = _lock(data)
        self.postgres = Postgres(data, fsync=fsync)
        self.valkey = Valkey(data)
        try:
            _prepare_sockets(socket_folder(data))
            self.postgres.start()
            self.valkey.start()
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout: float = 10.0) -> None:
        """Stop both servers; one that takes longer than `timeout` seconds is made to stop."""
        self.valkey.stop(timeout)
        self.postgres.stop(timeout)
        sockets = socket_folder(self.data)
        if sockets.parent != self.data and _is_ours(sockets):
            shutil.rmtree(sockets, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _lock(data: Path) -> int:
    """Return the descriptor of the lock on `data`, held until it is closed or we die."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise EmbeddedError(
            f"The folder {data} can't be used ({problem.strerror}); set DATA to another."
        ) from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        owner = os.read(lock, 20).decode() or "unknown"
        os.close(lock)
        raise EmbeddedError(
            f"Kilowatch already runs on {data} (process {owner}); stop it, or set DATA to "
            "another folder."
        ) from problem
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def _prepare_sockets(folder: Path) -> None:
    """Make the socket folder, private to the servers' user.

    In /tmp another user may have been first, to answer in the place of our servers.
    """
    if os.path.lexists(folder) and not _is_ours(folder):
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it, or set another DATA.")
    own(folder)


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in {os.geteuid(), servers_user()[0]}
