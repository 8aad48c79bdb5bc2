"""The pictures in the report are the pixels of the images, and never too many of them."""

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from bs4 import BeautifulSoup, Tag
from PIL import Image
from report_inputs import COUNT, changed, parsed, part, photographs, recordings, results

from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import spectrogram
from denoising_pipeline.images.wav import read_wav
from denoising_pipeline.report import render

MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def page() -> BeautifulSoup:
    return parsed()


def pixels(image: Tag) -> npt.NDArray[Any]:
    content = base64.b64decode(str(image["src"]).split(",")[1])
    return np.asarray(Image.open(io.BytesIO(content)))


def test_pictures_are_the_pixels_of_the_first_images(page: BeautifulSoup) -> None:
    found = results()
    pictures = part(page, "picture").select(".gallery figure")
    assert len(pictures) == found.examples
    for position, picture in enumerate(pictures):
        states = zip(picture.select("img"), (found.clean, found.noisy, found.denoised), strict=True)
        for image, batch in states:
            expected = np.rint(ImageSet.of(batch).read(position)[..., 0] * 255)
            np.testing.assert_array_equal(pixels(image), expected)
        row = found.image_metrics.iloc[position]
        words = picture.get_text(" ", strip=True)
        assert words.startswith(f"#{position}, label {row['label']:g} clean noisy")
        assert f"{row['noisy_psnr']:.2f} dB SSIM {row['noisy_ssim']:.3f} denoised" in words
        assert words.endswith(f"{row['psnr']:.2f} dB SSIM {row['ssim']:.3f}")
    assert {str(image["alt"]) for image in pictures[0].select("img")} == {
        f"#0, label 7, {state}" for state in ("clean", "noisy", "denoised")
    }


def test_the_worst_and_the_best_are_in_order(page: BeautifulSoup) -> None:
    psnr = results().image_metrics["psnr"].to_numpy()
    worst, best = part(page, "extremes").select(".gallery")
    for gallery, order in ((worst, np.argsort(psnr)), (best, np.argsort(-psnr))):
        titles = [caption.get_text() for caption in gallery.select("figcaption")]
        assert [int(title[1:].split(",")[0]) for title in titles] == order[:5].tolist()


def test_images_of_different_sizes_show_their_middles() -> None:
    """The fewer there are, the more of each has room."""
    found = photographs()
    html = render(found)
    assert len(html.encode()) < MOST_BYTES
    section = part(BeautifulSoup(html, "html.parser"), "picture")
    pictures = section.select(".gallery figure")
    assert len(pictures) == 6
    side = 117
    assert f"the middles, at most {side} by {side} pixels" in " ".join(section.get_text().split())
    for position, picture in enumerate(pictures):
        whole = ImageSet.of(found.clean).read(position)
        rows, columns = (min(length, side) for length in whole.shape[:2])
        top, left = (whole.shape[0] - rows) // 2, (whole.shape[1] - columns) // 2
        expected = np.rint(whole[top : top + rows, left : left + columns] * 255)
        image = picture.find("img")
        assert image is not None
        np.testing.assert_array_equal(pixels(image), expected)
        assert picture.get_text(" ", strip=True).startswith(f"#{position}, boats/{position}.png")


def test_recordings_are_seen_as_spectrograms_and_some_are_heard() -> None:
    found = recordings()
    html = render(found)
    assert len(html.encode()) < MOST_BYTES
    page = BeautifulSoup(html, "html.parser")
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert isinstance(policy, Tag)
    assert "media-src data:" in str(policy["content"])
    section = part(page, "picture")
    pictures = section.select(".gallery figure")
    assert len(pictures) == 6
    assert "Shown are spectrograms" in " ".join(section.get_text().split())
    assert [len(picture.select("audio")) for picture in pictures] == [3, 3, 3, 0, 0, 0]
    image, sound = pictures[0].select("img")[0], pictures[0].select("audio")[0]
    whole = ImageSet.of(found.clean).read(0)
    np.testing.assert_array_equal(pixels(image), np.rint(spectrogram(whole)[..., 0] * 255))
    heard = read_wav(base64.b64decode(str(sound["src"]).split(",")[1]))
    np.testing.assert_allclose(heard.values, whole, atol=2e-5)
    assert "SI-SDR 10.00 dB" in pictures[0].get_text(" ", strip=True)
    assert "12.50 dB noisy: 7.50 dB" in " ".join(part(page, "result").get_text(" ").split())


def test_large_images_in_colour_stay_under_the_limit() -> None:
    """Noise does not compress; as many pictures as the parameters allow, cut to their middle."""
    shape = (COUNT, 200, 300, 3)
    noise = np.random.default_rng(0).random(shape, dtype=np.float32)
    found = changed(clean=noise, noisy=noise, denoised=noise, examples=20, extremes=10)
    html = render(found)
    assert 2_000_000 < len(html.encode()) < MOST_BYTES
    section = part(BeautifulSoup(html, "html.parser"), "picture")
    image = section.find("img")
    assert image is not None
    side = pixels(image).shape[0]
    top, left = (200 - side) // 2, (300 - side) // 2
    middle = noise[0, top : top + side, left : left + side]
    np.testing.assert_array_equal(pixels(image), np.rint(middle * 255))
    assert f"the middle, {side} by {side} of 300 by 200 pixels" in section.get_text()
