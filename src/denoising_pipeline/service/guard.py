"""What stands before the service: who may ask, and what each answer says to a browser."""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from denoising_pipeline.service.limits import ENDS, RefusedError

DRAINED_SECONDS = 5.0
"""How long the rest of a request that was refused is read and thrown away.

A client that still sends when the connection is closed would lose the answer.
"""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Of every answer: the page loads nothing from elsewhere, and no other page shows or reads it."""


class Hosts:
    """The names under which the service may be called.

    A page of another site must not use the service of whoever looks at it: its requests carry its
    own name as `Origin`, or, if it made that name point here (DNS rebinding), as `Host`. An address
    in numbers cannot be made to point elsewhere.
    """

    def __init__(self, bound: str, allowed: Sequence[str] = ()) -> None:
        """Allow the address that the service listens at, this machine, and other names.

        Args:
            bound: Host or address that it listens at; one that stands for every address of the
                machine, such as "0.0.0.0", allows all addresses in numbers.
            allowed: Further host names, without a port.
        """
        self._allowed = {name.lower().strip("[]") for name in allowed}
        self._names = {bound.lower(), "localhost"} | self._allowed
        address = _address(bound)
        self._any_address = address is not None and address.is_unspecified

    def check(self, headers: Headers) -> None:
        """Check where a request comes from.

        Raises:
            RefusedError: 403, for a foreign host or origin.
        """
        host = headers.get("host", "")
        name = _host_name(host)
        if not self._knows(name):
            raise RefusedError(
                403,
                f"This service is not called '{name}'. If it is meant to be, start it with "
                f"--allow-host {name or 'NAME'}.",
            )
        origin = headers.get("origin")
        if origin is not None:
            found = urlsplit(origin)
            if found.netloc.lower() != host.lower() and found.hostname not in self._allowed:
                raise RefusedError(403, f"Pages of '{origin}' may not use this service.")
        site = headers.get("sec-fetch-site", "none")
        if site not in {"none", "same-origin"} and headers.get("sec-fetch-mode") != "navigate":
            raise RefusedError(403, "Pages of other sites may not use this service.")

    def _knows(self, name: str) -> bool:
        if name in self._names:
            return True
        address = _address(name)
        return address is not None and (self._any_address or address.is_loopback)


class Guard:
    """Refuse foreign requests, and answer all others with `HEADERS`."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        pending, untouched, started = True, True, False

        async def received() -> Message:
            nonlocal pending, untouched
            message = await receive()
            pending, untouched = bool(message.get("more_body")), False
            return message

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(HEADERS)
                if pending and not (untouched and "expect" in headers):
                    await _drain(received)
            await send(message)

        try:
            self.hosts.check(headers)
            await self.app(scope, received, answer)
        except RefusedError as refused:
            await refusal(refused)(scope, received, answer)
        except asyncio.CancelledError:  # The server ends, and this took longer than it waits.
            pending = False
            if not started:
                await refusal(RefusedError(503, ENDS))(scope, received, answer)


def refusal(refused: RefusedError) -> JSONResponse:
    """Return the answer to a request that is not served: `{"detail": reason}`."""
    wait = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    return JSONResponse({"detail": refused.reason}, refused.status, wait)


async def _drain(receive: Receive) -> None:
    try:
        async with asyncio.timeout(DRAINED_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        pass


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
