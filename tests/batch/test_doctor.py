"""What is said of a folder is true: made folders of which the truth is known."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.batch.doctor import Findings, examine
from denoising_pipeline.batch.doctor.advice import ADDED_NOISE, ENOUGH, LEAST, ways
from denoising_pipeline.batch.doctor.examine import NEIGHBOURS, SAMPLE, sample
from denoising_pipeline.batch.doctor.looks import look_at
from denoising_pipeline.batch.doctor.prospects import BATCH, PATCH, PATCHES, gained
from denoising_pipeline.cli.doctor import doctor
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import load_denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_kinds import BLOCKED, CORRELATED, GROWING
from denoising_pipeline.images.pair_names import find_pairs

PHOTOGRAPH = (data.astronaut()[:384, :384].reshape(192, 2, 192, 2, 3).mean((1, 3)) / 255).astype(
    np.float32
)
"""At half its size it has next to no noise."""

OTHER = (data.coffee()[:384, :384].reshape(192, 2, 192, 2, 3).mean((1, 3)) / 255).astype(np.float32)


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory: pytest.TempPathFactory) -> Denoiser:
    return load_denoiser(write_denoiser(tmp_path_factory.mktemp("model") / "small.zip"))


def noisy(clean: Images, sigma: float, seed: int = 0) -> Images:
    noise = np.random.default_rng(seed).normal(0, sigma / 255, clean.shape)
    return (0.1 + 0.8 * clean + noise).astype(np.float32)


def save(path: Path, image: Images, quality: int = 75) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(levels).save(path, quality=quality)


def said(found: Findings) -> str:
    return " ".join([*found.verdict, *(f"{way.name}: {way.text}" for way in found.ways)])


def names(folder: Path, files: Sequence[str]) -> list[tuple[str, str, bool, int]]:
    pairs = find_pairs(folder, [folder / name for name in files])
    return [(each.noisy, each.clean, each.told, len(each.files)) for each in pairs]


def test_noisy_photographs_are_to_be_denoised(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path / f"{number}.png", noisy(np.roll(PHOTOGRAPH, 40 * number, 1), 20, number))
    found = examine(tmp_path)
    assert found.noise.median == pytest.approx(20, rel=0.1)
    assert found.noise.bands["15 to 30"] == 4
    assert found.verdict == [f"Denoise it: denoise {tmp_path} -o OUT"]
    assert [(way.name, way.ready) for way in found.ways] == [("self-supervised", False)]
    assert found.gain is found.training_seconds is None


def test_clean_photographs_are_to_be_left_alone(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png", np.roll(PHOTOGRAPH, 40 * number, 1))
    found = examine(tmp_path)
    assert found.is_clean
    assert found.clean == 3
    (verdict,) = found.verdict
    assert verdict.startswith("Do not denoise: it is clean")
    assert "3 clean images are too few" in said(found)
    many, few = (replace(found, clean=count) for count in (ENOUGH, LEAST - 1))
    assert [way.ready for way in ways(many)] == [True]
    assert f"denoise train {tmp_path}" in next(ways(many)).text
    assert [way.ready for way in ways(few)] == [False]


def test_what_is_there_is_counted(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noisy(PHOTOGRAPH, 10))
    save(tmp_path / "deep/b.jpg", noisy(OTHER, 10), quality=95)
    save(tmp_path / "c.tif", noisy(PHOTOGRAPH, 10, 1)[..., 0])
    save(tmp_path / "d.png", noisy(PHOTOGRAPH, 10))
    (tmp_path / "text.png").write_text("Dear diary")
    (tmp_path / "notes.txt").write_text("Dear diary")
    found = examine(tmp_path)
    assert (found.files, found.looked_at) == (5, 5)
    assert [name for name, _ in found.unreadable] == ["text.png"]
    assert "no image" in found.unreadable[0][1]
    assert sum(found.left_out.values()) == 1
    assert found.formats == {"PNG": 2, "JPEG": 1, "TIFF": 1}
    assert found.sizes == {"192x192": 4}
    assert found.types == {"8 bit RGB": 3, "8 bit grey": 1}
    assert found.megapixels == pytest.approx(4 * 192 * 192 / 1e6)
    assert found.copies == 1


def test_pairs_are_found_and_compared(tmp_path: Path) -> None:
    for number in range(3):
        clean = np.roll(PHOTOGRAPH, 40 * number, 1)
        save(tmp_path / f"real/{number}.png", noisy(clean, 15, number))
        save(tmp_path / f"mean/{number}.png", 0.1 + 0.8 * clean)
    found = examine(tmp_path)
    (pairs,) = found.pairs
    assert (pairs.noisy, pairs.clean, pairs.count, pairs.alike) == ("real/", "mean/", 3, 3)
    assert pairs.difference == pytest.approx(15, rel=0.05)
    assert not pairs.two_noisy
    assert found.noise.known == found.clean == 3
    assert found.noise.median == pytest.approx(15, rel=0.1)
    assert found.repeats == []
    assert found.verdict == [f"Denoise it: denoise {tmp_path}/real -o OUT"]
    assert [(way.name, way.ready) for way in found.ways] == [
        (ADDED_NOISE, False),
        ("supervised, on pairs", False),
    ]


def test_names_alone_make_no_pairs(tmp_path: Path) -> None:
    """Equal names, but other pictures: not one of them is alike."""
    for number in range(3):
        save(tmp_path / f"noisy/{number}.png", noisy(np.roll(PHOTOGRAPH, 60 * number, 1), 15))
        save(tmp_path / f"clean/{number}.png", np.roll(OTHER, 60 * number, 0)[::-1])
    found = examine(tmp_path)
    assert [pairs.alike for pairs in found.pairs] == [0]
    assert all("pairs" not in way.name for way in found.ways)


def test_what_differs_by_more_than_noise_is_said(tmp_path: Path) -> None:
    stain = np.linspace(0, 0.6, 192, dtype=np.float32)[:, np.newaxis, np.newaxis]
    for number in range(2):
        clean = np.roll(PHOTOGRAPH, 40 * number, 1)
        save(tmp_path / f"noisy/{number}.png", noisy(clean * (1 - stain), 3, number))
        save(tmp_path / f"clean/{number}.png", 0.1 + 0.8 * clean)
    found = examine(tmp_path)
    assert found.pairs[0].more_than_noise
    assert "most of it (stains, light, a shift) will stay" in said(found)


def test_shots_of_one_scene_are_found_whatever_their_noise(tmp_path: Path) -> None:
    for seed in range(3):
        save(tmp_path / f"{seed}.png", noisy(PHOTOGRAPH, 25, seed))
    save(tmp_path / "other.png", noisy(OTHER, 25))
    save(tmp_path / "turned.png", noisy(PHOTOGRAPH[::-1], 25))
    found = examine(tmp_path)
    assert found.repeats == [3]
    assert "noise2noise: 3 shots of 1 scene" in said(found)


def test_two_noisy_folders_are_not_called_clean(tmp_path: Path) -> None:
    for number in range(2):
        clean = np.roll(PHOTOGRAPH, 40 * number, 1)
        for seed, folder in enumerate(("first", "second")):
            save(tmp_path / folder / f"{number}.png", noisy(clean, 20, 2 * number + seed))
    found = examine(tmp_path)
    (pairs,) = found.pairs
    assert pairs.two_noisy
    assert pairs.difference == pytest.approx(20 * np.sqrt(2), rel=0.05)
    assert found.clean == 0
    assert "noise2noise: 2 pairs" in said(found)


def test_kinds_of_noise_are_told_apart(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    white = random.normal(0, 30 / 255, (193, 193, 3))
    blurred = (white[:-1, :-1] + white[1:, :-1] + white[:-1, 1:] + white[1:, 1:]) / 4
    save(tmp_path / "correlated.png", 0.1 + 0.8 * PHOTOGRAPH + blurred)
    save(tmp_path / "shot.png", random.poisson((0.1 + 0.8 * PHOTOGRAPH) * 60) / np.float32(60))
    save(tmp_path / "jpeg.jpg", PHOTOGRAPH, quality=15)
    kinds = {name: list(kinds) for name, _, kinds in examine(tmp_path).looks}
    assert CORRELATED in kinds["correlated.png"]
    assert GROWING in kinds["shot.png"]
    assert BLOCKED in kinds["jpeg.jpg"]


def test_noise_that_jpeg_hides_is_not_called_clean(tmp_path: Path) -> None:
    for number in range(2):
        clean = np.roll(PHOTOGRAPH, 40 * number, 1)
        save(tmp_path / f"real/{number}.jpg", noisy(clean, 3, number), quality=30)
        save(tmp_path / f"mean/{number}.png", 0.1 + 0.8 * clean)
    found = examine(tmp_path)
    assert found.noise.unknown == 2
    assert "cannot be told" in found.verdict[0]
    assert "noise which the images alone do not show" in said(found)


def test_a_denoiser_tells_gain_and_time(tmp_path: Path) -> None:
    """The gain that it predicts is near the true one."""
    shipped = Denoiser.load("photos")
    clean = 0.1 + 0.8 * PHOTOGRAPH
    save(tmp_path / "a.png", noisy(PHOTOGRAPH, 20))
    found = examine(tmp_path, shipped)
    true = gained(look_at(tmp_path / "a.png")[1], clean, shipped)
    assert found.gain == pytest.approx(true, abs=2)
    assert found.gain_basis == "predicted on 1 of them"
    assert found.training_seconds is not None
    assert found.training_seconds > 1


def test_a_denoiser_that_predicts_nothing_tells_no_gain(tmp_path: Path, denoiser: Denoiser) -> None:
    save(tmp_path / "a.png", noisy(PHOTOGRAPH, 20))
    found = examine(tmp_path, denoiser)
    assert found.gain is None
    assert found.verdict == [f"Denoise it: denoise {tmp_path} -o OUT"]


def test_pairs_tell_the_true_gain(tmp_path: Path, denoiser: Denoiser) -> None:
    """A mean of 3x3 pixels helps where noise is strong, and does harm where there is little."""
    for sigma, gains in ((60, True), (3, False)):
        folder = tmp_path / str(sigma)
        for number in range(2):
            clean = np.roll(PHOTOGRAPH, 40 * number, 1)
            save(folder / f"noisy/{number}.png", noisy(clean, sigma, number))
            save(folder / f"clean/{number}.png", 0.1 + 0.8 * clean)
        found = examine(folder, denoiser)
        assert found.gain is not None
        assert (found.gain > 3) == gains
        assert found.gain_basis == "against clean/ of 2 pairs"
        assert found.verdict[0].startswith("Denoise it" if gains else "Do not denoise: the")


def test_the_time_is_that_of_the_recipe() -> None:
    path = Path(__file__).parents[2] / "conf" / "photos" / "parameters.yml"
    recipe = yaml.safe_load(path.read_text())
    training = recipe["training"]
    assert training["patches_per_epoch"] * training["epochs"] == PATCHES
    assert (training["patch"], training["batch_size"]) == (PATCH, BATCH)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["real/a.jpg", "real/b.jpg", "mean/a.png", "mean/b.png"], ("real/", "mean/", True, 2)),
        (["x/clean/a.png", "x/noisy/a.png", "y/clean/b.png", "y/noisy/b.png"], None),
        (["one/1.png", "one/2.png", "two/1.png", "two/2.png"], ("one/", "two/", False, 2)),
        (["a_noisy.png", "a_clean.png", "b_noisy.png", "b_clean.png"], ("noisy", "clean", True, 2)),
        (["GT_SRGB_1.png", "NOISY_SRGB_1.png", "GT_SRGB_2.png", "NOISY_SRGB_2.png"],
         ("noisy", "gt", True, 2)),
        (["CanonReal_1.jpg", "CanonMean_1.jpg", "CanonReal_2.jpg", "CanonMean_2.jpg"],
         ("real", "mean", True, 2)),
        (["a.png", "b.png", "c.png"], None),
        (["a_noisy.png", "b_clean.png"], None),
    ],
)  # fmt: skip
def test_names_that_belong_together(
    tmp_path: Path, files: list[str], expected: tuple[str, str, bool, int] | None
) -> None:
    assert names(tmp_path, files) == ([expected] if expected else [])


def test_of_many_files_neighbours_are_looked_at(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:05}.png" for number in range(5000)]
    chosen = sample(paths)
    assert len(chosen) == len(set(chosen)) == SAMPLE
    assert chosen[:NEIGHBOURS] == paths[:NEIGHBOURS]
    assert chosen[-1] == paths[-1]
    assert sample(paths[:7]) == paths[:7]
    assert len(set(sample(paths[: SAMPLE + 1]))) <= SAMPLE


def test_the_command_says_it_in_words_and_as_json(tmp_path: Path) -> None:
    folder = tmp_path / "my [bold] photos"
    save(folder / "a.png", noisy(PHOTOGRAPH, 20))
    save(folder / "b.png", noisy(OTHER, 20))
    model = write_denoiser(tmp_path / "small.zip")
    shell = CliRunner()
    words = shell.invoke(doctor, [str(folder), "--model", str(model)])
    assert words.exit_code == 0
    assert "my [bold] photos" in words.stdout
    assert "What to do" in words.stdout
    assert "too few: 8 are needed" in " ".join(words.stdout.split())
    found = json.loads(shell.invoke(doctor, [str(folder), "--json"]).stdout)
    assert found["files"] == 2
    assert [name for name, _, _ in found["looks"]] == ["a.png", "b.png"]
    assert found["verdict"]


@pytest.mark.parametrize("name", ["nowhere", "file.png"])
def test_the_command_refuses_what_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.png").write_bytes(b"")
    found = CliRunner().invoke(doctor, [str(tmp_path / name)])
    assert found.exit_code == 2
    assert name in found.output
    assert "Traceback" not in found.output


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    assert examine(tmp_path).verdict == ["Nothing here can be read as an image."]


@pytest.mark.parametrize("names", ["{side}/{number}.png", "{number}_{side}.png"])
def test_of_pairs_the_commands_name_the_clean_side_alone_or_both(
    tmp_path: Path, names: str
) -> None:
    """Where both lie in one folder, the whole of it is not clean images."""
    for number in range(LEAST):
        part = PHOTOGRAPH[8 * number :][:96]
        for side, image in (("clean", 0.1 + 0.8 * part), ("noisy", noisy(part, 20, number))):
            save(tmp_path / names.format(side=side, number=number), image)
    texts = {way.name: way.text for way in examine(tmp_path).ways}
    apart = names.startswith("{side}/")
    assert (ADDED_NOISE in texts) is apart
    if apart:
        assert texts[ADDED_NOISE].endswith(f"denoise train {tmp_path}/clean")
    patterns = "'clean/*' 'noisy/*'" if apart else "'*_clean' '*_noisy'"
    assert texts["supervised, on pairs"].endswith(f"denoise train {tmp_path} --pairs {patterns}")
