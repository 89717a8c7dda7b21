"""`make screenshots`: the guide's pictures, light and dark, into `cpms/web/static/help/`.

A house of its own on loopback: the demo network with a made-up past of thirty days, then the
simulated fleet, then Chromium signed in as the administrator. The same seed makes the same
past. Run it again whenever pages have changed, look at the pictures, and commit them.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Seconds until the programs are up, and until the fleet has settled and is charging.
STARTS_WITHIN, SETTLES_AFTER = 120.0, 150.0
CHARGERS = 40


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory(prefix="kilowatch-shots-") as data:
        os.environ |= {"DATA": data, "DJANGO_SETTINGS_MODULE": "cpms.settings"}
        from tests.screenshots.stage import free_port, prepare, settled

        os.environ |= {
            "FLEET": str(CHARGERS),
            "WEB_PORT": str(free_port()),
            "OCPP_PORT": str(free_port()),
        }
        prepare(CHARGERS)
        house = subprocess.Popen([sys.executable, "manage.py", "up"], cwd=ROOT)
        try:
            settled(house, STARTS_WITHIN, SETTLES_AFTER)
            from tests.screenshots.camera import take_all

            take_all(f"http://localhost:{os.environ['WEB_PORT']}")
        finally:
            house.send_signal(signal.SIGINT)
            house.wait(60)


main()
