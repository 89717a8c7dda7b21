"""What follows from chargers' messages, and may be lost."""

import pytest

from cpms.ocpp.commands import transfers


def test_a_reading_that_was_lost_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert transfers.reported(-7) is not None  # Its message was never stored: it isn't called.
    assert transfers.reported(-7) is None
    monkeypatch.setattr(transfers, "LOST_AFTER", 0.0)
    assert transfers.reported(-7) is not None
