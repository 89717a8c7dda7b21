#!/usr/bin/env python
"""Django's command line, with what keeps it from starting said in one sentence."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import OperationalError

from cpms import embedded
from cpms.environment import settle


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpms.settings")
    if sys.argv[1:2] == ["gateway"]:
        os.environ.setdefault("KILOWATCH_ROLE", "gateway")
    settle()
    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        if not settings.EMBEDDED or embedded.is_open(settings.DATA):
            raise
        sys.exit(
            f"The database of {settings.DATA} isn't running: start `make run` in another terminal, "
            "or set DATABASE_URL and REDIS_URL."
        )


if __name__ == "__main__":
    main()
