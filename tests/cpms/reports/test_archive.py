"""The pages of reports: asking, reading, downloading, verifying, subscribing; by whom."""

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from cpms.reports import making
from cpms.reports.kinds import KINDS
from cpms.reports.models import Report, Subscription
from inventory.models import Role
from tests.cpms.reports.filled import NOW, made, network, port
from tests.network import person, signed_in, site

UGLY = 'O"><script>alert(1)</script> ' + "مرحبا " + "W" * 60


@pytest.fixture
def room(db: None) -> Any:
    """An organisation with a port, and its manager's client."""
    owner, place, manager = network()
    port(place)
    return owner, place, signed_in(manager)


def order(client: Any, kind: str = "monthly", **fields: Any) -> Any:
    values = {"period": "other", "first": "2026-10-01", "last": "2026-10-31", "lens": "raw",
              "language": "en", "csv": "on"}  # fmt: skip
    return client.post(f"/reports/new/{kind}/", values | fields)


def test_a_manager_asks_for_a_report_and_reads_it_when_it_is_made(room: Any) -> None:
    _owner, _place, client = room
    answer = order(client, target="98")
    report = Report.objects.get()
    assert answer.url == f"/reports/{report.pk}/"
    assert (report.first, report.end) == (date(2026, 10, 1), date(2026, 11, 1))
    assert (report.parameters, report.sites) == ({"target": 0.98}, None)
    waiting = client.get(answer.url).content.decode()
    assert "<progress" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    making.make(report.pk, lambda: NOW)
    shown = client.get(answer.url).content.decode()
    assert "<progress" not in shown
    for file in report.files.all():
        assert file.sha256 in shown
        sent = client.get(f"/reports/{report.pk}/files/{file.pk}/")
        assert len(b"".join(sent.streaming_content)) == file.size
        assert sent["ETag"] == f'"{file.sha256}"'
    archive = b"".join(client.get(f"/reports/{report.pk}/files/").streaming_content)
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert names == list(report.files.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"first": "2026-11-01", "last": "2026-10-01"}, "before the first"),
        ({"first": "1990-01-01"}, "366 days"),
        ({"first": ""}, "first and the last day"),
        ({"last": "9999-12-31"}, "begun"),
        ({"period": "1/2"}, "valid choice"),
        ({"csv": ""}, "at least one format"),
        ({"lens": "x"}, "valid choice"),
        ({"sites": "999999999999999999999"}, "not one of the available choices"),
        ({"target": "1e999"}, "number"),
    ],
)
def test_what_can_t_be_made_is_refused_beside_the_form(room: Any, fields: Any, said: str) -> None:
    answer = order(room[2], **fields)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Report.objects.exists()


def test_every_page_opens_for_every_kind_whatever_the_names(room: Any) -> None:
    owner, place, client = room
    owner.name, place.name = UGLY[:100], UGLY[:110]
    owner.save()
    place.save()
    for address in ("/reports/", "/reports/new/", "/reports/verify/", "/reports/subscriptions/"):
        assert client.get(address).status_code == 200
    for kind in KINDS:
        for page in (f"/reports/new/{kind}/", f"/reports/subscriptions/new/{kind}/"):
            text = client.get(page).content.decode()
            assert "<script>alert" not in text
    report = made(owner, "site", sites=[place.pk], parameters={"site": place.pk})
    assert "<script>alert" not in client.get(f"/reports/{report.pk}/").content.decode()


def test_a_viewer_reads_and_asks_for_nothing(room: Any) -> None:
    owner, _place, _client = room
    report = made(owner, formats=["csv"])
    viewer = signed_in(person("vera", Role.VIEWER, owner))
    assert report.title in viewer.get("/reports/").content.decode()
    assert viewer.get(f"/reports/{report.pk}/").status_code == 200
    assert viewer.get("/reports/new/").status_code == 403
    assert order(viewer).status_code == 403
    assert viewer.post(f"/reports/{report.pk}/again/").status_code == 403


def test_who_sees_some_sites_reads_only_reports_of_these(room: Any) -> None:
    owner, place, _client = room
    other = site(owner)
    port(other)
    lead = signed_in(person("lea", Role.LEAD, owner, sites=(place,)))
    whole = made(owner, formats=["csv"])
    here = made(owner, formats=["csv"], sites=[place.pk])
    both = made(owner, formats=["csv"], sites=[place.pk, other.pk])
    seen = [lead.get(f"/reports/{report.pk}/").status_code for report in (whole, here, both)]
    assert seen == [404, 200, 404]
    assert "required" in order(lead).content.decode()
    assert order(lead, sites=[other.pk]).status_code == 200
    assert order(lead, sites=[place.pk]).status_code == 302


