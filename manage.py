#!/usr/bin/env python
"""Django's command line, with configuration errors said in one sentence."""

import os
import sys

from django.core.management import execute_from_command_line

from cpms.environment import settle


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpms.settings")
    if sys.argv[1:2] == ["gateway"]:
        os.environ.setdefault("KILOWATCH_ROLE", "gateway")
    settle()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
