"""The demo's people: one for each role, with passwords made once and kept in DATA."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User

from inventory.models import Membership, Organisation, Role, Site

FILE_NAME = "demo-users.json"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as."""

    username: str
    first_name: str
    last_name: str
    role: Role
    #: Belongs to the partner's organisation as well (or to that alone).
    partner: bool = False
    own: bool = True
    #: Sees only this one site.
    only_site: str = ""


PEOPLE = (
    Person("admin", "Ada", "Wolff", Role.ADMINISTRATOR, partner=True),
    Person("lead", "Jonas", "Brandt", Role.LEAD, partner=True),
    Person("operator", "Mira", "Sandberg", Role.OPERATOR),
    Person("manager", "Helena", "Costa", Role.MANAGER),
    Person("viewer", "Piet", "de Vries", Role.VIEWER),
    Person("contractor", "Tomasz", "Nowak", Role.CONTRACTOR, only_site="Berlin Ostbahnhof"),
    Person("partner", "Grace", "Whitfield", Role.OPERATOR, partner=True, own=False),
)


def settle(folder: Path, own: Organisation, partner: Organisation) -> dict[str, str]:
    """Make the people and their memberships; return their passwords by user name."""
    passwords = _passwords(folder / FILE_NAME)
    for person in PEOPLE:
        user = _user(person, passwords[person.username])
        organisations = [own] * person.own + [partner] * person.partner
        for organisation in organisations:
            _join(user, person, organisation)
    return passwords


def _user(person: Person, password: str) -> User:
    user, _made = User.objects.update_or_create(
        username=person.username,
        defaults={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": f"{person.username}@kilowatch.example",
            "is_staff": person.role == Role.ADMINISTRATOR,
            "is_superuser": person.role == Role.ADMINISTRATOR,
        },
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _join(user: User, person: Person, organisation: Organisation) -> None:
    membership, _made = Membership.objects.update_or_create(
        user=user, organisation=organisation, defaults={"role": person.role}
    )
    if person.only_site:
        membership.sites.set(Site.objects.filter(organisation=organisation, name=person.only_site))


def _passwords(path: Path) -> dict[str, str]:
    """Return the kept passwords, and new ones for people who have none; only we may read them."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    passwords = {p.username: kept.get(p.username) or secrets.token_urlsafe(9) for p in PEOPLE}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords, indent=1) + "\n")
    return passwords
