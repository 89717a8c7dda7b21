"""Core: boot, sessions, cache, and what comes after being offline."""

from tests.conformance.case import Case, case
from tests.conformance.station import now
from tests.conformance.v16.states import (
    VALID,
    arrived,
    authorized,
    booted,
    has_charging,
    reports,
    starts,
    stops,
)

HOUR = 3600


@case("TC_001_CSMS")
async def test_a_cold_boot(case: Case) -> None:
    station = await case.connect()
    with case.proves(0):
        await booted(case, station)
        assert await case.events("boot") == ["Accepted"]
    with case.proves(1):
        for _ in range(2):
            assert list(await station.call("Heartbeat")) == ["currentTime"]
        assert [(await case.port(n)).status for n in (1, 2)] == ["Available"] * 2


@case("TC_003_CSMS")
async def test_a_session_plug_first(case: Case) -> None:
    station = await arrived(case)
    await reports(case, station, "Preparing")
    with case.proves(0):
        answer = await station.call("Authorize", idTag=VALID)
        assert answer["idTagInfo"]["status"] == "Accepted"
    with case.proves(1):
        assert (await starts(case, station))["idTagInfo"]["status"] == "Accepted"
    await reports(case, station, "Charging")


@case("TC_004_1_CSMS")
async def test_a_session_identification_first(case: Case) -> None:
    with case.proves(0):
        await has_charging(case)


@case("TC_004_2_CSMS")
async def test_nobody_plugs_in_after_identification(case: Case) -> None:
    station = await arrived(case)
    await authorized(case, station)
    with case.proves(0):
        await reports(case, station, "Preparing")
        await reports(case, station, "Available")


@case("TC_005_1_CSMS")
async def test_the_cable_is_pulled_on_the_car_s_side(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0):
        await reports(case, station, "SuspendedEV")
        await stops(case, station, transaction, "EVDisconnected")
        await reports(case, station, "Finishing")
        await reports(case, station, "Available")


@case("TC_007_CSMS")
async def test_a_session_of_a_cached_token(case: Case) -> None:
    station = await arrived(case)
    await reports(case, station, "Preparing")
    with case.proves(0):
        assert (await starts(case, station))["idTagInfo"]["status"] == "Accepted"
    await reports(case, station, "Charging")


@case("TC_061_CSMS")
async def test_the_cache_is_cleared(case: Case) -> None:
    station = await arrived(case)
    command = await case.asks("clear_cache")
    with case.proves(0):
        call = await station.asked("ClearCache")
        assert call.payload == {}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")


async def authorizes(case: Case, id_tag: str, status: str) -> None:
    """Have a token presented that is answered with `status`."""
    station = await arrived(case)
    with case.proves(0):
        answer = await station.call("Authorize", idTag=id_tag)
        assert answer["idTagInfo"]["status"] == status
        assert await case.events("authorization") == [status]


@case("TC_023_1_CSMS")
async def test_an_unknown_token_is_invalid(case: Case) -> None:
    await authorizes(case, "NOBODYS", "Invalid")


@case("TC_023_2_CSMS")
async def test_an_expired_token_is_expired(case: Case) -> None:
    await authorizes(case, "EXPIRED", "Expired")


@case("TC_023_3_CSMS")
async def test_a_blocked_token_is_blocked(case: Case) -> None:
    await authorizes(case, "BLOCKED", "Blocked")


@case("TC_024_CSMS")
async def test_the_lock_of_a_connector_fails(case: Case) -> None:
    station = await arrived(case)
    await authorized(case, station)
    with case.proves(0):
        await reports(case, station, "Preparing")
        told = {"connectorId": 1, "status": "Faulted", "errorCode": "ConnectorLockFailure"}
        assert await station.call("StatusNotification", **told) == {}
        port = await case.port()
        assert (port.status, port.error_code) == ("Faulted", "ConnectorLockFailure")


@case("TC_032_1_CSMS")
async def test_the_power_fails_while_charging(case: Case) -> None:
    station, transaction = await has_charging(case)
    await station.close()
    station = await case.connect()
    with case.proves(0):
        boot = await station.call(
            "BootNotification", chargePointVendor="Acme", chargePointModel="One"
        )
        assert boot["status"] == "Accepted"
        await reports(case, station, "Finishing", 1)
        await reports(case, station, "Available", 0, 2)
        await stops(case, station, transaction, "PowerLoss")


@case("TC_037_1_CSMS")
async def test_a_session_began_offline(case: Case) -> None:
    station = await arrived(case)
    await station.close()
    station = await case.connect()
    with case.proves(0):
        answer = await starts(case, station, timestamp=now(-HOUR))
        assert answer["idTagInfo"]["status"] == "Accepted"
        assert (await case.session(answer["transactionId"])).offline
    await reports(case, station, "Charging")


@case("TC_037_3_CSMS")
async def test_a_session_of_an_invalid_token_began_offline(case: Case) -> None:
    station = await arrived(case)
    await station.close()
    station = await case.connect()
    with case.proves(0):
        answer = await starts(case, station, "NOBODYS", timestamp=now(-HOUR))
        assert answer["idTagInfo"]["status"] == "Invalid"
        await reports(case, station, "Charging")
        await stops(case, station, answer["transactionId"], "DeAuthorized")
    await reports(case, station, "Finishing")


@case("TC_039_CSMS")
async def test_a_session_was_over_before_the_line_was_back(case: Case) -> None:
    station = await arrived(case)
    await station.close()
    station = await case.connect()
    with case.proves(0):
        answer = await starts(case, station, timestamp=now(-HOUR))
        assert answer["idTagInfo"]["status"] == "Accepted"
        await stops(case, station, answer["transactionId"], "Local", timestamp=now(-HOUR / 2))
        session = await case.session(answer["transactionId"])
        assert session.ended is not None
        assert 1790 < (session.ended - session.started).total_seconds() < 1810


@case("TC_064_CSMS")
async def test_data_of_an_unknown_vendor(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        answer = await station.call("DataTransfer", vendorId="org.example.nobody", data="x")
        assert answer["status"] in {"Rejected", "UnknownMessageId", "UnknownVendorId"}
        assert await case.events("data_transfer") == ["org.example.nobody"]
