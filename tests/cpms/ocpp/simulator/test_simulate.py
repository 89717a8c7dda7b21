"""`manage.py simulate`, the command."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from cpms.ocpp.simulator import roster
from cpms.ocpp.simulator.spec import ChargerSpec
from tests.cpms.ocpp.simulator.csms import Csms

MANAGE = Path(__file__).resolve().parents[4] / "manage.py"


@pytest.fixture
def central() -> Iterator[tuple[Csms, str]]:
    """A central system in a thread of its own, and its URL."""
    csms, ready, urls = Csms(), threading.Event(), []

    async def serve(stop: asyncio.Event) -> None:
        async with csms.listening() as url:
            urls.append(url)
            ready.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve(stop)))
    thread.start()
    assert ready.wait(5)
    yield csms, urls[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
    loop.close()


def simulate(*arguments: Any) -> None:
    """Run the command."""
    call_command("simulate", *map(str, arguments))


def test_a_fleet_runs_for_as_long_as_it_is_told(
    central: tuple[Csms, str], capsys: pytest.CaptureFixture[str]
) -> None:
    csms, url = central
    simulate("--chargers", 3, "--url", url, "--duration", 1, "--version", "2.0.1")
    assert sorted(who for who, _ in csms.connections) == ["SIM-0001", "SIM-0002", "SIM-0003"]
    assert csms.actions().count("BootNotification") == 3
    assert csms.problems == []
    out = capsys.readouterr().out
    assert f"Simulating 3 chargers at {url}" in out
    assert "Stopped: online 0, sent " in out


def test_the_demo_network_is_played_from_its_roster(
    central: tuple[Csms, str], tmp_path: Path
) -> None:
    csms, url = central
    specs = [ChargerSpec(f"DE-BER-00{number}", seed=number) for number in range(1, 5)]
    roster.write(tmp_path / roster.FILE_NAME, specs)
    with override_settings(DATA=tmp_path):
        simulate("--demo", "--chargers", 2, "--url", url, "--duration", 0.5)
    assert sorted(who for who, _ in csms.connections) == ["DE-BER-001", "DE-BER-002"]


def test_it_stops_on_a_signal(central: tuple[Csms, str]) -> None:
    _, url = central
    process = subprocess.Popen(
        [sys.executable, MANAGE, "simulate", "--chargers", "2", "--url", url],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "cpms.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "Simulating 2 chargers" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert "Stopped" in process.communicate(timeout=10)[0]
    finally:
        process.kill()
    assert process.returncode == 0


def test_the_scenarios_are_listed_with_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    simulate("--list-scenarios")
    out = capsys.readouterr().out
    assert "deaf              Reports and heartbeats as ever, but answers no command." in out
    assert "variants: lasting, passing, flapping" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--chargers", "0"], "'0' is not a number of chargers above 0"),
        (["--chargers", "many"], "'many' is not a number of chargers above 0"),
        (["--url", "http://host/"], "'http://host/' is not a URL like ws://127.0.0.1:9000/ocpp/"),
        (["--speed", "0"], "'0' is not a number above 0"),
        (["--duration", "nan"], "'nan' is not a number above 0"),
        (["--version", "1.5"], "invalid choice: '1.5'"),
        (["--scenario", "sleepy"], "There is no scenario 'sleepy'; there are normal"),
        (["--credentials", "/nowhere.json"], "/nowhere.json can't be read"),
        (["--url", "wss://host/ocpp", "--ca", "/nowhere.pem"], "/nowhere.pem holds no cert"),
    ],
)
def test_bad_arguments_are_refused_with_a_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as problem:
        simulate(*arguments)
    assert sentence in str(problem.value)


def test_a_missing_demo_network_is_said(tmp_path: Path) -> None:
    with (
        override_settings(DATA=tmp_path),
        pytest.raises(CommandError, match=r"There is no demo network at .*manage.py demo"),
    ):
        simulate("--demo")


def test_keys_come_from_the_credentials_file(central: tuple[Csms, str], tmp_path: Path) -> None:
    csms, url = central
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"K-0001": "ab" * 20}))
    simulate(
        *("--chargers", 2, "--prefix", "K-", "--version", "1.6", "--url", url),
        *("--credentials", keys, "--password", "shared", "--duration", 0.5),
    )
    assert csms.passwords == {"K-0001": b"\xab" * 20, "K-0002": b"shared"}
