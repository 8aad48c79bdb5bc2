"""`denoise train` as a process: a folder in, a denoiser that `denoise --model` takes out."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from limits import PATIENCE
from PIL import Image
from project_folder import Project, environment
from skimage import data

from denoising_pipeline.images.arrays import Images

pytestmark = pytest.mark.slow

MINUTES = "0.2"
"""Twelve epochs of a step or two, or as many as that allows."""


def denoise(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("denoise"), *arguments],
        cwd=project.path,
        env=environment(TMPDIR=str(project.path / "tmp")),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.create(tmp_path_factory.mktemp("project"))
    (project.path / "tmp").mkdir()
    return project


def crop(number: int) -> Images:
    top, left = 40 * (number // 3), 60 + 80 * (number % 3)
    pixels: Images = data.astronaut()[top : top + 64, left : left + 72].astype(np.float32)
    return pixels


def write(file: Path, pixels: Images) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file)


def noisy(number: int, shot: int = 0) -> Images:
    draws = np.random.default_rng((number, shot))
    clean = crop(number)
    return clean + np.float32(25) * draws.standard_normal(clean.shape, np.float32)


def test_pairs_become_a_denoiser_that_is_compared_and_can_be_used(
    project: Project, tmp_path: Path
) -> None:
    for number in range(9):
        write(tmp_path / f"pairs/real/{number}.png", noisy(number))
        write(tmp_path / f"pairs/mean/{number}.png", crop(number))
    found = denoise(project, "train", str(tmp_path / "pairs"), "--minutes", MINUTES)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "9 pairs: real/* is noisy" in found.stdout
    for told in ("Gain over photos", "non-local means", "total variation", "wavelet"):
        assert told in found.stdout
    model = "models:/pairs@challenger" if "@challenger" in found.stdout else "pairs"
    assert f"--model {model}" in found.stdout
    link = re.findall(r"^Report: (.+)$", found.stdout, re.MULTILINE)[-1]
    with urlopen(link) as report:
        assert 'id="benchmark"' in report.read().decode()
    picture, out = tmp_path / "pairs/real/0.png", tmp_path / "out.png"
    used = denoise(project, str(picture), "-o", str(out), "--model", model)
    assert used.returncode == 0, used.stderr
    with Image.open(out) as image:
        assert image.size == (72, 64)
    assert list((project.path / "tmp").glob("denoiser-*")) == []


def test_noisy_shots_alone_become_one_and_no_psnr_is_said_but_the_predicted_one_of_photos(
    project: Project, tmp_path: Path
) -> None:
    for number in range(8):
        for shot in range(2):
            write(tmp_path / f"dark/{number}_{shot}.png", noisy(number, shot))
    options = ("--minutes", MINUTES, "--scene", "(.*)_")
    found = denoise(project, "train", str(tmp_path / "dark"), *options)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "shots of one scene are compared" in found.stdout
    assert "Risk below that of photos" in found.stdout
    assert found.stdout.count("PSNR") == found.stdout.count("Predicted PSNR of photos") == 1
    assert (project.path / "conf/dark/parameters.yml").is_file()
