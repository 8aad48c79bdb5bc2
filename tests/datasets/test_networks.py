"""`DenoiserDataset`: a file of data; what it does not know it refuses by name."""

import json
import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from architectures import FOR_PICTURES
from kedro.io import DatasetError
from limits import elsewhere

import denoising_pipeline
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.datasets import ClassifierDataset, DenoiserDataset
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.card import Card, Origin
from denoising_pipeline.denoiser.file import digest_of, load_denoiser
from denoising_pipeline.models import ARCHITECTURES

with suppress(ImportError):  # there is none on Windows
    import resource

SHIPPED = Path(denoising_pipeline.__file__).parent / "weights"
SHAPE = (8, 8, 1)
NOISY = np.random.default_rng(0).random((3, *SHAPE), np.float32)
MEMBERS = ["denoiser.json", "model.weights.h5"]


def denoiser(name: str = "dense", seed: int = 1, **options: Any) -> Denoiser:
    architecture = ARCHITECTURES[name].model_validate(options)
    return Denoiser(architecture, SHAPE, architecture.build(SHAPE, seed))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    saved = tmp_path / "denoiser.zip"
    DenoiserDataset(filepath=saved).save(denoiser(latent_dim=4))
    return saved


def rewrite(path: Path, changes: Mapping[str, bytes | None], compression: int = 0) -> None:
    """Replace members of the zip by name, or leave them out."""
    with ZipFile(path) as archive:
        members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    members.update(changes)
    with ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)


def describe(path: Path, **changes: object) -> None:
    """Change keys of `denoiser.json`."""
    with ZipFile(path) as archive:
        description = json.loads(archive.read("denoiser.json"))
    rewrite(path, {"denoiser.json": json.dumps(description | changes).encode()})


@pytest.mark.parametrize("name", FOR_PICTURES)
def test_every_architecture_denoises_the_same_after_loading(tmp_path: Path, name: str) -> None:
    """Options, shape and output are those of the denoiser that was saved, to the bit."""
    dataset = DenoiserDataset(filepath=tmp_path / "denoiser.zip")
    saved = denoiser(name)
    dataset.save(saved)
    loaded = dataset.load()
    assert loaded.architecture == saved.architecture
    assert loaded.image_shape == SHAPE
    np.testing.assert_array_equal(loaded(NOISY), saved(NOISY))


def test_training_leaves_no_trace_but_the_weights(tmp_path: Path) -> None:
    """The optimizer's state, twice the size of the weights, is not saved."""
    plain, trained = (DenoiserDataset(filepath=tmp_path / name) for name in ("plain", "trained"))
    found = denoiser()
    plain.save(found)
    found.model.compile("adam", "mse")
    found.model.fit(NOISY, NOISY, verbose=0)
    trained.save(found)
    assert (tmp_path / "trained").stat().st_size == (tmp_path / "plain").stat().st_size
    np.testing.assert_array_equal(trained.load()(NOISY), found(NOISY))


def test_repeated_run_gives_an_equal_file(tmp_path: Path) -> None:
    """Equal options and seeds give equal bytes, as far as Keras names its layers anew."""
    for name in ("a", "b"):
        load_keras().utils.clear_session()
        DenoiserDataset(filepath=tmp_path / name).save(denoiser())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_file_is_a_plain_zip_of_data(path: Path) -> None:
    """The two members are readable by anybody, and say what they are."""
    with ZipFile(path) as archive:
        assert archive.namelist() == MEMBERS
        description = json.loads(archive.read("denoiser.json"))
    assert description["format"] == 2
    assert description["architecture"]["name"] == "dense"
    assert description["image_shape"] == [8, 8, 1]
    assert {"package_version", "keras_version"} < set(description)


def test_the_card_comes_back(tmp_path: Path) -> None:
    """With every option of the degradation."""
    card = Card(
        images=Origin(source="mnist", files={"a": "0"}, train_images=3, digest="1"),
        degradation=NoiseInjectionParameters(SaltAndPepper(salt=0.1)),
        seed=4,
        training={"epochs": 2},
        validation={"psnr": 21.5},
    )
    architecture = ARCHITECTURES["dense"].model_validate({})
    model = architecture.build(SHAPE, 0)
    path = tmp_path / "denoiser.zip"
    DenoiserDataset(filepath=path).save(Denoiser(architecture, SHAPE, model, card))
    assert load_denoiser(path).card == card


def test_a_denoiser_may_give_other_channels_than_it_takes(tmp_path: Path) -> None:
    architecture = ARCHITECTURES["dense"].model_validate({})
    model = architecture.build(SHAPE, 0, 3)
    path = tmp_path / "denoiser.zip"
    DenoiserDataset(filepath=path).save(Denoiser(architecture, SHAPE, model))
    assert load_denoiser(path)(NOISY).shape == (3, 8, 8, 3)


