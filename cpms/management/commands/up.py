"""`manage.py up`: the whole of Kilowatch on this machine, until Ctrl-C."""

import asyncio
import errno
import re
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError

from cpms import embedded, environment
from cpms.processes import follow_parent
from cpms.supervisor import Display, Program, Supervisor

#: A predecessor that was killed may hold its ports for a moment.
PORT_PATIENCE = 2.0
WORKER = ("--without-gossip", "--without-mingle")
#: On one machine, for a try; containers and units name a user of their own.
ROOT_IS_FINE = "ignore:You're running the worker with superuser privileges"
#: How `manage.py demo` prints a user: "login NAME / PASSWORD".
LOGIN = re.compile(r"\blogin:? (\S+ / \S+)")


class Command(BaseCommand):
    """Starts the servers and programs, and keeps them running."""

    help = "Run gateway, web, worker, beat and, with DEBUG, a simulated fleet; Ctrl-C stops all."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="end at once when the process that started this one is killed",
        )

    def handle(self, *, with_parent: bool, **_: Any) -> None:
        """Run until the end is asked for."""
        if with_parent:
            follow_parent(signal.SIGKILL)
        fleet = environment.integer("FLEET", 40, 0, 10_000) if settings.DEBUG else 0
        check_port("WEB_HOST", settings.WEB_HOST, "WEB_PORT", settings.WEB_PORT)
        check_port("OCPP_HOST", settings.OCPP_HOST, "OCPP_PORT", settings.OCPP_PORT)
        if settings.OCPP_TLS_PORT:
            tls = settings.OCPP_TLS_HOST, settings.OCPP_TLS_PORT
            check_port("OCPP_TLS_HOST", tls[0], "OCPP_TLS_PORT", tls[1])
        with ExitStack() as stack:
            servers = start_servers(stack) if settings.EMBEDDED else None
            supervisor = Supervisor(Display(sys.stdout), servers)
            asyncio.run(run(supervisor, fleet))
            if servers:
                servers.stop(supervisor.seconds_left)


def start_servers(stack: ExitStack) -> embedded.Embedded:
    """Start the embedded servers, to be stopped when `stack` is closed."""
    try:
        servers = embedded.start(settings.DATA)
    except embedded.EmbeddedError as problem:
        raise CommandError(str(problem)) from problem
    stack.enter_context(servers)
    return servers


def check_port(host_variable: str, host: str, port_variable: str, port: int) -> None:
    """Raise CommandError if nobody can listen on `host` and `port`."""
    deadline = time.monotonic() + PORT_PATIENCE
    while problem := _binding_problem(host, port):
        if problem.errno == errno.EADDRINUSE and time.monotonic() < deadline:
            time.sleep(0.1)
            continue
        if problem.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} is taken by another program; set {port_variable} to a free one."
            )
        raise CommandError(
            f"Can't listen on {host}, port {port} ({problem.strerror}); set {host_variable} to an "
            f"address of this machine and {port_variable} to a port you may use."
        )


def _binding_problem(host: str, port: int) -> OSError | None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as problem:
        return problem
    return None


async def run(supervisor: Supervisor, fleet: int) -> None:
    """Open the house and keep it open until the end is asked for. Raises CommandError."""
    supervisor.listen()
    opening = asyncio.create_task(open_house(supervisor, fleet))
    opening.add_done_callback(lambda task: supervisor.stop() if task.exception() else None)
    await supervisor.until_stopped()
    await opening


async def open_house(supervisor: Supervisor, fleet: int) -> None:
    """Prepare the database, start the programs, say when they are ready, start the fleet."""
    await prepare(supervisor, "migrate", "--no-input")
    logins: list[str] = []
    if settings.DEBUG and "demo" in get_commands():
        logins = await prepare(supervisor, "demo", "--chargers", str(fleet))
    for program in programs():
        if not supervisor.stopping:
            supervisor.keep(program)
    await until_ready(supervisor)
    if supervisor.stopping:
        return
    supervisor.display.say(ready_line(logins))
    if fleet and "simulate" in get_commands():
        supervisor.keep(fleet_program())
        if logins:  # The demo is there; what its chargers did before may come meanwhile.
            await supervisor.once(Program("past", manage("demo", "--past")))


