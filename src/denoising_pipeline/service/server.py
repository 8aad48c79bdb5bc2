"""The server: from a socket to a clean end."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.service.app import create_app
from denoising_pipeline.service.guard import Guard
from denoising_pipeline.service.limits import Limits
from denoising_pipeline.service.shared import Service

CONNECTIONS = 200
"""At once, at most."""

PATIENCE = 1
"""Seconds that answers have to end when the server is stopped, and again work."""


def serve(
    denoiser: Denoiser,
    name: str,
    host: str,
    port: int,
    limits: Limits,
    allowed: Sequence[str] = (),
    announce: Callable[[str], None] = print,
) -> None:
    """Serve until SIGINT or SIGTERM ends the process.

    Args:
        denoiser: For images of any size.
        name: What it is called.
        host: Address or name to listen at.
        port: 0: one that is free.
        limits: What pictures may take.
        allowed: Further host names that the service may be called by.
        announce: Called with the address of the page when requests are taken.

    Raises:
        ValueError: The denoiser takes one size only.
        OSError: The port is taken, or the host is none of this machine.
    """
    if not denoiser.any_size:
        height, width, _ = denoiser.image_shape
        raise ValueError(
            f"This denoiser takes images of {height}x{width} pixels only; a service needs one for "
            "any size, such as `photos`."
        )
    with _listening(host, port) as listener:
        service = Service(denoiser, name, limits)
        ended = True

        @contextlib.asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            nonlocal ended
            del app
            announce(_address(listener))
            yield
            ended = service.close(PATIENCE)

        app = create_app(service, host, allowed, lifespan)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            _Server(_config(app), service).run([listener])
    if not ended:  # A thread cannot be ended in the middle of a tile, and would be waited for.
        sys.stdout.flush()
        os._exit(0)


class _Server(uvicorn.Server):
    """Tells those who wait as soon as it is asked to end."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: no new requests, and those that are here are answered."""
        self._service.worker.stop()
        await super().shutdown(sockets)


def _config(app: Guard) -> uvicorn.Config:
    options: dict[str, Any] = {
        "loop": "asyncio",
        "http": "h11",
        "ws": "none",
        "lifespan": "on",
        "log_level": "warning",
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "limit_concurrency": CONNECTIONS,
        "timeout_graceful_shutdown": PATIENCE,
    }
    return uvicorn.Config(app, **options)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise OSError(
            f"Cannot listen at {host}, port {port} ({error.strerror}): choose another --port, or "
            "another --host."
        ) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