def test_a_file_of_format_1_is_loaded_and_says_that_it_has_no_card(path: Path) -> None:
    describe(path, format=1)
    loaded = load_denoiser(path)
    with pytest.raises(ValueError, match="has no card"):
        _ = loaded.card
    np.testing.assert_array_equal(loaded(NOISY), load_denoiser(path)(NOISY))


def test_a_card_of_an_unknown_degradation_is_refused(path: Path) -> None:
    card = {"images": {"source": "a"}, "degradation": {"name": "rust"}, "seed": 0}
    describe(path, card=card)
    with pytest.raises(ValueError, match=r"does not know \(card.degradation.*train the denoiser"):
        load_denoiser(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 3}, r"format 3; .* knows formats"),
        ({"format": None}, r"format None; .* knows formats"),
        ({"architecture": {"name": "magic"}}, r"'magic'.*It has: .*dense"),
        ({"architecture": {}}, r"architecture None.*It has: .*dense"),
        ({"architecture": {"name": "dense", "wings": 2}}, "wings"),
        ({"image_shape": [8, 8]}, "image_shape"),
        ({"image_shape": [8, 0, 1]}, "image_shape"),
        ({"image_shape": [9, 9, 1]}, "weights that do not fit"),
        ({"image_shape": [20_000, 20_000, 1]}, r"at least .* weights and holds"),
        ({"image_shape": [2**70, 8, 1]}, "image_shape"),
        ({"architecture": {"name": "unet", "widths": [4096]}}, r"blocks|at least"),
        ({"architecture": {"name": ["dense"]}}, r"architecture \['dense'\]"),
        ({"architecture": {"name": "dense", "latent_dim": 5}}, "weights that do not fit"),
        ({"architecture": {"name": "dense", "latent_dim": 4, "layers": 1}}, "weights that do not"),
        ({"architecture": {"name": "dense", "latent_dim": 4, "layers": 3}}, "weights that do not"),
    ],
)
def test_fault_p15_what_does_not_fit_is_refused(
    path: Path, changes: dict[str, Any], message: str
) -> None:
    """Formats and architectures of another version, and weights of another network."""
    describe(path, **changes)
    with pytest.raises(DatasetError, match=rf"(?s)denoiser.zip' .*{message}"):
        DenoiserDataset(filepath=path).load()


@pytest.mark.parametrize("member", MEMBERS)
def test_flipped_byte_is_corrupt(path: Path, member: str) -> None:
    """The checksums of the zip are verified before anything is built."""
    content = path.read_bytes()
    with ZipFile(path) as archive:
        position = content.index(archive.read(member)) + 50
    path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
    with pytest.raises(DatasetError, match=rf"denoiser.zip' is corrupt.*checksum of {member}"):
        DenoiserDataset(filepath=path).load()


@pytest.mark.parametrize(
    "changes", [dict.fromkeys(MEMBERS[:1]), dict.fromkeys(MEMBERS[1:]), {"more.py": b"print(1)"}]
)
def test_other_members_are_refused(path: Path, changes: dict[str, Any]) -> None:
    """A denoiser file has its two members and no other."""
    rewrite(path, changes)
    with pytest.raises(DatasetError, match=r"is corrupt or no denoiser file \(it holds"):
        DenoiserDataset(filepath=path).load()


def test_compressed_members_are_refused(path: Path) -> None:
    """What is not compressed cannot unpack to more than the file's size."""
    rewrite(path, {}, compression=ZIP_DEFLATED)
    with pytest.raises(DatasetError, match="members are compressed"):
        DenoiserDataset(filepath=path).load()


@pytest.mark.parametrize("content", [b"rubbish " * 50_000, bytes(400_000)])
def test_weights_that_are_no_hdf5_are_refused(path: Path, content: bytes) -> None:
    """A whole zip around broken weights is named all the same."""
    rewrite(path, {"model.weights.h5": content})
    message = r"denoiser.zip' holds weights that do not fit.*Train the denoiser again"
    with pytest.raises(DatasetError, match=message):
        DenoiserDataset(filepath=path).load()


@pytest.mark.parametrize("described", [b"\xff\xfe{}", b"[" * 100_000, b"{"])
def test_fault_p15_a_description_that_cannot_be_read_is_said_in_a_sentence(
    path: Path, described: bytes
) -> None:
    """Not UTF-8, too deep, cut off."""
    rewrite(path, {"denoiser.json": described})
    with pytest.raises(DatasetError, match=r"no readable description.*train the"):
        DenoiserDataset(filepath=path).load()