def test_a_new_version_is_asked_for_once_and_named_on_both_pages(room: Any) -> None:
    owner, _place, client = room
    old = made(owner, formats=["csv"])
    address = client.post(f"/reports/{old.pk}/again/").url
    assert "version 2" in client.get(f"/reports/{old.pk}/").content.decode()
    assert f"/reports/{old.pk}/" in client.get(address).content.decode()
    refused = client.post(f"/reports/{old.pk}/again/")
    assert "newer version" in str(next(iter(get_messages(refused.wsgi_request))))


def test_a_file_is_known_by_its_bytes_and_a_changed_one_is_not(room: Any) -> None:
    owner, _place, client = room
    report = made(owner, formats=["csv"])
    file = report.files.all()[0]
    content = b"".join(client.get(f"/reports/{report.pk}/files/{file.pk}/").streaming_content)

    def verified(bytes_: bytes) -> str:
        upload = SimpleUploadedFile("x.csv", bytes_)
        return str(client.post("/reports/verify/", {"file": upload}).content.decode())

    assert report.title in verified(content)
    assert "no file of a report" in verified(content + b" ")
    pasted = client.post("/reports/verify/", {"sha256": f"  {file.sha256.upper()} "})
    assert report.title in pasted.content.decode()
    assert "64 digits" in client.post("/reports/verify/", {"sha256": "x"}).content.decode()
    _other, _site, stranger = network("Other")
    asked = signed_in(stranger).post("/reports/verify/", {"sha256": file.sha256})
    assert report.title not in asked.content.decode()


def subscribe(client: Any, **fields: Any) -> Any:
    values = {
        "every": "month",
        "day": "3",
        "hour": "6",
        "timezone": "Europe/Berlin",
        "lens": "raw",
        "language": "de",
        "pdf": "on",
        "addresses": "a@x.org; b@x.org",
    }
    return client.post("/reports/subscriptions/new/monthly/", values | fields)  # fmt: skip


def test_a_manager_subscribes_pauses_tries_and_ends_it(room: Any) -> None:
    owner, _place, client = room
    page = subscribe(client).url
    kept = Subscription.objects.get()
    assert (kept.organisation, kept.formats, kept.language) == (owner, ["pdf"], "de")
    assert kept.addresses == ["a@x.org", "b@x.org"]
    assert kept.next_due > datetime.now(UTC)
    assert kept.next_due.astimezone(kept.schedule.zone).hour == 6
    assert "a@x.org, b@x.org" in client.get(page).content.decode()
    client.post(f"{page}trial/")
    assert mail.outbox[0].to == ["manager-nordstrom@example.org"]
    client.post(f"{page}pause/")
    kept.refresh_from_db()
    assert not kept.enabled
    client.post(f"{page}pause/")
    kept.refresh_from_db()
    assert kept.enabled
    client.post(f"{page}delete/")
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"addresses": ""}, "Choose somebody"),
        ({"addresses": "a@x.org, nonsense"}, "no e-mail address"),
        ({"addresses": ",".join(f"a{n}@x.org" for n in range(51))}, "Fifty"),
        ({"every": "week", "day": "28"}, "Of the week"),
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"hour": "24"}, "less than or equal"),
    ],
)
def test_a_bad_subscription_is_refused_beside_the_form(room: Any, fields: Any, said: str) -> None:
    answer = subscribe(room[2], **fields)
    assert said in answer.content.decode()
    assert not Subscription.objects.exists()


def picture(kind: str, size: tuple[int, int] = (40, 20)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, (0, 90, 150)).save(kept, kind)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (picture("PNG"), "Saved"),
        (picture("JPEG", (2000, 1000)), "Saved"),
        (picture("GIF"), "neither a PNG nor a JPEG"),
        (b"<svg onload=alert(1)>", "neither"),
        (picture("PNG")[:60], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(300_000), "larger than 300 KB"),
        (picture("PNG", (5000, 5000)), "16 million"),
    ],
)
def test_a_logo_is_taken_by_its_bytes_and_drawn_anew(room: Any, content: bytes, said: str) -> None:
    owner, _place, client = room
    upload = SimpleUploadedFile("logo.png", content, content_type="image/png")
    answer = client.post(f"/reports/logos/{owner.pk}/", {"logo": upload})
    assert said in str(next(iter(get_messages(answer.wsgi_request))))
    owner.refresh_from_db()
    assert bool(owner.logo) == (said == "Saved")
    if owner.logo:
        shown = client.get(f"/reports/logos/{owner.pk}/")
        assert max(Image.open(io.BytesIO(shown.content)).size) <= 800
        assert made(owner, formats=["pdf"]).state == "done"


def test_the_list_takes_few_queries_whatever_there_is(
    room: Any, django_assert_max_num_queries: Any
) -> None:
    owner, _place, client = room
    for _ in range(5):
        made(owner, formats=["csv"])
    with django_assert_max_num_queries(15):
        assert client.get("/reports/").status_code == 200
