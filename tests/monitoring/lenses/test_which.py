"""Which ports are under which lens."""

import pytest

from monitoring.lenses.which import of_port, of_site

ALL = frozenset({"nevi", "uk", "california"})


@pytest.mark.parametrize(
    ("chosen", "country", "region", "lenses"),
    [
        (None, "GB", "", {"uk"}),
        (None, "US", "Nevada", {"nevi"}),
        (None, "US", "CA", {"nevi", "california"}),
        (None, "US", " california ", {"nevi", "california"}),
        (None, "MX", "CA", set()),
        (None, "DE", "Bayern", set()),
        (None, "", "", set()),
        ([], "GB", "", set()),
        (["nevi"], "DE", "", {"nevi"}),
    ],
)
def test_a_site_has_the_lenses_of_its_country_unless_others_were_chosen(
    chosen: list[str] | None, country: str, region: str, lenses: set[str]
) -> None:
    assert of_site(chosen, country, region) == lenses


@pytest.mark.parametrize(
    ("connectors", "lenses"),
    [
        ([], {"nevi"}),
        ([("IEC_62196_T2", 22_000)], {"nevi"}),
        ([("IEC_62196_T2", 43_000), ("CHADEMO", 49_999)], {"nevi", "california"}),
        ([("IEC_62196_T2_COMBO", 50_000)], {"nevi", "uk", "california"}),
        ([("SAE_J3400", None)], {"nevi", "california"}),
        ([("UNKNOWN", 150_000)], {"nevi", "uk"}),
    ],
)
def test_a_port_is_under_those_that_its_connectors_are_for(
    connectors: list[tuple[str, int | None]], lenses: set[str]
) -> None:
    assert of_port(ALL, connectors) == lenses
    assert of_port(frozenset(), connectors) == frozenset()
