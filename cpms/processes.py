"""What Linux knows about processes: who ends with whom, and who works where."""

import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from signal import Signals

PR_SET_PDEATHSIG = 1


def die_with_parent(number: Signals) -> Callable[[], None]:
    """Return what a child runs before exec, so that it gets signal `number` when we die.

    More exactly: when the thread dies that started it. A change of user clears the setting, so
    that must come before (`subprocess` does).
    """
    libc, parent = ctypes.CDLL(None), os.getpid()

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def follow_parent(number: Signals) -> None:
    """Let this process get signal `number` when the one that started it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


def working_in(folder: Path, program: str) -> list[int]:
    """Return the ids of the processes of `program` whose working folder is `folder`."""
    place = folder.stat()
    numbers = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry in numbers if _works_in(entry, place, program)]


def _works_in(process: Path, place: os.stat_result, program: str) -> bool:
    try:
        named = (process / "comm").read_text().strip() == program
        return named and os.path.samestat((process / "cwd").stat(), place)
    except OSError:  # Gone by now, or somebody else's.
        return False


def wait_while(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` is false, at most `seconds`; return whether it came to that."""
    deadline = time.monotonic() + seconds
    while condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
