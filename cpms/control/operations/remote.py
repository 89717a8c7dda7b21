"""What is done to a charger from afar: reset, unlock, availability, triggers, caches."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import BadRequest, Operation

Port = Annotated[int, Meta(ge=1, le=10_000)]
Cable = Annotated[int, Meta(ge=1, le=100)]


class Reset(Operation, frozen=True):
    """Restart the charger or one port.

    `at_once` ends running sessions first (1.6: hard, 2.x: Immediate); else it waits until they
    are over (1.6: soft, which stops them in order; 2.x: OnIdle). (OCPP 1.6 §5.14, 2.0.1 B11, B12)
    """

    name: ClassVar[str] = "reset"
    lasts: ClassVar[timedelta] = timedelta(minutes=5)

    at_once: bool = False
    evse: Port | None = None


class Unlock(Operation, frozen=True):
    """Let go of the cable of a port. (OCPP 1.6 §5.18, 2.0.1 F05)"""

    name: ClassVar[str] = "unlock"
    lasts: ClassVar[timedelta] = timedelta(minutes=2)

    evse: Port
    connector: Cable = 1


class ChangeAvailability(Operation, frozen=True):
    """Take the charger, a port or a cable out of service, or put it back.

    (OCPP 1.6 §5.2, 2.0.1 G03, G04)
    """

    name: ClassVar[str] = "change_availability"
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    operative: bool
    evse: Port | None = None
    #: One cable of the port, where it has several (2.x).
    connector: Cable | None = None

    def check(self) -> None:
        """Refuse a cable of no port."""
        if self.connector is not None and self.evse is None:
            raise BadRequest(_("A connector is one of an EVSE: name the EVSE as well."))


class Trigger(Operation, frozen=True):
    """Ask the charger to send a message now. (OCPP 1.6 §5.17, 2.0.1 F06)"""

    name: ClassVar[str] = "trigger"
    repeatable: ClassVar[bool] = True

    message: Literal[
        "boot",
        "heartbeat",
        "status",
        "meter_values",
        "transaction",
        "log_status",
        "diagnostics_status",
        "firmware_status",
        "published_firmware_status",
        "sign_charger_certificate",
        "sign_v2g_certificate",
        "sign_v2g20_certificate",
        "sign_combined_certificate",
        "custom",
    ]
    evse: Port | None = None
    connector: Cable | None = None
    #: With `custom` (2.1): which message.
    custom: Annotated[str, Meta(max_length=50)] | None = None

    def check(self) -> None:
        """Refuse a cable of no port, and a custom trigger without a name."""
        if self.connector is not None and self.evse is None:
            raise BadRequest(_("A connector is one of an EVSE: name the EVSE as well."))
        if (self.message == "custom") != bool(self.custom):
            raise BadRequest(_("“custom” names the message of a custom trigger, and only of one."))


class ClearCache(Operation, frozen=True):
    """Have the charger forget the tokens it remembers. (OCPP 1.6 §5.4, 2.0.1 C11)"""

    name: ClassVar[str] = "clear_cache"
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)


class SendData(Operation, frozen=True):
    """Send a vendor's own message. (OCPP 1.6 §4.3, 2.0.1 P01)"""

    name: ClassVar[str] = "send_data"

    vendor: Annotated[str, Meta(min_length=1, max_length=255)]
    message: Annotated[str, Meta(max_length=50)] | None = None
    data: Annotated[str, Meta(max_length=10_000)] | None = None
