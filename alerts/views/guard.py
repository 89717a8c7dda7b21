"""Who may do what on the pages of this room."""

from django.contrib.auth.models import User
from django.http import HttpRequest

from alerts import access
from monitoring.views.asked import person, refused


def require(request: HttpRequest, ability: str, organisation_id: int | None) -> User:
    """Return who asks, if they have the ability there; else enter the refusal and answer 403.

    Raises PermissionDenied.
    """
    user = person(request)
    if not access.may(user, ability, organisation_id):
        raise refused(request, ability)
    return user
