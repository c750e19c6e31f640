"""The app: which address answers what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from doseesc.app.asked import AskedConduct, AskedDurations, AskedQuestion, AskedState, AskedStudy, BadRequest, asked
from doseesc.app.jobs import PageJobs
from doseesc.app.security import Guard, allowed_hosts
from doseesc.app.settings import Settings
from doseesc.app.views import Views
from doseesc.app.workers import AnsweringProcesses

Asked = TypeVar("Asked")

_HERE = Path(__file__).parent
_LOOKS = 0.2  # seconds between looks whether a page still waits
SCRIPTS = _HERE.parent / "report/page/scripts"
"""What the report and the app share; not asked of the report, which takes long to load."""


def application(settings: Settings) -> Starlette:
    """Return the app.

    Parameters
    ----------
    settings : Settings
    """
    jobs = PageJobs(settings.limits)
    workers = AnsweringProcesses(settings.trusted, settings.limits)
    views = Views(settings, jobs, workers)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        yield
        jobs.end()
        workers.end()

    at_work = 0

    async def worked_on(work: Callable[[Asked], dict[str, Any]], question: Asked) -> Response:
        nonlocal at_work
        if at_work >= settings.limits.requests:
            raise Crowded(f"as many requests are being answered as may be at once, {at_work}; ask again in a moment")
        at_work += 1
        try:
            return JSONResponse(await run_in_threadpool(work, question))
        finally:
            at_work -= 1

    async def page(_: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(views.page))

    async def look(_: Request) -> Response:
        return Response(await run_in_threadpool(views.style_sheet), media_type="text/css")

    async def shipped(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(views.shipped, request.path_params["name"]))

    async def guide(request: Request) -> Response:
        page = await run_in_threadpool(views.guide, request.path_params.get("topic"))
        return HTMLResponse(page)

    async def state(request: Request) -> Response:
        return await worked_on(views.state, asked(await request.body(), AskedState))

    async def further(request: Request) -> Response:
        return await worked_on(views.further, asked(await request.body(), AskedStudy))

    async def durations(request: Request) -> Response:
        gone = Event()
        work = partial(views.durations, gone=gone.is_set)
        return await _while_awaited(request, gone, worked_on(work, asked(await request.body(), AskedDurations)))

    async def conduct(request: Request) -> Response:
        return await worked_on(views.conduct.answer, asked(await request.body(), AskedConduct))

    async def job(request: Request) -> Response:
        found = jobs.get(request.path_params["name"])
        return _unknown() if found is None else JSONResponse(found.told())

    async def ask(request: Request) -> Response:
        return await worked_on(views.ask, asked(await request.body(), AskedQuestion))

    async def saved(request: Request) -> Response:
        found = jobs.get(request.path_params["name"])
        if found is None or "file" not in found.found:
            return _unknown()
        name, kind, content = found.found["file"]
        return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    async def cancel(request: Request) -> Response:
        found = jobs.cancel(request.path_params["name"])
        return _unknown() if found is None else JSONResponse(found.told())

    return Starlette(
        routes=[
            Route("/", page),
            Route("/look.css", look),
            Route("/guide/", guide),
            Route("/guide/{topic:str}", guide),
            Route("/shipped/{name:str}", shipped),
            Route("/state", state, methods=["POST"]),
            Route("/further", further, methods=["POST"]),
            Route("/durations", durations, methods=["POST"]),
            Route("/conduct", conduct, methods=["POST"]),
            Route("/ask", ask, methods=["POST"]),
            Route("/jobs/{name:str}", job),
            Route("/jobs/{name:str}/file", saved),
            Route("/jobs/{name:str}/cancel", cancel, methods=["POST"]),
            Mount("/scripts", StaticFiles(directory=SCRIPTS)),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings.host), www_redirect=False),
            Middleware(Guard, token=settings.token, request_bytes=settings.limits.request_bytes),
        ],
        exception_handlers={BadRequest: _told, Crowded: _later},
        lifespan=life,
    )


class Crowded(Exception):
    """As many requests are worked on as may be."""


async def _while_awaited(request: Request, gone: Event, answer: Coroutine[Any, Any, Response]) -> Response:
    """Return an answer; where the page that asked for it is closed meanwhile, say so to the work by ``gone``."""
    working = asyncio.ensure_future(answer)
    while not (await asyncio.wait({working}, timeout=_LOOKS))[0]:
        if await request.is_disconnected():
            gone.set()
            break
    return await working


def _unknown() -> Response:
    return JSONResponse({"state": "failed", "message": "this job is not known any more; ask again"}, 404)


async def _told(_: Request, error: Exception) -> Response:
    return JSONResponse({"message": str(error)}, 400)


async def _later(_: Request, error: Exception) -> Response:
    return JSONResponse({"message": str(error)}, 503, headers={"Retry-After": "1"})
