"""What every response of the dashboard carries: the content policy, and the way to the sign-in."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.views.defaults import page_not_found

#: Nothing but our own files: no inline script or style, no other host, no frame.
#: `data:` images are Tabler's form controls.
DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)


def policy(tiles: str) -> str:
    """Return the policy; images may come from the host of the map's `tiles` as well, if any."""
    host = f" {tiles[: tiles.index('/', len('https://'))]}" if tiles else ""
    return "; ".join(f"{one}{host}" if one.startswith("img-src") else one for one in DIRECTIVES)


class ContentSecurityPolicy:
    """Middleware that sets the policy, unless the view has set a narrower one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = policy(settings.MAP_TILES_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the policy in the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


class NotFound:
    """Middleware that shows our own page where there is nothing, with `DEBUG` as well.

    Django's page for developers is for those who know its patterns of addresses, not for who
    tries the demo; and our content policy forbids its styles.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with our page where no address matches."""
        response = self.get_response(request)
        nothing = response.status_code == HTTPStatus.NOT_FOUND and request.resolver_match is None
        return page_not_found(request, Http404()) if settings.DEBUG and nothing else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with our page where a view finds nothing."""
        return page_not_found(request, exception) if isinstance(exception, Http404) else None


class SignInAgain:
    """Middleware for requests of a page whose session has ended meanwhile.

    A fragment gets 401, as htmx would follow a redirect and put the sign-in form into the page;
    the page then says so itself (session.js). Who sends a form is led back to the page that it
    was on, as its own address answers nobody who only looks at it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 401, or lead to the sign-in and back, where Django leads to the sign-in."""
        response = self.get_response(request)
        if not _leads_to_sign_in(response):
            return response
        if "HX-Request" in request.headers:
            return HttpResponse(status=401)
        if request.method == "GET":
            return response
        page = address(request.headers.get("Referer", ""))
        back = page.path + (f"?{page.query}" if page.query else "")
        return redirect_to_login(back if page.netloc == request.get_host() else "/")


def address(said: str) -> SplitResult:
    """Read an address that a browser says; an empty one where it is none."""
    try:
        return urlsplit(said)
    except ValueError:
        return urlsplit("")


def _leads_to_sign_in(response: HttpResponse) -> bool:
    sign_in: str = resolve_url(settings.LOGIN_URL)
    return response.status_code == 302 and response["Location"].startswith(sign_in)
