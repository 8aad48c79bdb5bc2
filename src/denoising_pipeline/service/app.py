"""The application: addresses, page, guard, and how errors are told."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from denoising_pipeline import __version__
from denoising_pipeline.service.addresses import router
from denoising_pipeline.service.guard import Guard, Hosts, refusal
from denoising_pipeline.service.limits import RefusedError
from denoising_pipeline.service.shared import Service

ASSETS = Path(__file__).parent / "assets"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    service: Service,
    host: str,
    allowed: Sequence[str] = (),
    lifespan: Lifespan | None = None,
) -> Guard:
    """Put the service together as an ASGI application.

    Args:
        service: The denoiser and its limits.
        host: Where it will listen.
        allowed: Further host names that it may be called by.
        lifespan: What happens when it starts and ends.
    """
    app = FastAPI(
        title="Denoise pictures",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages of documentation load scripts from elsewhere.
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(router)
    app.add_api_route("/", page, include_in_schema=False)
    app.mount("/assets", StaticFiles(directory=ASSETS))
    app.exception_handler(RefusedError)(tell_refusal)
    app.exception_handler(HTTPException)(tell_http)
    app.exception_handler(RequestValidationError)(tell_invalid)
    app.exception_handler(Exception)(tell_fault)
    return Guard(app, Hosts(host, allowed))


async def page() -> FileResponse:
    """Return the page to drop an image on."""
    return FileResponse(ASSETS / "page.html")


def tell_refusal(request: Request, error: RefusedError) -> JSONResponse:
    """Answer what was refused."""
    del request
    return refusal(error)


def tell_http(request: Request, error: HTTPException) -> JSONResponse:
    """Answer an address or a method that does not exist."""
    answer = refusal(RefusedError(error.status_code, f"{request.url.path}: {error.detail}."))
    answer.headers.update(error.headers or {})
    return answer


def tell_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer parameters that are out of range."""
    del request
    first = error.errors()[0]
    name, value = first["loc"][-1], first["input"]
    return refusal(RefusedError(422, f"{name} is {value!r}: {first['msg']}."))


def tell_fault(request: Request, error: Exception) -> JSONResponse:
    """Answer what nobody foresaw: a fault of the program, whose traceback is in the log."""
    del request
    reason = f"A fault of the service ({type(error).__name__}); its log says more."
    return refusal(RefusedError(500, reason))
