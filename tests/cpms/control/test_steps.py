"""What reports come down to that come late, twice, out of order or never."""

from datetime import UTC, datetime, timedelta

import pytest

from cpms.control import steps

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def said(*words: str) -> list[steps.Step]:
    found: list[steps.Step] = []
    for number, word in enumerate(words):
        found = steps.added(found, word, NOON + timedelta(minutes=number))
    return found


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("Downloading Downloaded", ""),
        ("Downloading Downloaded Installing Installed", "done"),
        ("Downloading DownloadFailed", "failed"),
        ("Downloading DownloadFailed Downloading", ""),
        ("Downloading DownloadFailed Installing", "failed"),
        ("Installed Downloading", "done"),
        ("Installed InvalidSignature", "done"),
        ("Uploading AcceptedCanceled", "cancelled"),
        ("Uploading UploadFailure Uploading Uploaded", "done"),
        ("Idle", ""),
        ("Whatever", ""),
        ("", ""),
    ],
)
def test_how_a_transfer_ends(words: str, end: str) -> None:
    assert steps.ends(said(*words.split())) == end


def test_a_report_that_is_repeated_is_counted() -> None:
    found = said("Downloading", "Downloading", "Downloaded", "Downloading")
    assert [(step["status"], step["count"]) for step in found] == [
        ("Downloading", 2),
        ("Downloaded", 1),
        ("Downloading", 1),
    ]
    assert found[0]["at"] < found[0]["last"]


def test_a_flood_of_reports_keeps_the_first_and_the_newest() -> None:
    found = said("DownloadScheduled", *(f"Word{number}" for number in range(100)))
    assert len(found) == steps.MOST
    assert (found[0]["status"], found[-1]["status"]) == ("DownloadScheduled", "Word99")


def test_the_furthest_word_counts_whatever_came_last() -> None:
    assert steps.furthest(said("Downloading", "Installing", "Downloading", "Idle")) == "Installing"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3.4.1", " v3.4.1 ", True),
        ("V2-RC", "v2-rc", True),
        ("3.4.1", "3.4.10", False),
        ("version", "ersion", False),
    ],
)
def test_versions_are_compared_as_they_are_meant(one: str, other: str, same: bool) -> None:
    assert steps.same_version(one, other) is same