async def prepare(supervisor: Supervisor, command: str, *arguments: str) -> list[str]:
    """Run a command of `manage.py` to its end; return what it printed. Raises CommandError."""
    if supervisor.stopping:
        return []
    status, lines = await supervisor.once(Program(command, manage(command, *arguments)))
    if status and not supervisor.stopping:
        raise CommandError(f"`manage.py {command}` failed, see its lines above.")
    return lines


def manage(*arguments: str) -> list[str]:
    """Return the command line of `manage.py` with `arguments`."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def programs() -> list[Program]:
    """Return the programs of the house."""
    uvicorn = ["uvicorn", "cpms.asgi:web", "--host", settings.WEB_HOST]
    uvicorn += ["--port", str(settings.WEB_PORT), "--loop", "uvloop", "--ws", "websockets-sansio"]
    uvicorn += ["--http", "h11"]  # httptools takes headers without end until the memory is full.
    uvicorn += ["--no-proxy-headers"]  # Whom to believe is said by TRUSTED_PROXIES.
    # Compressing would keep 100 KB for each open page; what is large is sent packed already.
    uvicorn += ["--ws-per-message-deflate", "false"]
    uvicorn += ["--no-access-log", "--timeout-graceful-shutdown", "2"]
    celery = ["celery", "--quiet", "--app", "cpms.celery"]
    return [
        Program("gateway", manage("gateway"), {"KILOWATCH_ROLE": "gateway"}),
        Program("web", module(*uvicorn), {"KILOWATCH_ROLE": "web"}),
        *(
            Program(
                name,
                module(
                    *celery,
                    "worker",
                    *WORKER,
                    "--queues",
                    queue,
                    "--concurrency",
                    tasks,
                    "--hostname",
                    f"{name}@%h",
                ),
                {"KILOWATCH_ROLE": "worker", "PYTHONWARNINGS": ROOT_IS_FINE},
            )
            for name, queue, tasks in (
                ("worker", "celery", "2"),
                ("batch", settings.BATCH_QUEUE, "1"),
            )
        ),
        Program("beat", module(*celery, "beat"), {"KILOWATCH_ROLE": "beat"}),
    ]


def module(*arguments: str) -> list[str]:
    """Return the command line of a Python module with its arguments."""
    return [sys.executable, "-m", *arguments]


def fleet_program() -> Program:
    """Return the program that simulates the demo network's chargers."""
    url = f"ws://{reachable(settings.OCPP_HOST)}:{settings.OCPP_PORT}/ocpp/"
    return Program("fleet", manage("simulate", "--demo", "--url", url))


def reachable(host: str) -> str:
    """Return where a listener on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104


def ready_line(logins: list[str]) -> str:
    """Return the line that says where everything is; `logins` is what `demo` printed."""
    parts = [f"Kilowatch is ready: {settings.PUBLIC_URL}/", f"chargers {settings.OCPP_PUBLIC_URL}/"]
    users = [found[1] for line in logins if (found := LOGIN.search(line))]
    parts += ["log in as " + ", ".join(users)] if users else []
    return " · ".join(parts)


async def until_ready(supervisor: Supervisor) -> None:
    """Wait until both listeners say that they are ready, or the end is asked for."""
    listeners = [
        (settings.OCPP_HOST, settings.OCPP_PORT),
        (settings.WEB_HOST, settings.WEB_PORT),
    ]
    for host, port in listeners:
        while not supervisor.stopping and not await is_ready(reachable(host), port):
            await supervisor.pause(0.2)


async def is_ready(host: str, port: int) -> bool:
    """Whether the listener on `host` and `port` answers /readyz with 200."""
    name = urlsplit(settings.PUBLIC_URL).netloc
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host.strip("[]"), port)
            writer.write(f"GET /readyz HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status
