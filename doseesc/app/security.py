"""What keeps an app on one's own machine to oneself: hosts, origins, sizes, a token, and what pages may load."""

from __future__ import annotations

import secrets
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("127.0.0.1", "localhost", "[::1]")
"""Names under which an app is reached that listens on its own machine only."""

_ASKS = ("GET", "HEAD")
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # colours and lengths in charts; no style sheet may be put in
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses what does not come from the app's own page, and says to browsers what a page may do.

    Parameters
    ----------
    app : ASGIApp
    token : str
        What the first address must carry, and then a cookie; "" where none is asked for.
    request_bytes : int
        The most that is read of a request.
    """

    def __init__(self, app: ASGIApp, *, token: str = "", request_bytes: int = 1_500_000) -> None:
        self._app, self._token, self._most = app, token, request_bytes
        # Browsers hold the cookies of all ports of a host together: each app that is started has one of its own name.
        self._cookie = f"doseesc_{sha256(token.encode()).hexdigest()[:16]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, with_headers)
            return
        body = b""
        if scope["method"] not in _ASKS:
            whole = await self._read(receive)
            if whole is None:
                answer = PlainTextResponse(f"more than {self._most:,} bytes are not taken", 413)
                await answer(scope, receive, with_headers)
                return
            body = whole
        given = False

        async def again() -> Message:
            nonlocal given
            if given or scope["method"] in _ASKS:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, with_headers)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return what a request brings; None where it is too much."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"".join(parts)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)

    def _refused(self, scope: Scope) -> ASGIApp | None:
        """Return the answer to what is not let in."""
        headers = Headers(scope=scope)
        if scope["method"] not in _ASKS:
            own = [f"{scheme}://{headers.get('host', '')}" for scheme in ("http", "https")]
            if headers.get("origin", "") not in own:
                return PlainTextResponse("this request does not come from the app's own page", 403)
            if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                return PlainTextResponse("the app takes JSON only", 415)
        if not self._token:
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if asked and secrets.compare_digest(asked.encode(), self._token.encode()):
            entered = RedirectResponse(scope.get("root_path", "") + scope["path"], 303)
            entered.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return entered
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            cookie = None
        if cookie is None or not secrets.compare_digest(cookie.value.encode(), self._token.encode()):
            return PlainTextResponse("the address must carry the token that  doseesc app  printed", 403)
        return None


def allowed_hosts(host: str) -> list[str]:
    """Return the names under which an app may be reached that listens on a host.

    Where it listens on every address of the machine a token is asked for, which no other site's page can know.

    Examples
    --------
    >>> allowed_hosts("127.0.0.1"), allowed_hosts("0.0.0.0")
    (['127.0.0.1', 'localhost', '[::1]'], ['*'])
    """
    if host in ("0.0.0.0", "::", ""):
        return ["*"]
    return list(LOCAL) if host in LOCAL or host == "::1" else [host, *LOCAL]
