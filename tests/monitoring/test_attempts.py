"""What counts as an attempt to charge, and what came of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from math import inf
from typing import Any

import pytest
from hypothesis import given

from monitoring.kpis.attempts import (
    TIMEOUT,
    Attempt,
    Outcome,
    Port,
    assigned,
    judged,
    ports_of,
    stretches,
)
from monitoring.kpis.history import Authorization, ChargerHistory, PortHistory, Reported, Session
from tests.monitoring.histories import histories


def at(hour: int, minute: int = 0, second: int = 0) -> float:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC).timestamp()


MIDNIGHT, EVENING = at(0), at(20)


def statuses(*changes: tuple[float, str] | tuple[float, str, str]) -> list[Reported]:
    """Make spans of (time, status, error): each lasts to the next, the last for ever."""
    starts = [MIDNIGHT, *(change[0] for change in changes)]
    said = [("Available", ""), *((change[1], "".join(change[2:])) for change in changes)]
    return [
        Reported(start, end, *each)
        for (start, end), each in zip(pairwise([*starts, inf]), said, strict=True)
    ]


def charge(minute: int = 2, *, last: int = 30, hour: int = 8, key: int = 1, **said: Any) -> Session:
    values: dict[str, Any] = {"token": "AB", "energy": 9_000.0, "answer": "Accepted", **said}
    return Session(at(hour, minute), at(hour, last), key, **values)


def attempts(
    spans: list[Reported],
    sessions: Iterable[Session] = (),
    authorizations: Iterable[Authorization] = (),
) -> list[Attempt]:
    """Return the attempts of a charger's only port that are over in the evening."""
    history = ChargerHistory({1: PortHistory(spans, list(sessions))})
    return of_charger(history, authorizations)[1]


def of_charger(
    history: ChargerHistory, authorizations: Iterable[Authorization]
) -> dict[int, list[Attempt]]:
    ports = ports_of(history)
    accepted = assigned(ports, [a for a in authorizations if a.answer == "Accepted"])
    refused = assigned(ports, [a for a in authorizations if a.answer != "Accepted"])
    return {
        key: [
            judged(port, stretch, refused[key])
            for stretch in stretches(port, accepted[key])
            if stretch.end < EVENING
        ]
        for key, port in ports.items()
    }


VISIT = statuses(
    (at(8), "Preparing"),
    (at(8, 2), "Charging"),
    (at(8, 30), "Finishing"),
    (at(8, 33), "Available"),
)


def test_a_visit_from_plug_in_to_available_is_one_successful_attempt() -> None:
    asked = Authorization(at(8, 1), "AB", "Accepted")
    assert attempts(VISIT, [charge()], [asked]) == [
        (at(8), at(8, 33), Outcome.SUCCESS, "AB", 1, 9_000.0, "")
    ]


def test_a_token_shown_before_plugging_in_starts_the_attempt() -> None:
    asked = Authorization(at(7, 59), "AB", "Accepted")
    (attempt,) = attempts(VISIT, [charge()], [asked])
    assert (attempt.start, attempt.outcome) == (at(7, 59), Outcome.SUCCESS)


@pytest.mark.parametrize(
    ("energy", "outcome"),
    [(100.0, Outcome.SUCCESS), (99.9, Outcome.NO_ENERGY), (None, Outcome.NO_ENERGY)],
)
def test_success_takes_at_least_100_wh(energy: float | None, outcome: Outcome) -> None:
    (attempt,) = attempts(VISIT, [charge(energy=energy)])
    assert attempt.outcome == outcome


