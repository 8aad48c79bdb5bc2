"""Pictures of epochs on their way to MLflow, where a slider goes through them."""

import base64
import io
import time
from dataclasses import dataclass

import numpy as np
from mlflow.tracking import MlflowClient
from PIL import Image

from denoising_pipeline.hooks.epoch_logger import put_in_thread
from denoising_pipeline.hooks.outbox import Outbox, Step
from denoising_pipeline.images.arrays import Images

KEY = "validation images"
SIDE = 84
"""Pixels to which images are enlarged, by whole numbers, so that digits can be seen."""

COLUMNS = 5
"""Images beside each other: MLflow shows a sheet in a square of 256 pixels."""


@dataclass(frozen=True)
class PictureLogger:
    """Log a sheet of images from any thread or process; without a run, do nothing."""

    outbox: Outbox | None

    def __call__(self, epoch: int, noisy: Images, denoised: Images) -> None:
        """Log the images of one epoch, the noisy ones above.

        Args:
            epoch: After which they were denoised, 0 before the first; the step in MLflow.
            noisy: float32 (n, H, W, C) in [0, 1].
            denoised: The same images denoised; the number of channels may be another.
        """
        if self.outbox is None:
            return
        file = io.BytesIO()
        sheet(noisy, denoised).save(file, "png")
        data = base64.b64encode(file.getvalue()).decode()
        when = int(time.time() * 1000)
        put_in_thread(self.outbox, {"do": "picture", "png": data, "step": epoch, "time": when})


def sheet(*rows: Images) -> Image.Image:
    """Return images as one picture, with a grey line between them.

    Args:
        rows: Collections of as many images; those of one index stand below each other.
    """
    factor = max(1, SIDE // max(rows[0].shape[1:3]))
    lines: list[Images] = []
    for start in range(0, len(rows[0]), COLUMNS):
        for images in rows:
            part = images[start : start + COLUMNS]
            colour = np.broadcast_to(part, (*part.shape[:3], 3))
            large = colour.repeat(factor, axis=1).repeat(factor, axis=2)
            framed = np.pad(large, ((0, 0), (0, 2), (0, 2), (0, 0)), constant_values=0.5)
            line = np.concatenate(list(framed), axis=1)
            rest = (lines[0] if lines else line).shape[1] - line.shape[1]
            lines.append(np.pad(line, ((0, 0), (0, rest), (0, 0)), constant_values=0.5))
    return Image.fromarray(np.round(np.concatenate(lines) * 255).astype(np.uint8))


def log_picture(client: MlflowClient, run_id: str, step: Step, again: bool) -> None:
    """Tell MLflow a picture; one that was told before is not told twice."""
    start = f"images/{KEY}+step+{step['step']}+"
    if again and any(f.path.startswith(start) for f in client.list_artifacts(run_id, "images")):
        return
    picture = Image.open(io.BytesIO(base64.b64decode(step["png"])))
    client.log_image(
        run_id, picture, key=KEY, step=step["step"], timestamp=step["time"], synchronous=True
    )
