"""Only a source that makes sense comes in, and what came in is on record."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skimage
import tifffile
from fsspec.implementations.local import LocalFileSystem
from PIL import Image

from denoising_pipeline.datasets import SourceDataset
from denoising_pipeline.degradations import Degradation, NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.checks import RECORDED, images_in
from denoising_pipeline.images.fetch import MNIST_SHA256
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.images.pixels import widened
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.source import IDX_FILES, Source, open_source
from denoising_pipeline.models.convolutional import Convolutional
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.models.unet import Unet
from denoising_pipeline.pipelines.ingestion import nodes
from denoising_pipeline.pipelines.ingestion.nodes import check_source, list_images, take_images
from denoising_pipeline.pipelines.preprocessing.nodes import split_source
from denoising_pipeline.training.objectives.blind_spot import BlindSpot
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import partners

MNIST = Path(__file__).parents[2] / "data" / "01_raw" / "mnist"
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
ANY = IngestionParameters()
GAUSSIAN = Gaussian()
SQUARE = np.zeros((30, 16, 16), np.uint8)
ANY_SIZE = TrainingParameters(model=Unet(), loss="mse", patch=16)
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def images(count: int) -> Bytes:
    return np.arange(count * 180, dtype=np.uint8).reshape(count, 12, 15)


def labels(count: int) -> Bytes:
    return np.arange(count, dtype=np.uint8) % 10


def idx(**changed: npt.NDArray[Any]) -> Source:
    """A source of 30 images to train on and 25 for the test, some of its arrays replaced."""
    arrays = {"train_images": images(30), "train_labels": labels(30)}
    arrays |= {"test_images": images(25), "test_labels": labels(25)}
    return Source("signs", None, IDX_FILES, lambda path: io.BytesIO(), arrays | changed)


def check_recipe(
    manifest: dict[str, Any],
    training: TrainingParameters = ANY_SIZE,
    noise: Degradation = GAUSSIAN,
    shrink: tuple[int, ...] = (),
) -> None:
    preprocessing, chosen = PreprocessingParameters(shrink=shrink), NoiseInjectionParameters(noise)
    nodes.check_recipe(manifest, preprocessing, chosen, training, EvaluationParameters())


def checked(source: Source, **ingestion: Any) -> dict[str, Any]:
    manifest = check_source(source, source.name, IngestionParameters(**ingestion))
    recorded = manifest["kind"] in RECORDED
    alone = manifest["kind"] == "noisy"
    training = ANY_SIZE.model_copy(update={"objective": BlindSpot()}) if alone else ANY_SIZE
    check_recipe(manifest, training, Recorded() if recorded else GAUSSIAN)
    return manifest


def taken(
    source: Source, test_images: float | None = None, **ingestion: Any
) -> tuple[dict[str, Any], pd.DataFrame, Any, Any]:
    """Return manifest, table, train and test images."""
    options = IngestionParameters(**ingestion)
    manifest = checked(source, **ingestion)
    table = list_images(source, manifest, options, PreprocessingParameters(test_images=test_images))
    train, test, recorded = take_images(source, manifest, table)
    assert len(recorded) == (len(table) if manifest["kind"] in RECORDED else 0)
    return manifest, table, train, test


@pytest.mark.parametrize(("limit", "count"), [(None, 30), (20, 20), (30, 30), (500, 30)])
def test_the_first_images_and_their_labels_are_taken(limit: int | None, count: int) -> None:
    _, table, train, test = taken(idx(), limit=limit)
    np.testing.assert_array_equal(train, images(30)[:count])
    np.testing.assert_array_equal(test, images(25)[: limit or 25])
    assert table["label"].tolist() == [*labels(30)[:count], *labels(25)[: limit or 25]]
    assert "name" not in table


@pytest.mark.parametrize(
    "wrong",
    [
        images(30).astype(np.float32),
        images(30).astype(np.int16),
        images(30)[0],
        images(30)[..., None],
    ],
)
def test_images_of_another_type_or_shape_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"signs/train-images.* unsigned bytes \(N, H, W\)") as e:
        checked(idx(train_images=wrong))
    assert f"not {wrong.dtype} {wrong.shape}" in str(e.value)


@pytest.mark.parametrize("count", [0, 29, 31])
def test_fault_r10_images_and_labels_of_different_counts_are_refused_with_both(count: int) -> None:
    with pytest.raises(ValueError, match=rf"30 images and labels of shape \({count},\)"):
        checked(idx(train_labels=labels(count)), limit=20)


def test_labels_that_are_not_a_list_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels of shape \(25, 1\).*do not belong together"):
        checked(idx(test_labels=labels(25)[:, None]))


def test_the_labels_of_qmnist_are_recognised() -> None:
    extended = np.zeros((30, 8), np.int32)
    with pytest.raises(ValueError, match=r"extended labels of QMNIST.*first column"):
        checked(idx(train_labels=extended))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_that_are_no_integers_are_refused_even_if_they_are_whole(dtype: str) -> None:
    with pytest.raises(ValueError, match=rf"t10k-labels.*: labels are {dtype}.*integers"):
        checked(idx(test_labels=labels(25).astype(dtype)))


@pytest.mark.parametrize("label", [-1, 10, 255])
def test_fault_r11_a_label_outside_the_classes_is_refused_with_its_place(label: int) -> None:
    """The first one is named, also beyond the limit."""
    wrong = labels(30).astype(np.int16)
    wrong[[21, 25]] = label
    with pytest.raises(ValueError, match=rf"index 21 is {label}, .* 0 to 9\. Set ingestion\.cla"):
        checked(idx(train_labels=wrong), limit=20)


def test_more_classes_can_be_allowed() -> None:
    checked(idx(train_labels=labels(30) + np.uint8(16)), classes=26)


@pytest.mark.parametrize("shape", [(0, 28, 28), (3, 0, 28)])
def test_a_file_without_images_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="holds no images"):
        checked(idx(train_images=np.zeros(shape, np.uint8), train_labels=labels(shape[0])))


def test_test_images_of_another_size_are_refused_with_both_sizes() -> None:
    with pytest.raises(ValueError, match="training images are 12x15 pixels and test images 15x12"):
        checked(idx(test_images=images(25).swapaxes(1, 2)))


def test_images_that_a_metric_cannot_measure_are_refused() -> None:
    small = {f"{split}_images": images(n)[:, :10] for split, n in (("train", 30), ("test", 25))}
    with pytest.raises(
        ValueError, match=r"train_images: 10x15 pixels .* 11x11.*evaluation\.metrics"
    ):
        checked(idx(**small))


def test_idx_files_do_not_become_colour() -> None:
    with pytest.raises(ValueError, match=r"ingestion\.channels is 3.*grey"):
        checked(idx(), channels=3)


def test_a_source_that_the_catalog_does_not_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"source is 'kmnist', but the catalog reads 'signs'"):
        check_source(idx(), "kmnist", IngestionParameters())


def test_images_that_the_architecture_cannot_process_are_refused() -> None:
    """Before anything is made of them."""
    manifest = check_source(idx(), "signs", IngestionParameters())
    with pytest.raises(ValueError, match="multiples of 4"):
        check_recipe(manifest, TrainingParameters(model=Convolutional()))


def test_images_of_any_sizes_need_an_architecture_that_takes_them(tmp_path: Path) -> None:
    source = folder(tmp_path, large=np.zeros((30, 20, 3), np.uint8))
    manifest = check_source(source, source.name, IngestionParameters())
    with pytest.raises(ValueError, match="takes any size"):
        check_recipe(manifest, TrainingParameters())


def test_images_of_any_sizes_need_patches_to_train_on(tmp_path: Path) -> None:
    source = folder(tmp_path, large=np.zeros((30, 20, 3), np.uint8))
    manifest = check_source(source, source.name, IngestionParameters())
    with pytest.raises(ValueError, match=r"training\.patch is null"):
        check_recipe(manifest, TrainingParameters(model=Unet(), loss="mse"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Convolutional(), None),
        (Dense(), "one size"),
    ],
)
def test_patches_that_the_architecture_cannot_process_are_refused(
    model: Any, words: str | None
) -> None:
    """Before anything is made of the images."""
    source = idx(train_images=SQUARE[:30], test_images=SQUARE[:25])
    manifest = check_source(source, "signs", ANY)
    training = TrainingParameters(model=model, loss="mse", patch=100)
    if words is None:
        check_recipe(manifest, training)
        return
    with pytest.raises(ValueError, match=words):
        check_recipe(manifest, training)


def test_mnist_is_accepted_whole_and_recorded_with_its_published_sums() -> None:
    record, table, train, test = taken(SourceDataset(path=MNIST).load())
    assert (record["source"], record["kind"], record["left_out"]) == ("mnist", "idx", {})
    sums = {IDX_FILES[role]: file["sha256"] for role, file in record["files"].items()}
    assert sums == MNIST_SHA256
    shapes = [[60000, 28, 28], [60000], [10000, 28, 28], [10000]]
    assert [record["files"][role]["shape"] for role in IDX_FILES] == shapes
    assert [len(train), len(test), len(table)] == [60000, 10000, 70000]


def folder(path: Path, **images: npt.NDArray[Any]) -> Source:
    """Write images of 16x20 pixels, and more if given, and open their folder."""
    path.mkdir(exist_ok=True)
    for name, colour in COLOURS.items():
        Image.new("RGB", (20, 16), colour).save(path / f"{name}.png")
    for name, pixels in images.items():
        tifffile.imwrite(path / f"{name}.tif", pixels)
    return open_source(LocalFileSystem(), str(path))


def test_photographs_of_any_sizes_come_in_whole(tmp_path: Path) -> None:
    """Every image goes to one split, as it is in its file, and is on record."""
    data = Path(skimage.__file__).parent / "data"
    for name in PHOTOGRAPHS:
        (tmp_path / name).write_bytes((data / name).read_bytes())
    (tmp_path / "LICENCE").write_text("CC0\n")
    source = open_source(LocalFileSystem(), str(tmp_path))
    manifest, table, train, test = taken(source)
    assert manifest["licence"] == "CC0"
    assert manifest["digest"] == source.digest
    assert list(manifest["files"]) == list(PHOTOGRAPHS)
    assert manifest["files"]["chelsea.png"]["shape"] == [300, 451, 3]
    assert manifest["files"]["chelsea.png"]["sha256"] == source.file_sha256("chelsea.png")
    assert [len(train), len(test)] == [3, 1]
    for found, split in ((train, "train"), (test, "test")):
        assert isinstance(found, ImageSet)
        for row in table[table["split"] == split].to_dict("records"):
            pixels = source.picture(row["name"]).pixels
            np.testing.assert_array_equal(found.read(row["index"]), pixels / np.float32(255))


def test_the_deepest_image_decides_the_type_of_all(tmp_path: Path) -> None:
    """Red stays red; of 16 bits as many are white as all such files need together."""
    deep = np.full((16, 20, 3), 4321, np.uint16)
    manifest, table, train, test = taken(folder(tmp_path, deep=deep), test_images=1)
    assert manifest["bits"] == 13
    assert train.values.dtype == test.values.dtype == np.uint16  # noqa: PD011
    values = {}
    for images, split in ((train, "train"), (test, "test")):
        for row in table[table["split"] == split].to_dict("records"):
            values[row["name"]] = images.read(row["index"])
    np.testing.assert_array_equal(values["red.png"][0, 0], [1, 0, 0])
    np.testing.assert_allclose(values["deep.tif"], 4321 / 8191, rtol=1e-5)


def test_grey_and_colour_are_not_mixed_unasked(tmp_path: Path) -> None:
    source = folder(tmp_path, grey=np.full((16, 20), 50, np.uint8))
    with pytest.raises(ValueError, match=r"1 of 3 images are grey \(grey\.tif\).*ingestion\.chan"):
        checked(source)
    for channels in (1, 3):
        _, _, train, test = taken(source, channels=channels)
        assert train.channels == test.channels == channels


def test_images_that_cannot_be_used_are_all_named_or_left_out(tmp_path: Path) -> None:
    """Damaged, or of another format."""
    folder(tmp_path)
    (tmp_path / "cut.png").write_bytes((tmp_path / "red.png").read_bytes()[:60])
    (tmp_path / "other.webp").write_bytes(b"RIFF")
    source = open_source(LocalFileSystem(), str(tmp_path))
    with pytest.raises(ValueError, match=r"2 of 4 image files .* ingestion\.skip_bad") as e:
        checked(source)
    for reason in (r"cut.png' cannot be read", "other.webp' is no image"):
        assert reason in str(e.value)
    manifest, table, _, _ = taken(source, skip_bad=True)
    assert list(manifest["left_out"]) == ["cut.png", "other.webp"]
    assert sorted(table["name"]) == sorted(manifest["files"]) == ["blue.png", "red.png"]


def test_image_files_that_a_metric_cannot_measure_are_named(tmp_path: Path) -> None:
    source = folder(tmp_path, small=np.zeros((10, 20, 3), np.uint8))
    with pytest.raises(ValueError, match=r"small\.tif: 10x20 pixels are too few"):
        checked(source)


def test_a_folder_of_nothing_but_bad_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="none of its image files is left"):
        checked(open_source(LocalFileSystem(), str(tmp_path)), skip_bad=True)


def test_what_of_a_file_is_not_read_is_on_record_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder(tmp_path)
    Image.new("RGBA", (20, 16)).save(tmp_path / "clear.png")
    manifest = checked(open_source(LocalFileSystem(), str(tmp_path)))
    assert manifest["files"]["clear.png"]["note"] == "left out: transparency"
    assert "note" not in manifest["files"]["red.png"]
    assert "clear.png: left out: transparency" in caplog.text


def pairs(path: Path, names: tuple[str, ...] = ("a", "b", "c", "d")) -> Source:
    """Write pairs of a grey photograph at different places, and open their folder."""
    photograph = skimage.data.camera()
    for position, name in enumerate(names):
        clean = photograph[100 + 20 * position :][:48, 200:264]
        noise = np.random.default_rng(position).normal(0, 20, clean.shape)
        noisy = np.clip(clean + noise, 0, 255).astype(np.uint8)
        for side, pixels, ending in (("clean", clean, "png"), ("noisy", noisy, "tif")):
            file = path / side / f"{name}.{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
    return open_source(LocalFileSystem(), str(path))


def test_pairs_come_in_together_and_are_on_record(tmp_path: Path) -> None:
    source = pairs(tmp_path)
    manifest = checked(source)
    assert manifest["kind"] == "pairs"
    assert manifest["pairs"]["b"] == {"clean": "clean/b.png", "noisy": "noisy/b.tif"}
    for name, file in manifest["files"].items():
        assert file["sha256"] == source.file_sha256(name)
    assert len(manifest["files"]) == 8
    table = list_images(source, manifest, ANY, PreprocessingParameters(test_images=2))
    train, test, noisy = take_images(source, manifest, table)
    assert isinstance(train, ImageSet)
    assert isinstance(test, ImageSet)
    clean = [*map(train.read, range(2)), *map(test.read, range(2))]
    assert sorted(table["name"]) == ["a", "b", "c", "d"]
    for position, name in enumerate(table["name"]):
        files = f"clean/{name}.png", f"noisy/{name}.tif"
        for image, path in zip((clean[position], noisy.read(position)), files, strict=True):
            pixels = source.picture(path).pixels
            np.testing.assert_array_equal(image, pixels / np.float32(255))


def test_pairs_are_split_by_folder_and_by_scene(tmp_path: Path) -> None:
    by_folder = pairs(tmp_path / "a", ("train/x", "train/y", "test/x"))
    _, table, _, _ = taken(by_folder)
    assert table["name"].tolist() == ["train/x", "train/y", "test/x"]
    assert table["split"].tolist() == ["train", "train", "test"]
    by_scene = pairs(tmp_path / "b", ("x_1", "x_2", "y_1", "y_2"))
    _, table, _, _ = taken(by_scene, scene="(.*)_")
    assert len(table.groupby("scene")["split"].unique().explode()) == 2


def test_bad_pairs_are_all_named_or_left_out(tmp_path: Path) -> None:
    pairs(tmp_path, ("a", "b", "c", "d", "e", "f", "g", "h"))
    (tmp_path / "noisy/a.tif").unlink()
    (tmp_path / "noisy/b.tif").write_bytes(b"no image")
    Image.open(tmp_path / "noisy/c.tif").crop((0, 0, 60, 48)).save(tmp_path / "noisy/c.tif")
    (tmp_path / "noisy/d.tif").write_bytes((tmp_path / "noisy/h.tif").read_bytes())
    rolled = np.roll(np.asarray(Image.open(tmp_path / "noisy/e.tif")), 4, 0)
    Image.fromarray(rolled).save(tmp_path / "noisy/e.tif")
    (tmp_path / "f.png").write_bytes((tmp_path / "clean/f.png").read_bytes())
    source = open_source(LocalFileSystem(), str(tmp_path))
    with pytest.raises(ValueError, match=r"6 of 9 pairs cannot be used.*ingestion\.skip_bad") as e:
        checked(source)
    for reason in (
        "'clean/a.png': there is no 'noisy/a' of any ending",
        "noisy/b.tif' is no image",
        "'clean/c.png' and 'noisy/c.tif' are of 48x64 and 48x60 pixels",
        "'clean/d.png' and 'noisy/d.tif' do not show the same",
        "'clean/e.png' and 'noisy/e.tif' are shifted by 4 rows and 0 columns",
        "'f.png' is named neither clean/* nor noisy/*",
    ):
        assert reason in str(e.value)
    manifest, table, _, _ = taken(source, skip_bad=True)
    assert list(manifest["left_out"]) == ["a", "b", "c", "d", "e", "f.png"]
    assert sorted(table["name"]) == ["f", "g", "h"]


def test_patterns_make_pairs_of_a_folder(tmp_path: Path) -> None:
    names = {"clean": "clean/*", "noisy": "noisy/*.*"}
    assert checked(pairs(tmp_path), pairs=names) == checked(pairs(tmp_path))
    with pytest.raises(ValueError, match="is named neither a/"):
        checked(pairs(tmp_path), pairs={"clean": "a/*", "noisy": "b/*"})


def test_recorded_noise_is_neither_drawn_over_nor_averaged_away(tmp_path: Path) -> None:
    manifest = checked(pairs(tmp_path))
    with pytest.raises(ValueError, match=r"noise_injection\.name=recorded"):
        check_recipe(manifest, noise=GAUSSIAN)
    with pytest.raises(ValueError, match=r"preprocessing\.shrink is \[2\].*Set it to \[\]"):
        check_recipe(manifest, noise=Recorded(), shrink=(2,))
    plain = check_source(idx(), "signs", ANY)
    with pytest.raises(ValueError, match=r"recorded, but signs has no noisy images.*clean/ and"):
        check_recipe(plain, noise=Recorded())


def test_noisy_images_alone_are_not_called_clean(tmp_path: Path) -> None:
    """Whatever their folders are called."""
    manifest, table, train, test = taken(pairs(tmp_path), noisy=True)
    assert manifest["kind"] == "noisy"
    assert (len(train), len(test), len(table)) == (0, 0, 8)


def stacks(path: Path, pages: dict[str, int], **options: Any) -> Source:
    """Write stacks of slices of 48x64 pixels, brighter from page to page, and open their folder."""
    path.mkdir(exist_ok=True)
    for number, (name, count) in enumerate(pages.items()):
        pixels = np.random.default_rng(number).integers(0, 200, (count, 48, 64), np.uint16)
        pixels += np.arange(count, dtype=np.uint16)[:, np.newaxis, np.newaxis]
        file = path / f"{name}.tif"
        file.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(file, pixels, **({"imagej": True} | options))
    return open_source(LocalFileSystem(), str(path))


def parts(table: pd.DataFrame) -> dict[str, list[str]]:
    return {str(split): rows["name"].tolist() for split, rows in table.groupby("split")}


def split(source: Source, validation: int = 2, **ingestion: Any) -> pd.DataFrame:
    """Return the table of images in train, val and test."""
    _, table, _, _ = taken(source, 2, noisy=True, **ingestion)
    preprocessing = PreprocessingParameters(validation_images=validation)
    return split_source(table, IngestionParameters(**ingestion), preprocessing, seed=0)


@pytest.mark.parametrize("options", [{}, {"imagej": False, "ome": True, "compression": "zlib"}])
def test_every_page_of_a_stack_is_an_image_and_its_file_is_hashed_once(
    tmp_path: Path, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    source = stacks(tmp_path, {"a": 5, "b": 4, "c": 1}, **options)
    with caplog.at_level("INFO"):
        manifest = checked(source, noisy=True)
    assert "9 pages in 2 stacks (a.tif, b.tif), each an image of its own" in caplog.text
    assert "slices or moments that differ" in caplog.text
    assert [*manifest["files"]] == ["a.tif", "b.tif", "c.tif"]
    assert [*images_in(manifest["files"])][3:6] == ["a.tif:4", "a.tif:5", "b.tif:1"]
    assert manifest["files"]["a.tif"]["sha256"] == source.file_sha256("a.tif")
    assert "sha256" not in manifest["files"]["a.tif"]["pages"][0]
    assert "pages" not in manifest["files"]["c.tif"]
    table = list_images(source, manifest, ANY, PreprocessingParameters())
    _, _, noisy = take_images(source, manifest, table)
    assert len(table) == len(noisy) == 10
    for position, name in enumerate(table["name"]):
        file, _, page = name.partition(":")
        pages = tifffile.imread(tmp_path / file).reshape(-1, 48, 64)
        stored = widened(pages[int(page or 1) - 1], manifest["bits"]) / np.float32(65535)
        np.testing.assert_array_equal(noisy.read(position)[..., 0], stored)


def test_pages_of_a_file_are_never_both_learnt_from_and_judged_by(tmp_path: Path) -> None:
    """Of files that are small enough, none is chosen by, either."""
    table = split(stacks(tmp_path, {"a": 9, "b": 2, "c": 9, "d": 2, "e": 1}))
    assert len(table.drop_duplicates(["scene", "split"])) == 5
    assert set(table["split"]) == {"train", "val", "test"}
    assert len(table) == 23


def test_of_two_large_stacks_one_is_judged_by_and_the_end_of_the_other_chosen_by(
    tmp_path: Path,
) -> None:
    found = parts(split(stacks(tmp_path, {"a": 9, "b": 8})))
    assert found["test"] == [f"b.tif:{page}" for page in range(1, 9)]
    assert found["train"] == [f"a.tif:{page}" for page in range(1, 8)]
    assert found["val"] == ["a.tif:8", "a.tif:9"]


def test_the_end_of_a_stack_alone_is_judged_by_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the epoch is chosen by lies between that and what is learnt from."""
    found = parts(split(stacks(tmp_path, {"a": 12})))
    assert found["train"] == [f"a.tif:{page}" for page in range(1, 9)]
    assert (found["val"], found["test"]) == (["a.tif:9", "a.tif:10"], ["a.tif:11", "a.tif:12"])
    assert "All images are pages of a.tif, and its last pages are what is judged by" in caplog.text


