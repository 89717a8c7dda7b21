"""Cases that can't pass yet, and why. One that passes must be taken off."""

#: Why -> the cases.
REASONS: dict[str, str] = {}

AWAITED = {f"{case}_CSMS": why for why, cases in REASONS.items() for case in cases.split()}
