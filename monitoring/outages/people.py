"""What people are called in sentences and lists."""

from django.contrib.auth.models import User


def named(user: User | None) -> str:
    """Return what people call a user; "" for nobody."""
    return str(user.get_full_name() or user.get_username()) if user else ""
