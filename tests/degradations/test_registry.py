"""One registry of one kind of component, which grows without changing what was there."""

import sys
from typing import ClassVar

import numpy as np
import pytest
from pydantic import Field, ValidationError

from denoising_pipeline import degradations
from denoising_pipeline.baselines.options import RobustnessParameters
from denoising_pipeline.core.components import discover
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import (
    DEGRADATIONS,
    DRAWN,
    NOISES,
    Degradation,
    Noise,
    NoiseInjectionParameters,
)
from denoising_pipeline.degradations.blind import Blind
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.images.arrays import Images

every_class = pytest.mark.parametrize("cls", DRAWN.values(), ids=DRAWN)
GRADED = {name: cls for name, cls in DRAWN.items() if cls.level}

NEW_NOISE = """
from typing import ClassVar, Literal
import numpy as np
from pydantic import Field
from denoising_pipeline.degradations.base import Noise

class Dirt(Noise):
    level: ClassVar[str] = "dirt"
    name: Literal["dirt"] = "dirt"
    dirt: float = Field(default=0.1, ge=0, le=1, description="how much")

    def apply(self, clean, generator):
        return np.clip(clean - self.dirt, 0, 1)
"""


def test_noise_models_are_the_degradations_that_are_noise() -> None:
    assert list(DEGRADATIONS) == sorted(DEGRADATIONS)
    assert {name: cls for name, cls in DEGRADATIONS.items() if issubclass(cls, Noise)} == NOISES
    assert {"gaussian", "blind"} < NOISES.keys() < DEGRADATIONS.keys()


@pytest.mark.parametrize("cls", GRADED.values(), ids=GRADED)
def test_level_names_an_option_and_is_described(cls: type[Degradation]) -> None:
    degradation = cls.model_validate({})
    assert degradation.level in cls.model_fields
    lower = degradation.at(0.25)
    assert lower.level_value == 0.25
    said = {  # as people know the noise of photographs and of recordings
        "camera": "camera up to 63.8/255",
        "background": "background at 12 to 32 dB",
    }
    name = cls.model_fields["name"].default
    assert lower.describe() == said.get(name, f"{name} 0.25")
    assert lower.model_dump() == degradation.model_dump() | {degradation.level: 0.25}
    for wrong in (-1, float("nan")):
        with pytest.raises(ValidationError):
            degradation.at(wrong)


@every_class
def test_input_is_not_changed_and_channels_are_those_that_it_says(cls: type[Degradation]) -> None:
    degradation = cls.model_validate({})
    for channels in (1, 3):
        clean = np.random.default_rng(0).random((3, 9, 8, channels), dtype=np.float32)
        clean.flags.writeable = False
        degraded = degradation.apply(clean, np.random.default_rng(0))
        assert degraded.shape == (3, 9, 8, degradation.out_channels(channels))
        assert degraded.dtype == np.float32


def test_digest_tells_every_option_and_survives_a_file() -> None:
    """Names of runs leave options out; the digest does not."""
    few, many = SaltAndPepper(salt=0.1), SaltAndPepper(salt=0.9)
    assert few.describe() == many.describe()
    assert few.digest != many.digest
    assert SaltAndPepper.model_validate_json(few.model_dump_json()).digest == few.digest
    assert Gaussian(sigma=1).digest == Gaussian(sigma=1.0).digest != Gaussian(sigma=1.1).digest
    every = {cls.model_validate({}).digest for cls in DEGRADATIONS.values()}
    assert len(every) == len(DEGRADATIONS)


class Inverted(Degradation):
    """Negative images."""

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Invert."""
        return 1 - clean


def test_a_degradation_without_a_level_is_there_or_not() -> None:
    inverted = Inverted(name="inverted")
    assert (inverted.level_value, inverted.describe()) == (1, "inverted")
    with pytest.raises(ValueError, match="inverted has no level"):
        inverted.at(0.5)


def test_a_new_file_is_registered_and_changes_no_recipe(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `blind` draws and what `robustness` tries are options of their own."""
    folder = tmp_path_factory.mktemp("more")
    (folder / "dirt.py").write_text(NEW_NOISE)
    clean = np.full((40, 4, 4, 1), 0.5, np.float32)

    def blind() -> Images:
        return Blind().apply(clean, generator(0, "noise", "train"))

    drawn, tried = blind(), RobustnessParameters()
    monkeypatch.setattr(degradations, "__path__", [*degradations.__path__, str(folder)])
    try:
        found = discover(Degradation, degradations)  # type: ignore[type-abstract]
        monkeypatch.setattr(degradations, "DEGRADATIONS", found)
        noises = {name: cls for name, cls in found.items() if issubclass(cls, Noise)}
        monkeypatch.setattr(degradations, "NOISES", noises)
        assert {*noises} - {*NOISES} == {*found} - {*DEGRADATIONS} == {"dirt"}
        np.testing.assert_array_equal(blind(), drawn)
        assert RobustnessParameters() == tried
        assert Blind(gaussian=0, others=("dirt",)).apply(clean, generator(0, "noise")).max() <= 0.5
    finally:
        sys.modules.pop("denoising_pipeline.degradations.dirt", None)


class Narrow(Noise):
    """Noise whose default is its highest level."""

    level: ClassVar[str] = "width"
    name: str = "narrow"
    width: float = Field(default=1.0, ge=0, le=1)

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Do nothing."""
        return clean.copy()


def test_a_level_that_a_model_of_blind_does_not_have_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice the default is drawn, so it has to be allowed."""
    monkeypatch.setattr(degradations, "NOISES", {**NOISES, "narrow": Narrow})
    with pytest.raises(ValidationError, match="narrow does not have the level 2, twice its def"):
        Blind(others=("narrow",))


def test_recorded_noise_is_chosen_by_name_and_never_drawn() -> None:
    chosen = NoiseInjectionParameters.model_validate({"name": "recorded"})
    assert chosen.root == Recorded()
    assert (chosen.root.describe(), chosen.root.drawn) == ("recorded noise", False)
    assert {*DEGRADATIONS} - {*DRAWN} == {"recorded"}
    with pytest.raises(ValueError, match=r"cannot be drawn.*noise_injection\.name"):
        chosen.root.apply(np.zeros((1, 2, 2, 1), np.float32), generator(0, "noise"))


def test_recorded_noise_is_no_step_and_is_not_tried() -> None:
    steps = [{"name": "recorded"}, {"name": "gaussian"}]
    with pytest.raises(ValidationError, match="it stands alone"):
        NoiseInjectionParameters.model_validate(steps)
    with pytest.raises(ValidationError, match="'recorded' is unknown"):
        RobustnessParameters(degradations=["recorded"])
