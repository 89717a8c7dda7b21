"""Every test runs on real servers: the embedded PostgreSQL and Valkey, started once per run.

With xdist each worker has its own database (pytest-django) and its own prefix in Valkey.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpms import embedded

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
OURS = (
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "EMAIL_URL"),
    *("OCPP_PUBLIC_URL", "DEBUG", "KILOWATCH_ROLE", "METRICS_NETWORKS"),
)

if "DJANGO_SETTINGS_MODULE" in os.environ:
    pytest.exit("Unset DJANGO_SETTINGS_MODULE: the tests make their own settings.", 4)
if not WORKER:
    for name in OURS:
        os.environ.pop(name, None)
    os.environ["DATA"] = tempfile.mkdtemp(prefix="kilowatch-test-")
    atexit.register(shutil.rmtree, os.environ["DATA"], ignore_errors=True)
os.environ["REDIS_PREFIX"] = f"test-{WORKER or 'main'}"
os.environ["DJANGO_SETTINGS_MODULE"] = "cpms.settings"

import django  # noqa: E402 (the settings read the environment above)
from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import TransactionTestCase  # noqa: E402

from tests import tables  # noqa: E402

django.setup()
# A fifth of a second for each user otherwise, whose passwords are worth nothing.
PBKDF2PasswordHasher.iterations = 1
# Else pytest-django in xdist's workers would load the settings before this file gives them
# their own prefix. Django itself has no more need of it.
del os.environ["DJANGO_SETTINGS_MODULE"]

pytest_plugins = ["tests.conformance.table"]
SERVERS = pytest.StashKey[embedded.Embedded]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the process that the others come from."""
    if not WORKER and not config.option.collectonly and not config.option.help:
        config.stash[SERVERS] = embedded.start(Path(os.environ["DATA"]), fsync=False)


#: Where single files take a minute, most of it waiting: one that begins last is waited for alone.
LONGEST_FIRST = ("tests/scenarios/", "tests/browser/", "tests/cpms/test_")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, the others in their order."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    places = (n for n, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start))
    return next(places, len(LONGEST_FIRST))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    if SERVERS in config.stash:
        config.stash[SERVERS].stop()


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty the tables in our way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: tables.empty())
        yield


@pytest.fixture
def process_env(transactional_db: None) -> dict[str, str]:
    """The environment for a process of ours that works on this test's database and prefix."""
    sockets = connection.settings_dict["HOST"]
    database = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "cpms.settings",
        "DATABASE_URL": f"postgresql://kilowatch@/{database}?host={sockets}",
        "REDIS_URL": embedded.urls(Path(os.environ["DATA"]))[1],
        "DEBUG": "1",
    }
