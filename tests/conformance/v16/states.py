"""The states that cases of OCPP 1.6 run through; what they must show is proved each time."""

from typing import Any

from monitoring.facts import Status
from tests.conformance.case import Case
from tests.conformance.station import Station, now

#: The connector that cases speak of where the files say CFG.
CONNECTOR = 1
VALID = "VALID"


async def reports(case: Case, station: Station, status: str, *connectors: int) -> None:
    """Send StatusNotification for connectors, CFG where none is named."""
    for connector in connectors or (CONNECTOR,):
        answer = await station.call(
            "StatusNotification",
            connectorId=connector,
            errorCode="NoError",
            status=status,
            timestamp=now(),
        )
        assert answer == {}
        if connector:
            assert (await case.port(connector)).status == Status(status)


async def booted(case: Case, station: Station, version: str = "1.0") -> None:
    """STATE_Booted."""
    with case.proves(0, of="STATE_Booted"):
        answer = await station.call(
            "BootNotification",
            chargePointVendor="Acme",
            chargePointModel="One",
            firmwareVersion=version,
        )
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
    await reports(case, station, "Available", 0, 1, 2)


async def arrived(case: Case) -> Station:
    """Connect, and boot."""
    station = await case.connect()
    await booted(case, station)
    return station


async def authorized(case: Case, station: Station, id_tag: str = VALID) -> None:
    """STATE_Authorized."""
    with case.proves(0, of="STATE_Authorized"):
        answer = await station.call("Authorize", idTag=id_tag)
        assert answer["idTagInfo"]["status"] == "Accepted"


async def starts(
    case: Case, station: Station, id_tag: str = VALID, connector: int = CONNECTOR, **more: Any
) -> dict[str, Any]:
    """Send StartTransaction; return its conf once it is seen that the session is kept."""
    told = {"meterStart": 1000, "timestamp": now(), **more}
    answer = await station.call("StartTransaction", connectorId=connector, idTag=id_tag, **told)
    session = await case.session(answer["transactionId"])
    assert (session.id_token, session.authorization) == (id_tag, answer["idTagInfo"]["status"])
    assert session.ended is None
    return answer


async def charging(case: Case, station: Station, id_tag: str = VALID, **more: Any) -> int:
    """STATE_Charging, after STATE_Authorized; return the transaction's id."""
    with case.proves(1, of="STATE_Charging"):
        await reports(case, station, "Preparing")
        with case.proves(0, of="STATE_Charging"):
            answer = await starts(case, station, id_tag, **more)
            assert answer["idTagInfo"]["status"] == "Accepted"
        await reports(case, station, "Charging")
    transaction: int = answer["transactionId"]
    return transaction


async def stops(case: Case, station: Station, transaction: int, reason: str, **more: Any) -> None:
    """Send StopTransaction; its conf must come, and the session have ended so."""
    told = {"meterStop": 2000, "timestamp": now(), **more}
    answer = await station.call("StopTransaction", transactionId=transaction, reason=reason, **told)
    assert set(answer) <= {"idTagInfo"}
    session = await case.session(transaction)
    assert session.ended is not None
    assert (session.stop_reason, session.energy) == (reason, 1000.0)


async def has_charging(case: Case) -> tuple[Station, int]:
    """Connect, boot, and run STATE_Charging after STATE_Authorized."""
    station = await arrived(case)
    await authorized(case, station)
    return station, await charging(case, station)


async def copes(station: Station) -> None:
    """See that the next exchange works."""
    assert "currentTime" in await station.call("Heartbeat")
