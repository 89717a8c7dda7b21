"""Which tokens the list shows."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cpms.control import access as control_access
from cpms.control.models import Token
from inventory import access
from inventory.access import Person

LONGEST_TEXT = 100
#: What a token comes down to at a time, which is more than its stored status.
STATES: dict[str, str | Promise] = {
    "accepted": _("May charge"),
    "blocked": _("Blocked"),
    "expired": _("Expired"),
    "invalid": _("Invalid"),
}
PLACES: list[tuple[str, str | Promise]] = [
    ("everywhere", _("Everywhere")),
    ("limited", _("Only at named places")),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; what makes no sense asks for nothing."""

    text: str = ""
    state: str = ""
    type: str = ""
    place: str = ""
    group: str = ""

    @classmethod
    def of(cls, parameters: QueryDict) -> "Wanted":
        """Read the address."""
        return cls(
            parameters.get("q", "").replace("\x00", "")[:LONGEST_TEXT].strip(),
            _one_of(parameters.get("state"), STATES),
            _one_of(parameters.get("type"), Token.Type.values),
            _one_of(parameters.get("place"), dict(PLACES)),
            parameters.get("group", "").replace("\x00", "")[:255],
        )

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return any((self.text, self.state, self.type, self.place, self.group))


def _one_of(said: str | None, known: object) -> str:
    return said if said and said in known else ""  # type: ignore[operator]


def state(token: Token, now: datetime) -> str:
    """Return one of `STATES`."""
    over = token.expires_at is not None and token.expires_at <= now
    return "expired" if over and token.status == Token.Status.ACCEPTED else token.status


def find(user: Person, wanted: Wanted, now: datetime) -> QuerySet[Token]:
    """Return the tokens that are asked for; holders and notes are searched where they're read."""
    found = control_access.tokens(user)
    if wanted.text:
        able = access.organisations_where(user, "command")
        personal = Q(holder__icontains=wanted.text) | Q(note__icontains=wanted.text)
        told = Q(id_token__icontains=wanted.text) | Q(group__icontains=wanted.text)
        found = found.filter(told | (personal & Q(organisation__in=able)))
    if wanted.state:
        found = found.filter(_in_state(wanted.state, now))
    if wanted.type:
        found = found.filter(type=wanted.type)
    if wanted.group:
        found = found.filter(group=wanted.group)
    if wanted.place:
        found = found.filter(limited=wanted.place == "limited")
    return found


def _in_state(name: str, now: datetime) -> Q:
    over = Q(status=Token.Status.ACCEPTED, expires_at__lte=now)
    if name == "accepted":
        return Q(status=Token.Status.ACCEPTED) & ~Q(expires_at__lte=now)
    return Q(status=name) | over if name == "expired" else Q(status=name)
