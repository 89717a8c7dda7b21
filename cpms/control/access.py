"""What was asked of chargers, as far as a person may see it; built on `inventory.access`."""

from django.db.models import QuerySet

from cpms.control.models import (
    Authority,
    Bulk,
    Certificate,
    ChargingProfile,
    Command,
    ContractAuthority,
    ContractPool,
    CustomerReport,
    DisplayMessage,
    FirmwareImage,
    InstalledCertificate,
    Reservation,
    Responder,
    StoredFile,
    Tariff,
    Token,
    Transfer,
    VendorRule,
)
from inventory import access
from inventory.access import Person


def commands(user: Person) -> QuerySet[Command]:
    """Commands to the chargers the user sees."""
    return Command.objects.filter(charger__in=access.chargers(user))


def bulks(user: Person) -> QuerySet[Bulk]:
    """Bulk operations of the organisations the user belongs to."""
    return Bulk.objects.filter(organisation__in=access.organisations(user))


def tokens(user: Person) -> QuerySet[Token]:
    """Tokens of the organisations in which the user sees every site: they are drivers' of all."""
    return Token.objects.filter(organisation__in=access.whole_organisations(user))


def tokens_in_full(user: Person) -> QuerySet[Token]:
    """Those of them that the user may read unmasked, and change: who commands there may."""
    able = access.organisations_where(user, "command")
    return tokens(user).filter(organisation__in=able)


def profiles(user: Person) -> QuerySet[ChargingProfile]:
    """Charging profiles of the chargers the user sees."""
    return ChargingProfile.objects.filter(charger__in=access.chargers(user))


def reservations(user: Person) -> QuerySet[Reservation]:
    """Reservations at the chargers the user sees."""
    return Reservation.objects.filter(charger__in=access.chargers(user))


def display_messages(user: Person) -> QuerySet[DisplayMessage]:
    """Messages on the displays of the chargers the user sees."""
    return DisplayMessage.objects.filter(charger__in=access.chargers(user))


def customer_reports(user: Person) -> QuerySet[CustomerReport]:
    """Reports on customers by the chargers the user sees."""
    return CustomerReport.objects.filter(charger__in=access.chargers(user))


def firmware(user: Person) -> QuerySet[FirmwareImage]:
    """Firmware of the organisations the user belongs to, without what was withdrawn."""
    organisations = access.organisations(user)
    return FirmwareImage.objects.filter(organisation__in=organisations, withdrawn_at=None)


def files(user: Person) -> QuerySet[StoredFile]:
    """What the chargers the user sees have sent."""
    return StoredFile.objects.filter(charger__in=access.chargers(user))


def transfers(user: Person) -> QuerySet[Transfer]:
    """Files on their way to and from the chargers the user sees."""
    return Transfer.objects.filter(charger__in=access.chargers(user))


def tariffs(user: Person) -> QuerySet[Tariff]:
    """Tariffs of the sites the user sees."""
    return Tariff.objects.filter(site__in=access.sites(user))


def vendor_rules(user: Person) -> QuerySet[VendorRule]:
    """Answers to vendors' messages of the organisations the user belongs to."""
    return VendorRule.objects.filter(organisation__in=access.organisations(user))


def certificates(user: Person) -> QuerySet[Certificate]:
    """Certificates issued to the chargers the user sees."""
    return Certificate.objects.filter(charger__in=access.chargers(user))


def installed_certificates(user: Person) -> QuerySet[InstalledCertificate]:
    """Certificates that the chargers the user sees say they have."""
    return InstalledCertificate.objects.filter(charger__in=access.chargers(user))


def authorities(user: Person) -> QuerySet[Authority]:
    """Certificate authorities of the installation: no secret to anybody who is signed in."""
    return Authority.objects.all() if user.is_authenticated else Authority.objects.none()


def responders(user: Person) -> QuerySet[Responder]:
    """OCSP responders that the organisations the user administers may ask."""
    able = access.organisations_where(user, "administer")
    return Responder.objects.filter(organisation__in=able)


def contract_authorities(user: Person) -> QuerySet[ContractAuthority]:
    """Authorities whose contracts count in the organisations the user administers."""
    able = access.organisations_where(user, "administer")
    return ContractAuthority.objects.filter(organisation__in=able)


def contract_pools(user: Person) -> QuerySet[ContractPool]:
    """Providers of contracts of the organisations the user administers."""
    able = access.organisations_where(user, "administer")
    return ContractPool.objects.filter(organisation__in=able)
