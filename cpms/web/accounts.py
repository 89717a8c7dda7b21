"""How people come in: by an account an administrator made, never by signing up."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import User
from django.http import HttpRequest


class Accounts(AuthenticationBackend):  # type: ignore[misc]
    """Signs people in by user name or e-mail, and knows their preferences from then on.

    Every request needs both: they are read in one query.
    """

    def get_user(self, user_id: int) -> User | None:
        """Return the user of a session, with preferences, unless they may not sign in."""
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's adapter with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: staff accounts are made in the back office."""
        return False
