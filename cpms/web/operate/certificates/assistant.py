"""The way to a higher security profile, step by step: what is done, what is next, what hurts.

(Improved security for OCPP 1.6-J A05; OCPP 2.0.1 A05, B09)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from cpms.control import upgrades
from cpms.control.models import Command, InstalledCertificate, SecurityUpgrade
from cpms.control.operations import BadRequest
from cpms.control.operations.configuration import Change, ChangeSettings, SetNetworkProfile
from cpms.control.pki import authorities, registry
from inventory.models import Charger
from monitoring.models import ChargerState, ConnectionSpan, ReportedVariable

HIGHEST = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `ask` is an operation whose form does it, `post` a button of the page's own."""

    key: str
    title: str
    text: str
    done: bool
    ask: str = ""
    query: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Where a charger stands, and the way to its next profile."""

    #: The profile of its connection now; None: it isn't connected.
    now: int | None
    least: int
    target: int | None
    coming: SecurityUpgrade | None
    steps: tuple[Step, ...]

    @property
    def next(self) -> str:
        """The first step that isn't done."""
        return next((step.key for step in self.steps if not step.done), "")


def of(charger: Charger, now: datetime) -> Upgrade:
    """Return where a charger stands."""
    state = ChargerState.objects.filter(charger=charger, online=True).first()
    span = ConnectionSpan.objects.filter(charger=charger, closed=None).order_by("-opened").first()
    profile = span.security_profile if state is not None and span is not None else None
    coming = upgrades.coming(charger.pk, now)
    least = charger.security_profile
    target = coming.profile if coming else least + 1
    if target > HIGHEST:
        return Upgrade(profile, least, None, None, ())
    steps = tuple(_steps(charger, target, coming, profile, now))
    return Upgrade(profile, least, target, coming, steps)


def _steps(
    charger: Charger, target: int, coming: SecurityUpgrade | None, profile: int | None,
    now: datetime,
) -> Iterator[Step]:  # fmt: skip
    if target <= 2:
        yield Step(
            "key",
            _("It has a key"),
            _("Basic authentication needs one, here and on the charger."),
            charger.password_digest is not None,
            ask="change_password",
        )
    if target >= 2:
        yield _listener()
        yield _root(charger, now)
    if target == HIGHEST:
        yield Step(
            "certificate",
            _("It has a certificate of its own"),
            _("Without one it could not get in any more. Have it ask for one; it is signed here."),
            registry.in_force(charger.pk, now) is not None,
            ask="trigger",
            query="message=sign_charger_certificate",
        )
    yield _profile(target, coming, is_old=charger.ocpp_version == "1.6")
    if charger.ocpp_version != "1.6":
        yield _priority(charger, coming, now)
    yield Step(
        "restart",
        _("It restarts"),
        _("It connects with the new profile when it comes back. Running sessions end first."),
        profile is not None and profile >= target,
        ask="reset",
    )


def _listener() -> Step:
    listens = bool(settings.OCPP_TLS_PORT) or settings.OCPP_PUBLIC_URL.startswith("wss://")
    return Step(
        "listener",
        _("We can be reached with TLS"),
        _("Chargers reach us at %s. TLS needs OCPP_TLS_PORT here, or a proxy before it (wss://).")
        % settings.OCPP_PUBLIC_URL,
        listens,
    )


def _root(charger: Charger, now: datetime) -> Step:
    ours = [row.fingerprint for row in authorities.roots(now)]
    known = InstalledCertificate.objects.filter(
        charger=charger, kind="csms_root", fingerprint__in=ours
    )
    own = bool(settings.OCPP_TLS_FILES)
    text = _("Without it the charger refuses our listener. Install it, then list its certificates.")
    if own:
        text = _(
            "The listener shows a certificate of yours: install the root of that one. Whether the "
            "charger has it can't be told from here."
        )
    return Step(
        "root", _("It trusts our root"), text, known.exists() or own, ask="install_certificate",
        query="kind=csms_root",
    )  # fmt: skip


def _profile(target: int, coming: SecurityUpgrade | None, *, is_old: bool) -> Step:
    if is_old:
        title, text = _("It is told to use profile %s"), _("Its setting SecurityProfile.")
    else:
        title = _("It knows the way with profile %s")
        text = _("A network profile of its own, in a slot that isn't in use now.")
    return Step("profile", title % target, text, coming is not None, post="profile")


def _priority(charger: Charger, coming: SecurityUpgrade | None, now: datetime) -> Step:
    asked = Command.objects.filter(
        charger=charger,
        operation="change_settings",
        state=Command.State.ACCEPTED,
        requested_at__gt=coming.accepted_at if coming else now,
        request__settings__contains=[{"name": "NetworkConfigurationPriority"}],
    )
    return Step(
        "priority",
        _("That way comes first"),
        _("The way that works now stays second: it falls back to it if the new one fails."),
        coming is not None and asked.exists(),
        post="priority",
    )


def profile_1_6(target: int) -> ChangeSettings:
    """Return what tells a charger of 1.6 to use a profile."""
    return ChangeSettings(settings=[Change(name="SecurityProfile", value=str(target))])


def network(target: int, slot: int, url: str, interface: str) -> SetNetworkProfile:
    """Return what tells a newer charger a way to us with a profile. Raises `BadRequest`."""
    return SetNetworkProfile.read(
        {"slot": slot, "url": url, "interface": interface, "security_profile": target}
    )


def priority(slot: int, others: str) -> ChangeSettings:
    """Return what puts a slot first, and leaves the others behind it.

    Raises `BadRequest` where there would be none: nothing to fall back to.
    """
    rest = [one.strip() for one in others.split(",") if one.strip() not in ("", str(slot))]
    if not rest:
        raise BadRequest(_("Name the slot that it uses now as well: it falls back to that."))
    change = Change(
        component="OCPPCommCtrlr",
        name="NetworkConfigurationPriority",
        value=",".join([str(slot), *rest]),
    )
    return ChangeSettings(settings=[change])


def reported_priority(charger: Charger) -> str:
    """Return the order of its slots as it last told it; "" where it never did."""
    rows = ReportedVariable.objects.filter(
        charger=charger, variable="NetworkConfigurationPriority", attribute="Actual"
    )
    row = rows.first()
    return row.value if row is not None else ""


def free_slot(priorities: str) -> int | None:
    """Return a slot that isn't in use; None where it isn't known which are."""
    used = {int(one) for one in priorities.split(",") if one.strip().isdigit()}
    if not used:
        return None
    return next(slot for slot in range(1, len(used) + 2) if slot not in used)
