"""The supervisor with small programs of our own in the place of the house's."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cpms.supervisor import Display, Program, Supervisor

SOON = 10.0


def python(name: str, source: str) -> Program:
    return Program(name, [sys.executable, "-c", textwrap.dedent(source)])


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():
            await asyncio.sleep(0.02)


async def supervised(
    programs: list[Program], until: Callable[[Supervisor, io.StringIO], Awaitable[None]]
) -> str:
    """Keep `programs` running until `until` returns; return what was shown."""
    out = io.StringIO()
    supervisor = Supervisor(Display(out))
    for program in programs:
        supervisor.keep(program)
    watch = asyncio.create_task(supervisor.until_stopped())
    try:
        await until(supervisor, out)
    finally:
        supervisor.stop()
        await asyncio.wait_for(watch, SOON)
    return out.getvalue()


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def test_every_line_says_whose_it_is() -> None:
    async def both_spoke(_: Supervisor, out: io.StringIO) -> None:
        await eventually(lambda: "hello" in out.getvalue() and "world" in out.getvalue())

    shown = await supervised(
        [
            python("web", "import time; print('hello', flush=True); time.sleep(60)"),
            python("gateway", "import time; print('world', flush=True); time.sleep(60)"),
        ],
        both_spoke,
    )
    assert "web       | hello\n" in shown
    assert "gateway   | world\n" in shown


async def test_a_line_cannot_move_the_cursor_nor_pass_for_another_program() -> None:
    async def spoke(_: Supervisor, out: io.StringIO) -> None:
        await eventually(lambda: "end" in out.getvalue())

    source = (
        r"import time; print('a\x1b[2J\x1b[31mb\rweb | forged end', flush=True); time.sleep(60)"
    )
    shown = await supervised([python("gateway", source)], spoke)
    assert "gateway   | a\\x1b[2Jb\\rweb | forged end\n" in shown


async def test_a_line_without_end_is_shown_in_pieces() -> None:
    async def spoke(_: Supervisor, out: io.StringIO) -> None:
        await eventually(lambda: out.getvalue().count("x") >= 1_000)

    source = "import sys,time; sys.stdout.write('x' * 100_000); sys.stdout.flush(); time.sleep(60)"
    shown = await supervised([python("gateway", source)], spoke)
    assert max(len(line) for line in shown.splitlines()) < 20_000


async def test_what_dies_is_started_again_after_a_growing_pause() -> None:
    async def died_twice(_: Supervisor, out: io.StringIO) -> None:
        await eventually(lambda: out.getvalue().count("starts again") == 2)

    shown = await supervised([python("worker", "raise SystemExit(3)")], died_twice)
    assert "worker ended with status 3; it starts again in 0.5 s." in shown
    assert "worker ended with status 3; it starts again in 1 s." in shown


async def test_a_killed_program_is_back_under_another_process_id() -> None:
    pids: list[int] = []

    async def killed_and_back(supervisor: Supervisor, _: io.StringIO) -> None:
        await eventually(lambda: "gateway" in supervisor.running)
        pids.append(supervisor.running["gateway"].pid)
        os.kill(pids[0], signal.SIGKILL)
        await eventually(lambda: "gateway" not in supervisor.running)
        await eventually(lambda: "gateway" in supervisor.running)
        pids.append(supervisor.running["gateway"].pid)

    await supervised([python("gateway", "import time; time.sleep(60)")], killed_and_back)
    assert pids[0] != pids[1]
    assert not alive(pids[1])


async def test_a_program_that_ignores_the_end_is_made_to_end_with_its_children() -> None:
    pids: list[int] = []
    source = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = os.fork()
        if child:
            print("pids", os.getpid(), child, flush=True)
        time.sleep(60)
    """

    async def spoke(_: Supervisor, out: io.StringIO) -> None:
        await eventually(lambda: "pids" in out.getvalue())
        pids.extend(int(word) for word in out.getvalue().split()[-2:])

    started = time.monotonic()
    await supervised([python("worker", source)], spoke)
    assert time.monotonic() - started < 5
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


async def test_a_task_that_runs_once_returns_its_status_and_lines() -> None:
    supervisor = Supervisor(Display(io.StringIO()))
    status, lines = await supervisor.once(python("demo", "print('login'); raise SystemExit(2)"))
    assert (status, lines) == (2, ["login"])


SUPERVISED = """
    import asyncio, io, sys
    from cpms.supervisor import Display, Program, Supervisor
    async def main():
        supervisor = Supervisor(Display(sys.stdout))
        supervisor.listen()
        supervisor.keep(Program("child", [sys.executable, "-c", CHILD]))
        await supervisor.until_stopped()
    CHILD = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
    asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_programs_end_with_the_supervisor(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISED)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline().split()[-1])
        assert alive(child)
        supervisor.send_signal(number)
        supervisor.wait(SOON)
    deadline = time.monotonic() + SOON
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_reader_who_goes_away_ends_it_all() -> None:
    """`make run | head -1` must not leave a house behind."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISED).replace("sleep(60)", "sleep(0.1)")],
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        supervisor.stdout.readline()
        supervisor.stdout.close()
        supervisor.wait(SOON)
