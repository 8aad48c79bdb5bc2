"""Pictures of epochs: on a real store."""

from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from PIL import Image
from tracking_store import empty_store

from denoising_pipeline.hooks.outbox import Outbox
from denoising_pipeline.hooks.picture_logger import PictureLogger, sheet
from denoising_pipeline.hooks.publishing import carry_out
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.progress_pictures import MOST, picture_callback


def test_a_sheet_has_the_noisy_images_above_the_denoised_ones() -> None:
    """Digits are enlarged; a line of grey is between them."""
    noisy, denoised = np.zeros((3, 28, 20, 1), np.float32), np.ones((3, 28, 20, 3), np.float32)
    pixels = np.asarray(sheet(noisy, denoised))
    assert pixels.shape == (2 * (84 + 2), 3 * (60 + 2), 3)
    assert (pixels[:84, :60] == 0).all()
    assert (pixels[86:170, :60] == 255).all()
    assert (pixels[84:86] == 128).all()


def test_more_than_five_stand_below_each_other() -> None:
    """MLflow shows sheets in a square; those of one index stay together."""
    noisy = np.arange(7, dtype=np.float32).reshape(7, 1, 1, 1) / 7 + np.zeros((7, 84, 84, 1))
    pixels = np.asarray(sheet(noisy.astype(np.float32), 1 - noisy.astype(np.float32)))
    assert pixels.shape == (4 * 86, 5 * 86, 3)
    values = np.round(255 * np.arange(7) / 7)
    upper, lower = pixels[0, : 5 * 86 : 86, 0], pixels[86, : 5 * 86 : 86, 0]
    assert (upper == values[:5]).all()
    assert (lower == np.round(255 - 255 * np.arange(5) / 7)).all()
    assert (pixels[172, : 2 * 86 : 86, 0] == values[5:]).all()
    assert (pixels[172:, 2 * 86 :] == 128).all()


def test_large_images_stay_as_they_are() -> None:
    images = np.zeros((2, 96, 96, 3), np.float32)
    assert sheet(images).size == (2 * 98, 98)


def test_each_epoch_is_a_step_and_is_told_once(tmp_path: Path) -> None:
    client = MlflowClient(empty_store(tmp_path))
    experiment = client.create_experiment("pictures", (tmp_path / "artifacts").as_uri())
    run_id = client.create_run(experiment).info.run_id
    images = np.full((2, 4, 5, 1), 0.5, np.float32)
    logger = PictureLogger(Outbox(tmp_path, client.tracking_uri, run_id, carry_out))
    for epoch in (1, 2):
        logger(epoch, images, images)
    files = [file.path for file in client.list_artifacts(run_id, "images")]
    large = sorted(path for path in files if path.endswith(".png"))
    assert [path.split("+")[2] for path in large] == ["1", "2"]
    assert Image.open(client.download_artifacts(run_id, large[0])).size == (2 * 82, 2 * 66)
    step = {"do": "picture", "png": "", "step": 2, "time": 0}
    carry_out(step, client.tracking_uri, run_id, again=True)
    assert len(client.list_artifacts(run_id, "images")) == len(files)


def test_without_a_run_nothing_happens() -> None:
    images = np.zeros((1, 4, 5, 1), np.float32)
    PictureLogger(None)(1, images, images)


@pytest.mark.parametrize("epochs", [1, 7, 400])
def test_no_training_shows_more_than_a_few_pictures(epochs: int) -> None:
    seen: list[int] = []
    first = np.zeros((12, 4, 5, 2), np.float32)

    def show(epoch: int, noisy: Images, denoised: Images) -> None:
        seen.append(epoch)
        assert noisy.shape == (10, 4, 5, 1)
        assert denoised.max() == 1

    callback = picture_callback(
        lambda images, training: 2 * np.ones_like(images), first, 1, epochs, show
    )
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(epoch, {})
    assert len(seen) == 1 + min(epochs, MOST)
    assert (seen[0], seen[-1]) == (0, epochs)
