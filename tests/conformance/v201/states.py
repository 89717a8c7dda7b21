"""The states that cases of OCPP 2.0.1 run through; what they must show is proved each time."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from monitoring.facts import Status
from monitoring.models import Session
from tests.conformance.case import Case
from tests.conformance.station import Asked, Station, now

#: The EVSE and connector that cases speak of where the files say CFG.
EVSE, CONNECTOR = 1, 1


def token(id_token: str, kind: str = "ISO14443") -> dict[str, Any]:
    """Return an IdTokenType."""
    return {"idToken": id_token, "type": kind}


VALID = token("VALID")


def port(evse: int = EVSE, connector: int = CONNECTOR) -> dict[str, int]:
    """Return an EVSEType."""
    return {"id": evse, "connectorId": connector}


async def reports(case: Case, station: Station, state: str, *evses: int) -> None:
    """STATE_ConnectorReport(state), in both forms, for EVSEs, CFG where none is named."""
    with case.proves(0, of="STATE_ConnectorReport(x)"):
        for evse in evses or (EVSE,):
            status = {"evseId": evse, "connectorId": CONNECTOR, "connectorStatus": state}
            assert await station.call("StatusNotification", timestamp=now(), **status) == {}
            assert await station.call("NotifyEvent", **availability(state, evse)) == {}
            if state != "Occupied":  # What the transaction says is finer.
                assert (await case.port(evse)).status == Status(state)


def availability(state: str, evse: int) -> dict[str, Any]:
    """Return a NotifyEvent with the availability of a connector."""
    about = {
        "component": {"name": "Connector", "evse": port(evse)},
        "variable": {"name": "AvailabilityState"},
    }
    return event(actualValue=state, **about)


def event(**about: Any) -> dict[str, Any]:
    """Return a NotifyEvent of one event."""
    told = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": "Delta",
        "actualValue": "true",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "ChargingStation"},
        "variable": {"name": "Problem"},
        **about,
    }
    return {"generatedAt": now(), "seqNo": 0, "eventData": [told]}


async def boots(station: Station, reason: str = "PowerUp", version: str = "1.0") -> str:
    """Send BootNotification; return the status that it is answered with."""
    about = {"model": "Two", "vendorName": "Acme", "firmwareVersion": version}
    answer = await station.call("BootNotification", reason=reason, chargingStation=about)
    assert answer["interval"] > 0
    return str(answer["status"])


async def booted(
    case: Case, station: Station, reason: str = "PowerUp", version: str = "1.0"
) -> None:
    """STATE_Booted."""
    with case.proves(0, of="STATE_Booted"):
        assert await boots(station, reason, version) == "Accepted"
        assert (await case.events("boot"))[-1] == "Accepted"
    await reports(case, station, "Available", 1, 2)


async def arrived(case: Case) -> Station:
    """Connect, and boot."""
    station = await case.connect()
    await booted(case, station)
    return station


async def copes(station: Station) -> None:
    """See that the next exchange works."""
    assert "currentTime" in await station.call("Heartbeat")


def sample(context: str, value: float = 1000, **more: Any) -> dict[str, Any]:
    """Return a MeterValue of one register."""
    return {
        "timestamp": now(),
        "sampledValue": [{"value": value, "context": context, **more}],
    }


#: Signed meter values as a station sends them.
SIGNED: dict[str, Any] = {
    "signedMeterValue": {
        "signedMeterData": "T0NNRnx7fQ==",
        "signingMethod": "ECDSA-secp256r1-SHA256",
        "encodingMethod": "OCMF",
        "publicKey": "b2NhOmJhc2UxNg==",
    }
}


@dataclass
class Transaction:
    """A transaction as the station tells it."""

    case: Case
    station: Station
    evse: int = EVSE
    id: str = field(default_factory=lambda: str(uuid4()))
    seq: int = 0
    plugged: bool = False
    authorized: bool = False

    async def tells(
        self,
        trigger: str,
        state: str = "",
        *,
        kind: str = "",
        seq: int | None = None,
        info: dict[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Send a TransactionEvent, Started where it is the first; return the answer.

        What it says must have reached the session.
        """
        kind = kind or ("Updated" if self.seq else "Started")
        number = self.seq if seq is None else seq
        about = {"transactionId": self.id, **(info or {})}
        if state:
            about["chargingState"] = state
        told = {"evse": port(self.evse), "timestamp": now(), **more}
        answer = await self.station.call(
            "TransactionEvent",
            eventType=kind,
            triggerReason=trigger,
            seqNo=number,
            transactionInfo=about,
            **told,
        )
        self.seq = max(self.seq, number + 1)
        session = await self.row()
        if state:
            assert session.charging_state == state
        assert (session.ended is not None) == (kind == "Ended" or session.stop_reason != "")
        return answer

    async def row(self) -> Session:
        """Return its session."""
        return await self.case.session(self.id)

    async def ends(self, trigger: str, reason: str, state: str = "", **more: Any) -> dict[str, Any]:
        """Send Ended; the session must have ended for that reason."""
        answer = await self.tells(
            trigger, state, kind="Ended", info={"stoppedReason": reason}, **more
        )
        assert (await self.row()).stop_reason == reason
        return answer

    async def presents(self, trigger: str, id_token: dict[str, Any], **more: Any) -> Any:
        """Send an event with a token; return the IdTokenInfo that it is answered with."""
        answer = await self.tells(trigger, idToken=id_token, **more)
        return answer["idTokenInfo"]

    async def bay_occupied(self) -> None:
        """STATE_ParkingBayOccupied."""
        with self.case.proves(0, of="STATE_ParkingBayOccupied"):
            await self.tells("EVDetected")

    async def plugs_in(self, **more: Any) -> None:
        """STATE_EVConnectedPreSession."""
        await reports(self.case, self.station, "Occupied", self.evse)
        with self.case.proves(0, of="STATE_EVConnectedPreSession"):
            await self.tells("CablePluggedIn", "EVConnected", **more)
        self.plugged = True

    async def authorizes(self, id_token: dict[str, Any] = VALID) -> None:
        """STATE_Authorized."""
        with self.case.proves(0, of="STATE_Authorized"):
            answer = await self.station.call("Authorize", idToken=id_token)
            assert answer["idTokenInfo"]["status"] == "Accepted"
        with self.case.proves(1, of="STATE_Authorized"):
            info = await self.presents("Authorized", id_token)
            assert info["status"] == "Accepted"
            assert (await self.row()).id_token == id_token["idToken"]
        self.authorized = True

    async def charges(self) -> None:
        """STATE_EnergyTransferStarted."""
        if not self.authorized:
            await self.authorizes()
        with self.case.proves(0, of="STATE_EnergyTransferStarted"):
            if not self.plugged:
                await reports(self.case, self.station, "Occupied", self.evse)
                await self.tells("CablePluggedIn", "EVConnected")
                self.plugged = True
            await self.tells("ChargingStateChanged", "Charging")
            assert (await self.case.port(self.evse)).status == Status.CHARGING

    async def suspends(self) -> None:
        """STATE_EnergyTransferSuspended."""
        with self.case.proves(0, of="STATE_EnergyTransferSuspended"):
            await self.tells("ChargingStateChanged", "SuspendedEV")
            assert (await self.case.port(self.evse)).status == Status.SUSPENDED_EV

    async def stop_authorized(self, id_token: dict[str, Any] = VALID) -> None:
        """STATE_StopAuthorized."""
        with self.case.proves(0, of="STATE_StopAuthorized"):
            info = await self.presents("StopAuthorized", id_token)
            assert info["status"] == "Accepted"

    async def stops_charging(self) -> None:
        """STATE_EVConnectedPostSession."""
        with self.case.proves(0, of="STATE_EVConnectedPostSession"):
            await self.tells("ChargingStateChanged", "EVConnected")

    async def unplugs(self, **more: Any) -> dict[str, Any]:
        """STATE_EVDisconnected; return the answer to Ended."""
        with self.case.proves(0, of="STATE_EVDisconnected"):
            await reports(self.case, self.station, "Available", self.evse)
            return await self.ends("EVCommunicationLost", "EVDisconnected", "Idle", **more)

    async def finishes(self) -> None:
        """STATE_StopAuthorized, STATE_EVConnectedPostSession, STATE_EVDisconnected."""
        await self.stop_authorized()
        await self.stops_charging()
        await self.unplugs()


async def has_charging(case: Case) -> Transaction:
    """Connect, boot, and run STATE_EnergyTransferStarted."""
    transaction = Transaction(case, await arrived(case))
    await transaction.charges()
    return transaction


async def asked(
    case: Case, station: Station, action: str, operation: str, **request: Any
) -> tuple[Asked, Any]:
    """Have an operation asked for; return the station's CALL, and the command."""
    command = await case.asks(operation, **request)
    return await station.asked(action), command


async def told(case: Case, station: Station, kind: str, action: str, *statuses: str) -> None:
    """Send a status each; all are answered with nothing, and kept as events of `kind`."""
    known = await case.events(kind)
    for status in statuses:
        more = {"location": ["https://local.example/f"]} if status == "Published" else {}
        assert await station.call(action, status=status, **more) == {}
    assert await case.events(kind) == [*known, *statuses]


async def security_event(case: Case, station: Station, kind: str) -> None:
    """Send a SecurityEventNotification; it is answered with nothing, and kept."""
    assert await station.call("SecurityEventNotification", type=kind, timestamp=now()) == {}
    assert (await case.events("security_event"))[-1] == kind


ACCEPTED = {"status": "Accepted"}
