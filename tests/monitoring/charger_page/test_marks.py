"""What stands above the bars: reboots, and among them those that brought new firmware."""

from datetime import timedelta

from django.contrib.auth.models import User

from inventory.models import Charger
from monitoring.charger_page import subject
from monitoring.charger_page.marks import marks
from monitoring.charger_page.window import Window
from tests.monitoring.charger_page.past import HOUR, boot
from tests.network import NOON

WINDOW = Window(NOON - timedelta(days=1), NOON)


def told(station: Charger) -> list[tuple[str, float, str]]:
    """Return each mark's kind, hours before the end, and text."""
    found = subject.find(User(is_superuser=True, is_active=True), station.identity)
    assert found
    return [(mark.kind, (NOON - mark.at) / HOUR, mark.text) for mark in marks(found, WINDOW)]


def test_a_boot_with_another_version_than_the_one_before_is_new_firmware(station: Charger) -> None:
    for hours, version in ((20, "1.0"), (10, "1.0"), (5, "1.1")):
        boot(station, NOON - hours * HOUR, firmware_version=version)
    assert told(station) == [("boot", 20, "1.0"), ("boot", 10, "1.0"), ("firmware", 5, "1.1")]


def test_the_boot_before_may_be_long_before_the_window(station: Charger) -> None:
    boot(station, NOON - timedelta(days=90), firmware_version="0.9")
    boot(station, NOON - timedelta(days=60), firmware_version="1.0")
    boot(station, NOON - 5 * HOUR, firmware_version="1.1")
    assert told(station) == [("firmware", 5, "1.1")]


def test_a_charger_that_never_booted_before_has_no_new_firmware(station: Charger) -> None:
    boot(station, NOON - 5 * HOUR, firmware_version="1.1")
    assert told(station) == [("boot", 5, "1.1")]
