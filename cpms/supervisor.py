"""One process that starts the others, shows their logs and starts again what dies.

Everything ends with it: on Ctrl-C and SIGTERM in order, on `kill -9` at once.
"""

import asyncio
import os
import re
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import TextIO

from cpms.embedded import Embedded, EmbeddedError
from cpms.logs import escaped
from cpms.processes import die_with_parent

OURSELVES = "kilowatch"
#: Programs have this long, in seconds, to end by themselves.
GRACE = 2.8
#: From the first Ctrl-C to the end of the servers, in seconds.
CLOSED_WITHIN = 3.8
FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
#: A program that lived this long, in seconds, has a clean record again.
STEADY = 30.0
LONGEST_LINE = 16_384
COLOURS = (36, 32, 35, 33, 34, 96, 92, 95)
COLOUR_CODE = re.compile(r"(\x1b\[[0-9;]*m)")


@dataclass(frozen=True)
class Program:
    """A program to run: its name in the log, its command and its own variables."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Display:
    """The programs' lines on one screen, each under its program's name."""

    def __init__(self, out: TextIO, width: int = 9) -> None:
        self.out = out
        self.width = width
        self.colour = out.isatty() and not os.environ.get("NO_COLOR")
        self._colours = cycle(COLOURS)
        self._prefixes: dict[str, str] = {}

    def show(self, name: str, line: str) -> None:
        """Write one line of the program `name`."""
        self.say(f"{self._prefix(name)} {self._harmless(line)}")

    def say(self, line: str) -> None:
        """Write a line of our own. A reader who has gone stops the house."""
        try:
            self.out.write(f"{line}\n")
            self.out.flush()
        except BrokenPipeError:
            signal.raise_signal(signal.SIGTERM)

    def _prefix(self, name: str) -> str:
        if name not in self._prefixes:
            text = f"{name:<{self.width}} |"
            code = next(self._colours)
            self._prefixes[name] = f"\x1b[{code}m{text}\x1b[0m" if self.colour else text
        return self._prefixes[name]

    def _harmless(self, line: str) -> str:
        if not self.colour:
            return escaped(COLOUR_CODE.sub("", line), LONGEST_LINE)
        parts = COLOUR_CODE.split(line)  # Every second part is a colour.
        return "".join(part if at % 2 else escaped(part) for at, part in enumerate(parts))


class Supervisor:
    """Runs programs, and keeps them and the embedded servers running until told to stop."""

    def __init__(self, display: Display, servers: Embedded | None = None) -> None:
        self.display = display
        self.servers = servers
        self.running: dict[str, Process] = {}
        self._stopping = asyncio.Event()
        self._stopped_at = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self) -> None:
        """Stop on Ctrl-C, SIGTERM and a closed terminal; a second time without patience."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """Ask for the end."""
        if self._stopping.is_set():
            self._signal_all(signal.SIGKILL)
        else:
            self._stopped_at = time.monotonic()
        self._stopping.set()

    @property
    def seconds_left(self) -> float:
        """How long the rest may take for the house to be closed in time, in seconds."""
        return max(0.5, self._stopped_at + CLOSED_WITHIN - time.monotonic())

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stopping.is_set()

    async def once(self, program: Program) -> tuple[int, list[str]]:
        """Run `program` to its end; return its exit status and what it printed."""
        lines: list[str] = []
        return await self._run(program, lines), lines

    def keep(self, program: Program) -> None:
        """Start `program`, and again whenever it ends."""
        self._tasks.append(asyncio.create_task(self._keep(program)))

    async def until_stopped(self) -> None:
        """Watch the servers until the end is asked for, then end everything in order."""
        while not await self.pause(1.0):
            self._revive_servers()
        self._signal_all(signal.SIGTERM)
        ends = [asyncio.create_task(process.wait()) for process in self.running.values()]
        if ends:
            await asyncio.wait(ends, timeout=GRACE)
        self._signal_all(signal.SIGKILL)
        await asyncio.gather(*self._tasks)

    async def _keep(self, program: Program) -> None:
        delay = FIRST_DELAY
        while not self.stopping:
            started = time.monotonic()
            status = await self._run(program)
            if self.stopping:
                return
            delay = FIRST_DELAY if time.monotonic() - started > STEADY else delay
            notice = f"{program.name} ended with status {status}; it starts again in {delay:g} s."
            self.display.show(OURSELVES, notice)
            await self.pause(delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _run(self, program: Program, lines: list[str] | None = None) -> int:
        process = await self._spawn(program)
        self.running[program.name] = process
        if self.stopping:
            process.kill()
        shown = asyncio.create_task(self._show(program.name, process, lines))
        status = await process.wait()
        _signal_group(process, signal.SIGKILL)  # Its children, if it couldn't end them.
        await shown
        del self.running[program.name]
        return status

    async def _spawn(self, program: Program) -> Process:
        colour = {"FORCE_COLOR": "1"} if self.display.colour else {}
        return await asyncio.create_subprocess_exec(
            *program.argv,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **colour, **program.environment},
            start_new_session=True,  # Ctrl-C is for us alone: we end them in order.
            preexec_fn=die_with_parent(signal.SIGKILL),
        )

    async def _show(self, name: str, process: Process, lines: list[str] | None) -> None:
        rest = b""
        while process.stdout and (chunk := await process.stdout.read(65_536)):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                whole, rest = [*whole, rest], b""
            for line in whole:
                self._show_line(name, line, lines)
        if rest:
            self._show_line(name, rest, lines)

    def _show_line(self, name: str, line: bytes, lines: list[str] | None) -> None:
        text = line.decode(errors="replace").rstrip()
        self.display.show(name, text)
        if lines is not None:
            lines.append(text)

    async def pause(self, seconds: float) -> bool:
        """Wait `seconds` or until the end is asked for; return whether it was."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self.stopping

    def _revive_servers(self) -> None:
        for server in (self.servers.postgres, self.servers.valkey) if self.servers else ():
            if server.pid is None:
                self.display.show(OURSELVES, f"{server.name} ended; it starts again.")
                with suppress(EmbeddedError):
                    server.revive()

    def _signal_all(self, number: signal.Signals) -> None:
        for process in self.running.values():
            if number == signal.SIGKILL:
                _signal_group(process, number)
            elif process.returncode is None:
                process.send_signal(number)


def _signal_group(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