@pytest.mark.parametrize(
    "reason",
    ["", "Local", "Remote", "EVDisconnected", "EnergyLimitReached", "StoppedByEV", "Other",
     "SOCLimitReached", "LocalOutOfCredit", "DeAuthorized", "UnlockCommand", "MasterPass"],
)  # fmt: skip
def test_an_end_by_driver_vehicle_or_limit_is_regular(reason: str) -> None:
    (attempt,) = attempts(VISIT, [charge(reason=reason)])
    assert attempt.outcome == Outcome.SUCCESS


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("EmergencyStop", Outcome.FAULT),
        ("GroundFault", Outcome.FAULT),
        ("OvercurrentFault", Outcome.FAULT),
        ("PowerLoss", Outcome.POWER_OR_LINK_LOSS),
        ("PowerQuality", Outcome.POWER_OR_LINK_LOSS),
        ("Reboot", Outcome.POWER_OR_LINK_LOSS),
        ("HardReset", Outcome.POWER_OR_LINK_LOSS),
        ("SoftReset", Outcome.POWER_OR_LINK_LOSS),
        ("ImmediateReset", Outcome.POWER_OR_LINK_LOSS),
    ],
)
def test_an_end_by_fault_or_loss_is_a_failure_however_much_was_delivered(
    reason: str, outcome: Outcome
) -> None:
    (attempt,) = attempts(VISIT, [charge(reason=reason)])
    assert (attempt.outcome, attempt.detail) == (outcome, reason)


def test_a_session_that_ends_in_a_fault_is_interrupted_by_it_whatever_reason_was_given() -> None:
    faulted = statuses(
        (at(8), "Preparing"),
        (at(8, 2), "Charging"),
        (at(8, 30, 4), "Faulted", "GroundFailure"),
        (at(12), "Available"),
    )
    (attempt,) = attempts(faulted, [charge(reason="Other")])
    assert (attempt.outcome, attempt.detail) == (Outcome.FAULT, "GroundFailure")


def test_a_fault_that_passed_while_charging_went_on_is_no_failure() -> None:
    passed = statuses(
        (at(8), "Preparing"),
        (at(8, 2), "Charging"),
        (at(8, 10), "Faulted", "HighTemperature"),
        (at(8, 12), "Charging"),
        (at(8, 30), "Available"),
    )
    assert [a.outcome for a in attempts(passed, [charge()])] == [Outcome.SUCCESS]


def test_a_cable_without_a_token_is_a_plug_in_without_authorization() -> None:
    assert attempts(statuses((at(8), "Preparing"), (at(8, 5), "Available"))) == [
        (at(8), at(8, 5), Outcome.NO_AUTHORIZATION, "", None, None, "")
    ]


def test_a_cable_left_in_without_a_token_times_out() -> None:
    (attempt,) = attempts(statuses((at(8), "Preparing")))
    assert (attempt.end, attempt.outcome) == (at(8) + TIMEOUT, Outcome.NO_AUTHORIZATION)


def test_an_accepted_token_without_a_session_was_not_started_by_the_charger() -> None:
    plugged = statuses((at(8), "Preparing"), (at(8, 5), "Available"))
    asked = Authorization(at(8, 1), "AB", "Accepted")
    (attempt,) = attempts(plugged, authorizations=[asked])
    assert (attempt.outcome, attempt.token) == (Outcome.NOT_STARTED, "AB")


def test_a_fault_after_plugging_in_is_the_cause_of_the_failure() -> None:
    faulted = statuses((at(8), "Preparing"), (at(8, 1), "Faulted", "E7"), (at(8, 4), "Available"))
    (attempt,) = attempts(faulted, authorizations=[Authorization(at(8), "AB", "Accepted")])
    assert (attempt.outcome, attempt.detail) == (Outcome.FAULT, "E7")


def test_a_fault_keeps_its_code_when_it_is_reported_again_without() -> None:
    faulted = statuses(
        (at(8), "Preparing"),
        (at(8, 1), "Faulted", "E7"),
        (at(8, 2), "Faulted"),
        (at(8, 4), "Available"),
    )
    assert [a.detail for a in attempts(faulted)] == ["E7"]


def test_a_refused_token_is_the_tokens_fault() -> None:
    plugged = statuses((at(8), "Preparing"), (at(8, 5), "Available"))
    (attempt,) = attempts(plugged, authorizations=[Authorization(at(8, 1), "AB", "Blocked")])
    assert attempt == (at(8), at(8, 5), Outcome.REFUSED, "AB", None, None, "Blocked")


