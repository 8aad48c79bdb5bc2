"""Seconds, memory and PSNR of denoising one photograph, beside classical tools in the same run.

The image is one of scikit-image's that no shipped weights have seen, tiled to the size that is
asked for, with noise of sigma 25/255, clipped and rounded. Each tool takes it in turn, several
times over; medians are printed. OpenCV and OpenVINO are timed where they are installed (`pip
install opencv-python-headless openvino`). Then photographs of a quarter and of 12 megapixels go
through the command `denoise` in a new process, as a person would do it.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from machine import print_table
from PIL import Image as Pillow
from skimage import data
from skimage.restoration import denoise_nl_means

from denoising_pipeline import Denoiser
from denoising_pipeline.denoiser.picture import Settings, denoise_page

Bytes = npt.NDArray[np.uint8]

SIGMA = 25
FAST = importlib.util.find_spec("openvino") is not None


def main() -> None:
    """Time and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=1024, help="pixels of the grey image")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--model", default="photos", help="name or file of a denoiser")
    options = parser.parse_args()
    in_processes = commands(options)  # First: a child's peak counts what its parent holds.
    clean = np.tile(data.camera(), (3, 3))[: options.side, : options.side]
    noisy = with_noise(clean)
    tools = all_tools(options.model)
    for tool in tools.values():
        tool(noisy[:128, :128])
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    scores = {}
    for _ in range(options.times):
        for name, tool in tools.items():
            started = time.perf_counter()
            found = tool(noisy)
            seconds[name].append(time.perf_counter() - started)
            scores[name] = psnr(clean, found)
    megapixels = clean.size / 1e6
    print_table(
        ["grey, sigma 25", "seconds (median)", "megapixels a second", "PSNR [dB]"],
        [
            (name, f"{median(took):.2f}", f"{megapixels / median(took):.2f}", f"{scores[name]:.2f}")
            for name, took in seconds.items()
        ],
    )
    print_table(["`denoise`, a process of its own", "seconds", "peak memory, GB"], in_processes)


def all_tools(model: str) -> dict[str, Callable[[Bytes], Bytes]]:
    """Return what is timed by name, from grey bytes to grey bytes."""
    denoiser = Denoiser.load(model)
    sigma = SIGMA / 255

    def network(noisy: Bytes, fast: bool = False) -> Bytes:
        pixels = np.divide(noisy[..., np.newaxis], 255, dtype=np.float32)
        return to_bytes(denoise_page(pixels, denoiser, Settings(fast=fast))[0][..., 0])

    def non_local(noisy: Bytes) -> Bytes:
        pixels = np.divide(noisy, 255, dtype=np.float32)
        options = {"patch_size": 5, "patch_distance": 6, "fast_mode": True}
        return to_bytes(denoise_nl_means(pixels, h=0.6 * sigma, sigma=sigma, **options))

    tools: dict[str, Callable[[Bytes], Bytes]] = {
        f"denoiser {model}": network,
        "scikit-image, fast non-local means": non_local,
    }
    if FAST:
        tools[f"denoiser {model}, fast"] = lambda noisy: network(noisy, fast=True)
    if importlib.util.find_spec("cv2"):
        import cv2

        tools["OpenCV, fastNlMeansDenoising"] = lambda noisy: cv2.fastNlMeansDenoising(
            noisy, None, float(SIGMA), 7, 21
        )
    return tools


def commands(options: argparse.Namespace) -> list[tuple[str, str, str]]:
    """Time the command on photographs of two sizes."""
    photo = data.immunohistochemistry()
    large = np.tile(photo, (6, 8, 1))[:3000, :4000]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for pixels in (photo, large):
            path = Path(folder, f"{pixels.shape[1]}x{pixels.shape[0]}.png")
            Pillow.fromarray(with_noise(pixels)).save(path, compress_level=1)
            for further in ([], ["--fast"])[: 1 + FAST]:
                took, peak = timed(str(path), "--overwrite", "--model", options.model, *further)
                rows.append((" ".join([path.stem, *further]), f"{took:.1f}", f"{peak:.2f}"))
    return rows


def timed(*arguments: str) -> tuple[float, float]:
    """Return the seconds and the gigabytes that the command takes."""
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("denoise")), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed.")
    return time.perf_counter() - started, used.ru_maxrss / 1e6


def with_noise(clean: Bytes) -> Bytes:
    """Add the noise, clipped and rounded."""
    noise = SIGMA * np.random.default_rng(0).standard_normal(clean.shape)
    return np.rint(np.clip(clean + noise, 0, 255)).astype(np.uint8)


def to_bytes(image: npt.NDArray[np.float32]) -> Bytes:
    """Round to 8 bits."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def psnr(clean: Bytes, other: Bytes) -> float:
    """PSNR in dB of 8-bit images."""
    squares = np.square(clean.astype(np.float64) - other)
    return float(10 * np.log10(255**2 / squares.mean()))


if __name__ == "__main__":
    main()
