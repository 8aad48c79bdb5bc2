"""What the addresses of the service answer."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from denoising_pipeline import __version__
from denoising_pipeline.pictures.formats import format_of
from denoising_pipeline.service.facts import (
    LEVELS,
    MEDIA_TYPES,
    KeptFacts,
    PictureFacts,
    plain_name,
)
from denoising_pipeline.service.limits import RefusedError
from denoising_pipeline.service.pictures import blend, denoise_file, denoise_to_keep, named
from denoising_pipeline.service.shared import At, Place
from denoising_pipeline.service.upload import receive_file

Strength = Annotated[
    float, Query(ge=0, le=1, description="From 0, as it was, to 1, as the network gives it.")
]
Sigma = Annotated[
    float | None,
    Query(ge=0, le=LEVELS, description="Standard deviation of the noise, of 255; else estimated."),
]
Format = Annotated[str | None, Query(description="Such as PNG or TIFF; else as it came.")]
Name = Annotated[str | None, Query(description="Of the file, such as photo.jpg.")]

BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BYTES}}}
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The denoised file. `X-Noise-Level` (of 255; the first page), `X-Seconds` "
        "and `X-Warnings` (a JSON list) say what was found; /results says more.",
        "content": dict.fromkeys(MEDIA_TYPES.values(), BYTES),
    }
}

router = APIRouter()


@router.get("/health")
async def health(service: At) -> dict[str, str | int]:
    """Say that the service is there, and how much of its queue is taken."""
    worker = service.worker
    return {"status": "ok", "version": __version__, "taken": worker.taken, "places": worker.places}


@router.get("/card")
async def card(service: At) -> dict[str, Any]:
    """Say what the denoiser is, what it was trained on, and what it is not for."""
    denoiser = service.denoiser
    try:
        found = denoiser.card.model_dump(mode="json")
    except ValueError as error:
        raise RefusedError(404, str(error)) from error
    architecture = denoiser.architecture.model_dump(mode="json")
    return {
        "name": service.name,
        "architecture": architecture,
        "weights": denoiser.weight_count,
        **found,
    }


@router.post("/denoise", response_class=FileResponse, responses=FILE, openapi_extra=BODY)
async def denoise(
    request: Request,
    service: At,
    folder: Place,
    strength: Strength = 1.0,
    sigma: Sigma = None,
    format: Format = None,  # noqa: A002
    name: Name = None,
) -> FileResponse:
    """Denoise the image whose bytes are the body, and return it as it came."""
    with named(""):
        wanted = format and format_of(format)
    source, target = folder / "sent", folder / "denoised"
    await receive_file(request, source, service.limits)
    work = partial(
        denoise_file,
        source,
        target,
        plain_name(name),
        service.settings(strength, sigma),
        wanted,
        service.denoiser,
        service.limits,
    )
    return file_answer(target, await service.worker.run(work, request))


@router.post("/results", status_code=201, openapi_extra=BODY)
async def keep(
    request: Request, service: At, place: Place, sigma: Sigma = None, name: Name = None
) -> KeptFacts:
    """Denoise the image whose bytes are the body, and keep the result for a while.

    It is then downloaded with any strength, without running the network again.
    """
    del place
    with service.new_folder() as folder:
        source = folder / "sent"
        await receive_file(request, source, service.limits)
        settings = service.settings(sigma=sigma)
        work = partial(
            denoise_to_keep, source, plain_name(name), settings, service.denoiser, service.limits
        )
        result, facts = await service.worker.run(work, request)
        key = service.results.keep(result)
    shown = [f"/results/{key}/{{}}/{page}.png" for page in range(len(facts.pages))]
    return KeptFacts(
        **facts.model_dump(),
        id=key,
        before=[address.format("before") for address in shown],
        after=[address.format("after") for address in shown],
        file=f"/results/{key}",
        kept_seconds=service.limits.kept_seconds,
    )


@router.get("/results/{key}", response_class=FileResponse, responses=FILE)
async def download(
    request: Request,
    service: At,
    folder: Place,
    key: str,
    strength: Strength = 1.0,
    format: Format = None,  # noqa: A002
) -> FileResponse:
    """Return a kept result with any strength, byte by byte as /denoise would."""
    with named(""):
        wanted = format and format_of(format)
    result, target = service.results[key], folder / "denoised"
    work = partial(blend, result, target, strength, wanted, service.denoiser)
    return file_answer(target, await service.worker.run(work, request))


@router.delete("/results/{key}", status_code=204)
async def forget(service: At, key: str) -> None:
    """Remove a kept result."""
    service.results.drop(key)


@router.get("/results/{key}/{kind}/{page}.png", response_class=FileResponse)
async def preview(service: At, key: str, kind: str, page: int) -> FileResponse:
    """Return a page of a kept result before or after, as a PNG of 8 bits, upright."""
    path = service.results[key].preview(kind, page)
    if kind not in {"before", "after"} or not path.is_file():
        raise RefusedError(404, "There is no such page.")
    return FileResponse(path, media_type="image/png")


def file_answer(path: Path, facts: PictureFacts) -> FileResponse:
    """Return a denoised file, and what was found in headers."""
    level = facts.pages[0].noise_level
    headers = {"X-Seconds": f"{facts.seconds:.3f}", "X-Warnings": json.dumps(facts.warnings)}
    if level is not None:
        headers["X-Noise-Level"] = f"{level:.2f}"
    return FileResponse(path, 200, headers, MEDIA_TYPES[facts.format], filename=facts.name)
