"""The sections Configuration and Monitors, and the same over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpms.control.models import Command, Monitor, Report
from cpms.web.operate.configuration import names
from inventory.models import Charger, ChargerModel, Organisation, Role, Site
from monitoring.facts import Told
from monitoring.models import ChargerState, Event
from monitoring.variables import learn
from tests.api import Api
from tests.network import charger as another
from tests.network import person, signed_in

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
UGLY = "<script>alert(1)</script>\u202e" + "x" * 300


def told(name: str, value: str, component: str = "OCPPCommCtrlr", **about: Any) -> Told:
    """Return a variable of a component."""
    instance, evse = about.pop("instance", ""), about.pop("evse", 0)
    return Told(component, "", evse, 0, name, instance, "Actual", value, **about)


@pytest.fixture
def known(station: Charger) -> Charger:
    """The charger, with some of its settings known."""
    heartbeat = '{"type": "integer", "unit": "s", "min": 10, "max": 900}'
    start = '{"type": "OptionList", "values": "Authorized,EVConnected"}'
    some = [
        told("HeartbeatInterval", "300", mutability="ReadWrite", characteristics=heartbeat),
        told(
            "TxStartPoint", "Authorized", "TxCtrlr", mutability="ReadWrite", characteristics=start
        ),
        told("ActiveNetworkProfile", "1", mutability="ReadOnly"),
        told("Vendor", UGLY, "Odd"),
        told("BasicAuthPassword", "********", "SecurityCtrlr", mutability="WriteOnly"),
        told("AvailabilityState", "Occupied", "EVSE", evse=1, mutability="ReadOnly"),
    ]
    learn(station.pk, some, NOW - 2 * HOUR, "report")
    learn(station.pk, [told("HeartbeatInterval", "60")], NOW - HOUR, "change", by="Olga")
    return station


def page(client: Client, path: str = "configuration/", **more: str) -> str:
    """Return a page of the Operate tab."""
    answer = client.get(f"/chargers/CP-1/operate/{path}", more)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("A.B", {"component": "A", "name": "B"}),
        ("A@2.B", {"component": "A", "evse": 2, "name": "B"}),
        (
            "A[x y]@2/1.B[z]:MaxSet",
            {
                "component": "A", "component_instance": "x y", "evse": 2, "connector": 1,
                "name": "B", "instance": "z", "attribute": "MaxSet",
            },
        ),
    ],
)  # fmt: skip
def test_a_setting_is_written_as_it_is_read(text: str, fields: dict[str, Any]) -> None:
    assert names.read(text, keys=False) == fields
    assert names.written(fields) == text


def test_of_16_a_name_is_a_key_whatever_is_in_it() -> None:
    assert names.read("Vendor.Key[1]", keys=True) == {"name": "Vendor.Key[1]"}
    assert names.read("HeartbeatInterval", keys=False) == {"name": "HeartbeatInterval"}


def test_before_anything_is_known_it_says_what_to_do(client: Client, station: Charger) -> None:
    assert "Have all settings read" in page(client)


def test_settings_are_shown_with_what_they_mean(client: Client, known: Charger) -> None:
    shown = page(client)
    assert "Between heartbeats while nothing else is said." in shown
    assert 'type="number" name="value"' in shown
    assert 'min="10" max="900"' in shown
    assert "<option selected>Authorized</option>" in shown.replace("\n", "")
    assert "<script>alert" not in shown
    assert "Olga" in shown  # Among the latest changes.


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "heartb"}, {"HeartbeatInterval"}),
        ({"q": "session begins with"}, {"TxStartPoint"}),
        ({"q": "Occupied"}, {"AvailabilityState"}),
        ({"group": "component:TxCtrlr"}, {"TxStartPoint"}),
        ({"show": "changed"}, {"HeartbeatInterval"}),
        (
            {"show": "editable"},
            {"HeartbeatInterval", "TxStartPoint", "Vendor", "BasicAuthPassword"},
        ),
        ({"q": "nothing of it"}, set()),
        ({"page": "99", "group": "profile:none", "show": "x"}, set()),
    ],
)
def test_settings_are_found(
    client: Client, known: Charger, asked: dict[str, str], found: set[str]
) -> None:
    answer = client.get("/chargers/CP-1/operate/configuration/", asked)
    assert {setting.row.variable for setting in answer.context["settings"]} == found


def test_a_setting_is_changed_where_it_stands(client: Client, known: Charger) -> None:
    answer = client.post(
        "/chargers/CP-1/operate/configuration/change/",
        {"name": "OCPPCommCtrlr.HeartbeatInterval", "value": " 120 "},
    )
    made = Command.objects.get()
    assert answer["Location"] == f"/chargers/CP-1/operate/commands/{made.pk}/"
    wanted = {"component": "OCPPCommCtrlr", "name": "HeartbeatInterval", "value": "120"}
    assert (made.operation, made.request) == ("change_settings", {"settings": [wanted]})


def test_all_settings_are_read_at_a_click(client: Client, known: Charger) -> None:
    client.post("/chargers/CP-1/operate/configuration/read/")
    client.post("/chargers/CP-1/operate/configuration/read/", {"name": "EVSE@1.AvailabilityState"})
    one, all_of_them = Command.objects.order_by("-requested_at")
    assert "settings" not in all_of_them.request
    assert one.request["settings"] == [
        {"component": "EVSE", "evse": 1, "name": "AvailabilityState"}
    ]


def test_who_may_not_command_changes_nothing(organisation: Organisation, known: Charger) -> None:
    viewer = signed_in(person("vera", Role.VIEWER, organisation))
    assert "Read all" not in page(viewer)
    for path in ("read", "change"):
        named = {"name": "OCPPCommCtrlr.HeartbeatInterval", "value": "1"}
        answer = viewer.post(f"/chargers/CP-1/operate/configuration/{path}/", named)
        assert answer.status_code == 403
    assert not Command.objects.exists()


def test_a_change_that_may_cut_it_off_is_asked_twice(client: Client, known: Charger) -> None:
    asked = {"settings": "OCPPCommCtrlr.NetworkConfigurationPriority = 2,1"}
    shown = client.post("/chargers/CP-1/operate/do/change_settings/", asked).content.decode()
    assert "may cut the charger off" in shown
    assert not Command.objects.exists()
    asked["confirmed"] = "setting-NetworkConfigurationPriority"
    client.post("/chargers/CP-1/operate/do/change_settings/", asked)
    assert Command.objects.get().request["settings"][0]["value"] == "2,1"


def test_a_setting_has_a_page_with_what_it_was(client: Client, known: Charger) -> None:
    shown = page(client, "configuration/setting/", name="OCPPCommCtrlr.HeartbeatInterval")
    assert "<del>300</del>" in shown
    assert "10 – 900" in shown
    assert "Olga" in shown
    key = page(client, "configuration/setting/", name="SecurityCtrlr.BasicAuthPassword")
    assert "Change the key" in key
    missing = client.get("/chargers/CP-1/operate/configuration/setting/", {"name": UGLY})
    assert missing.status_code == 404


def test_it_is_compared_with_another_and_with_its_model(
    client: Client, known: Charger, place: Site
) -> None:
    model = ChargerModel.objects.create(vendor="Acme", name="Two")
    others = [another(place, f"CP-{n}", since=NOW) for n in (2, 3, 4)]
    Charger.objects.update(model=model)
    for other in others:
        learn(other.pk, [told("HeartbeatInterval", "300")], NOW, "read")
    shown = page(client, "configuration/compare/")
    assert "3 of 3" in shown
    assert "Set it like this" in shown
    assert "CP-2" in page(client, "configuration/compare/", **{"with": "cp-2"})
    assert "There is no such charger" in page(client, "configuration/compare/", **{"with": UGLY})


def test_what_waits_for_a_restart_says_so(client: Client, known: Charger) -> None:
    setting = {"component": "SecurityCtrlr", "name": "SecurityProfile", "value": "2"}
    Command.objects.create(
        charger=known, operation="change_settings", request={"settings": [setting]},
        state="accepted", result="RebootRequired", answered_at=NOW, expires_at=NOW,
        requested_by_name="Olga",
    )  # fmt: skip
    ChargerState.objects.filter(charger=known).update(booted_at=NOW - HOUR)
    assert "takes effect only after a restart" in page(client)
    ChargerState.objects.filter(charger=known).update(booted_at=NOW + HOUR)
    assert "takes effect only after a restart" not in page(client)


def test_a_report_with_a_gap_says_so(client: Client, known: Charger) -> None:
    Report.objects.create(
        charger=known, kind="settings", request_id=1, parts=[0, 2], last_part=2, last_at=NOW - HOUR
    )
    assert "part 1 never came" in page(client)


def test_two_thousand_settings_cost_no_more_queries_than_ten(
    client: Client, station: Charger
) -> None:
    def queries(many: int) -> int:
        learn(station.pk, [told(f"V{n:04}", "1") for n in range(many)], NOW, "report")
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return len(captured)

    few, many = queries(10), queries(2_000)
    assert many <= few + 2 <= 24


def test_monitors_and_events_are_shown_in_words(client: Client, known: Charger) -> None:
    assert "No monitor is known" in page(client, "monitors/")
    Monitor.objects.create(
        charger=known, number=7, component="Cooling", variable="Temperature", type="UpperThreshold",
        value=80.5, severity=2, reported_at=NOW,
    )  # fmt: skip
    said = {"trigger": "Alerting", "actualValue": "81", "cause": 4}
    Event.objects.create(
        charger=known, kind="device_event", at=NOW, received=NOW, severity=2,
        code="Cooling.Temperature", text=UGLY, data=said,
    )  # fmt: skip
    shown = page(client, "monitors/")
    for words in ("Rises above a limit", "System failure", "beyond its limit", "caused by event 4"):
        assert words in shown
    assert "?ids=7" in shown
    assert "<script>alert" not in shown
    Charger.objects.update(ocpp_version="1.6")
    assert "OCPP 1.6 has no monitors" in page(client, "monitors/")


def test_settings_history_and_monitors_over_rest(
    organisation: Organisation, known: Charger
) -> None:
    api = Api.of(person("rest", Role.VIEWER, organisation))
    found = api.get("chargers/cp-1/settings/?component=ocppcommctrlr&q=heart").body["results"]
    assert [(one["name"], one["value"], one["source"]) for one in found] == [
        ("HeartbeatInterval", "60", "change")
    ]
    assert found[0]["characteristics"]["unit"] == "s"
    (change,) = api.get("chargers/CP-1/settings/history/?name=HeartbeatInterval").body["results"]
    assert (change["was"], change["value"], change["by"]) == ("300", "60", "Olga")
    assert api.get("chargers/CP-1/monitors/").body["results"] == []
    assert api.get("chargers/CP-1/settings/?nonsense=1").status == 400
    assert api.get("chargers/nobody/settings/").status == 404
