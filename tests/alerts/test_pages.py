"""The pages of incidents, notifications and alerting, as people of each role meet them."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from alerts import engine, steps
from alerts.models import (
    DetectorName,
    EscalationPolicy,
    Incident,
    IncidentEntry,
    Notification,
    PolicyVersion,
    Rule,
)
from inventory.models import Role, Site
from monitoring.facts import Status
from monitoring.models import Gateway
from tests.alerts.world import NOON, World, minutes, seen_at

Kind = IncidentEntry.Kind


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(world: World) -> User:
    return world.person("olga", Role.OPERATOR)


@pytest.fixture
def incident(world: World, operator: User) -> Incident:
    """A charger that is offline, of which the operator has been told."""
    world.lose(world.charger("CP-LOST"), NOON)
    engine.run(seen_at(NOON + minutes(5)))
    steps.carry_out(NOON + minutes(5))
    return Incident.objects.get()


PAGES = ["/incidents/", "/incidents/{0}/", "/notifications/", "/notifications/{1}/", "/alerting/"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_wants_a_sign_in(incident: Incident, page: str) -> None:
    answer = Client().get(page.format(incident.pk, 1))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", list(Role))
def test_every_member_may_look(world: World, incident: Incident, page: str, role: Role) -> None:
    client = signed_in(world.person("someone", role))
    answer = client.get(page.format(incident.pk, Notification.objects.get().pk))
    assert answer.status_code == 200


class TestAnotherTenant:
    @pytest.fixture
    def stranger(self, world: World) -> Client:
        return signed_in(World.make("Sudwind").person("sam", Role.ADMINISTRATOR))

    def test_sees_none_of_it_in_lists(self, incident: Incident, stranger: Client) -> None:
        for page in ("/incidents/?state=all", "/notifications/", "/incidents/?site=1"):
            assert b"CP-LOST" not in stranger.get(page).content

    @pytest.mark.parametrize("page", ["/incidents/{0}/", "/notifications/{1}/"])
    def test_gets_404_for_what_is_there(
        self, incident: Incident, stranger: Client, page: str
    ) -> None:
        address = page.format(incident.pk, Notification.objects.get().pk)
        assert stranger.get(address).status_code == 404

    @pytest.mark.parametrize("action", ["acknowledge", "resolve", "note"])
    def test_can_do_nothing_to_it(self, incident: Incident, stranger: Client, action: str) -> None:
        answer = stranger.post(f"/incidents/{incident.pk}/{action}/", {"note": "mine now"})
        assert answer.status_code == 404
        incident.refresh_from_db()
        assert incident.state == Incident.State.OPEN

    def test_sees_and_edits_no_rule_of_theirs(self, world: World, stranger: Client) -> None:
        theirs = f"organisation={world.organisation.pk}"
        assert stranger.get(f"/alerting/?{theirs}").status_code == 404
        assert stranger.post(f"/alerting/rules/offline/?{theirs}").status_code == 404
        assert stranger.post(f"/alerting/escalation/?{theirs}").status_code == 404


def test_a_member_of_one_site_sees_only_its_incidents(world: World, incident: Incident) -> None:
    elsewhere = Site.objects.create(organisation=world.organisation, name="Elsewhere")
    limited = signed_in(world.person("lena", Role.OPERATOR, elsewhere))
    assert b"CP-LOST" not in limited.get("/incidents/").content
    assert limited.get(f"/incidents/{incident.pk}/").status_code == 404


def test_an_incident_leads_to_its_site(world: World, incident: Incident, operator: User) -> None:
    page = signed_in(operator).get(f"/incidents/{incident.pk}/").content.decode()
    assert f'href="/sites/{world.site.pk}/"' in page


def test_what_concerns_a_whole_organisation_is_for_members_of_all_its_sites(
    world: World, incident: Incident, operator: User
) -> None:
    Incident.objects.update(site=None, charger=None)
    limited = world.person("lena", Role.OPERATOR, world.site)
    page = f"/incidents/{incident.pk}/"
    assert signed_in(operator).get(page).status_code == 200
    assert signed_in(limited).get(page).status_code == 404


def test_the_installations_own_incident_is_seen_by_operators_and_closed_to_viewers(
    world: World,
) -> None:
    Gateway.objects.update(lease_until=NOON)
    engine.run(seen_at(NOON + minutes(2)))
    page = f"/incidents/{Incident.objects.get().pk}/"
    operator = signed_in(world.person("olga", Role.OPERATOR))
    assert operator.get(page).status_code == 200
    assert operator.post(f"{page}acknowledge/").status_code == 403
    assert signed_in(world.person("vera", Role.VIEWER)).get(page).status_code == 404
    root = signed_in(User.objects.create_superuser("root", "root@example.org"))
    assert root.post(f"{page}acknowledge/").status_code == 302
    assert Incident.objects.get().state == Incident.State.ACKNOWLEDGED


class TestActing:
    def test_an_operator_acknowledges_with_a_note(self, incident: Incident, operator: User) -> None:
        page = f"/incidents/{incident.pk}/"
        answer = signed_in(operator).post(f"{page}acknowledge/", {"note": "On my way"}, follow=True)
        assert answer.redirect_chain == [(page, 302)]
        incident.refresh_from_db()
        assert (incident.state, incident.acknowledged_by) == ("acknowledged", operator)
        entry = incident.entries.get(kind=Kind.ACKNOWLEDGED)
        assert (entry.note, entry.actor) == ("On my way", operator)
        assert b"On my way" in answer.content

    def test_the_second_to_acknowledge_hears_who_was_first(
        self, world: World, incident: Incident, operator: User
    ) -> None:
        signed_in(operator).post(f"/incidents/{incident.pk}/acknowledge/")
        other = signed_in(world.person("otto", Role.LEAD))
        answer = other.post(f"/incidents/{incident.pk}/acknowledge/", follow=True)
        assert b"olga is on it already." in answer.content
        assert incident.entries.filter(kind=Kind.ACKNOWLEDGED).count() == 1

    def test_what_is_still_wrong_is_not_resolved_and_the_page_says_so(
        self, incident: Incident, operator: User
    ) -> None:
        answer = signed_in(operator).post(f"/incidents/{incident.pk}/resolve/", follow=True)
        assert b"It is still wrong" in answer.content
        incident.refresh_from_db()
        assert incident.state == Incident.State.OPEN

    def test_what_is_right_again_can_be_resolved_at_once(
        self, world: World, incident: Incident, operator: User
    ) -> None:
        assert incident.charger is not None
        world.bring_back(incident.charger, NOON + minutes(6))
        engine.run(seen_at(NOON + minutes(6)))
        client = signed_in(operator)
        assert b"Resolve</button>" in client.get(f"/incidents/{incident.pk}/").content
        client.post(f"/incidents/{incident.pk}/resolve/", {"note": "Router was off"})
        incident.refresh_from_db()
        assert (incident.state, incident.resolution) == ("resolved", "manual")
        assert incident.resolved_by == operator

    def test_a_note_is_kept_and_an_empty_one_refused(
        self, incident: Incident, operator: User
    ) -> None:
        client = signed_in(operator)
        client.post(f"/incidents/{incident.pk}/note/", {"note": "Called the host"})
        answer = client.post(f"/incidents/{incident.pk}/note/", {"note": "  "}, follow=True)
        assert b"The note is empty" in answer.content
        assert [e.note for e in incident.entries.filter(kind=Kind.NOTE)] == ["Called the host"]

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER, Role.CONTRACTOR])
    @pytest.mark.parametrize("action", ["acknowledge", "resolve", "note"])
    def test_other_roles_are_refused_and_that_is_entered(
        self, world: World, incident: Incident, role: Role, action: str
    ) -> None:
        person = world.person("vera", role)
        client = signed_in(person)
        page = f"/incidents/{incident.pk}/"
        assert b'form="act"' not in client.get(page).content
        assert client.post(f"{page}{action}/", {"note": "x"}).status_code == 403
        assert LogEntry.objects.filter(
            actor=person, additional_data__refused=f"POST {page}{action}/"
        ).exists()

    def test_a_request_without_csrf_token_is_refused(
        self, incident: Incident, operator: User
    ) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(operator)
        assert client.post(f"/incidents/{incident.pk}/acknowledge/").status_code == 403

    def test_looking_changes_nothing(self, incident: Incident, operator: User) -> None:
        assert signed_in(operator).get(f"/incidents/{incident.pk}/resolve/").status_code == 405


class TestTheList:
    def test_the_worst_and_oldest_come_first(self, world: World, operator: User) -> None:
        world.rule(DetectorName.FAULTED, severity=1)
        for name, ago in (("CP-NEW", 10), ("CP-OLD", 60)):
            world.lose(world.charger(name), NOON - minutes(ago))
        port = world.port(world.charger("CP-WORST"))
        world.report(port, Status.FAULTED, NOON - minutes(20))
        engine.run(seen_at(NOON))
        text = signed_in(operator).get("/incidents/").content.decode()
        places = [text.index(f"{name} is offline") for name in ("CP-OLD", "CP-NEW")]
        assert [text.index("CP-WORST/1 is faulted"), *places] == sorted(
            [text.index("CP-WORST/1 is faulted"), *places]
        )

    def test_it_narrows_by_state_severity_and_site(
        self, world: World, incident: Incident, operator: User
    ) -> None:
        client = signed_in(operator)
        shown = {
            "": True,
            "?state=open": True,
            "?state=acknowledged": False,
            "?state=resolved": False,
            "?state=all": True,
            "?severity=major": True,
            "?severity=critical": False,
            f"?site={world.site.pk}": True,
            "?site=999999": False,
            "?charger=cp-lost": True,
            "?state=nonsense&severity=%00&site=x&page=-1": True,
        }
        for query, expected in shown.items():
            content = client.get(f"/incidents/{query}").content
            assert (b"CP-LOST is offline" in content) is expected, query

    def test_htmx_gets_the_live_part_alone(self, incident: Incident, operator: User) -> None:
        client = signed_in(operator)
        for page, part in (
            ("/incidents/", "incidents"),
            (f"/incidents/{incident.pk}/", "incident"),
            (f"/incidents/{incident.pk}/", "incident-actions"),
            ("/notifications/", "notifications"),
        ):
            content = client.get(page, headers={"HX-Target": part}).content.decode()
            assert content.startswith(f'<div id="{part}"')
            assert "<html" not in content

    def test_nothing_wrong_is_said_in_words(self, operator: User) -> None:
        assert b"Nothing is wrong" in signed_in(operator).get("/incidents/").content


class TestBoundedQueries:
    @pytest.fixture
    def busy(self, world: World) -> World:
        for number in range(60):
            world.lose(world.charger(), NOON - minutes(number))
        engine.run(seen_at(NOON + minutes(5)))
        return world

    @pytest.mark.parametrize("page", ["/incidents/", "/notifications/", "/alerting/"])
    def test_lists(
        self,
        busy: World,
        operator: User,
        page: str,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        steps.carry_out(NOON + minutes(5))
        client = signed_in(operator)
        with django_assert_max_num_queries(20):
            assert client.get(page).status_code == 200

    def test_an_incident(
        self, busy: World, operator: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(10):
            busy.person(f"person{number}", Role.OPERATOR)
        steps.carry_out(NOON + minutes(5))
        incident = Incident.objects.first()
        assert incident is not None
        client = signed_in(operator)
        with django_assert_max_num_queries(20):
            assert client.get(f"/incidents/{incident.pk}/").status_code == 200


class TestAlerting:
    def form(self, **changes: object) -> dict[str, object]:
        values = {"enabled": "on", "hold_off": 2.5, "clear_delay": 1, "severity": 1}
        return {**values, "ignored_codes": " WeakSignal, ,OtherError ", **changes}

    def test_a_lead_writes_the_organisations_own_rule(self, world: World) -> None:
        lead = world.person("lea", Role.LEAD)
        client = signed_in(lead)
        assert client.get("/alerting/rules/faulted/").status_code == 200
        assert client.post("/alerting/rules/faulted/", self.form()).status_code == 302
        rule = Rule.objects.get()
        assert (rule.organisation, rule.detector) == (world.organisation, "faulted")
        assert (rule.hold_off, rule.clear_delay, rule.severity) == (150, 60, 1)
        assert rule.ignored_codes == ["WeakSignal", "OtherError"]
        assert LogEntry.objects.get_for_object(rule).first().actor == lead
        client.post("/alerting/rules/faulted/", {"reset": "1"})
        assert not Rule.objects.exists()

    @pytest.mark.parametrize(
        "changes", [{"hold_off": -1}, {"hold_off": "nan"}, {"severity": 9}, {"clear_delay": 1e9}]
    )
    def test_what_makes_no_sense_is_not_saved(
        self, world: World, changes: dict[str, object]
    ) -> None:
        client = signed_in(world.person("lea", Role.LEAD))
        answer = client.post("/alerting/rules/offline/", self.form(**changes))
        assert answer.status_code == 200
        assert not Rule.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MANAGER, Role.CONTRACTOR])
    @pytest.mark.parametrize("page", ["/alerting/rules/offline/", "/alerting/escalation/"])
    def test_other_roles_may_not(self, world: World, role: Role, page: str) -> None:
        client = signed_in(world.person("vera", role))
        assert b">Change</a>" not in client.get("/alerting/").content
        assert client.post(page, self.form()).status_code == 403
        assert not Rule.objects.exists()

    def test_what_holds_for_all_is_for_superusers(self, world: World) -> None:
        page = "/alerting/rules/no_gateway/?organisation=all"
        lead = signed_in(world.person("lea", Role.ADMINISTRATOR))
        assert lead.post(page, self.form()).status_code == 403
        assert lead.post("/alerting/rules/no_gateway/", self.form()).status_code == 404
        root = signed_in(User.objects.create_superuser("root"))
        assert root.post(page, self.form()).status_code == 302
        assert Rule.objects.get().organisation is None

    def steps(self, *rows: tuple[object, list[str]]) -> dict[str, object]:
        form: dict[str, object] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": 2}
        for number, (after, roles) in enumerate(rows):
            form |= {f"form-{number}-after": after, f"form-{number}-roles": roles}
            form[f"form-{number}-unless_acknowledged"] = "on"
        return form

    def test_a_policy_that_is_changed_gets_a_new_version(
        self, world: World, incident: Incident
    ) -> None:
        lead = world.person("lea", Role.LEAD)
        client = signed_in(lead)
        assert client.get("/alerting/escalation/").status_code == 200
        form = self.steps((10, ["noc_lead", "manager"]), (0, ["noc_operator"]), ("", []))
        assert client.post("/alerting/escalation/", form).status_code == 302
        version = PolicyVersion.objects.get(policy__organisation=world.organisation)
        assert (version.number, version.created_by) == (1, lead)
        assert [step["after"] for step in version.steps] == [0, 600]
        incident.refresh_from_db()
        assert incident.policy_version.policy.organisation is None
        assert b"Version 1, lea" in client.get("/alerting/").content

    @pytest.mark.parametrize("rows", [[], [("", [])], [(5, [])], [("", ["noc_lead"])]])
    def test_steps_that_tell_nobody_or_never_are_not_saved(
        self, world: World, rows: list[tuple[object, list[str]]]
    ) -> None:
        client = signed_in(world.person("lea", Role.LEAD))
        answer = client.post("/alerting/escalation/", self.steps(*rows))
        assert answer.status_code == 200
        assert not EscalationPolicy.objects.exists()


def test_what_a_charger_wrote_is_shown_not_run(world: World, operator: User) -> None:
    port = world.port(world.charger())
    world.report(port, Status.FAULTED, NOON, "<script>alert(1)</script>")
    engine.run(seen_at(NOON + timedelta(minutes=10)))
    client = signed_in(operator)
    for page in ("/incidents/", f"/incidents/{Incident.objects.get().pk}/"):
        content = client.get(page).content
        assert b"<script>alert" not in content
        assert b"&lt;script&gt;alert(1)" in content


def test_the_back_office_edits_rules_and_only_shows_versions(
    world: World, incident: Incident
) -> None:
    root = signed_in(User.objects.create_superuser("root"))
    rule = world.rule(DetectorName.OFFLINE)
    assert root.get("/admin/alerts/rule/").status_code == 200
    form = {"detector": "offline", "hold_off": 60, "clear_delay": 60, "severity": 3}
    answer = root.post(
        f"/admin/alerts/rule/{rule.pk}/change/",
        {**form, "organisation": world.organisation.pk, "ignored_codes": '{"a": 1}'},
    )
    assert b"Error codes are a list of texts" in answer.content
    form |= {"organisation": world.organisation.pk, "ignored_codes": "[]"}
    assert root.post(f"/admin/alerts/rule/{rule.pk}/change/", form).status_code == 302
    rule.refresh_from_db()
    assert (rule.hold_off, rule.severity) == (60, 3)
    policy = incident.policy_version.policy
    page = root.get(f"/admin/alerts/escalationpolicy/{policy.pk}/change/").content
    assert b"noc_operator" in page
    assert b'name="versions-0-steps"' not in page
