"""C: authorization, its cache, groups and the master pass."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.stage import GROUP, MASTER_GROUP
from tests.conformance.v201.states import (
    VALID,
    Transaction,
    arrived,
    asked,
    copes,
    token,
)

MASTER = token("MASTERPASS")
#: Two tokens of one group.
FIRST, SECOND = token("VALID-A"), token("VALID-B")


async def authorizes(case: Case, id_token: str, *statuses: str) -> None:
    """Have a token presented that is answered with one of `statuses`."""
    station = await arrived(case)
    with case.proves(0):
        answer = await station.call("Authorize", idToken=token(id_token))
        status = answer["idTokenInfo"]["status"]
        assert status in statuses
        assert await case.events("authorization") == [status]


@case("TC_C_02_CSMS")
async def test_an_unknown_token(case: Case) -> None:
    await authorizes(case, "NOBODYS", "Invalid", "Unknown")


@case("TC_C_06_CSMS")
async def test_a_blocked_token(case: Case) -> None:
    await authorizes(case, "BLOCKED", "Blocked", "Invalid")


@case("TC_C_07_CSMS")
async def test_an_expired_token(case: Case) -> None:
    await authorizes(case, "EXPIRED", "Expired", "Invalid")


async def plugged_in(case: Case, *, bay: bool = False) -> Transaction:
    """Connect, boot, run STATE_EVConnectedPreSession."""
    transaction = Transaction(case, await arrived(case))
    if bay:
        await transaction.bay_occupied()
    await transaction.plugs_in()
    return transaction


async def cached(case: Case, id_token: str, *statuses: str) -> None:
    """Have a transaction authorized with a token that the station remembers."""
    transaction = await plugged_in(case, bay=True)
    with case.proves(0):
        info = await transaction.presents("Authorized", token(id_token))
        assert info["status"] in statuses
        row = await transaction.row()
        assert (row.id_token, row.authorization) == (id_token, info["status"])


@case("TC_C_08_CSMS")
async def test_a_cached_token_is_accepted(case: Case) -> None:
    await cached(case, "VALID", "Accepted")


@case("TC_C_20_CSMS")
async def test_a_cached_token_is_invalid(case: Case) -> None:
    await cached(case, "NOBODYS", "Invalid", "Unknown")


async def clears_cache(case: Case, answer: str, state: str) -> None:
    """Have the cache cleared; the station answers with `answer`."""
    station = await arrived(case)
    with case.proves(0):
        call, command = await asked(case, station, "ClearCache", "clear_cache")
        assert call.payload == {}
        await call.answer(status=answer)
        await command.ends(state, answer)
        await copes(station)


@case("TC_C_37_CSMS")
async def test_the_cache_is_cleared(case: Case) -> None:
    await clears_cache(case, "Accepted", "accepted")


@case("TC_C_38_CSMS")
async def test_clearing_the_cache_is_rejected(case: Case) -> None:
    await clears_cache(case, "Rejected", "rejected")


def is_of(info: dict[str, Any], group: str) -> None:
    """See that a token was accepted, as one of a group."""
    assert info["status"] == "Accepted"
    assert info["groupIdToken"]["idToken"] == group


async def group_session(case: Case, *, before: bool, between: bool) -> None:
    """Start with one token of a group and stop with another, presented before if said."""
    transaction = await plugged_in(case)
    with case.proves(0):
        if before:
            await presented(case, transaction, SECOND)
        is_of(await transaction.presents("Authorized", FIRST), GROUP)
        transaction.authorized = True
        await transaction.charges()
        if between:
            await presented(case, transaction, SECOND)
        is_of(await transaction.presents("StopAuthorized", SECOND), GROUP)
        row = await transaction.row()
        assert (row.id_token, row.stop_token) == ("VALID-A", "VALID-B")
    await transaction.stops_charging()
    await transaction.unplugs()


async def presented(case: Case, transaction: Transaction, id_token: dict[str, Any]) -> None:
    """Have a token of the group authorized."""
    answer = await transaction.station.call("Authorize", idToken=id_token)
    is_of(answer["idTokenInfo"], GROUP)
    assert set(await case.events("authorization")) == {"Accepted"}


@case("TC_C_39_CSMS")
async def test_a_group_starts_and_stops(case: Case) -> None:
    await group_session(case, before=True, between=True)


@case("TC_C_40_CSMS")
async def test_a_group_of_the_local_list_starts_and_stops(case: Case) -> None:
    await group_session(case, before=False, between=False)


@case("TC_C_43_CSMS")
async def test_a_group_that_the_local_list_has_as_invalid(case: Case) -> None:
    await group_session(case, before=False, between=True)


async def two_charge(case: Case) -> list[Transaction]:
    """Connect, boot, and charge at EVSE 1 with VALID and at EVSE 2 with VALID2."""
    station = await arrived(case)
    made = [Transaction(case, station, evse) for evse in (1, 2)]
    for transaction, id_token in zip(made, (VALID, FIRST), strict=True):
        await transaction.authorizes(id_token)
        await transaction.charges()
    return made


async def master_pass(case: Case, transaction: Transaction) -> None:
    """Have the master pass presented."""
    answer = await transaction.station.call("Authorize", idToken=MASTER)
    is_of(answer["idTokenInfo"], MASTER_GROUP)


async def ended_by(transaction: Transaction, id_token: dict[str, Any]) -> dict[str, Any]:
    """End it for the master pass; return the IdTokenInfo of the token that is told with it."""
    answer = await transaction.ends("StopAuthorized", "MasterPass", idToken=id_token)
    info: dict[str, Any] = answer["idTokenInfo"]
    assert (await transaction.row()).stop_token == id_token["idToken"]
    return info


@case("TC_C_47_CSMS")
async def test_the_master_pass_ends_all_transactions(case: Case) -> None:
    both = await two_charge(case)
    with case.proves(0):
        await master_pass(case, both[0])
        for transaction in both:
            is_of(await ended_by(transaction, MASTER), MASTER_GROUP)


@case("TC_C_48_CSMS")
async def test_the_master_pass_ends_one_transaction(case: Case) -> None:
    first, second = await two_charge(case)
    with case.proves(0):
        await master_pass(case, first)
        is_of(await ended_by(first, MASTER), MASTER_GROUP)
        assert (await second.row()).ended is None


@case("TC_C_49_CSMS")
async def test_the_master_pass_ends_all_where_there_is_no_screen(case: Case) -> None:
    both = await two_charge(case)
    with case.proves(0):
        await master_pass(case, both[0])
        for transaction, id_token in zip(both, (VALID, FIRST), strict=True):
            assert (await ended_by(transaction, id_token))["status"] == "Accepted"
