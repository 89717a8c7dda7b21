"""A fleet of simulated chargers: `manage.py simulate`."""

import argparse
import asyncio
import contextlib
import inspect
import signal
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cpms.ocpp.simulator import recording, roster
from cpms.ocpp.simulator.fleet import make_specs, run_fleet
from cpms.ocpp.simulator.link import Gate, RefusedError, Target, UnreachableError
from cpms.ocpp.simulator.recording import Recording, RecordingError
from cpms.ocpp.simulator.replay import Player
from cpms.ocpp.simulator.scenarios import SCENARIOS, UnknownScenarioError, check
from cpms.ocpp.simulator.spec import VERSIONS, ChargerSpec, key_bytes
from cpms.ocpp.simulator.world import CONNECTS_PER_SECOND, World

REPORT_SECONDS = 30.0
#: Nobody watches a demo for hours, or only in the morning.
DEMO_PACE = 5.0
DEMO_HOUR = 7


class Command(BaseCommand):
    """Run simulated chargers against a central system until stopped."""

    help = (
        "Runs a fleet of simulated chargers; Ctrl-C stops it. With --scenario FILE.jsonl it plays "
        "a recording instead, which the flight recorder of a charger's page writes (\"Replay in "
        'the simulator"): one charger sends what it sent then, at the recorded pace (--speed '
        "times faster), with new message ids, its times moved to the present and its transactions "
        "called what the central system calls them now; it waits for every answer, answers "
        "commands as it did, speaks the recorded OCPP version, and tells at the end which answers "
        "differ. What was a secret is asterisks in the file: give the key with --password."
    )
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser, in which --version is the chargers', not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--chargers", type=_count, help="how many (default: 10, with --demo all)")
        add("--url", type=_url, default=f"ws://127.0.0.1:{settings.OCPP_PORT}/ocpp/")
        add("--version", choices=list(VERSIONS), default="", help="default: a mix")
        add(
            "--scenario",
            default="normal",
            help="NAME or NAME:VARIANT (see --list-scenarios), or a recording: FILE.jsonl",
        )
        add("--identity", default="", help="play this one charger")
        add("--seed", type=int, default=1, help="same seed, same chargers and same days")
        add("--prefix", default="SIM-", help="identities are this and a number")
        add("--password", default="", help="every charger's key (in hex for OCPP 1.6)")
        add("--credentials", type=Path, help="JSON file: identity -> key")
        add("--ca", type=Path, help="for wss: trust this certificate file as well")
        add("--demo", action="store_true", help="play the demo network that `demo` wrote")
        add("--duration", type=_positive, help="stop after so many seconds")
        add(
            "--speed",
            type=_positive,
            help="how many times faster drivers come, charge and leave; batteries are as much "
            "smaller, so that power, meters and clocks stay true (default: 1, with --demo 5); a "
            "recording is played so many times faster, and the times in it lie as much closer",
        )
        add(
            "--start-hour",
            type=int,
            choices=range(24),
            metavar="HOUR",
            help="let the drivers' day begin at this hour (UTC) whatever the clock says "
            "(default: live by the clock, with --demo 7)",
        )
        add("--connect-rate", type=_positive, default=CONNECTS_PER_SECOND, help="dials a second")
        add("--list-scenarios", action="store_true", help="list the scenarios and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the fleet that the options describe."""
        if options["list_scenarios"]:
            self.stdout.write(scenario_list())
            return
        if recording.is_recording(options["scenario"]):
            self._replay(options)
            return
        specs = chosen_specs(options)
        world = chosen_world(options)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run(specs, world, options["duration"]))
        self._say(f"Stopped: {world.tally.report()}")

    def _replay(self, options: dict[str, Any]) -> None:
        try:
            script = recording.read(Path(options["scenario"]))
            players = chosen_players(script, options)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._play(players, options["url"], options["duration"]))
        except (RecordingError, roster.RosterError) as problem:
            raise CommandError(str(problem)) from problem
        except RefusedError as refusal:
            hint = " Give its key with --password." if refusal.status == 401 else ""
            raise CommandError(f"The central system {refusal}.{hint}") from refusal
        except UnreachableError as problem:
            raise CommandError(f"The central system can't be reached: {problem}") from problem

    async def _play(self, players: list[Player], url: str, duration: float | None) -> None:
        self._say(f"Playing the recording to {url}")
        playing = asyncio.gather(*(player.play() for player in players))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, playing.cancel)
        if duration is not None:
            loop.call_later(duration, playing.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await playing
        for player in players:
            for difference in player.outcome.differences:
                self._say(f"  {difference}")
            self._say(f"Played: {player.outcome.report()}")

    async def _run(self, specs: list[ChargerSpec], world: World, duration: float | None) -> None:
        fleet = asyncio.create_task(run_fleet(specs, world))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, fleet.cancel)
        self._say(f"Simulating {len(specs)} chargers at {world.url}")
        if duration is not None:
            loop.call_later(duration, fleet.cancel)
        reports = asyncio.create_task(self._report(world))
        with contextlib.suppress(asyncio.CancelledError):
            await fleet
        reports.cancel()

    async def _report(self, world: World) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._say(world.tally.report())

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def chosen_specs(options: dict[str, Any]) -> list[ChargerSpec]:
    """Return the chargers that the options describe; raises CommandError."""
    try:
        check(options["scenario"])
        return _demo_specs(options) if options["demo"] else _numbered_specs(options)
    except (roster.RosterError, UnknownScenarioError) as problem:
        raise CommandError(str(problem)) from problem


