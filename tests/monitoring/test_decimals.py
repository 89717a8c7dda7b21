"""Numbers are rounded as people round them, and written as their language writes them."""

import pytest
from django.utils import translation

from cpms.web.templatetags.kilowatch import kilowatts
from monitoring.decimals import decimals, per_cent


@pytest.mark.parametrize(
    ("number", "places", "text"), [(7.36, 1, "7.4"), (0.04, 1, "0.0"), (99.996, 2, "100.00")]
)
def test_what_is_too_much_is_rounded_not_cut_off(number: float, places: int, text: str) -> None:
    assert decimals(number, places) == text


def test_the_language_writes_the_point_and_parts_the_thousands() -> None:
    with translation.override("de"):
        assert decimals(1234.56, 1, grouped=True) == "1.234,6"


def test_power_and_rates_are_rounded_as_well() -> None:
    assert kilowatts(7_360) == "7.4 kW"
    assert per_cent(0.98567, 2) == "98.57 %"
    assert [per_cent(0.99999, places) for places in (1, 2)] == ["99.9 %", "99.99 %"]
