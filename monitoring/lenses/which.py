"""Which ports which lens is for. Pure."""

from collections.abc import Collection, Iterable

from monitoring.lenses import california, nevi, uk

#: Connectors with direct current (`inventory.models.Connector.Type`).
DIRECT_CURRENT = frozenset({"IEC_62196_T2_COMBO", "IEC_62196_T1_COMBO", "CHADEMO", "SAE_J3400"})
CALIFORNIA = frozenset({"ca", "us-ca", "california"})


def of_site(chosen: Collection[str] | None, country: str, region: str) -> frozenset[str]:
    """Return the lenses of a site: those chosen for it or, if None are, its country's."""
    if chosen is not None:
        return frozenset(chosen)
    if country == "GB":
        return frozenset({uk.NAME})
    if country != "US":
        return frozenset()
    here = region.strip().casefold() in CALIFORNIA
    return frozenset({nevi.NAME, california.NAME}) if here else frozenset({nevi.NAME})


def of_port(site: frozenset[str], connectors: Iterable[tuple[str, int | None]]) -> frozenset[str]:
    """Return which of the site's lenses a port with these (type, W) connectors is under.

    NEVI's every port; the UK's the rapid ones (SI 2023/1168, reg. 2); California's those
    with direct current.
    """
    here = list(connectors)
    found = site & {nevi.NAME}
    if any((power or 0) >= uk.RAPID for _type, power in here):
        found |= site & {uk.NAME}
    if any(kind in DIRECT_CURRENT for kind, _power in here):
        found |= site & {california.NAME}
    return found
