"""The embedded PostgreSQL and Valkey, each started, stopped, killed and started again.

Run by root, the servers drop to `nobody`. That user often can't walk to DATA (a checkout in
/root), so the servers get the folders as open descriptors and name them /proc/self/fd/N.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cpms import programs
from cpms.addresses import VALKEY_SOCKET, socket_folder
from cpms.processes import die_with_parent, wait_while, working_in
from cpms.programs import EmbeddedError

POSTGRES_MAJOR = 18
#: Crash recovery after a power cut may replay up to `max_wal_size`.
START_SECONDS = 300.0
LOG_BYTES = 10_000_000
#: By default the client would wait a second or more before it tries again.
AT_ONCE = Retry(NoBackoff(), 0)
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_locks_per_transaction": "256",  # Day partitions: one lock each, and one per index.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Server(ABC):
    """One server process: started, stopped, killed and started again on the same folders."""

    name: str
    #: What the system calls its processes.
    program: str
    #: The signal that the server gets when we die, and when we ask it to stop.
    stop_signal: signal.Signals
    #: The signal for a server that does not stop in time; no acknowledged fact may be lost.
    abort_signal: signal.Signals

    def __init__(self, data: Path, home: Path) -> None:
        self.data = data
        self.home = home
        self.log = data / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, or None when it isn't running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the server and return once it answers. Raises EmbeddedError."""
        if self.pid is not None:
            return
        self._stop_leftovers()
        self._process = self._launch()
        self._wait_until_ready()

    def revive(self) -> None:
        """Start the server again if it died; its users find out when it answers."""
        if self.pid is None:
            self._stop_leftovers()
            self._process = self._launch()

    def stop(self, timeout: float = 10.0) -> None:
        """Ask the server to stop; after `timeout` seconds make it."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.send_signal(self.abort_signal)
            self._process.wait()

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @abstractmethod
    def _launch(self) -> subprocess.Popen[bytes]:
        """Start the process; it need not answer yet."""

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether it takes connections."""

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.pid is None or time.monotonic() > deadline:
                self.stop(0.0)
                raise EmbeddedError(f"{self.name} did not start. {self._last_words()}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return f"The end of {self.log}: " + " / ".join(lines)

    def _stop_leftovers(self) -> None:
        """End what a killed predecessor left behind in our folder."""
        leader = self._leader(self._running())
        if leader is not None:
            os.kill(leader, self.stop_signal)
        if not wait_while(lambda: bool(self._running()), 30.0):
            for pid in self._running():
                os.kill(pid, signal.SIGKILL)
            wait_while(lambda: bool(self._running()), 5.0)

    def _running(self) -> list[int]:
        return working_in(self.home, self.program)

    def _leader(self, left: list[int]) -> int | None:
        """Return which of the processes `left` to ask for an orderly stop."""
        return left[0] if left else None

    def _open_log(self) -> int:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _spawn(self, argv: list[str], folders: "Folders") -> subprocess.Popen[bytes]:
        """Run `argv` as the servers' user; it gets `stop_signal` when we die."""
        log = self._open_log()
        user, group = servers_user() if os.geteuid() == 0 else (None, None)
        groups: list[int] | None = None if user is None else []
        try:
            return subprocess.Popen(  # noqa: S603
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                pass_fds=folders.descriptors,
                start_new_session=True,  # Ctrl-C is for us; we stop the servers last.
                preexec_fn=die_with_parent(self.stop_signal),  # noqa: PLW1509
                user=user,
                group=group,
                extra_groups=groups,
            )
        finally:
            os.close(log)


class Postgres(Server):
    """The PostgreSQL server of one DATA folder."""

    name = program = "postgres"
    stop_signal = signal.SIGINT  # "Fast": sessions are cut, everything is written.
    abort_signal = signal.SIGQUIT  # "Immediate": the next start replays the log.

    def __init__(self, data: Path, *, fsync: bool) -> None:
        super().__init__(data, data / "postgres")
        self.fsync = fsync

    def start(self) -> None:
        """Start PostgreSQL, after making the cluster and the database if they are missing."""
        if not self.home.exists():
            self._make_cluster()
        self._refuse_other_version()
        super().start()
        self._make_database()

    def _make_cluster(self) -> None:
        """Run initdb beside the final place, so that a broken run leaves nothing half made."""
        draft = self.home.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        own(draft)
        with Folders() as folders:
            argv = [programs.postgres("initdb"), "-D", folders.name(draft), "-U", "kilowatch"]
            argv += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
            argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            argv += [] if self.fsync else ["--no-sync"]
            if self._spawn(argv, folders).wait() != 0:
                raise EmbeddedError(f"initdb failed. {self._last_words()}")
        draft.rename(self.home)

    def _refuse_other_version(self) -> None:
        found = (self.home / "PG_VERSION").read_text().strip()
        if found != str(POSTGRES_MAJOR):
            raise EmbeddedError(
                f"{self.home} was written by PostgreSQL {found}, this is {POSTGRES_MAJOR}; dump it "
                "with the old version and load it into an empty DATA."
            )

    def _stop_leftovers(self) -> None:
        super()._stop_leftovers()
        # Its process id may belong to somebody else by now, which PostgreSQL takes for a
        # running server. Nothing runs in the folder, so the file is stale.
        (self.home / "postmaster.pid").unlink(missing_ok=True)

    def _leader(self, left: list[int]) -> int | None:
        """Return the postmaster: its children read the same signal otherwise."""
        try:
            pid = int((self.home / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if pid in left else None

    def _launch(self) -> subprocess.Popen[bytes]:
        options = dict(POSTGRES_OPTIONS)
        if not self.fsync:
            options |= {"fsync": "off", "full_page_writes": "off"}
        with Folders() as folders:
            options["unix_socket_directories"] = folders.name(socket_folder(self.data))
            argv = [programs.postgres("postgres"), "-D", folders.name(self.home)]
            for name, value in options.items():
                argv += ["-c", f"{name}={value}"]
            return self._spawn(argv, folders)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(socket_folder(self.data)),
            user="kilowatch",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        with self._connect() as connection:
            known = "SELECT 1 FROM pg_database WHERE datname = 'kilowatch'"
            if connection.execute(known).fetchone() is None:
                connection.execute("CREATE DATABASE kilowatch")


class Valkey(Server):
    """The Valkey server of one DATA folder; it keeps nothing on disk."""

    name, program = "valkey", "valkey-server"
    stop_signal = signal.SIGTERM
    abort_signal = signal.SIGKILL

    def __init__(self, data: Path) -> None:
        super().__init__(data, socket_folder(data))
        self._socket = str(self.home / VALKEY_SOCKET)

    def _launch(self) -> subprocess.Popen[bytes]:
        with Folders() as folders:
            home = folders.name(self.home)
            argv = [programs.valkey(), "--port", "0", "--dir", home, "--logfile", ""]
            argv += ["--unixsocket", f"{home}/{VALKEY_SOCKET}", "--unixsocketperm", "700"]
            argv += ["--save", "", "--appendonly", "no"]
            return self._spawn(argv, folders)

    def _answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=self._socket, retry=AT_ONCE) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Folders(ExitStack):
    """Names for folders that a server may be unable to walk to; held while it is started."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptors: list[int] = []

    def name(self, folder: Path) -> str:
        """Return a path to `folder` that works for the servers' user."""
        if os.geteuid() != 0:
            return str(folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.callback(os.close, descriptor)
        self.descriptors.append(descriptor)
        return f"/proc/self/fd/{descriptor}"


def own(folder: Path) -> None:
    """Make `folder` if it is missing, and give it to the servers' user alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    os.chown(folder, *servers_user())


def servers_user() -> tuple[int, int]:
    """Return user and group of the servers: ours, or `nobody` for root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return nobody.pw_uid, nobody.pw_gid
