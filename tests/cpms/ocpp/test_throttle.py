"""Buckets let so much through per second, and never owe more than was taken."""

import pytest

from cpms.ocpp.throttle import MOST_KEYS, Bucket, Throttle


def test_a_burst_passes_and_what_is_beyond_waits_its_turn() -> None:
    bucket = Bucket(rate=10.0, burst=3.0, now=100.0)
    assert [bucket.take(100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    assert bucket.take(100.4) == 0.0


def test_a_clock_that_stands_still_or_goes_back_costs_nobody_his_turn() -> None:
    bucket = Bucket(rate=10.0, burst=1.0, now=100.0)
    assert bucket.take(100.0) == 0.0
    assert bucket.take(100.0) == pytest.approx(0.1)
    assert bucket.take(100.1, 0.0) == pytest.approx(0.0)
    assert bucket.take(100.0, 0.0) == pytest.approx(0.0)


def test_what_costs_more_waits_longer() -> None:
    bucket = Bucket(rate=10.0, burst=1.0, now=0.0)
    assert bucket.take(0.0, 11.0) == pytest.approx(1.0)


def test_what_is_refused_is_not_counted() -> None:
    bucket = Bucket(rate=1.0, burst=1.0, now=0.0)
    assert [bucket.refuse(0.0) for _ in range(4)] == [False, True, True, True]
    assert not bucket.refuse(1.0)


async def test_a_flood_of_keys_is_forgotten_from_the_oldest() -> None:
    throttle = Throttle(rate=0.001, burst=1.0)
    assert not throttle.refuses("first")
    assert throttle.refuses("first")
    for number in range(MOST_KEYS):
        throttle.refuses(number)
    assert not throttle.refuses("first")
    assert throttle.refuses(MOST_KEYS - 1)
    assert len(throttle._buckets) == MOST_KEYS
