"""What a live socket has yet to be told: merged, and never more than it can hold."""

from cpms.web.backlog import LONGEST_FRAME, MOST_CHARGERS, MOST_FRAMES, Backlog


def change(*kinds: str, ports: tuple[int, ...] = (1,)) -> dict[str, object]:
    return {"site": 1, "ports": list(ports), "kinds": list(kinds)}


def frame(text: str) -> dict[str, str]:
    return {"at": "2026-03-02T12:00:00Z", "direction": "in", "text": text}


def test_changes_of_one_charger_become_one() -> None:
    backlog = Backlog()
    backlog.add_changes({"CP-1": change("status")})
    backlog.add_changes({"CP-1": change("meter", ports=(2,)), "CP-2": change("boot", ports=())})
    assert backlog.take() == [
        {
            "type": "changed",
            "chargers": {
                "CP-1": {"site": 1, "ports": [1, 2], "kinds": ["meter", "status"]},
                "CP-2": {"site": 1, "ports": [], "kinds": ["boot"]},
            },
        }
    ]


def test_what_was_taken_is_gone() -> None:
    backlog = Backlog(incidents=True, strangers=True, alive=True)
    assert [message["type"] for message in backlog.take()] == [
        "incidents",
        "strangers",
        "alive",
    ]
    assert backlog.take() == []


def test_a_page_that_missed_too_much_is_told_to_fetch_everything() -> None:
    backlog = Backlog()
    for number in range(MOST_CHARGERS + 1):
        backlog.add_changes({f"CP-{number}": change("status")})
    assert backlog.take() == [{"type": "resync"}]


def test_the_latest_frames_are_kept_and_the_lost_ones_counted() -> None:
    backlog = Backlog()
    backlog.add_frames(frame(str(number)) for number in range(MOST_FRAMES + 7))
    (message,) = backlog.take()
    assert message["dropped"] == 7
    assert [kept["text"] for kept in message["frames"]][:2] == ["7", "8"]


def test_a_huge_frame_is_cut() -> None:
    backlog = Backlog()
    backlog.add_frames([frame("x" * 1_000_000)])
    assert len(backlog.take()[0]["frames"][0]["text"]) == LONGEST_FRAME + 1


def test_frames_of_the_charger_watched_before_are_forgotten() -> None:
    backlog = Backlog()
    backlog.add_frames([frame("old")])
    backlog.forget_frames()
    assert backlog.take() == []
