"""What keeps the page's server safe: who may talk to it, and that rubbish gets a plain no."""

from collections.abc import Awaitable, Callable, Container
from json import JSONDecodeError
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from bot import errors
from bot.desk.generation import new_job_id
from bot.messages.plain import plain
from bot.messages.refusals import refusal
from bot.messages.replies import failed_inside_text

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "style-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "Dailies",  # not which versions of what
}
_STATUS: dict[type[errors.Refused], int] = {
    errors.AdminsOnly: 403,
    errors.NotYours: 403,
    errors.NoSuchJob: 404,
    errors.UnknownAction: 404,
    errors.TooManyJobs: 429,
    errors.TooFast: 429,
    errors.Stopping: 503,
}


class Rejection(Exception):
    """A request that makes no sense; `status` is 4xx."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def status_of(error: errors.Refused) -> int:
    """The status that says of a refusal what its text says."""
    return _STATUS.get(type(error), 400)


def guard(ours: Container[web.AbstractResource | None], *, loopback_only: bool) -> Middleware:
    """A middleware for our routes: foreign pages are turned away, and every error is JSON."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        # What is nobody's is ours to answer too.
        if resource is not None and resource not in ours:
            return await handler(request)
        try:
            _check_sender(request, loopback_only)
            return await handler(request)
        except Rejection as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except errors.Refused as error:
            text = plain(refusal(error))
            return web.json_response({"error": text}, status=status_of(error))
        except (JSONDecodeError, UnicodeDecodeError):
            return web.json_response({"error": "The request is not JSON."}, status=400)
        except ConnectionError:
            # Whoever asked is gone; nobody reads this.
            return web.json_response({"error": "The connection broke off."}, status=400)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return web.json_response({"error": error.reason}, status=error.status)
        except Exception:
            reference = new_job_id()
            log.exception("request failed", reference=reference, path=request.path)
            text = plain(failed_inside_text(reference))
            return web.json_response({"error": text}, status=500)

    return middleware


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Before headers go out: what a browser may do with the answer."""
    response.headers.update(_HEADERS)


def _check_sender(request: web.Request, loopback_only: bool) -> None:
    # Another site's name that was made to point here would be let in by its address alone.
    if loopback_only and _host(f"//{request.host}") not in _LOOPBACK:
        raise Rejection(403, "This address is not served here.")
    origin = request.headers.get("Origin")
    if request.method not in ("GET", "HEAD") and origin and _netloc(origin) != request.host:
        raise Rejection(403, "Another page may not do this.")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _netloc(address: str) -> str | None:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return None
