"""What was asked of chargers, as far as a person may see it; built on `inventory.access`."""

from django.db.models import QuerySet

from cpms.control.models import Bulk, Command
from inventory import access
from inventory.access import Person


def commands(user: Person) -> QuerySet[Command]:
    """Commands to the chargers the user sees."""
    return Command.objects.filter(charger__in=access.chargers(user))


def bulks(user: Person) -> QuerySet[Bulk]:
    """Bulk operations of the organisations the user belongs to."""
    return Bulk.objects.filter(organisation__in=access.organisations(user))
