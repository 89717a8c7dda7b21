"""How long something lasted or lasts, in the two largest units that matter.

The units are SI symbols and the same in every language: s, min, h, d. The browser keeps
running durations up to date with the same rules (`static/kilowatch/times.js`).
"""

from datetime import timedelta


def spoken(duration: timedelta) -> str:
    """Return e.g. "8 s", "12 min", "3 h 05 min", "2 d 4 h"; negative durations are "0 s"."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days < 14 else f"{days} d"
