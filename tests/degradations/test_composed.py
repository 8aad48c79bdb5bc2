"""Degradations that follow each other are one degradation, from the parameters to the draws."""

import numpy as np
import pytest

from denoising_pipeline.config import ParameterError, flatten, validate_parameters
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import Composed, Degradation, NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.motion_blur import MotionBlur
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.degradations.stripe import Stripe
from denoising_pipeline.images.arrays import Images

BLURRED_AND_NOISY = [{"name": "motion_blur"}, {"name": "gaussian", "sigma": 0.1}]
CLEAN = np.random.default_rng(0).random((7, 12, 12, 1), dtype=np.float32)


class Grey(Degradation):
    """The mean of the channels: it has no level and changes their number."""

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Average."""
        grey: Images = clean.mean(-1, keepdims=True)
        return grey

    def out_channels(self, channels: int) -> int:
        """Return one."""
        return 1


def chosen(given: object) -> Degradation:
    return NoiseInjectionParameters.model_validate(given).root


def test_a_list_of_degradations_is_one_that_says_its_steps() -> None:
    composed = chosen(BLURRED_AND_NOISY)
    assert composed.describe() == "motion_blur 0.5 + gaussian 0.1"
    assert composed.name == "motion_blur + gaussian"
    assert (composed.level, composed.level_value) == ("sigma", 0.1)


def test_a_list_of_one_is_that_one() -> None:
    assert chosen([{"name": "stripe", "severity": 1}]) == Stripe(severity=1)


def test_steps_follow_each_other_with_draws_of_their_own() -> None:
    steps = MotionBlur(), Gaussian(sigma=0.1)
    degraded = Composed.of(steps).apply(CLEAN, generator(0, "noise"))
    first, second = generator(0, "noise").spawn(2)
    expected = steps[1].apply(steps[0].apply(CLEAN, first), second)
    np.testing.assert_array_equal(degraded, expected)
    other_order = Composed.of(steps[::-1]).apply(CLEAN, generator(0, "noise"))
    assert not np.array_equal(degraded, other_order)


def test_images_do_not_depend_on_those_that_follow() -> None:
    composed = Composed.of([SaltAndPepper(), MotionBlur(), Gaussian()])
    whole = composed.apply(CLEAN, generator(0, "noise"))
    np.testing.assert_array_equal(composed.apply(CLEAN[:3], generator(0, "noise")), whole[:3])


def test_another_level_is_that_of_the_last_step_that_has_one() -> None:
    composed = Composed.of([MotionBlur(), Gaussian(sigma=0.1), Grey(name="grey")])
    louder = composed.at(0.4)
    assert louder.describe() == "motion_blur 0.5 + gaussian 0.4 + grey"
    assert louder.at(0.1) == composed
    assert louder.out_channels(3) == 1
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        composed.at(-1)
    with pytest.raises(ValueError, match="no level"):
        Composed.of([Grey(name="grey")]).at(1)


def test_digest_tells_order_and_every_option() -> None:
    steps = [MotionBlur(), SaltAndPepper(salt=0.1)]
    every = [steps, steps[::-1], [MotionBlur(), SaltAndPepper(salt=0.9)], steps[:1]]
    assert len({Composed.of(some).digest for some in every}) == len(every)


def test_what_a_run_records_can_be_given_back_to_it() -> None:
    given = NoiseInjectionParameters.model_validate(BLURRED_AND_NOISY)
    for again in (
        NoiseInjectionParameters.model_validate(given.model_dump()),
        NoiseInjectionParameters.model_validate(given.root),
        NoiseInjectionParameters.model_validate_json(given.model_dump_json()),
    ):
        assert again == given
        assert again.root.digest == given.root.digest
    complete = validate_parameters({"noise_injection": BLURRED_AND_NOISY})
    assert complete.noise_injection == given
    recorded = flatten(complete.model_dump(mode="json"))["noise_injection"]
    assert recorded == [{"name": "motion_blur", "severity": 0.5}, BLURRED_AND_NOISY[1]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"name": "fog"}, {"name": "gausian"}], r"\.1\.name: 'gausian' is unknown; did you mean"),
        ([{"name": "fog"}, {}], r"\.1\.name: a name is missing"),
        ([{"name": "fog", "severity": 2}, {"name": "blind"}], r"\.0\.severity: 2 is not allowed"),
        ([{"name": "gaussian", "sigmas": 1}], r"\.0\.sigmas: no such parameter; did you mean 'si"),
        ([], r": \[\] is not allowed; it lists no degradation\. Give at least one"),
    ],
)
def test_a_mistake_in_a_list_is_named_with_its_place(given: object, expected: str) -> None:
    with pytest.raises(ParameterError, match=f"noise_injection{expected}"):
        validate_parameters({"noise_injection": given})
