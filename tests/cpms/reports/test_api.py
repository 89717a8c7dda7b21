"""Reports over REST: asked for, listed, downloaded; subscriptions; by whom."""

import io
import zipfile
from typing import Any

import pytest

from cpms.reports import making
from cpms.reports.models import Report, Subscription
from inventory.models import Role
from tests.cpms.reports.filled import NOW, made, network, port
from tests.network import person, signed_in

OCTOBER = {"from": "2026-10-01", "to": "2026-11-01"}


@pytest.fixture
def room(db: None) -> Any:
    owner, place, manager = network()
    port(place)
    return owner, place, signed_in(manager)


def post(client: Any, address: str, **fields: Any) -> Any:
    return client.post(f"/api/v1/{address}", fields, content_type="application/json")


def test_a_report_is_asked_for_listed_and_downloaded(room: Any) -> None:
    owner, place, client = room
    asked = post(client, "reports/", organisation=owner.pk, kind="site", sites=[place.pk],
                 target=0.98, formats=["csv", "pdf"], **OCTOBER)  # fmt: skip
    assert asked.status_code == 201
    body = asked.json()
    assert (body["state"], body["from"], body["to"]) == ("requested", "2026-10-01", "2026-11-01")
    assert body["parameters"] == {"target": 0.98, "site": place.pk}
    address = f"/api/v1/reports/{body['id']}/"
    assert client.get(f"{address}download/?as=pdf").status_code == 404
    making.make(body["id"], lambda: NOW)
    done = client.get(address).json()
    assert (done["state"], done["progress"]) == ("done", 100)
    assert {file["format"] for file in done["files"]} == {"pdf", "csv", "json"}
    pdf = client.get(f"{address}download/?as=pdf")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    tables = b"".join(client.get(f"{address}download/?as=csv").streaming_content)
    assert len(zipfile.ZipFile(io.BytesIO(tables)).namelist()) == 5
    assert client.get(f"{address}download/?as=xlsx").status_code == 404
    listed = client.get("/api/v1/reports/?kind=site&state=done").json()["results"]
    assert [row["id"] for row in listed] == [body["id"]]
    newer = client.post(f"{address}again/")
    assert newer.json()["previous"] == body["id"]
    assert client.post(f"{address}again/").status_code == 409


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "weather"}, "valid choice"),
        ({"from": "2026-12-01"}, "before the first"),
        ({"from": "1999-01-01"}, "366 days"),
        ({"sites": [10**30]}, "sites"),
        ({"sites": []}, "at least one site"),
        ({"kind": "site"}, "one site"),
        ({"kind": "contractor"}, "contractor"),
        ({"lens": "uk"}, None),
        ({"kind": "uk", "lens": "raw"}, "one of these rules"),
        ({"target": 98}, "target"),
        ({"formats": ["doc"]}, "valid choice"),
        ({"color": "red"}, "no such field"),
    ],
)
def test_what_can_t_be_made_is_a_problem(room: Any, fields: Any, said: str | None) -> None:
    owner, _place, client = room
    answer = post(client, "reports/", **{"organisation": owner.pk, "kind": "monthly", **OCTOBER,
                                         **fields})  # fmt: skip
    assert answer.status_code == (201 if said is None else 400)
    assert said is None or said in answer.content.decode()


def test_a_viewer_and_a_stranger_ask_for_nothing(room: Any) -> None:
    owner, _place, _client = room
    report = made(owner, formats=["csv"])
    viewer = signed_in(person("vera", Role.VIEWER, owner))
    fields = {"organisation": owner.pk, "kind": "monthly", **OCTOBER}
    assert post(viewer, "reports/", **fields).status_code == 403
    assert viewer.get(f"/api/v1/reports/{report.pk}/").status_code == 200
    _other, _site, stranger = network("Other")
    assert post(signed_in(stranger), "reports/", **fields).status_code == 400
    assert signed_in(stranger).get(f"/api/v1/reports/{report.pk}/").status_code == 404
    assert Report.objects.count() == 1


def test_a_subscription_is_written_changed_and_ended(room: Any) -> None:
    owner, _place, client = room
    colleague = person("cleo", Role.VIEWER, owner)
    fields = {"organisation": owner.pk, "kind": "monthly", "every": "month", "hour": 7,
              "recipients": [colleague.pk]}  # fmt: skip
    made_ = post(client, "reports/subscriptions/", **fields)
    assert made_.status_code == 201, made_.content
    address = f"/api/v1/reports/subscriptions/{made_.json()['id']}/"
    changed = client.patch(address, {"enabled": False}, content_type="application/json").json()
    assert (changed["enabled"], changed["recipients"]) == (False, [colleague.pk])
    assert (changed["hour"], changed["owner"]) == (7, "manager-nordstrom")
    stranger = person("strange", Role.VIEWER)
    told = client.patch(address, {"recipients": [stranger.pk]}, content_type="application/json")
    assert told.status_code == 400
    assert client.delete(address).status_code == 204
    assert not Subscription.objects.exists()
    nobody = post(client, "reports/subscriptions/", **{**fields, "recipients": []})
    assert nobody.status_code == 400
