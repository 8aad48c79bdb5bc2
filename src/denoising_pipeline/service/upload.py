"""The body of a request, written to a file while it arrives."""

import asyncio
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from denoising_pipeline.service.limits import Limits, RefusedError, refused_size

NO_IMAGES = ("multipart/", "text/", "application/json", "application/xml")
"""How content types begin that are no bytes of an image.

`application/x-www-form-urlencoded` is what curl says of any bytes if it is not told better.
"""


async def receive_file(request: Request, path: Path, limits: Limits) -> None:
    """Write the body of a request to a file; no more of it than a piece is in memory.

    Raises:
        RefusedError: 413, 415, 408: it is too large, no image, or takes too long; 400: it is empty
            or ended early.
    """
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith(NO_IMAGES):
        raise RefusedError(
            415,
            f"The body is '{kind.partition(';')[0]}', but the bytes of an image are expected, as "
            "`curl --data-binary @photo.jpg` sends them.",
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.max_bytes:
        raise refused_size(limits.max_bytes)
    try:
        async with asyncio.timeout(limits.timeout):
            size = await _write(request, path, limits.max_bytes)
    except TimeoutError:
        raise RefusedError(
            408, f"The file did not arrive within {limits.timeout:g} seconds."
        ) from None
    except ClientDisconnect:
        raise RefusedError(400, "The connection ended before the file did.") from None
    if not size:
        raise RefusedError(400, "The body is empty: send the bytes of an image.")


async def _write(request: Request, path: Path, max_bytes: int) -> int:
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > max_bytes:
                raise refused_size(max_bytes)
            file.write(piece)
    return size
