"""Addresses of more parameters than we read: refused at once."""

from collections.abc import Callable

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request


class Parameters:
    """Middleware that answers 400 to too many parameters, before anything looks at them.

    Django would where the first looks; with DEBUG by a page about it, which takes seconds to
    make, looks as well, and fails. The API has a problem of its own for answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, if what is asked for can be read."""
        try:
            _read = request.GET
        except TooManyFieldsSent as problem:
            if not request.path.startswith("/api/"):
                return bad_request(request, problem)
        return self.get_response(request)
