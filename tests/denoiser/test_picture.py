"""One function for every way in which a person has an image."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cards import card
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data

from denoising_pipeline.degradations import Composed, Degradation
from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.degradations.paper import Paper
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Settings, denoise_page, denoise_picture
from denoising_pipeline.denoiser.quality import FEATURES, Quality
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_level import UNDER_JPEG
from denoising_pipeline.models.unet import Unet
from denoising_pipeline.pictures.formats import open_picture

CAMERA = Camera()


class Blurring:
    """In place of a network: the mean of 3x3 pixels."""

    bytes_per_pixel = 100

    def __init__(self, channels: int) -> None:
        self.output_shape = (None, None, None, channels)

    def predict_on_batch(self, seen: Images) -> Images:
        """Filter."""
        padded = np.pad(seen[..., :-1], ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")
        shifts = [(row, column) for row in range(3) for column in range(3)]
        height, width = seen.shape[1:3]
        parts = [padded[:, row : row + height, column : column + width] for row, column in shifts]
        return np.asarray(np.mean(parts, axis=0), np.float32)


def blurring(channels: int = 3, degradation: Degradation = CAMERA) -> Denoiser:
    network: Any = Blurring(channels)
    architecture = Unet(noise_level=True, widths=(4,), blocks=(1,))
    return Denoiser(architecture, (None, None, channels), network, card(degradation))


def noisy(pixels: Any) -> Any:
    noise = np.random.default_rng(0).normal(0, 20, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


COLOUR = noisy(data.astronaut()[:60, :80])
GREY = noisy(data.brick()[:60, :80])


def test_arrays_come_back_with_their_shape_and_type() -> None:
    for array in (GREY, COLOUR, GREY.astype(np.uint16) * 257, GREY / np.float32(255)):
        found = blurring().denoise(array)
        assert found.shape == array.shape
        assert found.dtype == array.dtype
        assert found[5:-5, 5:-5].std() < array[5:-5, 5:-5].std()


def test_pillow_images_come_back_in_their_mode() -> None:
    colour, grey = Image.fromarray(COLOUR), Image.fromarray(GREY)
    for image in (colour, grey, colour.convert("CMYK")):
        found = blurring().denoise(image)
        assert (found.mode, found.size) == (image.mode, image.size)
        assert found.tobytes() != image.tobytes()


def test_a_path_gives_the_bytes_that_the_one_function_writes(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(COLOUR).save(path)
    file = BytesIO()
    denoise_picture(open_picture(path), blurring(), file)
    assert blurring().denoise(path) == blurring().denoise(str(path)) == file.getvalue()
    with Image.open(file) as opened:
        np.testing.assert_array_equal(np.asarray(opened), blurring().denoise(COLOUR))


@pytest.mark.parametrize(("learnt", "white"), [(None, 1023), (12, 4095), (9, 1023)])
def test_sixteen_bits_are_seen_as_those_were_that_it_learnt_from(
    learnt: int | None, white: int
) -> None:
    """Where these have room for the image, else as the fewest that have."""
    denoiser, seen = blurring(), []
    known = denoiser.card.model_copy(
        update={"images": denoiser.card.images.model_copy(update={"bits": learnt})}
    )
    parts = denoiser.architecture, denoiser.image_shape, denoiser.model
    stored = np.random.default_rng(0).integers(0, 1000, (20, 30), np.uint16)
    np.save(file := BytesIO(), stored)
    picture = open_picture(file.getvalue())
    denoise_picture(
        picture,
        Denoiser(*parts, known),
        BytesIO(),
        watch=lambda _, before, __: seen.append(before[..., 0]),
    )
    np.testing.assert_allclose(seen[0], stored / white, rtol=1e-6)


def test_a_camera_of_10_bits_is_denoised_like_one_of_16() -> None:
    """By the weights that ship; where its noise is taken for that of 16 bits, nothing happens."""
    clean = data.camera()[:128, :128] / np.float64(255)
    noise = np.random.default_rng(0).normal(0, 0.06, clean.shape)
    photos, errors = Denoiser.load("photos"), []
    for white in (1023, 65535):
        stored = np.rint(np.clip(clean + noise, 0, 1) * white).astype(np.uint16)
        errors.append(np.mean((photos.denoise(stored) / white - clean) ** 2))
    assert errors[0] == pytest.approx(errors[1], rel=0.05)
    assert errors[0] < np.mean(noise**2) / 5


def jpeg(pixels: npt.NDArray[np.float64], quality: int) -> npt.NDArray[np.float32]:
    stored = np.clip(pixels, 0, 255).astype(np.uint8)
    Image.fromarray(stored).save(file := BytesIO(), "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32) / np.float32(255)


def error(found: npt.NDArray[np.float32], clean: npt.NDArray[np.uint8]) -> float:
    return float(np.mean((found - clean / 255) ** 2))


def test_noise_that_jpeg_hides_is_removed_all_the_same() -> None:
    """As of a camera, whose JPEG leaves no level to read; by the weights that ship."""
    clean = data.astronaut()[100:228, 160:288]
    noise = np.random.default_rng(0).normal(0, 6, clean.shape)
    seen = jpeg(clean + noise, 75)
    photos = Denoiser.load("photos")
    found, page = denoise_page(seen, photos, Settings())
    assert page.noise.hidden
    assert error(found, clean) < 0.85 * error(seen, clean)
    np.testing.assert_array_equal(photos(seen[np.newaxis])[0], found)


def test_coarse_noise_of_a_camera_is_told_from_a_clean_jpeg() -> None:
    """Noise that demosaicing spread; its level is read at a third of the size."""
    clean = data.astronaut()[:192, 32:224]
    noise = np.random.default_rng(0).normal(0, 12, clean.shape)
    photos, gains = Denoiser.load("photos"), []
    for sent in (clean + gaussian_filter(noise, (0.8, 0.8, 0)), clean.astype(float)):
        seen = jpeg(sent, 80)
        found, page = denoise_page(seen, photos)
        least, _ = denoise_page(seen, photos, Settings(sigma=UNDER_JPEG))
        assert page.noise.hidden
        gains.append(error(least, clean) / error(found, clean))
        assert error(found, clean) < error(seen, clean)
    noisy, untouched = gains
    assert noisy > 1.1
    assert untouched > 0.99


def test_grey_goes_through_colour_and_colour_through_grey() -> None:
    found, _ = denoise_page(GREY[..., np.newaxis] / np.float32(255), blurring(3))
    same, _ = denoise_page(GREY[..., np.newaxis] / np.float32(255), blurring(1))
    np.testing.assert_allclose(found, same, atol=1e-6)
    pixels = COLOUR / np.float32(255)
    found, _ = denoise_page(pixels, blurring(3))
    same, _ = denoise_page(pixels, blurring(1))
    np.testing.assert_allclose(found, same, atol=1e-6)


def test_strength_blends_and_at_0_nothing_changes() -> None:
    pixels = COLOUR / np.float32(255)
    whole, _ = denoise_page(pixels, blurring())
    half, page = denoise_page(pixels, blurring(), Settings(strength=0.5))
    none, _ = denoise_page(pixels, blurring(), Settings(strength=0))
    np.testing.assert_allclose(half, (pixels + whole) / 2, atol=1e-6)
    np.testing.assert_array_equal(none, pixels)
    assert page.sigma * 255 == pytest.approx(20, rel=0.2)


def test_the_middle_of_black_and_of_white_stays() -> None:
    pixels = np.full((40, 40, 1), 0.5, np.float32)
    pixels[:20, :20], pixels[20:, 20:] = 0, 1
    found, _ = denoise_page(pixels, blurring(), Settings(sigma=0.1))
    assert (found[:18, :18] == 0).all()
    assert (found[22:, 22:] == 1).all()
    assert found[19, 5] > 0


def test_a_psnr_is_predicted_only_where_the_noise_level_is_known() -> None:
    denoiser = blurring()
    denoiser.quality = Quality(weights=(-30.0, *[0.0] * (FEATURES - 1)), below=1, above=1)
    black = np.zeros((40, 40, 3), np.float32)
    told = Settings(sigma=0.1)
    found = [
        denoise_page(pixels, denoiser, settings)[1].predicted
        for pixels, settings in [(COLOUR / np.float32(255), Settings()), (black, told)]
    ]
    assert all(found)
    assert denoise_page(black, denoiser)[1].predicted is None


def test_a_noise_level_is_refused_before_any_file_is_read_by_a_network_not_told_it() -> None:
    network: Any = Blurring(3)
    blind = Denoiser(Unet(widths=(4,), blocks=(1,)), (None, None, 3), network, card(Camera()))
    pixels, told = COLOUR / np.float32(255), Settings(strength=0, sigma=0.1)
    unread: Any = None
    for refused in (
        lambda: blind.denoise(Path("gone.png"), sigma=0.1),
        lambda: blind.denoise(COLOUR, sigma=0.1),
        lambda: denoise_page(pixels, blind, told),
        lambda: denoise_picture(unread, blind, BytesIO(), told),
    ):
        with pytest.raises(ValueError, match="is not told the noise level"):
            refused()


@pytest.mark.parametrize(("strength", "sigma"), [(1.1, None), (-0.1, None), (1, 2.0)])
def test_settings_out_of_range_are_refused(strength: float, sigma: float | None) -> None:
    with pytest.raises(ValueError, match=r"it goes from|at most 1"):
        Settings(strength, sigma)


def test_whoever_undoes_stains_is_not_told_that_a_scan_has_no_noise() -> None:
    page = np.full((64, 80), 200, np.uint8)
    page[20:24] = 30
    for degradation, warned in (
        (Camera(), True),
        (Paper(), False),
        (Composed.of([Paper(), Camera()]), False),
    ):
        file = BytesIO()
        Image.fromarray(page).save(file, "PNG")
        picture = open_picture(file.getvalue(), "scan.png")
        outcome = denoise_picture(picture, blurring(degradation=degradation), BytesIO())
        assert bool(outcome.warnings) == warned


def test_a_stack_is_warned_of_in_one_sentence_for_each_thing() -> None:
    rng = np.random.default_rng(0)
    pages = []
    for number in range(4):
        noise = gaussian_filter(rng.normal(0, 60 + 5 * number, (128, 128)), 0.7)
        pages.append(Image.fromarray((128 + noise).clip(0, 255).astype(np.uint8)))
    file = BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    outcome = denoise_picture(open_picture(file.getvalue(), "stack"), blurring(), BytesIO())
    (said,) = (text for text in outcome.warnings if "correlated" in text)
    assert said.endswith("(4 of 4 pages).")
