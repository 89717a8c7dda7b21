"""The ledger's pages: what is lost and why, who proposes and who approves, and what is planned."""

import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import ChargerModel, Evse, Role
from monitoring.models import (
    DirtyDay,
    ErrorMeaning,
    Exclusion,
    MaintenanceWindow,
    Outage,
    OutageChange,
)
from monitoring.outages import exclusions
from tests import network
from tests.monitoring.outages.ledger import NOW, Ledger, at, ledger, outage, png, wish

MARCH = "from=2026-03-01T00:00:00Z&to=2026-03-20T12:00:00Z"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def book(db: None) -> Ledger:
    return ledger()


def text(client: Client, address: str) -> str:
    """Return a page's words."""
    answer = client.get(address)
    assert answer.status_code == 200
    main = answer.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def follow(client: Client, address: str, **fields: object) -> str:
    """Send a form and return the words of the page it leads to."""
    answer = client.post(address, fields, follow=True)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def asks(client: Client, of: Outage) -> dict[str, str]:
    """Return the forms that an outage's page leads to, by what they are for."""
    html = client.get(f"/outages/{of.pk}/").content.decode()
    found = re.findall(r'href="(/exclusions/new/\?place=(\w+)[^"]+)"', html)
    return {place: address.replace("&amp;", "&") for address, place in found}


def test_the_ledger_adds_up_what_its_window_has_lost_by_cause(book: Ledger) -> None:
    outage(book.beside, at(2, 9), at(2, 15), kind="offline", cause="link", found_cause="vandalism")
    outage(book.port, at(20, 11), None)
    page = text(network.signed_in(book.operator), f"/outages/?{MARCH}")
    assert "Port hours lost 9.0 h Outages 3 Ports 2 Going on 1" in page
    assert re.search(r"Vandalism 6.0 h 67 % Fault of the charger 3.0 h 33 %", page)
    assert re.search(r"CP-1/1.* 1 h .*goes on.*CP-1/2.* 6 h .*CP-1/1.* 2 h ", page)


def test_only_what_lies_in_the_window_is_lost(book: Ledger) -> None:
    client = network.signed_in(book.operator)
    page = text(client, "/outages/?from=2026-03-03T11:30:00Z&to=2026-03-04T00:00:00Z")
    assert "Port hours lost 0.5 h Outages 1" in page
    outage(book.beside, at(5, 8), at(5, 10), faulted=1800.0, stretches=90)
    page = text(client, "/outages/?from=2026-03-05T08:00:00Z&to=2026-03-05T09:00:00Z")
    assert "Port hours lost 0.2 h" in page
    assert "90 outages in one row" in page


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("charger=cp-1", 2),
        ("charger=CP-2", 0),
        ("kind=faulted", 1),
        ("cause=hardware", 1),
        ("chargex=8", 1),
        ("open=no", 1),
        ("open=yes", 1),
        ("site=999999999999999999", 0),
        ("kind=%00&cause=<b>&open=x&sort=;&window=9&site=-1&page=x", 2),
    ],
)
def test_filters_live_in_the_address(book: Ledger, filters: str, found: int) -> None:
    outage(book.beside, at(20, 9), None, kind="offline", cause="link", chargex=8)
    page = network.signed_in(book.operator).get(f"/outages/?{MARCH}&{filters}")
    assert page.content.decode().count('<td class="wide kw-break"><a') == found


def test_an_empty_ledger_says_what_that_means(book: Ledger) -> None:
    client = network.signed_in(book.operator)
    assert "Every port that has ever connected" in text(client, "/outages/")
    assert "Clear the filter" in text(client, "/outages/?kind=silent")


def test_the_ledger_is_exported_as_csv(book: Ledger) -> None:
    answer = network.signed_in(book.operator).get(f"/outages/export/?{MARCH}")
    head, row = network.streamed(answer).splitlines()
    assert head.startswith("outage,organisation,site,charger,port,started,ended,seconds,kind")
    assert (
        "Nordstrom,Depot,CP-1,1,2026-03-03T10:00:00+00:00,2026-03-03T12:00:00+00:00,7200.0" in row
    )


def test_more_outages_and_exclusions_take_no_more_queries(book: Ledger) -> None:
    client = network.signed_in(book.lead)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as made:
            client.get(address)
        return len(made)

    client.get(f"/outages/?{MARCH}")
    addresses = (f"/outages/?{MARCH}", "/exclusions/", "/maintenance/", "/error-meanings/")

    def more(*days: int) -> list[int]:
        for day in days:
            outage(book.beside, at(day, 9), at(day, 10), error_code=f"E{day}")
            wanted = wish(book.charger, at(day, 9), at(day, 10))
            exclusions.propose(wanted, by=book.operator, now=NOW)
        return [queries(address) for address in addresses]

    assert more(4) == more(*range(5, 16))
    assert max(more()) <= 15


