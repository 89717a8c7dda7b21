"""The demo's network: organisations, sites, chargers with keys, SIMs, tokens, and its roster.

Made again as often as one likes: what is there stays, and a smaller fleet decommissions the
chargers it no longer has. The roster in DATA is what the simulator plays.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from cpms.control.models import Tariff, Token
from cpms.ocpp.simulator import roster
from cpms.ocpp.simulator.drivers import CARDS
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.web.demo.catalogue import (
    BUILDS,
    EVERY,
    FAR,
    OPERATORS,
    OWN,
    PARTNER,
    TROUBLES,
    Build,
    Place,
)
from inventory import credentials
from inventory.models import (
    Charger,
    ChargerModel,
    Connector,
    Evse,
    Lifecycle,
    Organisation,
    Sim,
    Site,
)

#: Marks the demo's chargers, so that real ones beside them are never touched.
TAG = "demo"
#: One charger of this many is the partner's.
PARTNERS_SHARE = 5
#: One of this many stands overseas; none of them is the partner's.
FAR_SHARE, FAR_REST = 10, 6
#: Country -> currency, price of a kWh and VAT in it, per cent.
PRICES = {
    "": ("EUR", "0.59", "19"),
    "AT": ("EUR", "0.55", "20"),
    "GB": ("GBP", "0.69", "20"),
    "US": ("USD", "0.49", "0"),
}


def organisations() -> tuple[Organisation, Organisation]:
    """Return the two tenants: ours, and a partner whom we only work for."""
    own, _made = Organisation.objects.get_or_create(
        slug="kilowatt-one", defaults={"name": "Kilowatt One"}
    )
    partner, _made = Organisation.objects.get_or_create(
        slug="northern-charge", defaults={"name": "Northern Charge"}
    )
    return own, partner


def sites(own: Organisation, partner: Organisation) -> dict[str, Site]:
    """Return the sites by their code."""
    places = [(own, place) for place in (*OWN, FAR)] + [(partner, place) for place in PARTNER]
    return {place.code: _site(organisation, place) for organisation, place in places}


def _site(organisation: Organisation, place: Place) -> Site:
    site, _made = Site.objects.get_or_create(
        organisation=organisation,
        name=place.name,
        defaults={
            "address": place.address,
            "postal_code": place.postal_code,
            "city": place.city,
            "region": place.region,
            "country": place.country,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "timezone": place.timezone,
            "opening_hours": place.hours,
            "contact": f"{place.city}: +49 30 5550 {len(place.name):03d}",
        },
    )
    return site


def tariffs(sites: Iterable[Site]) -> None:
    """Give each site without a tariff a plain one, so that sessions show what they cost."""
    for site in sites:
        if not Tariff.objects.filter(site=site).exists():
            currency, energy, vat = PRICES.get(site.country, PRICES[""])
            Tariff.objects.create(
                site=site, currency=currency, energy=Decimal(energy), vat=Decimal(vat),
                idle_minute=Decimal("0.10"), idle_grace=30, valid_from=site.created_at,
                created_by_name="Kilowatch",
            )  # fmt: skip


def tokens(tenants: Iterable[Organisation]) -> None:
    """Register the cards that simulated drivers hold up, at each tenant."""
    Token.objects.bulk_create(
        [
            Token(organisation=organisation, id_token=card, type=Token.Type.ISO14443)
            for organisation in tenants
            for card in CARDS
        ],
        ignore_conflicts=True,
    )


def chargers(folder: Path, known_sites: dict[str, Site], count: int, now: datetime) -> None:
    """Make `count` chargers, and write the roster that the simulator plays."""
    path = folder / roster.FILE_NAME
    kept = {spec.identity: spec for spec in roster.read(path)} if path.exists() else {}
    specs = [_spec(number, kept) for number in range(count)]
    _retire(Charger.objects.exclude(identity__in=[spec.identity for spec in specs]))
    present = {
        charger.identity: charger
        for charger in Charger.objects.filter(identity__in=[spec.identity for spec in specs])
    }
    for number, spec in enumerate(specs):
        charger = present.get(spec.identity)
        if charger is None:
            _make(number, spec, known_sites[_place(number).code], now)
        else:
            _revive(charger, spec, has_key=spec.identity in kept)
    roster.write(path, specs)


def _spec(number: int, kept: dict[str, ChargerSpec]) -> ChargerSpec:
    place, build = _place(number), _build(number)
    identity = f"{place.country}-{place.code}-{number + 1:04d}"
    known = kept.get(identity)
    return ChargerSpec(
        identity=identity,
        password=known.password if known else credentials.generate(),
        version=build.version,
        connectors=len(build.connectors),
        max_power_w=build.power,
        seed=number + 1,
        scenario=_scenario(number),
        site=place.name,
        time_zone=place.timezone,
        vendor=build.vendor,
        model=build.model,
        serial_number=f"{build.vendor[:2].upper()}{2_200_000 + number * 37}",
        firmware_version=_chance(number).choice(build.firmware),
    )


def _place(number: int) -> Place:
    if number % FAR_SHARE == FAR_REST:
        return FAR
    theirs = number % PARTNERS_SHARE == PARTNERS_SHARE - 1
    places: Sequence[Place] = PARTNER if theirs else OWN
    return places[_chance(number).randrange(len(places))]


def _build(number: int) -> Build:
    fitting = [build for build in BUILDS if build.is_dc == _place(number).is_dc]
    return fitting[number % len(fitting)]


def _scenario(number: int) -> str:
    troubled = number % EVERY == EVERY - 1
    return TROUBLES[number // EVERY % len(TROUBLES)] if troubled else "normal"


def _chance(number: int) -> Random:
    return Random(f"demo/{number}")  # noqa: S311 the same network every time, no secret


def _make(number: int, spec: ChargerSpec, site: Site, now: datetime) -> None:
    model, _made = ChargerModel.objects.get_or_create(vendor=spec.vendor, name=spec.model)
    charger = Charger(
        site=site,
        identity=spec.identity,
        model=model,
        serial_number=spec.serial_number,
        firmware_version=spec.firmware_version,
        ocpp_version=spec.version,
        lifecycle=Lifecycle.ACTIVE,
        tags=[TAG],
        commissioned_at=now,
        sim=_sim(number, site),
    )
    charger.set_password(spec.password)
    charger.save()
    _ports(charger, _build(number))


def _sim(number: int, site: Site) -> Sim | None:
    """Return a SIM for most chargers; the others are wired."""
    if number % 4 == 3:
        return None
    operator, apn = OPERATORS[number % len(OPERATORS)]
    sim, _made = Sim.objects.get_or_create(
        iccid=f"894902000{number:010d}",
        defaults={
            "organisation": site.organisation,
            "imsi": f"26201{number:010d}",
            "operator": operator,
            "apn": apn,
        },
    )
    return sim


def _ports(charger: Charger, build: Build) -> None:
    evses = [
        Evse(charger=charger, number=number, evse_id=_evse_id(charger, number))
        for number in range(1, len(build.connectors) + 1)
    ]
    Evse.objects.bulk_create(evses)
    Connector.objects.bulk_create(
        Connector(evse=evse, type=kind, max_power=build.power)
        for evse, kind in zip(evses, build.connectors, strict=True)
    )


def _evse_id(charger: Charger, number: int) -> str:
    country, place, serial = charger.identity.split("-")
    return f"{country}*KWO*E{place}{serial}*{number}"


def _revive(charger: Charger, spec: ChargerSpec, *, has_key: bool) -> None:
    """Put a charger back into service; give it a key where the roster was lost."""
    if not has_key:
        charger.set_password(spec.password)
        charger.save(update_fields=["password_digest", "password_set_at"])
    if charger.lifecycle == Lifecycle.DECOMMISSIONED:
        charger.lifecycle = Lifecycle.ACTIVE
        charger.save(update_fields=["lifecycle"])


def _retire(others: Iterable[Charger]) -> None:
    for charger in others:
        if TAG in charger.tags and charger.lifecycle != Lifecycle.DECOMMISSIONED:
            charger.lifecycle = Lifecycle.DECOMMISSIONED
            charger.save(update_fields=["lifecycle"])
