"""A: who is let in, and how securely."""

import pytest
from websockets.exceptions import InvalidStatus

from monitoring.models import ConnectionSpan
from tests.conformance.asking import Asking
from tests.conformance.case import Case, case
from tests.conformance.stage import PASSWORD
from tests.conformance.station import Asked, Station
from tests.conformance.v201.states import booted


async def refused(case: Case, **how: str | None) -> None:
    """Try to connect; it must be refused."""
    with pytest.raises(InvalidStatus) as refusal:
        await case.connect(**how)
    assert refusal.value.response.status_code == 401


@case("TC_A_01_CSMS")
async def test_the_right_password_is_let_in(case: Case) -> None:
    with case.proves(0):
        station = await case.connect()
        assert station.socket.response is not None
        assert station.socket.response.status_code == 101
    with case.proves(1):
        await booted(case, station)
        span = await ConnectionSpan.objects.aget(charger__identity=case.identity)
        assert (span.security_profile, span.closed) == (1, None)


@case("TC_A_02_CSMS")
async def test_another_station_s_name_is_refused(case: Case) -> None:
    with case.proves(0):
        await refused(case, user="somebody-else")
        assert not await ConnectionSpan.objects.filter(charger__identity=case.identity).aexists()


@case("TC_A_03_CSMS")
async def test_no_password_or_a_wrong_one_is_refused(case: Case) -> None:
    with case.proves(0):
        await refused(case, password=None)
        await refused(case, password="not the password")
        assert not await ConnectionSpan.objects.filter(charger__identity=case.identity).aexists()


async def sent_key(case: Case, station: Station) -> tuple[Asking, Asked]:
    """Have the operator change the password; return the station's view of it."""
    asking = await case.asks("change_password")
    return asking, await station.asked("SetVariables")


def is_key(asked: Asked) -> bool:
    """Tell whether the message sets the password, and nothing else."""
    (setting,) = asked.payload["setVariableData"]
    named = (setting["component"]["name"], setting["variable"]["name"])
    return named == ("SecurityCtrlr", "BasicAuthPassword")


async def say(asked: Asked, status: str) -> None:
    """Answer that the password was, or wasn't, taken."""
    (setting,) = asked.payload["setVariableData"]
    named = {name: setting[name] for name in ("component", "variable")}
    await asked.answer(setVariableResult=[{**named, "attributeStatus": status}])


@case("TC_A_09_CSMS")
async def test_the_password_is_changed(case: Case) -> None:
    station = await case.connect()
    await booted(case, station)
    asking, asked = await sent_key(case, station)
    new = asked.payload["setVariableData"][0]["attributeValue"]
    with case.proves(0):
        assert is_key(asked)
        assert new != PASSWORD
        assert 16 <= len(new) <= 40
    await say(asked, "Accepted")
    await asking.ends("accepted", "Accepted")
    await station.close()
    with case.proves(1):
        again = await case.connect(password=new)
        await refused(case, password=PASSWORD)
    with case.proves(2):
        await booted(case, again)


@case("TC_A_10_CSMS")
async def test_a_password_that_the_station_rejects_changes_nothing(case: Case) -> None:
    station = await case.connect()
    await booted(case, station)
    asking, asked = await sent_key(case, station)
    with case.proves(0):
        assert is_key(asked)
    await say(asked, "Rejected")
    await asking.ends("rejected", "Rejected")
    await station.close()
    with case.proves(1):
        await refused(case, password=asked.payload["setVariableData"][0]["attributeValue"])
        again = await case.connect()
    with case.proves(2):
        await booted(case, again)
