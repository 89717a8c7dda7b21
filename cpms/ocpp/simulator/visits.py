"""A driver's visit: arrive, plug in, hold up a card, charge, come back, leave."""

from datetime import datetime
from zoneinfo import ZoneInfo

from cpms.ocpp.simulator import drivers
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.ports import Port, Session
from cpms.ocpp.simulator.vehicles import draw_vehicle

#: Vehicles draw less than this when they are only keeping their electronics awake.
IDLE_W = 50.0


def open_for_drivers(charger: Charger) -> None:
    """Let drivers come to every port from now on, some at once: no day begins empty."""
    local = local_time(charger)
    for port in charger.ports.values():
        expect_driver(charger, port)
        if charger.rng.random() < drivers.chance_of_occupied(local, charger.spec.is_dc):
            charger.agenda.after(charger.moment(10, 400), Visit(charger, port).arrive)


def expect_driver(charger: Charger, port: Port) -> None:
    """Enter the next driver's arrival into the agenda."""
    spec = charger.spec
    wait = drivers.next_arrival(charger.rng, local_time(charger), spec.is_dc, charger.world.pace)

    async def arrive() -> None:
        expect_driver(charger, port)
        await Visit(charger, port).arrive()

    charger.agenda.after(wait, arrive)


def local_time(charger: Charger) -> datetime:
    """Return the present by which the charger's drivers live, in its own time zone."""
    present = charger.now() + charger.world.day_shift
    return present.astimezone(ZoneInfo(charger.spec.time_zone))


class Visit:
    """One driver at one port."""

    def __init__(self, charger: Charger, port: Port) -> None:
        self.charger = charger
        self.port = port
        self.token = charger.rng.choice(drivers.CARDS)

    @property
    def is_here(self) -> bool:
        """Return whether the visit is still going on."""
        return self.charger.guests.get(self.port.number) is self

    async def arrive(self) -> None:
        """Plug in if the port is free; else drive on."""
        if self.port.status != "Available" or not self.charger.is_powered:
            return
        await self.plug_in()
        self.charger.agenda.after(self.charger.moment(5, 40), self.hold_up_card)

    async def plug_in(self) -> None:
        """Connect the vehicle and settle how long the driver stays."""
        charger, spec = self.charger, self.charger.spec
        charger.guests[self.port.number] = self
        self.port.advance(charger.now())
        self.port.vehicle = draw_vehicle(charger.rng, spec.is_dc, charger.world.pace)
        await charger.show(self.port, "Preparing")
        stay = drivers.draw_stay(charger.rng, spec.is_dc, charger.world.pace)
        charger.agenda.after(stay, self.come_back)

    async def hold_up_card(self) -> None:
        """Ask to charge; a driver whose card is not accepted leaves."""
        if not self.is_here or self.port.session is not None:
            return
        if await self._is_authorized():
            await self.start(self.token)
        else:
            self.charger.agenda.after(self.charger.moment(10, 60), self.leave)

    async def start(self, token: str, remote_start_id: int | None = None) -> None:
        """Begin the session."""
        charger, port = self.charger, self.port
        if not self.is_here or port.session is not None:
            return
        port.advance(charger.now())
        session = Session(
            key=charger.next_id(),
            token=token,
            meter_start_wh=round(port.register_wh),
            started_at=charger.now(),
            remote_start_id=remote_start_id,
        )
        port.session = session
        await charger.tell(charger.dialect.started(charger.event(port, session)))
        if port.session is session:
            await self._charge(session)

    async def stop(self, reason: str) -> None:
        """End the session; the vehicle stays plugged in. `reason` is one of OCPP 1.6's."""
        charger, port = self.charger, self.port
        session = port.session
        if session is None:
            return
        port.advance(charger.now())
        port.is_delivering, port.session, port.status = False, None, "Finishing"
        await charger.tell(charger.dialect.ended(charger.event(port, session), reason))
        if self.is_here:
            await charger.show(port, port.status, port.error)

    async def come_back(self) -> None:
        """End the session at the charger and unplug a moment later."""
        if self.is_here:
            await self.stop("Local")
            self.charger.agenda.after(self.charger.moment(10, 60), self.leave)

    async def leave(self) -> None:
        """Unplug and drive off."""
        if not self.is_here:
            return
        await self.stop("EVDisconnected")
        del self.charger.guests[self.port.number]
        self.port.vehicle = None
        await self.charger.show(self.port, self.port.rest_status, self.port.error)

    async def _is_authorized(self) -> bool:
        charger = self.charger
        if not charger.is_online:
            return charger.settings.enabled("LocalAuthorizeOffline")
        reply = await charger.ask(charger.dialect.authorize(self.token))
        return reply is not None and charger.dialect.is_authorized(reply)

    async def _charge(self, session: Session) -> None:
        charger, port = self.charger, self.port
        port.advance(charger.now())
        port.is_delivering = charger.temper.delivers(port)
        await self._change_state(session, "Charging")
        if not port.is_delivering:
            charger.agenda.after(charger.moment(120, 300), self.come_back)
        self._sample_later(session)

    def _sample_later(self, session: Session) -> None:
        interval = self.charger.settings.seconds("MeterValueSampleInterval") or 60.0
        self.charger.agenda.after(interval, lambda: self._sample(session))

    async def _sample(self, session: Session) -> None:
        charger, port = self.charger, self.port
        if port.session is not session:
            return
        if session.is_refused and charger.settings.enabled("StopTransactionOnInvalidId"):
            await self.stop("DeAuthorized")
            return
        event = charger.event(port, session)
        await self._follow_power(session)
        await charger.tell(charger.dialect.sampled(event))
        self._sample_later(session)

    async def _follow_power(self, session: Session) -> None:
        """Tell whether the vehicle, the charger or neither holds back."""
        port = self.port
        if not port.is_delivering or port.vehicle is None:
            return
        if port.supply_w() < IDLE_W:
            state = "SuspendedEVSE"
        else:
            state = "SuspendedEV" if port.vehicle.is_done else "Charging"
        if state != port.status:
            await self._change_state(session, state)

    async def _change_state(self, session: Session, state: str) -> None:
        charger, port = self.charger, self.port
        await charger.show(port, state)
        event = charger.event(port, session)
        if (message := charger.dialect.changed(event)) is not None:
            await charger.tell(message)
