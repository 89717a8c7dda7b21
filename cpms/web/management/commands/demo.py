"""The demo network: `manage.py demo`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from cpms.web.demo import network, pasts, people

MOST_CHARGERS = 10_000


class Command(BaseCommand):
    """Makes the demo's users, sites and chargers; run again, it changes only what differs."""

    help = "Make demo users and a demo network for `simulate --demo`; only with DEBUG."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--chargers", type=int, default=40, help="how many (default: 40)")
        parser.add_argument(
            "--past", action="store_true", help="only make up what the chargers did before"
        )

    def handle(self, *, chargers: int, past: bool = False, **_: Any) -> None:
        """Make the demo, and print the logins."""
        if not settings.DEBUG:
            raise CommandError("The demo has known users: it is only made with DEBUG on.")
        if not 0 <= chargers <= MOST_CHARGERS:
            raise CommandError(f"--chargers must be 0 to {MOST_CHARGERS}.")
        if past:
            pasts.give(timezone.now())
            return
        folder = Path(settings.DATA)
        with transaction.atomic():
            own, partner = network.organisations()
            sites = network.sites(own, partner)
            network.tokens([own, partner])
            network.tariffs(sites.values())
            network.chargers(folder, sites, chargers, timezone.now())
            passwords = people.settle(folder, own, partner)
        for username, password in passwords.items():
            self.stdout.write(f"login {username} / {password}")
