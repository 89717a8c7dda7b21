"""Numbered messages: whatever the order, a gap is flagged as long as there is one."""

from hypothesis import given
from hypothesis import strategies as st

from monitoring.sequences import MOST_MISSING, Sequence


def flagged(numbers: list[int]) -> bool:
    """Tell whether the session carries the flag after these messages."""
    sequence, flag = Sequence(), False
    for number in numbers:
        word = sequence.hear(number)
        flag = flag if not word else word == "seq_gap"
    return flag


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_the_flag_says_whether_any_between_first_and_last_is_missing(numbers):
    heard = set(numbers)
    assert flagged(numbers) == (heard != set(range(min(heard), max(heard) + 1)))


@given(st.permutations(range(12)), st.permutations(range(12)))
def test_all_of_them_in_any_order_and_twice_leave_no_flag(once, again):
    assert not flagged([*once, *again])


def test_a_jump_to_a_huge_number_costs_little():
    sequence = Sequence()
    sequence.hear(0)
    assert sequence.hear(2**31 - 1) == "seq_gap"
    assert len(sequence.missing) == MOST_MISSING
