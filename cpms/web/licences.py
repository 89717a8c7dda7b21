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
FONTS = Path(__file__).resolve().parent.parent / "reports" / "fonts"


@cache
def packages() -> list[dict[str, Any]]:
    """Return the pinned assets by name, each with the file of its licence's text if it has one."""
    ours = [{**package, "text": _licence_file(package)} for package in _pinned(VENDOR)]
    fonts = [{**package, "text": ""} for package in _pinned(FONTS)]
    return sorted(ours + fonts, key=lambda package: str(package["name"]).lstrip("@"))


def _pinned(folder: Path) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = json.loads((folder / "vendor.json").read_text())["packages"]
    return packages


def _licence_file(package: dict[str, Any]) -> str:
    files = package.get("files", {}).values()
    return next((str(name) for name in files if str(name).endswith(".LICENSE")), "")


@login_required
@require_GET
def licences(request: HttpRequest) -> HttpResponse:
    """Show whose work is in the pages."""
    return render(request, "web/credits.html", {"packages": packages()})
