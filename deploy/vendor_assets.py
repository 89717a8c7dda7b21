"""Refresh the vendored browser assets from npm, as pinned in their vendor.json.

Three folders have one: the dashboard's own assets, those that only its tests use, and the
fonts of reports.

    python deploy/vendor_assets.py            fetch what is pinned, check it, write it
    python deploy/vendor_assets.py --repin    also take the versions in vendor.json as new
                                              and write their checksums

Nothing else runs: no build step. Change a version in vendor.json, run with --repin, look
at the pages, commit both.
"""

import argparse
import base64
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import vendor_map

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    ROOT / "cpms/web/static/vendor",
    ROOT / "tests/browser/vendor",
    ROOT / "cpms/reports/fonts",
)
SOURCE_MAP = re.compile(rb"\s*(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")
#: Tabler's icons begin with an invisible square that only matters to editors.
ICON_FRAME = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
SPRITE = '<svg xmlns="http://www.w3.org/2000/svg" class="kw-sprite" aria-hidden="true">'


class WrongAssetError(Exception):
    """What npm gave isn't what is pinned; the message says which package."""


def main() -> None:
    """Fetch every pinned package and write its files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repin", action="store_true", help="accept and write new checksums")
    repin: bool = parser.parse_args().repin
    for folder in FOLDERS:
        refresh(folder, repin)


def refresh(folder: Path, repin: bool) -> None:
    """Write the files of every package pinned in the folder's vendor.json."""
    pins = json.loads((folder / "vendor.json").read_text())
    for package in pins["packages"]:
        take(package, folder, repin)
    (folder / "vendor.json").write_text(json.dumps(pins, indent=2) + "\n")


def take(package: dict[str, Any], folder: Path, repin: bool) -> None:
    """Fetch one package, check it, and write the files it is pinned for into `folder`."""
    with tempfile.TemporaryDirectory() as temporary:
        archive = fetch(package, Path(temporary))
        check(package, archive, repin)
        write(package, archive, folder)


def check(package: dict[str, Any], archive: Path, repin: bool) -> None:
    """Hold the archive against the pinned checksum, or pin it anew."""
    found = integrity(archive)
    if repin:
        package["integrity"] = found
    elif package["integrity"] != found:
        raise WrongAssetError(f"{package['name']} {package['version']} has changed: {found}.")


def write(package: dict[str, Any], archive: Path, folder: Path) -> None:
    """Write the archive's files, its icons' sprite and what the map is made of, into `folder`."""
    with tarfile.open(archive) as tar:
        for source, target in package.get("files", {}).items():
            (folder / target).parent.mkdir(exist_ok=True)
            (folder / target).write_bytes(SOURCE_MAP.sub(b"\n", read(tar, source)))
        if "icons" in package:
            (folder / package["sprite"]).write_text(sprite(tar, package["icons"]))
        for source, target in package.get("countries", {}).items():
            (folder / target).write_bytes(vendor_map.countries(read(tar, source)))
        for source, targets in package.get("places", {}).items():
            for target, made in zip(targets, vendor_map.places(read(tar, source)), strict=True):
                (folder / target).write_bytes(made)


def fetch(package: dict[str, Any], folder: Path) -> Path:
    """Return the path of the package's archive, fetched with the machine's npm client."""
    name = f"{package['name']}@{package['version']}"
    subprocess.run(  # noqa: S603 the names come from the pinned list
        ["npm", "pack", "--silent", name],  # noqa: S607 whichever npm the developer has
        cwd=folder,
        check=True,
        timeout=300,
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("*.tgz"))


def integrity(archive: Path) -> str:
    """Return the Subresource Integrity text of the archive, as npm's lock files have it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def read(tar: tarfile.TarFile, path: str) -> bytes:
    """Return the bytes of a file of the package."""
    member = tar.extractfile(f"package/{path}")
    if member is None:
        raise WrongAssetError(f"{path} is not a file of the package.")
    return member.read()


def sprite(tar: tarfile.TarFile, names: list[str]) -> str:
    """Return one SVG with a <symbol> per icon, to be used as `#i-name` in a page it is in."""
    drawings = {name: read(tar, f"icons/outline/{name}.svg").decode() for name in names}
    symbols = "\n".join(symbol(name, svg) for name, svg in drawings.items())
    return f"{SPRITE}\n{symbols}\n</svg>\n"


def symbol(name: str, svg: str) -> str:
    """Return the <symbol> of one icon's SVG."""
    shapes = svg[svg.index(">") + 1 : svg.rindex("</svg>")].replace(ICON_FRAME, "")
    drawn = " ".join(shapes.split())
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{drawn}</symbol>'


if __name__ == "__main__":
    main()
