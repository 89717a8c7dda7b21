"""What both versions' answers come down to, in neither's words."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from cpms.ocpp.simulator import acts, transfers
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.visits import Visit

TRANSFER_STEP_SECONDS = 12.0


def chosen_ports(charger: Charger, number: int) -> list[Port] | None:
    """Return the port with this number, all for 0, None for one that isn't there."""
    if number == 0:
        return list(charger.ports.values())
    port = charger.ports.get(number)
    return None if port is None else [port]


def change_availability(charger: Charger, ports: Iterable[Port], operative: bool) -> str:
    """Take `ports` into or out of service; return "Accepted", or "Scheduled" if one is in use."""
    scheduled = False
    for port in ports:
        scheduled = scheduled or port.vehicle is not None
        charger.agenda.soon(partial(acts.set_operative, charger, port, operative))
    return "Scheduled" if scheduled else "Accepted"


def remote_start(charger: Charger, number: int | None, token: str, start_id: int | None) -> bool:
    """Begin a session at a port (any free one for None); return whether that is possible.

    Where nobody is plugged in yet, the driver who pressed the button in an app does so soon.
    """
    port = _port_to_start(charger, number)
    if port is None or not charger.is_powered:
        return False
    charger.agenda.soon(lambda: _start_remotely(charger, port, token, start_id))
    return True


def remote_stop(charger: Charger, port: Port) -> None:
    """End the port's session."""
    guest = charger.guests[port.number]
    charger.agenda.soon(lambda: guest.stop("Remote"))


def unlock(charger: Charger, port: Port) -> None:
    """Release the cable: a running session ends."""
    if guest := charger.guests.get(port.number):
        charger.agenda.soon(lambda: guest.stop("UnlockCommand"))


def port_to_reserve(charger: Charger, number: int | None) -> Port | None:
    """Return the port of that number; without one the first that is free, or else any."""
    if number:
        return charger.ports.get(number)
    ports = sorted(charger.ports.values(), key=lambda port: port.status != "Available")
    return next(iter(ports), None)


def reserve(charger: Charger, port: Port, reservation: int, until: str) -> str:
    """Hold a port for a driver; return "Accepted" or why not."""
    if port.status != "Available":
        return port.status if port.status in ("Faulted", "Unavailable") else "Occupied"
    charger.agenda.soon(lambda: acts.reserve(charger, port, reservation))
    left = (datetime.fromisoformat(until) - charger.now()).total_seconds()
    charger.agenda.after(left, lambda: _expire(charger, port, reservation))
    return "Accepted"


def cancel_reservation(charger: Charger, reservation: int) -> bool:
    """Lift a reservation; return whether there was one."""
    for port in charger.ports.values():
        if port.reserved_by == reservation:
            charger.agenda.soon(partial(acts.reserve, charger, port, None))
            return True
    return False


def send_log(charger: Charger, location: str, name: str, told: Callable[[str], Message]) -> None:
    """Send a log, telling how it goes; `told` makes the report of a status."""
    charger.agenda.after(1.0, lambda: _send_log(charger, location, name, told))


async def _send_log(
    charger: Charger, location: str, name: str, told: Callable[[str], Message]
) -> None:
    await charger.ask(told("Uploading"))
    sent = await transfers.send(charger, location, name)
    end = told("Uploaded" if sent else "UploadFailed")
    charger.agenda.after(TRANSFER_STEP_SECONDS, lambda: _say(charger, end))


async def _say(charger: Charger, message: Message) -> None:
    await charger.ask(message)


def update_firmware(
    charger: Charger, location: str, steps: Sequence[str], told: Callable[[str], Message]
) -> None:
    """Fetch firmware, tell how it goes, and then run the version that its name names.

    `steps` are the reports after it is fetched; `told` makes the report of a status.
    """
    charger.agenda.after(1.0, lambda: _update(charger, location, steps, told))


async def _update(
    charger: Charger, location: str, steps: Sequence[str], told: Callable[[str], Message]
) -> None:
    await charger.ask(told("Downloading"))
    name = await transfers.fetch(charger, location)
    if name is None:
        await charger.ask(told("DownloadFailed"))
        return
    version = transfers.version_in(name) or charger.spec.firmware_version
    messages = [told(step) for step in steps]
    gap = TRANSFER_STEP_SECONDS
    charger.agenda.after(gap, lambda: acts.say_in_turn(charger, messages, gap))
    wait = gap * (len(messages) + 1)
    charger.agenda.after(wait, lambda: acts.run_firmware(charger, version))


def _port_to_start(charger: Charger, number: int | None) -> Port | None:
    if number is not None:
        ports = [charger.ports[number]] if number in charger.ports else []
    else:
        ports = sorted(charger.ports.values(), key=lambda port: port.status != "Preparing")
    ready = ("Available", "Preparing", "Finishing", "Reserved")
    return next((port for port in ports if port.session is None and port.status in ready), None)


async def _start_remotely(charger: Charger, port: Port, token: str, start_id: int | None) -> None:
    guest = charger.guests.get(port.number)
    if guest is not None:
        await guest.start(token, start_id)
        return
    visit = Visit(charger, port)
    await visit.plug_in()
    charger.agenda.after(charger.rng.uniform(3, 10), lambda: visit.start(token, start_id))


async def _expire(charger: Charger, port: Port, reservation: int) -> None:
    if port.reserved_by == reservation:
        await acts.reserve(charger, port, None)
        if charger.spec.version != "1.6":
            said = {"reservationId": reservation, "reservationUpdateStatus": "Expired"}
            await charger.ask(Message("ReservationStatusUpdate", said))