def test_a_refused_token_followed_by_an_accepted_one_is_judged_by_what_came_then() -> None:
    asked = [Authorization(at(8, 0), "XX", "Invalid"), Authorization(at(8, 1), "AB", "Accepted")]
    assert [a.outcome for a in attempts(VISIT, [charge()], asked)] == [Outcome.SUCCESS]


def test_a_refused_token_without_a_vehicle_is_no_attempt() -> None:
    assert attempts(statuses(), authorizations=[Authorization(at(8), "AB", "Invalid")]) == []


def test_a_session_with_a_refused_token_and_no_energy_is_refused() -> None:
    (attempt,) = attempts(VISIT, [charge(answer="Invalid", energy=0.0)])
    assert (attempt.outcome, attempt.detail) == (Outcome.REFUSED, "Invalid")


def test_a_session_started_offline_with_a_bad_token_that_delivered_energy_counts() -> None:
    (attempt,) = attempts(VISIT, [charge(answer="Invalid")])
    assert attempt.outcome == Outcome.SUCCESS


def test_a_transaction_opened_by_the_cable_alone_was_never_authorized() -> None:
    (attempt,) = attempts(VISIT, [charge(token="", answer="", energy=0.0)])
    assert attempt.outcome == Outcome.NO_AUTHORIZATION


def test_a_session_nobody_stopped_is_lost_or_stuck_by_what_the_port_last_was() -> None:
    (lost,) = attempts(VISIT, [charge(last=20, abandoned=True)])
    assert lost.outcome == Outcome.POWER_OR_LINK_LOSS
    (stuck,) = attempts(VISIT, [charge(last=33, abandoned=True)])
    assert stuck.outcome == Outcome.STUCK_FINISHING


def test_tries_without_available_between_them_are_one_attempt() -> None:
    again = statuses(
        (at(8), "Preparing"),
        (at(8, 2), "Charging"),
        (at(8, 5), "Finishing"),
        (at(8, 7), "Charging"),
        (at(8, 30), "Available"),
    )
    first, second = charge(last=5, energy=0.0), charge(minute=7, key=2)
    (attempt,) = attempts(again, [first, second])
    assert (attempt.outcome, attempt.session, attempt.energy) == (Outcome.SUCCESS, 2, 9_000.0)


def test_available_between_two_visits_makes_two_attempts() -> None:
    twice = statuses(
        (at(8), "Preparing"),
        (at(8, 5), "Available"),
        (at(8, 6), "Preparing"),
        (at(8, 9), "Available"),
    )
    assert [(a.start, a.end) for a in attempts(twice)] == [
        (at(8), at(8, 5)),
        (at(8, 6), at(8, 9)),
    ]


def test_available_before_the_stop_does_not_end_the_attempt_early() -> None:
    early = statuses((at(8), "Preparing"), (at(8, 2), "Charging"), (at(8, 29), "Available"))
    (attempt,) = attempts(early, [charge()])
    assert (attempt.end, attempt.outcome) == (at(8, 30), Outcome.SUCCESS)


def test_sessions_from_offline_hours_without_any_status_are_attempts() -> None:
    replayed = [charge(), charge(hour=9, key=2)]
    assert [(a.start, a.end) for a in attempts(statuses(), replayed)] == [
        (at(8, 2), at(8, 30)),
        (at(9, 2), at(9, 30)),
    ]


def test_sessions_back_to_back_on_a_port_that_says_it_is_free_are_two_attempts() -> None:
    replayed = [charge(), Session(at(8, 30), at(9), 2, "CD", energy=900.0)]
    assert [a.session for a in attempts(statuses(), replayed)] == [1, 2]