def test_pages_are_compared_with_each_other_only_if_they_are_said_to_be_still(
    tmp_path: Path,
) -> None:
    source = stacks(tmp_path / "a", {"a": 12})
    with pytest.raises(ValueError, match=r"one shot of a\.tif:1.*set ingestion\.still to true"):
        partners(split(source), "train")
    assert partners(split(source, still=True), "train") == [1, 2, 3, 4, 5, 6, 7, 0]
    same = stacks(tmp_path / "b", {f"{scene}_{shot}": 3 for scene in "xyz" for shot in "12"})
    table = split(same, scene="(.*)_").query("split == 'train'")
    first, second = (f"{table['scene'].iloc[0]}_{shot}.tif" for shot in "12")
    others = [table["name"].iloc[position] for position in partners(table, "train")]
    expected = {f"{first}:{page}": f"{second}:{page}" for page in (1, 2, 3)}
    expected |= {other: one for one, other in expected.items()}
    assert expected.items() <= dict(zip(table["name"], others, strict=True)).items()


def test_subfolders_decide_the_split_of_stacks(tmp_path: Path) -> None:
    found = parts(split(stacks(tmp_path, {"train/a": 5, "test/a": 3})))
    assert found["test"] == [f"test/a.tif:{page}" for page in (1, 2, 3)]
    assert found["val"] == ["train/a.tif:4", "train/a.tif:5"]


