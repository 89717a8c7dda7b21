"""What every operation is: a request without OCPP, typed and checked."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, Self

import msgspec
from django.utils.translation import gettext as _

from inventory.models import Charger

#: The OCPP versions, oldest first.
V16, V201, V21 = "1.6", "2.0.1", "2.1"
EVERY = frozenset({V16, V201, V21})
NEWER = frozenset({V201, V21})
#: What no database keeps and no charger reads: NUL, and halves of characters.
UNSOUND = re.compile("[\0\ud800-\udfff]")
#: How deep a request may be nested: OCPP's own messages are ten levels deep at most.
DEEPEST = 50


class BadRequest(ValueError):
    """An operation's fields make no sense; the message says which and what to do."""


def check_texts(value: Any, deeper: int = DEEPEST) -> None:
    """Raise `BadRequest` where JSON is nested too deeply, or has a text that can't be kept."""
    if deeper < 0:
        raise BadRequest(_("It is nested too deeply."))
    if isinstance(value, str) and UNSOUND.search(value):
        raise BadRequest(_("A text in it has a character that can't be sent (NUL, surrogates)."))
    if isinstance(value, list):
        for one in value:
            check_texts(one, deeper - 1)
    if isinstance(value, dict):
        for name, one in value.items():
            check_texts(name)
            check_texts(one, deeper - 1)


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that can be asked of a charger; its fields are the request.

    Ports are EVSE numbers (1.6: connector numbers); None: the charger as a whole.
    """

    #: As commands, the API and bulk actions name it.
    name: ClassVar[str] = ""
    #: The OCPP versions that have it.
    versions: ClassVar[frozenset[str]] = EVERY
    #: Sending it twice does no harm: it may be sent again where no answer came.
    repeatable: ClassVar[bool] = False
    #: How long it waits for a charger that isn't there.
    lasts: ClassVar[timedelta] = timedelta(minutes=10)
    #: Fields that nobody may read again.
    secrets: ClassVar[frozenset[str]] = frozenset()
    #: Fields that only number things, at any depth: requests that differ in these ask the same.
    numbering: ClassVar[frozenset[str]] = frozenset()

    def completed(self) -> Self:
        """Return the request with what is made here where it isn't given; stored like this."""
        return self

    def resolved(self, organisation_id: int) -> Self:
        """Return the request with what rows of the organisation say; raise `BadRequest`."""
        return self

    def obstacles(self, chargers: Sequence[Charger]) -> dict[int, str]:
        """Return why some of these chargers can't be asked, by their keys."""
        return {}

    def check(self) -> None:
        """Raise `BadRequest` where the fields, each right by itself, make no sense together."""

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """Return the request that JSON `fields` describe; raise `BadRequest`."""
        check_texts(fields)
        try:
            made = msgspec.convert(fields, cls)
        except msgspec.ValidationError as problem:
            raise BadRequest(str(problem)) from None
        made.check()
        return made

    def fields(self) -> dict[str, Any]:
        """Return the request as JSON; fields that are None are left out."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in plain.items() if value is not None}

    @classmethod
    def alike(cls, one: Any, other: Any) -> bool:
        """Tell whether two requests, as they are kept, ask the same."""
        return bool(_without(one, cls.numbering) == _without(other, cls.numbering))

    def kept(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the request as it is kept readable, and what of it is kept sealed.

        A field that is in both is sent as it is sealed.
        """
        fields = self.fields()
        return fields, {name: fields.pop(name) for name in self.secrets if name in fields}


def _without(value: Any, names: frozenset[str]) -> Any:
    """Return JSON without the fields of these names, at any depth."""
    if isinstance(value, dict):
        return {k: _without(part, names) for k, part in value.items() if k not in names}
    return [_without(part, names) for part in value] if isinstance(value, list) else value
