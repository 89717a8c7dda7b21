"""Incidents over the API: who sees them, who acts, and what is refused."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import engine
from alerts.models import DetectorName, Incident
from inventory.models import Role, Site
from tests.alerts.world import NOON, World, minutes, only_incident, seen_at
from tests.api import Answer, Api


@pytest.fixture
def incident(world: World) -> Incident:
    """A charger offline since ten to twelve."""
    return offline(world, "CP-1")


def offline(world: World, identity: str) -> Incident:
    world.lose(world.charger(identity), NOON - minutes(20))
    engine.run(seen_at(NOON))
    return Incident.objects.get(subject=identity)


def api(world: World, role: Role = Role.OPERATOR, *sites: Site) -> Api:
    return Api.of(world.person(f"{role}-{User.objects.count()}", role, *sites))


def test_an_incident_reads_with_subject_severity_and_timeline(
    world: World, incident: Incident
) -> None:
    row = api(world).get("incidents/").results[0]
    assert (row["charger"], row["evse"], row["detector"]) == ("CP-1", None, "offline")
    assert (row["state"], row["severity"]) == ("open", incident.get_severity_display().lower())
    assert row["since"] == "2026-03-02T11:40:00Z"
    whole = api(world).get(f"incidents/{incident.pk}/").body
    assert [entry["kind"] for entry in whole["timeline"]] == ["opened"]
    assert whole["timeline"][0]["actor"] is None


def test_an_operator_acknowledges_and_is_named(world: World, incident: Incident) -> None:
    user = world.person("olga", Role.OPERATOR)
    answer = Api.of(user).post(f"incidents/{incident.pk}/acknowledge/", {"note": "on it"})
    assert (answer.status, answer.body["state"]) == (200, "acknowledged")
    assert answer.body["acknowledged_by"] == "olga"
    entry = answer.body["timeline"][-1]
    assert (entry["kind"], entry["actor"], entry["note"]) == ("acknowledged", "olga", "on it")


def test_acknowledging_needs_no_body(world: World, incident: Incident) -> None:
    assert api(world).post(f"incidents/{incident.pk}/acknowledge/", {}).status == 200
    assert api(world).send("POST", f"incidents/{incident.pk}/acknowledge/", raw=b"").status == 200


def test_what_is_still_wrong_is_not_resolved_and_the_answer_says_why(
    world: World, incident: Incident
) -> None:
    answer = api(world).post(f"incidents/{incident.pk}/resolve/", {})
    assert answer.status == 409
    assert "still wrong" in answer.problem()["detail"]


def test_what_is_right_again_is_resolved_by_hand(world: World, incident: Incident) -> None:
    Incident.objects.update(cleared_at=NOON)
    answer = api(world).post(f"incidents/{incident.pk}/resolve/", {"note": "replaced the SIM"})
    assert (answer.body["state"], answer.body["resolution"]) == ("resolved", "manual")
    again = api(world).post(f"incidents/{incident.pk}/acknowledge/", {})
    assert again.status == 409


def test_notes_are_added_and_must_say_something(world: World, incident: Incident) -> None:
    path = f"incidents/{incident.pk}/notes/"
    answer = api(world).post(path, {"note": "Called the site, the router is dark."})
    assert answer.body["timeline"][-1]["note"] == "Called the site, the router is dark."
    for body in ({}, {"note": ""}, {"note": "x" * 2001}, {"note": ["a"]}, {"remark": "x"}):
        assert api(world).post(path, body).status == 400


def test_a_note_repeated_with_its_key_is_added_once(world: World, incident: Incident) -> None:
    client = api(world)
    for _time in range(2):
        client.post(f"incidents/{incident.pk}/notes/", {"note": "once"}, key="k")
    assert incident.entries.filter(kind="note").count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER, Role.CONTRACTOR])
@pytest.mark.parametrize("action", ["acknowledge", "resolve", "notes"])
def test_who_may_not_act_is_refused(
    world: World, incident: Incident, role: Role, action: str
) -> None:
    answer = api(world, role).post(f"incidents/{incident.pk}/{action}/", {"note": "x"})
    assert answer.status == 403
    answer.problem()
    assert only_incident().state == Incident.State.OPEN


def test_another_tenants_incident_does_not_exist(world: World, incident: Incident) -> None:
    stranger = api(World.make("Sued"))
    assert stranger.get("incidents/").results == []
    assert stranger.get(f"incidents/{incident.pk}/").status == 404
    assert stranger.post(f"incidents/{incident.pk}/acknowledge/", {}).status == 404


def test_a_member_of_another_site_does_not_see_it(world: World, incident: Incident) -> None:
    other = Site.objects.create(organisation=world.organisation, name="Other")
    assert api(world, Role.LEAD, other).get("incidents/").results == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"unresolved": "true"}, True), ({"unresolved": "false"}, False),
        ({"state": "open"}, True), ({"state": "resolved"}, False),
        ({"detector": "offline"}, True), ({"detector": "faulted"}, False),
        ({"charger": "cp-1"}, True), ({"charger": "cp-2"}, False),
        ({"severity": ["critical", "major", "minor", "warning"]}, True),
        ({"from_": "2026-03-02T11:30:00Z", "to": "2026-03-02T11:50:00Z"}, True),
        ({"to": "2026-03-02T11:30:00Z"}, False),
    ],
)  # fmt: skip
def test_incidents_are_filtered(
    world: World, incident: Incident, query: dict[str, str], found: bool
) -> None:
    assert bool(api(world).get("incidents/", **query).results) == found


def test_incidents_export_as_csv(world: World, incident: Incident) -> None:
    raw = api(world).get("incidents/", format="csv").raw.decode()
    assert raw.splitlines()[0].startswith("id,detector,subject,severity")
    assert "CP-1" in raw


def test_the_list_takes_as_many_queries_for_many_as_for_one(world: World) -> None:
    client = api(world, Role.VIEWER)

    def queries() -> tuple[int, Answer]:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get("incidents/")
        return len(captured), answer

    world.rule(DetectorName.OFFLINE)
    offline(world, "CP-1")
    queries()
    few, _answer = queries()
    for number in range(2, 9):
        offline(world, f"CP-{number}")
    many, answer = queries()
    assert len(answer.results) == 8
    assert many == few <= 5


def test_times_are_in_utc_and_the_newest_comes_first(world: World) -> None:
    offline(world, "CP-1")
    Incident.objects.update(opened_at=NOON - timedelta(hours=1))
    offline(world, "CP-2")
    assert [row["subject"] for row in api(world).get("incidents/").results] == ["CP-2", "CP-1"]
