"""What befalls a charger as a whole: restarts, power cuts, faults, taking out of service.

Shared by the answers to commands and by the scenarios.
"""

from dataclasses import replace

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.settings import BY_VARIABLE


async def end_sessions(charger: Charger, reason: str) -> None:
    """End every running session; `reason` is one of OCPP 1.6's."""
    for number in sorted(charger.guests):
        await charger.guests[number].stop(reason)


async def restart(charger: Charger, reason: str, stop_reason: str) -> None:
    """End the sessions, hang up, and boot a little later.

    `reason` is a BootReason of 2.x, `stop_reason` one of OCPP 1.6's Reasons.
    """
    await end_sessions(charger, stop_reason)
    charger.boot_reason = reason
    charger.line.stay_away(charger.rng.uniform(8, 25))
    await charger.line.hang_up()


async def restart_when_idle(charger: Charger) -> None:
    """Restart as soon as no session runs."""
    if any(port.session for port in charger.ports.values()):
        charger.agenda.after(30, lambda: restart_when_idle(charger))
    else:
        await restart(charger, "ScheduledReset", "SoftReset")


async def lose_power(charger: Charger, seconds: float) -> None:
    """Vanish for `seconds`: no closing frame, no last words; drivers unplug meanwhile.

    What the charger knew of its sessions it tells when it is back (OCPP 1.6 §5.8 PowerLoss).
    """
    charger.line.vanish()
    charger.line.stay_away(seconds)
    charger.boot_reason = "PowerUp"
    charger.is_powered = False
    await end_sessions(charger, "PowerLoss")
    charger.guests.clear()
    for port in charger.ports.values():
        port.vehicle = None
        port.status = port.rest_status
    charger.agenda.after(seconds, lambda: regain_power(charger))


async def regain_power(charger: Charger) -> None:
    """Let drivers use the charger again."""
    charger.is_powered = True


async def fault(charger: Charger, port: Port, error: str) -> None:
    """Break a port: its session ends, nobody can charge. `error` is one of OCPP 1.6's."""
    port.error = error
    if port.number in charger.guests:
        await charger.guests[port.number].stop("Other")
    await charger.show(port, "Faulted", error)


async def repair(charger: Charger, port: Port) -> None:
    """Mend a port; a vehicle still plugged in waits there as before."""
    port.error = "NoError"
    await charger.show(port, "Finishing" if port.vehicle else port.rest_status)


async def set_operative(charger: Charger, port: Port, operative: bool) -> None:
    """Take a port into or out of service, at the latest when its driver has left."""
    port.operative = operative
    if port.vehicle is None:
        await charger.show(port, port.rest_status, port.error)


async def reserve(charger: Charger, port: Port, reservation: int | None) -> None:
    """Reserve a port, or with None lift its reservation."""
    port.reserved_by = reservation
    if port.vehicle is None:
        await charger.show(port, port.rest_status, port.error)


async def say_in_turn(charger: Charger, messages: list[Message], gap: float) -> None:
    """Send progress messages, one every `gap` seconds."""
    await charger.ask(messages[0])
    if rest := messages[1:]:
        charger.agenda.after(gap, lambda: say_in_turn(charger, rest, gap))


async def run_firmware(charger: Charger, version: str) -> None:
    """Restart into firmware `version`."""
    charger.spec = replace(charger.spec, firmware_version=version)
    charger.settings.note(BY_VARIABLE["ChargingStation", "FirmwareVersion"], version)
    await restart(charger, "FirmwareUpdate", "SoftReset")
