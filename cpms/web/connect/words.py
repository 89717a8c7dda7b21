"""Why a charger isn't connected, or not all the way: what happened, and what to do about it."""

from cpms.web.connect.case import Case, Words
from cpms.web.connect.door import AT_THE_DOOR
from cpms.web.connect.inside import INSIDE
from monitoring.arrival import Knock, Mark


def words(mark: Mark, case: Case) -> Words:
    """Return the words of a step that needs some; both "" for one that needs none."""
    if mark.knock is not None and mark.why in AT_THE_DOOR:
        return AT_THE_DOOR[mark.why](mark.knock, case)
    if mark.why in INSIDE:
        return INSIDE[mark.why](mark, case)
    return Words("", "")


def of_knock(knock: Knock, case: Case) -> Words:
    """Return the words of a knock that wasn't let in."""
    return AT_THE_DOOR[knock.outcome](knock, case)
