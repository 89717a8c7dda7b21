"""What of others' work the pages are made of, and under which licences."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

VENDOR = Path(__file__).resolve().parent / "static" / "vendor"


@cache
def packages() -> list[dict[str, Any]]:
    """Return the pinned assets by name, each with the file of its licence's text if it has one."""
    pinned = json.loads((VENDOR / "vendor.json").read_text())["packages"]
    return [
        {**package, "text": _licence_file(package)}
        for package in sorted(pinned, key=lambda package: str(package["name"]).lstrip("@"))
    ]


def _licence_file(package: dict[str, Any]) -> str:
    files = package.get("files", {}).values()
    return next((str(name) for name in files if str(name).endswith(".LICENSE")), "")


@login_required
@require_GET
def licences(request: HttpRequest) -> HttpResponse:
    """Show whose work is in the pages."""
    return render(request, "web/credits.html", {"packages": packages()})
