"""Whether an identity can be used, said while it is typed."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from cpms.web.connect.differences import difference
from inventory import access
from inventory.models import Charger
from inventory.models.charger import validate_identity
from monitoring.access import connection_attempts
from monitoring.models import ConnectionAttempt
from monitoring.nearest import Nearest

LONGEST = 48
#: Identities with common letters (by the index of texts) that are compared.
MOST_ALIKE = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of an identity: `tone` good, bad or notice; nothing of an empty one."""

    tone: str = ""
    text: str = ""
    #: A charger of the reader's that has it already.
    taken: str = ""
    #: Chargers of the reader's whose identities look like it, and how they differ.
    alike: tuple[tuple[str, str], ...] = ()
    #: Somebody knocks under it already.
    knock: ConnectionAttempt | None = None


def judge(user: User, typed: str) -> Verdict:
    """Judge an identity as it was typed."""
    identity = typed.strip()
    if not identity:
        return Verdict()
    problem = _spelling(identity)
    if problem:
        return Verdict("bad", problem)
    if access.with_identity(Charger.objects.all(), identity).exists():
        return _taken(user, identity)
    attempts = connection_attempts(user).filter(charger=None)
    knock = attempts.filter(identity=identity.lower()).order_by("-last_at").first()
    alike = _alike(user, identity)
    tone = "notice" if alike else "good"
    return Verdict(tone, _("Free: no charger has it."), alike=alike, knock=knock)


def _spelling(identity: str) -> str:
    if len(identity) > LONGEST:
        return _("%(length)s characters; OCPP allows %(most)s at most.") % {
            "length": len(identity),
            "most": LONGEST,
        }
    odd = sorted({sign for sign in identity if not _allowed(sign)})
    if odd:
        return _(
            "An identity has letters from A to Z, digits and * - _ = : + | @ . and no %(signs)s."
        ) % {"signs": ", ".join(_("blank") if s.isspace() else f"“{s}”" for s in odd[:5])}
    return ""


def _allowed(sign: str) -> bool:
    try:
        validate_identity(sign)
    except ValidationError:
        return False
    return True


def _taken(user: User, identity: str) -> Verdict:
    theirs = access.with_identity(access.chargers(user), identity).first()
    return Verdict("bad", _("This identity is taken."), theirs.identity if theirs else "")


def _alike(user: User, identity: str) -> tuple[tuple[str, str], ...]:
    similar = access.chargers(user).annotate(folded=Upper("identity"))
    known = similar.filter(folded__trigram_similar=identity.upper()).order_by()
    names = known.values_list("identity", flat=True)[:MOST_ALIKE]
    near = [name for name in Nearest(names).of(identity) if difference(identity, name)]
    return tuple((name, difference(identity, name)) for name in near)