def test_fault_p15_a_description_that_is_too_long_is_refused(path: Path) -> None:
    """It is right, and four megabytes of blanks follow."""
    with ZipFile(path) as archive:
        described = archive.read("denoiser.json")
    rewrite(path, {"denoiser.json": described + b" " * (4 * 2**20)})
    with pytest.raises(DatasetError, match="more than"):
        DenoiserDataset(filepath=path).load()


def refuse_within_memory(path: str, message: str) -> None:
    """Refuse a file, and take no 100 MB for that."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DatasetError, match=message):
        DenoiserDataset(filepath=path).load()
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert taken < 100_000, f"{taken} KiB"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KiB")
def test_fault_p15_a_description_of_200_megabytes_takes_no_memory(path: Path) -> None:
    with ZipFile(path) as archive:
        described = archive.read("denoiser.json")
    rewrite(path, {"denoiser.json": described + b" " * 200_000_000})
    elsewhere(refuse_within_memory, str(path), "more than")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KiB")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": [20_000, 20_000, 1]}, "at least .* weights and holds"),
        ({"image_shape": [2**70, 8, 1]}, "image_shape"),
    ],
)
def test_fault_p15_sizes_that_cannot_be_take_no_memory(
    path: Path, changes: dict[str, Any], message: str
) -> None:
    describe(path, **changes)
    elsewhere(refuse_within_memory, str(path), message)


def test_fault_p15_a_card_of_other_weights_is_refused_and_none_is_needed(
    path: Path, tmp_path: Path
) -> None:
    """Both files are whole, and the weights fit; older files do not say which weights they hold."""
    other = tmp_path / "other.zip"
    DenoiserDataset(filepath=other).save(denoiser(latent_dim=4, seed=2))
    with ZipFile(other) as archive:
        rewrite(path, {"model.weights.h5": archive.read("model.weights.h5")})
    with pytest.raises(ValueError, match="holds other weights than those that it describes"):
        load_denoiser(path)
    describe(path, weights_digest=None)
    np.testing.assert_array_equal(
        load_denoiser(path).denoise(NOISY), load_denoiser(other).denoise(NOISY)
    )


def test_fault_p15_the_denoiser_that_ships_says_which_weights_it_holds() -> None:
    with ZipFile(SHIPPED / "photos.zip") as archive:
        described = json.loads(archive.read("denoiser.json"))
        assert described["weights_digest"] == digest_of(archive.read("model.onnx"))


def test_fault_p15_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """A network of NaN would give black images."""
    architecture = ARCHITECTURES["dense"].model_validate({})
    model = architecture.build(SHAPE, 0)
    model.set_weights([np.full_like(weights, np.nan) for weights in model.get_weights()])
    path = tmp_path / "denoiser.zip"
    DenoiserDataset(filepath=path).save(Denoiser(architecture, SHAPE, model))
    with pytest.raises(DatasetError, match="weights that are no numbers"):
        DenoiserDataset(filepath=path).load()


def test_fault_p15_no_message_leads_to_a_page_of_a_library(path: Path) -> None:
    describe(path, architecture={"name": "dense", "latent_dim": 0})
    with pytest.raises(DatasetError) as refused:
        DenoiserDataset(filepath=path).load()
    assert "http" not in str(refused.value)


class Mark:
    """What unpickling this does is seen on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".pkl", ".zip"])
def test_fault_r36_r37_a_file_with_code_is_refused_and_its_code_not_run(
    tmp_path: Path, suffix: str
) -> None:
    """A Keras model with a Lambda layer, as it is or under our name, and a pickle."""
    keras = load_keras()
    mark, path = tmp_path / "it was run", tmp_path / f"model{suffix}"
    if suffix == ".pkl":
        path.write_bytes(pickle.dumps(Mark(mark)))
    else:
        touch = eval(f"lambda x: (__import__('pathlib').Path({str(mark)!r}).touch(), x)[1]")
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Lambda(touch)])
        mark.unlink(missing_ok=True)
        made = path if suffix != ".zip" else path.with_suffix(".keras")
        model.save(made)
        made.rename(path)
    mark.unlink(missing_ok=True)
    with pytest.raises(ValueError, match=rf"model\{suffix}' is corrupt or no denoiser file"):
        load_denoiser(path)
    assert not mark.exists()


def test_a_denoiser_is_no_classifier(path: Path) -> None:
    """Each kind of network has a file of its own kind, and says which was expected."""
    with pytest.raises(DatasetError, match=r"is corrupt or no classifier file \(it holds"):
        ClassifierDataset(filepath=path).load()
