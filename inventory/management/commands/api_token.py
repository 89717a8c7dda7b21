"""`manage.py api_token USERNAME`: a new API token, shown this once."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory import tokens
from inventory.models import Role
from inventory.models.organisation import SCOPES


class Command(BaseCommand):
    """Prints a new API token for a user, and nothing else."""

    help = "Print a new API token for a user. It can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user and what the token may do."""
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="What the token is for.")
        parser.add_argument("--role", default="", choices=Role.values, help="At most this role.")
        parser.add_argument("--expires-days", type=int, help="Days until it expires.")
        parser.add_argument(
            "--scope", action="append", choices=SCOPES,
            help="May be given several times; read and write if left out.",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token and print it."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}.")
        days = options["expires_days"]
        if days is not None and not 0 < days <= 3650:
            raise CommandError("--expires-days must be 1 to 3650.")
        try:
            _token, text = tokens.issue(
                user,
                options["name"],
                role=options["role"],
                scopes=options["scope"] or ("read", "write"),
                expires_at=timezone.now() + timedelta(days=days) if days else None,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(text)
