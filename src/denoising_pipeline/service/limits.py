"""What a service takes upon itself, and how it says that something is too much."""

from dataclasses import dataclass

from denoising_pipeline.images.arrays import MAX_PIXELS

ENDS = "The service is shutting down."


@dataclass(frozen=True)
class Limits:
    """What one picture, and all together, may take.

    Attributes:
        max_bytes: Of a file that is sent.
        max_pixels: Of all pages of a file.
        timeout: Seconds to send a file, and again to denoise it once it is its turn.
        queue: Requests with a picture at once, the one that is being denoised included.
        max_memory: Bytes that the network may take at once; None: see `Denoiser`.
        fast: Whether a faster engine computes, with fewer digits; see `Denoiser`.
        best: Whether eight views are averaged; see `Denoiser`.
        kept: Results that wait to be downloaded, at most.
        kept_bytes: That they take on disk, at most; the newest is kept in any case.
        kept_seconds: How long they wait.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = MAX_PIXELS
    timeout: float = 120.0
    queue: int = 16
    max_memory: int | None = None
    fast: bool = False
    best: bool = False
    kept: int = 8
    kept_bytes: int = 2_000_000_000
    kept_seconds: float = 600.0


class RefusedError(Exception):
    """A request that is not served.

    Attributes:
        status: Of HTTP.
        reason: A sentence for people: what is wrong, and what to do.
        retry_after: Seconds after which the same request may be served; None: never.
    """

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def refused_size(max_bytes: int) -> RefusedError:
    """Return the refusal of a file that is too large."""
    return RefusedError(
        413,
        f"The file has more than {max_bytes / 1e6:g} MB, which is the limit of this service: send "
        "a smaller one, or start the service with a larger --max-bytes.",
    )