def test_an_outages_page_tells_the_charger_s_code_beside_chargex_and_links_its_proof(
    book: Ledger,
) -> None:
    Outage.objects.update(error_code="E-STOP <b>", chargex=8, evidence={"spans": [1]})
    client = network.signed_in(book.operator)
    page = text(client, f"/outages/{book.outage.pk}/")
    assert "Served nobody for 2 h" in page
    assert "CX008 EmergencyStop" in page
    assert "E-STOP &lt;b&gt;" in page
    html = client.get(f"/outages/{book.outage.pk}/").content.decode()
    assert "/chargers/CP-1/history/?from=2026-03-03T09%3A55%3A00Z" in html
    assert "/chargers/CP-1/frames/?from=2026-03-03T09%3A55%3A00Z&amp;to=2026-03-03T10" in html


def test_what_somebody_found_is_noted_and_counts_as_the_cause(book: Ledger) -> None:
    client = network.signed_in(book.contractor)
    page = follow(client, f"/outages/{book.outage.pk}/cause/", cause="vandalism", note="Cut.")
    assert "Vandalism found by a person; the record says: Fault of the charger" in page
    assert "cause found: – → Vandalism; note: – → Cut." in page
    assert OutageChange.objects.get().actor == book.contractor
    viewer = network.signed_in(network.person("vera", Role.VIEWER, book.tenant))
    address = f"/outages/{book.outage.pk}/cause/"
    assert viewer.post(address, {"cause": "vandalism"}).status_code == 403


def form_for(scope: str, html: str) -> str:
    """Return the address of the form that an outage's page offers for that scope."""
    found = re.search(rf'href="(/exclusions/new/\?place={scope}[^"]+)"', html)
    assert found
    return found[1].replace("&amp;", "&")


def test_a_contractor_proposes_with_a_photo_and_a_lead_approves(book: Ledger) -> None:
    client = network.signed_in(book.contractor)
    html = client.get(f"/outages/{book.outage.pk}/").content.decode()
    address = form_for("port", html)
    form = client.get(address).content.decode()
    assert 'value="2026-03-03T11:00:00"' in form, "the site's own time"
    assert 'value="2026-03-03T13:00:01"' in form
    page = follow(
        client, address, place=f"port:{book.port.pk}", start="2026-03-03T11:00:00",
        end="2026-03-03T13:00:01", reason="vandalism", note="Cable cut.",
        photo=SimpleUploadedFile("x.html", png((b"tEXt", b"Comment\0<script>")), "text/html"),
    )  # fmt: skip
    assert "Vandalism: takes out 120 minutes at 1 port." in page
    exclusion = Exclusion.objects.get()
    picture = client.get(f"/exclusions/{exclusion.pk}/photo/")
    assert (picture.content, picture["Content-Type"]) == (png(), "image/png")
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert picture["Content-Security-Policy"] == "default-src 'none'; sandbox"
    lead = network.signed_in(book.lead)
    assert "1 waits for you." in text(lead, "/exclusions/")
    seen = str(exclusions.version(exclusion))
    page = follow(lead, f"/exclusions/{exclusion.pk}/approve/", seen=seen, note="Seen the photo.")
    assert "Approved: its time counts as excluded" in page
    assert "Seen the photo." in page
    assert DirtyDay.objects.exists()
    assert "waits for you" not in text(lead, "/exclusions/")


def test_one_entry_takes_out_all_outages_of_a_site_at_that_time(book: Ledger) -> None:
    outage(Evse.objects.get(charger=book.other), at(3, 9), at(3, 11))
    outage(book.beside, at(3, 11), at(3, 14))
    outage(book.beside, at(3, 15), at(3, 16))
    client = network.signed_in(book.operator)
    html = client.get(f"/outages/{book.outage.pk}/").content.decode()
    address = form_for("site", html)
    assert "from=2026-03-03T09%3A00%3A00Z&to=2026-03-03T14%3A00%3A01Z" in address
    page = follow(
        client, address, place=f"site:{book.site.pk}", start="2026-03-03T10:00:00",
        end="2026-03-03T15:00:00", reason="utility_outage", note="The grid.",
    )  # fmt: skip
    assert "takes out 420 minutes at 3 ports." in page


def test_a_form_that_is_refused_keeps_what_was_written_and_says_what_to_do(book: Ledger) -> None:
    client = network.signed_in(book.operator)
    said = {"place": f"port:{book.port.pk}", "reason": "vandalism", "note": "Kept words"}
    for start, end, sentence in (
        ("2026-03-03T13:00", "2026-03-03T12:00", "ends before it starts"),
        ("2026-03-04T13:00", "2026-03-04T14:00", "nearest was 2026-03-03 11:00"),
        ("yesterday", "2026-03-04T14:00", "Write a time like"),
        ("0001-01-01T00:00", "9999-12-31T23:59", "can|Write|future"),
    ):
        answer = client.post(
            f"/exclusions/new/?place=port:{book.port.pk}", {**said, "start": start, "end": end}
        )
        assert answer.status_code == 200
        assert re.search(sentence, answer.content.decode())
        assert "Kept words" in answer.content.decode()
    assert not Exclusion.objects.exists()


