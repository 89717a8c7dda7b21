"""The ledger over REST: outages and their proof, proposals and decisions, plans, codes."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from inventory.models import ChargerModel, Role
from monitoring.models import DirtyDay, ErrorMeaning, Exclusion, MaintenanceWindow, Outage
from monitoring.outages import exclusions
from tests import network
from tests.api import Answer, Api
from tests.monitoring.outages.ledger import NOW, Ledger, at, ledger, outage, png, wish


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def book(db: None) -> Ledger:
    return ledger()


def proposal(book: Ledger, **fields: object) -> dict[str, object]:
    return {
        "evse": book.port.pk, "started": "2026-03-03T10:00:00Z", "ended": "2026-03-03T12:00:00Z",
        "reason": "vandalism", "note": "Cable cut.", **fields,
    }  # fmt: skip


def test_outages_are_listed_with_what_they_lost_in_the_window(book: Ledger) -> None:
    outage(book.beside, at(4, 9), None, kind="offline", cause="link", found_cause="vandalism")
    api = Api.of(book.operator)
    (row,) = api.get("outages/", from_="2026-03-03T11:30:00Z", to="2026-03-04T00:00:00Z").results
    assert (row["charger"], row["port"], row["lost"], row["seconds"]) == ("CP-1", 1, 1800, 7200)
    assert [r["kind"] for r in api.get("outages/").results] == ["offline", "faulted"]
    for filters, found in (
        ({"open": "true"}, 1), ({"cause": "vandalism"}, 1), ({"cause": "link"}, 0),
        ({"kind": "faulted"}, 1), ({"charger": "cp-1"}, 2), ({"evse": book.port.pk}, 1),
        ({"site": book.site.pk, "organisation": book.tenant.pk}, 2), ({"chargex": 8}, 0),
    ):  # fmt: skip
        assert len(api.get("outages/", **filters).results) == found, filters
    for filters in ({"cause": "gremlins"}, {"kinds": "x"}, {"from_": "yesterday"}):
        assert api.get("outages/", **filters).problem()["status"] == 400
    lines = api.get("outages/", format="csv").raw.decode().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("id,organisation,site,charger,evse,port,started,ended,kind,cause")


def test_one_outage_has_its_lenses_exclusions_proof_and_history(book: Ledger) -> None:
    book.site.country, book.site.region = "US", "California"
    book.site.save()
    exclusion = exclusions.propose(wish(book.port, at(3, 11), at(3, 12)), by=book.operator, now=NOW)
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    api = Api.of(book.operator)
    api.patch(f"outages/{book.outage.pk}/", {"found_note": "The neighbour saw it."})
    one = api.get(f"outages/{book.outage.pk}/").body
    nevi = next(lens for lens in one["lenses"] if lens["lens"] == "nevi")
    assert (nevi["outage"], nevi["excluded"]) == (7200, 3600)
    assert [row["id"] for row in one["exclusions"]] == [exclusion.pk]
    assert one["found_by"] == "olga"
    assert one["history"][0]["changes"] == {"found_note": ["", "The neighbour saw it."]}
    for address in one["evidence"].values():
        assert api.get(address.partition("testserver")[2]).status == 200


def test_what_was_found_is_checked_and_by_whom(book: Ledger) -> None:
    address = f"outages/{book.outage.pk}/"
    body = {"found_cause": "vandalism"}
    assert Api.of(book.contractor).patch(address, body).body["found_cause"] == "vandalism"
    assert Api.of(book.lead).patch(address, {"found_cause": "gnomes"}).status == 400
    assert Api.of(book.lead).patch(address, {"cause": "link"}).status == 400
    viewer = network.person("vera", Role.VIEWER, book.tenant)
    assert Api.of(viewer).patch(address, body).status == 403
    assert Api.of(book.lead, role="viewer").patch(address, body).status == 403


def test_one_proposes_another_approves(book: Ledger) -> None:
    theirs, lead = Api.of(book.contractor), Api.of(book.lead)
    made = theirs.post("exclusions/", proposal(book), key="once")
    assert (made.status, made.body["state"]) == (201, "proposed")
    assert made.body["covers"] == {"ports": 1, "outages": 1, "seconds": 7200}
    again = theirs.post("exclusions/", proposal(book), key="once")
    assert again.body["id"] == made.body["id"]
    address = f"exclusions/{made.body['id']}/"
    assert theirs.post(f"{address}approve/").status == 403
    theirs.patch(address, {"ended": "2026-03-03T11:00:00Z"})
    stale = lead.post(f"{address}approve/", {"version": made.body["version"]})
    assert (stale.status, "changed since" in stale.problem()["detail"]) == (409, True)
    version = lead.get(address).body["version"]
    approved = lead.post(f"{address}approve/", {"version": version, "note": "Seen."})
    assert (approved.status, approved.body["decided_by"]) == (200, "lea")
    assert approved.body["covers"]["seconds"] == 3600
    assert [e["kind"] for e in approved.body["history"]] == ["proposed", "changed", "approved"]
    second = lead.post(f"{address}reject/", {"note": "No."})
    assert "decided already: approved by lea" in second.problem()["detail"]
    assert theirs.post(f"{address}notes/", {"note": "Thanks."}).status == 201
    assert lead.post(f"{address}withdraw/", {}).status == 409
    assert lead.post(f"{address}withdraw/", {"note": "Ours."}).body["state"] == "withdrawn"
    assert [row["state"] for row in lead.get("exclusions/", state="withdrawn").results] == [
        "withdrawn"
    ]


def test_nobody_approves_their_own_over_rest(book: Ledger) -> None:
    lead = Api.of(book.lead)
    made = lead.post("exclusions/", proposal(book))
    refused = Api.of(book.lead, role="administrator").post(f"exclusions/{made.body['id']}/approve/")
    assert (refused.status, "another person" in refused.problem()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"started": "2026-03-04T10:00:00Z", "ended": "2026-03-04T11:00:00Z"}, 422, "The nearest"),
        ({"ended": "2026-03-03T10:00:00Z"}, 422, "ends before it starts"),
        ({"ended": "2027-03-03T10:00:00Z"}, 422, "in the future"),
        ({"evse": None}, 400, "errors"),
        ({"evse": 2**60}, 400, "errors"),
        ({"charger": "CP-2"}, 400, "errors"),
        ({"reason": "weather"}, 400, "errors"),
        ({"note": " "}, 400, "errors"),
        ({"state": "approved"}, 400, "errors"),
    ],
)
def test_bad_proposals_are_problems(
    book: Ledger, fields: dict[str, object], status: int, sentence: str
) -> None:
    answer = Api.of(book.operator).post("exclusions/", proposal(book, **fields))
    assert answer.status == status
    assert sentence in str(answer.problem())
    assert not Exclusion.objects.exists()


def send_photo(api: Api, address: str, photo: bytes) -> Answer:
    file = SimpleUploadedFile("x.exe", photo, "application/x-msdownload")
    raw = encode_multipart(BOUNDARY, {"photo": file})
    return api.send("PUT", f"{address}photo/", raw=raw, content_type=MULTIPART_CONTENT)


def test_a_photo_is_attached_served_clean_and_taken_away(book: Ledger) -> None:
    api = Api.of(book.contractor)
    address = f"exclusions/{api.post('exclusions/', proposal(book)).body['id']}/"
    assert api.get(f"{address}photo/").status == 404
    assert "neither a JPEG nor a PNG" in send_photo(api, address, b"MZ").problem()["detail"]
    body = send_photo(api, address, png((b"tEXt", b"Place\0home"))).body
    assert body["photo"].endswith(f"/api/v1/{address}photo/")
    assert body["history"][-1]["changes"]["photo"] == ["", body["photo_sha256"]]
    picture = api.get(f"{address}photo/")
    assert (picture.raw, picture.headers["Content-Type"]) == (png(), "image/png")
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert api.delete(f"{address}photo/").body["photo"] is None
    assert send_photo(Api.of(book.lead), address, png()).status == 403


def test_work_is_planned_changed_and_cancelled(book: Ledger) -> None:
    api = Api.of(book.operator)
    body = {
        "charger": "CP-1", "started": "2026-03-21T08:00:00Z", "ended": "2026-03-21T10:00:00Z",
        "note": "New cables",
    }  # fmt: skip
    made = api.post("maintenance-windows/", body)
    assert (made.status, made.body["site"], made.body["evse"]) == (201, book.site.pk, None)
    address = f"maintenance-windows/{made.body['id']}/"
    moved = api.patch(address, {"started": "2026-03-21T09:00:00Z", "evse": book.port.pk})
    assert (moved.body["started"], moved.body["evse"]) == ("2026-03-21T09:00:00Z", book.port.pk)
    late = api.post("maintenance-windows/", {**body, "started": "2026-03-20T11:59:59Z"})
    assert (late.status, "entered before" in late.problem()["detail"]) == (422, True)
    assert api.post(f"{address}cancel/").body["cancelled_by"] == "olga"
    assert api.post(f"{address}cancel/").status == 409
    assert api.get("maintenance-windows/", cancelled="false").results == []
    assert Api.of(book.contractor).post("maintenance-windows/", body).status == 403
    assert MaintenanceWindow.objects.count() == 1


def test_codes_get_a_meaning_and_their_outages_are_told_anew(book: Ledger) -> None:
    book.charger.model = ChargerModel.objects.create(vendor="Acme", name="DC50")
    book.charger.save()
    Outage.objects.update(error_code="E7")
    lead = Api.of(book.lead)
    body = {"organisation": book.tenant.pk, "vendor": "ACME", "code": "e7", "chargex": 17}
    made = lead.post("error-meanings/", body)
    assert made.status == 201
    assert [mark.day.day for mark in DirtyDay.objects.all()] == [3]
    address = f"error-meanings/{made.body['id']}/"
    assert lead.patch(address, {"chargex": 27}).status == 400
    assert lead.patch(address, {"organisation": None}).status == 403
    assert lead.post("error-meanings/", {**body, "organisation": None}).status == 403
    assert lead.post("error-meanings/", body).status in {400, 409}
    assert Api.of(book.operator).patch(address, {"chargex": 1}).status == 403
    assert lead.delete(address).status == 204
    assert not ErrorMeaning.objects.exists()


def test_an_exclusion_in_the_window_is_found_by_it(book: Ledger) -> None:
    exclusions.propose(wish(book.site, at(3, 10), at(3, 12)), by=book.operator, now=NOW)
    api = Api.of(book.operator)
    for start, found in ((at(3, 11), 1), (at(3, 12), 0)):
        window = {"from_": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
        assert len(api.get("exclusions/", **window).results) == found
