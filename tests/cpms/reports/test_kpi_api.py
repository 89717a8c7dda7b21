"""Every KPI over REST, by any group and through any lens, each with the way to its rows."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cpms.reports.catalogue import CATALOGUE
from inventory.models import (
    Charger,
    ChargerModel,
    Contract,
    Contractor,
    Organisation,
    Role,
    Site,
)
from monitoring.facts import Status
from tests.api import Api
from tests.cpms.reports.rolled_up import DAY, HOUR, charger_day, port_day
from tests.network import charger, person, site, tenant

LAST = date(2026, 3, 2)
WINDOW = {"from_": "2026-03-02", "to": "2026-03-03"}


@pytest.fixture
def organisation(db: None) -> Organisation:
    """Whose chargers they are."""
    return tenant()


@pytest.fixture
def api(organisation: Organisation) -> Api:
    """The API for who reads the figures."""
    return Api.of(person("mara", Role.MANAGER, organisation))


@pytest.fixture
def bad(organisation: Organisation) -> Charger:
    """A charger that lost six hours, of which a lens excludes five, with a good neighbour."""
    place = site(organisation, "Westend", region="Hessen")
    one, other = (
        charger(place, name, Status.AVAILABLE, commissioned_at=datetime(2026, 1, 1, tzinfo=UTC))
        for name in ("BAD", "GOOD")
    )
    one.model = ChargerModel.objects.create(vendor="ABB", name="Terra")
    one.firmware_version = "1.2"
    one.save()
    port_day(
        one.evses.get(), LAST, faulted=6 * HOUR, outages=1, nevi_window=DAY,
        nevi_outage=6 * HOUR, nevi_excluded=5 * HOUR, energy=12_000.0, sessions=3,
    )  # fmt: skip
    port_day(other.evses.get(), LAST)
    charger_day(one, LAST)
    charger_day(other, LAST)
    return one


def row(api: Api, metric: str, **query: Any) -> dict[str, Any]:
    """Return the only row of an answer."""
    found: dict[str, Any]
    (found,) = api.get("kpis/", **WINDOW, metric=metric, **query).results
    return found


@pytest.mark.parametrize("group", ["fleet", "port", "model", "month"])
def test_every_metric_is_answered_with_its_parts_and_rows_that_are_there(
    api: Api, bad: Charger, group: str
) -> None:
    answer = api.get("kpis/", **WINDOW, metric=list(CATALOGUE), group_by=group)
    assert {found["metric"] for found in answer.results} == set(CATALOGUE)
    assert set(answer.body["formulas"]) == set(CATALOGUE)
    for found in answer.results:
        assert found["value"] is None or found["denominator"] > 0
    for evidence in {found["evidence"] for found in answer.results}:
        assert api.get(evidence).status == 200, evidence


def test_a_lens_is_whose_uptime_it_is(api: Api, bad: Charger) -> None:
    assert row(api, "uptime")["value"] == pytest.approx(42 / 48)
    seen = row(api, "uptime", lens="nevi")
    assert seen["value"] == pytest.approx(23 / 24)  # The neighbour isn't under it.
    assert (seen["details"]["outage"], seen["details"]["excluded"]) == (6 * HOUR, 5 * HOUR)
    assert row(api, "uptime", lens="uk")["value"] is None
    assert row(api, "energy", lens="uk")["value"] == 12_000.0


@pytest.mark.parametrize(
    ("group", "labels"),
    [
        ("region", ["Hessen"]), ("model", ["ABB Terra", "none"]), ("firmware", ["1.2", "none"]),
        ("sim_operator", ["none"]), ("contractor", ["none"]), ("month", ["2026-03"]),
    ],
)  # fmt: skip
def test_groups_are_what_chargers_are(
    api: Api, bad: Charger, group: str, labels: list[str]
) -> None:
    rows = api.get("kpis/", **WINDOW, metric="uptime", group_by=group).results
    assert [found["label"] for found in rows] == labels


def test_the_evidence_of_a_trait_is_the_figure_of_each_charger_that_has_it(
    api: Api, bad: Charger
) -> None:
    of_model = api.get("kpis/", **WINDOW, metric="uptime", group_by="model").results[0]
    (of_charger,) = api.get(of_model["evidence"]).results
    assert (of_charger["label"], of_charger["value"]) == ("BAD", of_model["value"])
    assert "/outages/?charger=BAD" in of_charger["evidence"]


def test_the_scope_is_narrowed_by_what_chargers_are(api: Api, bad: Charger) -> None:
    firm = Contractor.objects.create(organisation=bad.site.organisation, name="Fix-it")
    Contract.objects.create(contractor=firm, name="SLA", starts=LAST).sites.set([bad.site])
    for narrowed in (
        {"model": bad.model_id}, {"firmware": "1.2"}, {"charger": "bad"},
        {"model": bad.model_id, "contractor": firm.pk, "region": "Hessen", "sim_operator": "-"},
    ):  # fmt: skip
        assert row(api, "uptime", **narrowed)["denominator"] == DAY, narrowed
    assert row(api, "uptime", contractor=firm.pk)["denominator"] == 2 * DAY
    assert row(api, "uptime", region="-")["value"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"metric": "luck"}, "metric"), ({"lens": "pink"}, "lens"), ({"model": "x"}, "model"),
        ({"group_by": "mood"}, "group_by"), ({"region": "x" * 81}, "region"),
        ({"contractor": "{theirs}"}, "contractor"),
    ],
)  # fmt: skip
def test_a_bad_question_is_refused(
    api: Api, bad: Charger, query: dict[str, str], field: str
) -> None:
    there: Site = site(tenant("Other"))
    theirs = Contractor.objects.create(organisation=there.organisation, name="Theirs")
    asked = {name: value.format(theirs=theirs.pk) for name, value in query.items()}
    answer = api.get("kpis/", **asked)
    assert answer.status == 400, answer.body
    assert field in answer.problem()["errors"]