def test_nobody_approves_their_own_on_the_page_either(book: Ledger) -> None:
    exclusion = exclusions.propose(wish(book.port, at(3, 10), at(3, 12)), by=book.lead, now=NOW)
    client = network.signed_in(book.lead)
    page = text(client, f"/exclusions/{exclusion.pk}/")
    assert "another person has to approve it" in page
    assert "Approve it?" not in page
    seen = exclusions.version(exclusion)
    assert client.post(f"/exclusions/{exclusion.pk}/approve/", {"seen": seen}).status_code == 403
    assert Exclusion.objects.get().state == "proposed"


def test_a_stale_form_is_told_to_look_again(book: Ledger) -> None:
    exclusion = exclusions.propose(
        wish(book.port, at(3, 10), at(3, 12)), by=book.contractor, now=NOW
    )
    seen = exclusions.version(exclusion)
    contractor = network.signed_in(book.contractor)
    page = follow(
        contractor, f"/exclusions/{exclusion.pk}/change/", seen=seen,
        place=f"port:{book.port.pk}", start="2026-03-03T11:30:00", end="2026-03-03T13:00:00",
        reason="vandalism", note="Only the last half hour.",
    )  # fmt: skip
    assert "takes out 90 minutes" in page
    lead = network.signed_in(book.lead)
    assert "changed since you looked" in follow(
        lead, f"/exclusions/{exclusion.pk}/approve/", seen=seen
    )
    assert Exclusion.objects.get().state == "proposed"


def test_one_that_covers_no_outage_any_more_is_flagged(book: Ledger) -> None:
    exclusion = exclusions.propose(
        wish(book.port, at(3, 10), at(3, 12)), by=book.contractor, now=NOW
    )
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    Outage.objects.all().delete()
    client = network.signed_in(book.lead)
    assert "no outage any more" in text(client, "/exclusions/?state=approved")
    assert "takes out nothing" in text(client, f"/exclusions/{exclusion.pk}/")


def test_work_is_planned_shifted_and_cancelled(book: Ledger) -> None:
    client = network.signed_in(book.operator)
    assert "Nothing is planned" in text(client, "/maintenance/")
    assert client.get("/maintenance/new/?charger=cp-1/2")["Location"].endswith(
        f"port:{book.beside.pk}"
    )
    said = {"place": f"charger:{book.charger.pk}", "note": "New cables"}
    address = f"/maintenance/new/?place=charger:{book.charger.pk}"
    late = {**said, "start": "2026-03-20T12:00", "end": "2026-03-20T15:00"}
    assert "planned is only what is entered before" in follow(client, address, **late)
    soon = {**said, "start": "2026-03-21T12:00", "end": "2026-03-21T15:00"}
    assert "Planned." in follow(client, address, **soon)
    window = MaintenanceWindow.objects.get()
    assert (window.started, window.ended) == (at(21, 11), at(21, 14))
    later = {**said, "start": "2026-03-22T12:00", "end": "2026-03-22T15:00"}
    assert "Planned anew." in follow(client, f"/maintenance/{window.pk}/", **later)
    assert "Cancelled." in follow(client, f"/maintenance/{window.pk}/cancel/")
    assert "cancelled by olga" in text(client, "/maintenance/")
    contractor = network.signed_in(book.contractor)
    assert contractor.post(address, soon).status_code == 403


def test_a_code_without_a_meaning_is_offered_and_its_outages_are_told_anew(book: Ledger) -> None:
    book.charger.model = ChargerModel.objects.create(vendor="Acme", name="DC50")
    book.charger.save()
    Outage.objects.update(error_code="0x2F")
    client = network.signed_in(book.lead)
    html = client.get("/error-meanings/").content.decode()
    assert "?vendor=Acme&amp;code=0x2F#meaning" in html
    said = {"organisation": book.tenant.pk, "vendor": "Acme", "code": "0x2f", "chargex": "17"}
    assert "Saved: outages with this code" in follow(client, "/error-meanings/", **said)
    assert [(mark.charger, mark.day.day) for mark in DirtyDay.objects.all()] == [(book.charger, 3)]
    meaning = ErrorMeaning.objects.get()
    assert "CX017 EVSEContactorFault" in text(client, "/error-meanings/")
    assert "already exists" in follow(client, "/error-meanings/", **said)
    assert "Removed." in follow(client, f"/error-meanings/{meaning.pk}/", remove="1")
    operator = network.signed_in(book.operator)
    assert operator.post("/error-meanings/", said).status_code in {200, 403}
    assert not ErrorMeaning.objects.exists()


def test_a_role_limited_to_some_sites_proposes_only_there(book: Ledger) -> None:
    elsewhere = network.site(book.tenant, "Elsewhere")
    here = network.person("fred", Role.CONTRACTOR, book.tenant, sites=(elsewhere,))
    client = network.signed_in(here)
    assert client.get(f"/outages/{book.outage.pk}/").status_code == 404
    page = text(client, f"/exclusions/new/?place=port:{book.port.pk}")
    assert "Or a whole site Elsewhere" in page
    assert "There is no charger or port CP-1" in text(client, "/exclusions/new/?charger=CP-1")
