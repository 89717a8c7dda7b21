"""A: who is let in, and how securely."""

import pytest
from websockets.exceptions import InvalidStatus

from monitoring.models import ConnectionSpan
from tests.conformance.case import Case, case
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