def test_a_damaged_page_is_named_and_left_out_alone(tmp_path: Path) -> None:
    stacks(tmp_path, {"a": 5}, imagej=False, compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(path := tmp_path / "a.tif") as tiff:
        place = tiff.pages[2].aspage().dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[place : place + 20] = bytes(20)
    path.write_bytes(content)
    source = open_source(LocalFileSystem(), str(tmp_path))
    with pytest.raises(ValueError, match=r"1 of 5 image files and pages.*\n.*'a\.tif:3' cannot"):
        checked(source, noisy=True)
    manifest, table, _, _ = taken(source, noisy=True, skip_bad=True)
    assert [*manifest["left_out"]] == ["a.tif:3"]
    assert table["page"].tolist() == [1, 2, 4, 5]


def test_two_stacks_are_paired_page_by_page(tmp_path: Path) -> None:
    photograph = skimage.data.camera()
    for name, counts in {"a": (4, 4), "b": (3, 3), "c": (3, 2), "d": (1, 3)}.items():
        for side, count in zip(("clean", "noisy"), counts, strict=True):
            (tmp_path / side).mkdir(exist_ok=True)
            clean = np.stack([photograph[100 + 20 * page :][:48, 200:264] for page in range(count)])
            noise = np.random.default_rng(count).normal(0, 9, clean.shape) * (side == "noisy")
            pixels = np.clip(clean + noise, 0, 255).astype(np.uint8)
            if (side, name) == ("noisy", "b"):
                pixels[[0, 1]] = pixels[[1, 0]]
            tifffile.imwrite(tmp_path / side / f"{name}.tif", pixels, photometric="minisblack")
    source = open_source(LocalFileSystem(), str(tmp_path))
    with pytest.raises(ValueError, match="4 of 9 pairs cannot be used") as e:
        checked(source)
    for reason in (
        "'clean/b.tif:1' and 'noisy/b.tif:1' ",
        "'clean/c.tif' has 3 pages and 'noisy/c.tif' 2 pages: save as many of both",
        "'clean/d.tif' has 1 page and 'noisy/d.tif' 3 pages: save as many of both",
    ):
        assert reason in str(e.value)
    manifest, table, train, test = taken(source, skip_bad=True)
    assert [*manifest["pairs"]] == ["a:1", "a:2", "a:3", "a:4", "b:3"]
    assert manifest["pairs"]["b:3"] == {"clean": "clean/b.tif:3", "noisy": "noisy/b.tif:3"}
    assert parts(table) == {"train": ["a:1", "a:2", "a:3", "a:4"], "test": ["b:3"]}
    expected = photograph[140:][:48, 200:264] / np.float32(255)
    np.testing.assert_array_equal(train.read(2)[..., 0], expected)
    np.testing.assert_array_equal(test.read(0)[..., 0], expected)


@pytest.mark.parametrize(
    "given",
    [{"scene": "a"}, {"still": True}, {"pairs": {"clean": "a*", "noisy": "b*"}}, {"noisy": True}],
)
def test_idx_files_have_no_names_to_go_by(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"ingestion\.{next(iter(given))} is about image files"):
        checked(idx(), **given)
