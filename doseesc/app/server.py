"""Starting the app: a free port, an address to print, a browser, and the server."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from doseesc.app.fields import known_topics
from doseesc.app.security import LOCAL

if TYPE_CHECKING:
    from doseesc.app.settings import Settings


class NoAddress(OSError):
    """The host or port cannot be listened on."""


def serve(settings: Settings, *, port: int, browser: bool, said: Callable[[str], None]) -> None:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    settings : Settings
        Where ``host`` is not this machine's own, or code that a page names may be run, a token is added: other users of
        this machine reach its ports, too.
    port : int
        0 for one that is free.
    browser : bool
        Open it.
    said : callable
        Takes the address.

    Raises
    ------
    NoAddress
        If the port is taken, or the host is not this machine's.
    """
    import uvicorn

    from doseesc.app.routes import application

    if settings.host not in (*LOCAL, "::1") or settings.trusted.code:
        settings = replace(settings, token=secrets.token_urlsafe(24))
    listening = _listen(settings.host, port)
    address = _address(settings, listening.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(application(settings), log_level="warning", timeout_graceful_shutdown=2))
    said(address)
    threading.Thread(target=_warm, daemon=True).start()
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        listening = socket.socket(family, kind, protocol)
        # Elsewhere than on Windows a port may be listened on again soon after it was; there the same would let two apps
        # listen on one port, and either answer.
        alone = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if alone is None else alone, 1)
        listening.bind(place)
        listening.listen(64)
    except OSError as error:
        raise NoAddress(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error
    return listening


def _address(settings: Settings, port: int) -> str:
    host = settings.host
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{port}/" + (f"?token={settings.token}" if settings.token else "")


def _warm() -> None:
    """Load what answers need while the browser opens."""
    import doseesc.app.fragments
    import doseesc.runs.run_study  # noqa: F401
    from doseesc.app.workers import prepare

    known_topics()
    prepare()
