"""A driver's app starts and stops for its user."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cpms.control.models import AppSession, Command, Token
from inventory.models import Role
from monitoring.models import ChargerState, PortState, Session
from tests.api import Api, Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    made = Tenant.make("Ours")
    made.charger.ocpp_version = "2.0.1"
    made.charger.save()
    Token.objects.create(organisation=made.organisation, id_token="04A1", group="FLEET")
    return made


@pytest.fixture
def app(tenant):
    return Api.of(tenant.person(Role.OPERATOR), scopes=["app"])


def start(app, **where):
    where = where or {"charger": "ours-1", "evse": 1}
    return app.post("app/sessions/", {"id_token": "04a1", **where})


def answered(state="accepted"):
    now = timezone.now()
    Command.objects.update(state=state, sent_at=now, answered_at=now)


def begun(tenant, key=1, **fields):
    """Have the charger tell of a session."""
    now = timezone.now()
    about = {"id_token": "04A1", "evse": tenant.evses[0], "transaction_id": f"tx-{key}"}
    return Session.objects.create(
        pk=key, charger=tenant.charger, started=now, received=now, updated=now, **about | fields
    )


def seen(app, made):
    return app.get(f"app/sessions/{made.body['id']}/").body


def test_a_session_is_started_followed_and_stopped(app, tenant):
    made = start(app)
    assert (made.status, made.body["state"]) == (201, "starting")
    asked = Command.objects.get()
    assert (asked.operation, asked.source, asked.requested_by_name) == ("start", "app", "test")
    assert asked.request["id_token"] == "04A1"
    assert asked.request["group"] == "FLEET"
    answered()
    assert seen(app, made)["message"].startswith("Accepted")
    session = begun(tenant, remote_start_id=asked.request["remote_start_id"])
    PortState.objects.filter(evse=tenant.evses[0]).update(
        session_id=1, power=11_000.0, energy=1500.0
    )
    told = seen(app, made)
    assert (told["state"], told["power"], told["energy"]) == ("charging", 11_000.0, 1500.0)
    assert session.app_session.app_name == "test"
    for _twice in range(2):
        stopping = app.post(f"app/sessions/{made.body['id']}/stop/")
        assert stopping.body["state"] == "stopping"
    assert Command.objects.get(operation="stop").request == {"transaction_id": "tx-1"}
    Session.objects.update(ended=timezone.now(), stop_reason="Remote")
    assert seen(app, made)["state"] == "ended"


def test_in_1_6_the_session_is_the_first_at_the_port_with_the_token(app, tenant):
    tenant.charger.ocpp_version = "1.6"
    tenant.charger.save()
    begun(tenant, 1, ended=timezone.now())
    made = start(app)
    answered()
    begun(tenant, 2, id_token="OTHER")
    begun(tenant, 3, evse=tenant.evses[1])
    begun(tenant, 4)
    assert seen(app, made)["transaction_id"] == "tx-4"


def test_a_port_is_found_by_the_code_on_it(app, tenant):
    tenant.evses[1].evse_id = "DE*KWH*E0001*2"
    tenant.evses[1].save()
    assert start(app, code="dekwhe00012").body["evse"] == 2
    assert start(app, code="DE*KWH*E0009").status == 404
    assert start(app, charger="OURS-1", evse=9).status == 404
    assert start(app, charger="OURS-1").status == 400
    assert start(app, charger="OURS-1", evse=1, code="X").status == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: Token.objects.update(status="blocked"), "blocked"),
        (lambda t: Token.objects.update(expires_at=timezone.now()), "expired"),
        (lambda t: Token.objects.update(limited=True), "place"),
        (lambda t: Token.objects.all().delete(), "unknown"),
        (lambda t: ChargerState.objects.update(online=False), "offline"),
        (lambda t: PortState.objects.update(status="Faulted"), "out of order"),
        (lambda t: PortState.objects.update(session_id=7), "in use"),
        (lambda t: type(t.charger).objects.update(lifecycle="suspended"), "not in service"),
    ],
)
def test_what_cannot_start_is_refused_at_once_in_words(app, tenant, change, words):
    change(tenant)
    refused = start(app)
    assert refused.status == 422
    assert words in refused.problem()["detail"]
    assert not Command.objects.exists()


def test_a_repetition_with_its_key_starts_nothing_more(app, tenant):
    body = {"id_token": "04A1", "charger": "Ours-1", "evse": 1}
    first = app.post("app/sessions/", body, key="tap-1")
    again = app.post("app/sessions/", body, key="tap-1")
    assert again.body["id"] == first.body["id"]
    assert Command.objects.count() == AppSession.objects.count() == 1
    assert "asked the same" in start(app).problem()["detail"]
    for _more in range(2):
        answered()
        start(app)
    answered()
    assert "on their way" in start(app).problem()["detail"]


def test_a_start_that_was_not_sent_is_taken_back(app, tenant):
    made = start(app)
    stopped = app.post(f"app/sessions/{made.body['id']}/stop/")
    assert stopped.body["state"] == "failed"
    assert Command.objects.get().state == "cancelled"
    made = start(app)
    answered()
    early = app.post(f"app/sessions/{made.body['id']}/stop/")
    assert (early.status, "hasn't begun" in early.body["detail"]) == (422, True)


@pytest.mark.parametrize("state", ["rejected", "timed_out", "expired", "not_supported", "unknown"])
def test_a_charger_that_does_not_start_is_told_of(app, tenant, state):
    made = start(app)
    answered(state)
    assert seen(app, made)["state"] == "failed"


def test_who_never_plugs_in_is_told_so(app, tenant):
    made = start(app)
    answered()
    Command.objects.update(answered_at=timezone.now() - timedelta(minutes=6))
    assert seen(app, made)["state"] == "failed"


def test_an_app_sees_and_stops_only_what_it_started(app, tenant):
    made = start(app)
    path = f"app/sessions/{made.body['id']}/"
    same_user = Api.of(AppSession.objects.get().app.user, scopes=["app"])
    stranger = Api.of(Tenant.make("Theirs").person(Role.ADMINISTRATOR), scopes=["app"])
    for other in (same_user, stranger):
        assert other.get(path).status == 404
        assert other.post(f"{path}stop/").status == 404
        assert other.get("app/sessions/").results == []
    assert stranger.post(
        "app/sessions/", {"id_token": "04A1", "charger": "Ours-1", "evse": 1}
    ).status == 404  # fmt: skip
    assert [row["id"] for row in app.get("app/sessions/", id_token="04a1").results] == [
        made.body["id"]
    ]


def test_the_scope_is_for_this_and_nothing_else(app, tenant):
    assert app.get("chargers/").status == 403
    assert app.get("tokens/").status == 403
    assert app.post("chargers/Ours-1/commands/", {"operation": "reset"}).status == 403
    assert tenant.api(Role.LEAD).get("app/sessions/").status == 403
    viewer = Api.of(tenant.person(Role.VIEWER), scopes=["app"])
    assert start(viewer).status == 403


def test_of_two_starts_that_find_one_session_at_once_one_has_it(app, tenant, monkeypatch):
    tenant.charger.ocpp_version = "1.6"
    tenant.charger.save()
    first = start(app)
    answered()
    second = start(app)
    answered()
    begun(tenant, 4)
    save = AppSession.save

    def late(self, *args, **kwargs):
        AppSession.objects.filter(pk=second.body["id"]).update(session=4)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(AppSession, "save", late)
    polled = app.get(f"app/sessions/{first.body['id']}/")
    assert (polled.status, polled.body["state"]) == (200, "starting")
    assert seen(app, second)["transaction_id"] == "tx-4"