def chosen_players(script: Recording, options: dict[str, Any]) -> list[Player]:
    """Return the players of a recording: one, or --chargers of them; raises CommandError."""
    if options["version"]:
        raise CommandError("A recording speaks the version it was made with: leave --version out.")
    count, prefix = options["chargers"], options["prefix"]
    names = [options["identity"] or script.identity]
    if count:
        names = [f"{prefix}{number:04d}" for number in range(1, count + 1)]
    if not all(names):
        raise CommandError("The recording names no charger: give one with --identity.")
    keys = roster.read_credentials(options["credentials"]) if options["credentials"] else {}
    tls = trust(options["url"], options["ca"])

    def player(name: str) -> Player:
        def target(version: str) -> Target:
            password = keys.get(name, options["password"])
            spec = ChargerSpec(name, password=password, version=version)
            return Target(options["url"], name, [VERSIONS[version]], key_bytes(spec), tls=tls)

        return Player(script, target, options["speed"] or 1.0)

    return [player(name) for name in names]


def chosen_world(options: dict[str, Any]) -> World:
    """Return the surroundings that the options describe."""
    hour = DEMO_HOUR if options["demo"] else None
    if options["start_hour"] is not None:
        hour = options["start_hour"]
    now = datetime.now(UTC)
    start = now if hour is None else now.replace(hour=hour, minute=0)
    return World(
        url=options["url"],
        gate=Gate(options["connect_rate"]),
        pace=options["speed"] or (DEMO_PACE if options["demo"] else 1.0),
        day_shift=start - now,
        tls=trust(options["url"], options["ca"]),
    )


def trust(url: str, authorities: Path | None) -> ssl.SSLContext | None:
    """Return whom to trust at `url`, one context for all chargers; raises CommandError."""
    if not url.startswith("wss:"):
        return None
    context = ssl.create_default_context()
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except OSError as problem:  # ssl.SSLError is one
            raise CommandError(f"{authorities} holds no certificates: {problem}.") from problem
    return context


def scenario_list() -> str:
    """Return every scenario with what it does and its variants."""
    lines = []
    for name, scenario in SCENARIOS.items():
        summary = (inspect.getdoc(scenario) or "").splitlines()[0]
        lines.append(f"{name:<17} {summary}")
        if scenario.variants:
            lines.append(f"{'':<17} variants: {', '.join(scenario.variants)}")
    return "\n".join(lines)


def _numbered_specs(options: dict[str, Any]) -> list[ChargerSpec]:
    file, name = options["credentials"], options["identity"]
    keys = roster.read_credentials(file) if file else {}
    specs = make_specs(
        1 if name else options["chargers"] or 10,
        prefix=options["prefix"],
        version=options["version"],
        scenario=options["scenario"],
        seed=options["seed"],
        keys=keys,
        password=options["password"],
    )
    if name:
        specs = [replace(specs[0], identity=name, password=keys.get(name, options["password"]))]
    return specs


def _demo_specs(options: dict[str, Any]) -> list[ChargerSpec]:
    path = Path(settings.DATA) / roster.FILE_NAME
    if not path.exists():
        raise CommandError(f"There is no demo network at {path}: run `manage.py demo` first.")
    specs = roster.read(path)
    for spec in specs:
        check(spec.scenario)
    return specs[: options["chargers"]]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of chargers above 0")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL like ws://127.0.0.1:9000/ocpp/")
    return text
