"""`manage.py up`, the whole house on this machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpms.processes import wait_while, working_in

ROOT = Path(__file__).parents[2]
#: On a busy machine; alone it takes a tenth.
PATIENCE = 100.0
UP = [sys.executable, "manage.py", "up"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def house_env() -> Iterator[dict[str, str]]:
    data = tempfile.mkdtemp(prefix="kw-")
    ports = {"WEB_PORT": str(free_port()), "OCPP_PORT": str(free_port())}
    yield {**os.environ, "DATA": data, "FLEET": "0", "OCPP_HOST": "127.0.0.1", **ports}
    shutil.rmtree(data)


def refused(env: dict[str, str]) -> str:
    """Start the house, which must refuse; return what it says."""
    result = subprocess.run(
        UP, env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode == 1
    return result.stderr


@pytest.mark.parametrize("variable", ["WEB_PORT", "OCPP_PORT"])
def test_a_taken_port_is_named_with_its_variable(house_env: dict[str, str], variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(house_env[variable])))
        taken.listen()
        said = refused(house_env)
    port = house_env[variable]
    assert f"Port {port} is taken by another program; set {variable} to a free one." in said
    assert "Traceback" not in said


def test_an_address_of_another_machine_is_named(house_env: dict[str, str]) -> None:
    said = refused({**house_env, "OCPP_HOST": "192.0.2.1"})
    assert "Can't listen on 192.0.2.1" in said
    assert "set OCPP_HOST to an address of this machine" in said


def test_a_fleet_that_is_no_number_is_named(house_env: dict[str, str]) -> None:
    said = refused({**house_env, "FLEET": "many"})
    assert "FLEET is 'many'; it must be a whole number from 0 to 10000." in said


def test_a_command_without_the_house_says_what_to_start(house_env: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "api_token", "admin"],
        env=house_env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"The database of {house_env['DATA']} isn't running: start")


def processes_with(marker: str) -> list[int]:
    """Return the processes with `marker` in their environment; zombies have none."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def nothing_runs_in(data: str) -> bool:
    """Wait for the programs and for PostgreSQL, whose environment is its own."""
    home = Path(data) / "postgres"
    return wait_while(lambda: bool(processes_with(data) or working_in(home, "postgres")), 10)


def wait_for_line(process: subprocess.Popen[str], text: str) -> list[str]:
    """Return the lines up to the first that holds `text`."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    pytest.fail("".join(lines))


def is_ready(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.timeout(300)
def test_the_house_opens_mends_itself_and_closes_within_five_seconds(
    house_env: dict[str, str],
) -> None:
    with subprocess.Popen(UP, env=house_env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as up:
        opened = wait_for_line(up, "Kilowatch is ready")
        assert f"http://localhost:{house_env['WEB_PORT']}/" in opened[-1]
        assert f"ws://localhost:{house_env['OCPP_PORT']}/ocpp/" in opened[-1]
        assert is_ready(house_env["WEB_PORT"])
        assert is_ready(house_env["OCPP_PORT"])

        gateway = next(pid for pid in processes_with("KILOWATCH_ROLE=gateway") if _of(pid, up.pid))
        os.kill(gateway, signal.SIGKILL)
        wait_for_line(up, "gateway ended with status -9; it starts again in 0.5 s.")
        assert wait_while(lambda: not is_ready(house_env["OCPP_PORT"]), PATIENCE)

        postmaster = (Path(house_env["DATA"]) / "postgres/postmaster.pid").read_text().split()[0]
        os.kill(int(postmaster), signal.SIGKILL)
        wait_for_line(up, "postgres ended; it starts again.")
        assert wait_while(lambda: not is_ready(house_env["WEB_PORT"]), PATIENCE)

        started = time.monotonic()
        up.send_signal(signal.SIGINT)
        rest = up.stdout.read() if up.stdout else ""
        up.wait(PATIENCE)
        assert time.monotonic() - started < 5 * crowding(), rest
    assert up.returncode == 0
    assert nothing_runs_in(house_env["DATA"])


def crowding() -> float:
    """How many times slower than alone we are, by the machine's load."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _of(pid: int, parent: int) -> bool:
    return f"PPid:\t{parent}\n" in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.timeout(300)
def test_after_kill_9_the_house_opens_again(house_env: dict[str, str]) -> None:
    for _ in range(2):
        with subprocess.Popen(UP, env=house_env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as up:
            wait_for_line(up, "Kilowatch is ready")
            up.kill()
    assert nothing_runs_in(house_env["DATA"])