def test_a_car_left_plugged_in_afterwards_is_no_second_attempt() -> None:
    left = statuses(
        (at(8), "Preparing"),
        (at(8, 2), "Charging"),
        (at(8, 30), "Finishing"),
        (at(11), "Preparing"),
        (at(13), "Faulted"),
        (at(13, 5), "Preparing"),
        (at(15), "Available"),
    )
    assert [a.outcome for a in attempts(left, [charge()])] == [Outcome.SUCCESS]


def test_a_new_try_hours_later_with_the_cable_still_in_is_an_attempt_of_its_own() -> None:
    left = statuses((at(8), "Preparing"), (at(12), "Charging"), (at(12, 30), "Available"))
    found = attempts(left, [charge(hour=12, minute=0)])
    assert [a.outcome for a in found] == [Outcome.NO_AUTHORIZATION, Outcome.SUCCESS]


def test_a_running_session_is_not_judged_yet() -> None:
    charging = statuses((at(8), "Preparing"), (at(8, 2), "Charging"))
    assert attempts(charging, [Session(at(8, 2), inf, 1, "AB")]) == []


def test_a_status_reported_again_changes_nothing() -> None:
    repeated = statuses(
        (at(7), "Available"), (at(8), "Preparing"), (at(8, 1), "Preparing"), (at(8, 5), "Available")
    )
    asked = Authorization(at(6, 59), "AB", "Accepted")
    outcomes = [(a.start, a.end) for a in attempts(repeated, authorizations=[asked])]
    assert outcomes == [(at(6, 59), at(6, 59) + TIMEOUT), (at(8), at(8, 5))]


Past = tuple[list[Reported], list[Session]]


def two_ports(one: Past, other: Past) -> ChargerHistory:
    return ChargerHistory({1: PortHistory(*one), 2: PortHistory(*other)})


def port_of(history: ChargerHistory, token: str = "AB", minute: int = 1) -> list[int]:
    found = assigned(ports_of(history), [Authorization(at(8, minute), token, "Accepted")])
    return [key for key, asked in found.items() if asked]


PLUGGED = statuses((at(8), "Preparing"))


def test_a_token_belongs_to_the_port_of_its_session() -> None:
    history = two_ports((PLUGGED, []), (statuses(), [charge(minute=5)]))
    assert port_of(history, "ab") == [2]


def test_a_token_that_stops_a_session_belongs_to_its_port() -> None:
    stopped = charge(token="CD", stop_token="AB")
    assert port_of(two_ports((PLUGGED, []), (VISIT, [stopped])), minute=29) == [2]


def test_a_token_belongs_to_the_port_whose_vehicle_was_plugged_in_last() -> None:
    earlier = statuses((at(7), "Occupied"))
    assert port_of(two_ports((earlier, []), (PLUGGED, []))) == [2]


def test_a_token_shown_first_belongs_to_the_port_plugged_in_next() -> None:
    later = statuses((at(8, 2), "Preparing"))
    assert port_of(two_ports((statuses(), []), (later, []))) == [2]


def test_a_token_that_fits_no_port_of_several_is_left_out() -> None:
    assert port_of(two_ports((statuses(), []), (statuses(), []))) == []


@given(histories())
def test_attempts_of_a_port_are_in_order_and_never_overlap(history: ChargerHistory) -> None:
    for key, port in ports_of(history).items():
        accepted = assigned({key: port}, history.authorizations)[key]
        found = stretches(port, accepted)
        assert all(stretch.start <= stretch.active <= stretch.end for stretch in found)
        assert all(one.end <= other.start for one, other in pairwise(found))
        sessions = [session for stretch in found for session in stretch.sessions]
        assert sorted(sessions, key=lambda s: s.key) == sorted(port.sessions, key=lambda s: s.key)


@given(histories())
def test_only_sessions_that_delivered_are_successful(history: ChargerHistory) -> None:
    for port in map(Port, history.ports.values()):
        for stretch in stretches(port, []):
            if stretch.end < inf and judged(port, stretch, []).outcome == Outcome.SUCCESS:
                assert any((session.energy or 0) >= 100 for session in stretch.sessions)
