"""Whether a token may charge."""

from datetime import UTC, datetime, timedelta

import pytest

from cpms.control.authorization import Known, decide
from cpms.ocpp.tokens import Run, Tokens

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CHARGER, SITE = 7, 3


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        (Known("accepted"), "Accepted"),
        (Known("blocked"), "Blocked"),
        (Known("expired"), "Expired"),
        (Known("invalid"), "Invalid"),
        (Known("accepted", NOON), "Expired"),
        (Known("accepted", NOON + timedelta(seconds=1)), "Accepted"),
        # Blocked says more than that it would be too late as well.
        (Known("blocked", NOON - timedelta(days=1)), "Blocked"),
        (Known("accepted", sites=frozenset({SITE})), "Accepted"),
        (Known("accepted", sites=frozenset({4})), "NotAtThisLocation"),
        (Known("accepted", sites=frozenset(), chargers=frozenset({CHARGER})), "Accepted"),
        # Every place that it was good for is gone: it is good nowhere, not everywhere.
        (Known("accepted", sites=frozenset()), "NotAtThisLocation"),
        (None, "Unknown"),
    ],
)
def test_a_token_is_decided_on(token, answer):
    assert decide(token, CHARGER, SITE, NOON).status == answer


def test_who_nobody_registered_may_charge_where_that_is_wanted():
    assert decide(None, CHARGER, SITE, NOON, accept_unknown=True).accepted


def test_only_a_token_for_one_session_at_a_time_is_refused_a_second():
    assert decide(Known("accepted"), CHARGER, SITE, NOON, busy=True).accepted
    exclusive = Known("accepted", one_at_a_time=True)
    assert decide(exclusive, CHARGER, SITE, NOON, busy=True).status == "ConcurrentTx"
    assert decide(exclusive, CHARGER, SITE, NOON).accepted


@pytest.fixture
def tokens():
    made = Tokens()
    made.keep(1, "CARD", Known("accepted", one_at_a_time=True))
    return made


def test_a_session_that_goes_on_elsewhere_keeps_its_token_busy(tokens):
    tokens.runs([((1, "CARD"), Run(8, "55", "key"))], NOON)
    assert tokens.busy(1, "card", CHARGER, "56")
    # The same start and the same transaction, told again, are no second one.
    assert not tokens.busy(1, "card", 8, "key")
    assert not tokens.busy(1, "card", 8, "55")
    # Another charger may call its transaction the same.
    assert tokens.busy(1, "card", CHARGER, "55")


def test_a_session_counts_from_its_start_to_its_end_before_the_database_says_so(tokens):
    tokens.began(1, "Card", Run(8, "55"), NOON)
    assert tokens.busy(1, "CARD", CHARGER, "56")
    tokens.runs([((1, "CARD"), Run(8, "55"))], NOON + timedelta(seconds=2))
    tokens.over(8, "55", NOON + timedelta(seconds=3))
    assert not tokens.busy(1, "CARD", CHARGER, "56")
    tokens.runs([], NOON + timedelta(minutes=1))
    assert not tokens.busy(1, "CARD", CHARGER, "56")


def test_a_start_that_never_came_into_the_database_is_forgotten(tokens):
    tokens.began(1, "CARD", Run(8, "55"), NOON)
    tokens.runs([], NOON + timedelta(minutes=1))
    assert not tokens.busy(1, "CARD", CHARGER, "56")


def test_tokens_that_equal_each_other_are_kept_once():
    tokens = Tokens()
    for number in range(1000):
        tokens.keep(1, f"CARD-{number}", Known("accepted"))
    assert len(tokens) == 1000
    assert len({id(token) for token in tokens.known[1].values()}) == 1
