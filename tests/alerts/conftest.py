"""Fixtures of the alert tests."""

import pytest

from tests.alerts.world import World


@pytest.fixture
def world(db: None) -> World:
    """A small network with a running gateway."""
    return World.make()
