"""Scores under shifts are summed up for the denoiser, shift and images that they belong to."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from cards import card
from sklearn.metrics import roc_auc_score

from denoising_pipeline.baselines.options import RobustnessParameters
from denoising_pipeline.degradations import Degradation, draw_noisy
from denoising_pipeline.degradations.blind import Blind
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import mean_interval, psnr
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.shifts import Sources
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.source import Source
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.robustness import nodes

IMAGES = 30
SHIFTS = [
    ("noise", "gaussian", 0.0, False),
    ("noise", "gaussian", 0.5, True),
    ("noise", "masking", 0.5, False),
    ("degradation", "fog", 1.0, False),
    ("degradation and noise", "fog", 1.0, False),
    ("source", "letters", 0.5, False),
]

SHAPE = (12, 12, 1)
FEW = RobustnessParameters(
    images=9,
    noises=["poisson"],
    levels=[0.3],
    degradations=["fog", "stripe"],
    severities=[1.0],
    classical="gaussian filter",
)


def network(
    noise: Degradation = Gaussian(),  # noqa: B008
    seed: int = 0,
    shape: tuple[int, int, int] = SHAPE,
) -> Denoiser:
    architecture = Dense(latent_dim=4, layers=0)
    return Denoiser(architecture, shape, architecture.build(shape, 0), card(noise, seed=seed))


def clean_images(count: int, shape: tuple[int, int, int] = SHAPE) -> Images:
    return np.random.default_rng(count).random((count, *shape), dtype=np.float32)


LETTERS = FEW.model_copy(update={"other_source": "letters"})


def letters(size: int) -> Source:
    """A source of two black test images."""
    black = {"test_images": np.zeros((2, size, size), np.uint8)}
    return Source("letters", None, {}, lambda path: BytesIO(), black)


def scored(
    denoiser: Denoiser,
    robustness: RobustnessParameters = FEW,
    test_images: int = 9,
    sources: Sources | None = None,
    evaluation: EvaluationParameters = EvaluationParameters(),  # noqa: B008
    shape: tuple[int, int, int] = SHAPE,
) -> pd.DataFrame:
    """Run the three nodes up to the scores."""
    train, val, test = (clean_images(count, shape) for count in (20, 10, test_images))
    noise, seed = denoiser.card.noise, denoiser.card.seed
    val_noisy = draw_noisy(val, noise, seed=seed, split="val", epoch=0)
    detector = nodes.calibrate_ood(denoiser, val_noisy, robustness)
    classical = nodes.calibrate_classical(denoiser, train, val_noisy, val, robustness)
    given = (denoiser, detector, classical, train, val_noisy, val, test)
    return nodes.score_shifts(*given, sources or (lambda name: letters(9)), evaluation, robustness)


@pytest.fixture(scope="module")
def shift_scores() -> pd.DataFrame:
    """Scores that rise from shift to shift; those of the training are the least unlike it."""
    draws = np.random.default_rng(0)
    tables = []
    for number, shift in enumerate(SHIFTS):
        table = dict(zip(("kind", "name", "level", "trained"), shift, strict=True))
        for start, prefix in enumerate(("", "classical_", "noisy_")):
            rising = 10 * number + start + draws.random(IMAGES)
            table |= {f"{prefix}psnr": rising, f"{prefix}ssim": rising / 100}
        away = draws.random(IMAGES) + (0 if shift[3] else 0.3 * number)
        tables.append(pd.DataFrame(table | {"index": np.arange(IMAGES), "ood_score": away}))
    return pd.concat(tables, ignore_index=True)


def of(shift_scores: pd.DataFrame, number: int) -> pd.DataFrame:
    return shift_scores.iloc[number * IMAGES : (number + 1) * IMAGES]


def test_noise_sweeps_hold_mean_and_interval_of_each_denoiser(shift_scores: pd.DataFrame) -> None:
    table = nodes.summarize_noise_sweeps(shift_scores, EvaluationParameters(confidence=0.9))
    keys = [(kind, level, trained) for _, kind, level, trained in SHIFTS[:3] for _ in range(3)]
    columns = ["noise", "level", "trained"]
    assert list(table[columns].itertuples(index=False, name=None)) == keys
    assert list(table["denoiser"]) == ["trained", "classical", "nothing"] * 3
    assert set(table["n_images"]) == {IMAGES}
    for row, prefix in ((3, ""), (4, "classical_"), (5, "noisy_")):
        for key in ("psnr", "ssim"):
            expected = mean_interval(of(shift_scores, 1)[f"{prefix}{key}"].to_numpy(), 0.9)
            found = table.loc[row, [key, f"{key}_ci_low", f"{key}_ci_high"]]
            assert tuple(found) == pytest.approx(expected)


def test_degradations_are_told_apart_by_the_noise_on_top(shift_scores: pd.DataFrame) -> None:
    table = nodes.summarize_degradations(shift_scores, EvaluationParameters())
    assert list(table["with_noise"]) == [False] * 3 + [True] * 3
    assert set(table["degradation"]) == {"fog"} and set(table["severity"]) == {1.0}
    alone, noisy = (table[table["with_noise"] == with_noise] for with_noise in (False, True))
    assert alone["psnr"].iloc[0] == pytest.approx(of(shift_scores, 3)["psnr"].mean())
    assert noisy["psnr"].iloc[0] == pytest.approx(of(shift_scores, 4)["psnr"].mean())


def test_sources_are_the_own_one_under_its_name_and_the_other(shift_scores: pd.DataFrame) -> None:
    table = nodes.summarize_sources(shift_scores, network(), EvaluationParameters())
    assert list(table["source"]) == ["mnist"] * 3 + ["letters"] * 3
    assert table["psnr"].iloc[0] == pytest.approx(of(shift_scores, 1)["psnr"].mean())
    own = nodes.summarize_sources(
        shift_scores[shift_scores["kind"] != "source"], network(), EvaluationParameters()
    )
    assert list(own["source"]) == ["mnist"] * 3


def test_ood_detector_compares_each_shift_with_the_training(shift_scores: pd.DataFrame) -> None:
    table = nodes.measure_ood(shift_scores, {"threshold": 0.9}, EvaluationParameters(), seed=0)
    assert len(table) == len(SHIFTS)
    known = of(shift_scores, 1)["ood_score"]
    for number, row in enumerate(table.to_dict("records")):
        scores = of(shift_scores, number)["ood_score"]
        truth = np.repeat([0, 1], IMAGES)
        assert row["auc"] == pytest.approx(roc_auc_score(truth, pd.concat([known, scores])))
        assert row["auc_ci_low"] <= row["auc"] <= row["auc_ci_high"]
        assert row["flagged"] == pytest.approx(np.mean(scores > 0.9))


def test_areas_are_drawn_of_every_shift(shift_scores: pd.DataFrame) -> None:
    table = nodes.measure_ood(shift_scores, {"threshold": 0.9}, EvaluationParameters(), seed=0)
    names = [str(name).replace("_", " ") for name in table["name"].unique()]
    assert [ax.get_title() for ax in nodes.draw_ood_curves(table).axes] == names


@pytest.mark.parametrize("noise", [Gaussian(sigma=0.2), Blind(gaussian=0.86)])
def test_the_noise_of_the_training_is_that_of_the_card(noise: Degradation) -> None:
    """Its seed and options, too: doing nothing has the PSNR of the noisy test images."""
    scores = scored(network(noise, seed=3))
    own = scores[scores["trained"]]
    assert {*own["name"]} == {noise.name} and {*own["level"]} == {noise.level_value}
    clean = clean_images(9)
    noisy = draw_noisy(clean, noise, seed=3, split="test", epoch=0)
    np.testing.assert_allclose(own["noisy_psnr"], psnr(clean, noisy))
    assert {*scores.loc[scores["kind"] == "noise", "name"]} == {noise.name, "poisson"}
    assert {*scores.loc[scores["kind"] == "degradation", "name"]} == {"fog", "stripe"}


def test_of_a_folder_doing_nothing_has_the_score_of_its_noisy_test_images() -> None:
    """Each image of a set has noise of its own, whichever others there are."""
    denoiser, clean = network(), ImageSet.of(clean_images(9))
    own = draw_noisy(clean, denoiser.card.noise, seed=0, split="test", epoch=0)
    assert not np.array_equal(
        own.values, draw_noisy(clean.as_array(), denoiser.card.noise, seed=0, split="test", epoch=0)
    )
    shifts = nodes._shifts(denoiser, clean, FEW)
    (given,) = (given for shift, _, given in shifts if shift.trained)
    np.testing.assert_array_equal(given, own.as_array())


def test_the_classical_denoiser_is_the_one_that_was_calibrated() -> None:
    """The best of its hyperparameters on validation images, whatever the images of the test."""
    denoiser, val = network(), clean_images(10)
    noisy = draw_noisy(val, denoiser.card.noise, seed=0, split="val", epoch=0)
    chosen = nodes.calibrate_classical(denoiser, val, noisy, val, FEW)
    assert chosen["denoiser"] == "gaussian filter"
    assert {*chosen["hyperparameters"]} == {"sigma"}
    with pytest.raises(
        ValueError, match=r"classical: 'posterior mean': it needs .* Name another one"
    ):
        nodes.calibrate_classical(
            network(Blind()),
            val,
            noisy,
            val,
            FEW.model_copy(update={"classical": "posterior mean"}),
        )


def test_one_test_image_goes_from_scores_to_tables_and_figures() -> None:
    """There is no spread then, and no interval is wider than its value."""
    scores, evaluation = scored(network(), test_images=1), EvaluationParameters()
    detector = {"threshold": 0.9}
    areas = nodes.measure_ood(scores, detector, evaluation, seed=0)
    np.testing.assert_array_equal(areas["auc_ci_low"], areas["auc_ci_high"])
    assert set(areas["n_images"]) == {1}
    assert len(nodes.summarize_noise_sweeps(scores, evaluation)) == 3 * 3
    assert len(nodes.summarize_degradations(scores, evaluation)) == 3 * 4
    nodes.draw_ood_curves(areas)


def test_scores_are_those_that_evaluation_measures_and_small_images_need_no_ssim() -> None:
    without = EvaluationParameters(metrics=["mse", "psnr"])
    scores = scored(network(shape=(8, 8, 1)), evaluation=without, shape=(8, 8, 1))
    measured = [
        name for name in map(str, scores) if name.split("_")[-1] in {"psnr", "ssim", "mse", "mae"}
    ]
    denoisers = ("", "classical_", "noisy_")
    assert measured == [f"{prefix}{name}" for prefix in denoisers for name in ("mse", "psnr")]
    tables = nodes.summarize_noise_sweeps, nodes.summarize_degradations
    for table in (summarize(scores, EvaluationParameters()) for summarize in tables):
        assert {"psnr", "mse_ci_low"} <= {*table} and "ssim" not in table
    every = scored(network(), evaluation=EvaluationParameters())
    assert {"noisy_mae", "classical_ssim"} <= {*every}


def test_examples_show_every_degradation_without_and_with_the_noise_of_the_card() -> None:
    figure = nodes.draw_degradation_examples(network(), clean_images(2), FEW)
    title = figure.get_suptitle().replace("\n", " ")
    assert "severity 1, without noise and with gaussian 0.5" in title
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == ["fog", "stripe"]


def test_too_few_validation_images_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"there are 1\. Raise robustness\.images"):
        nodes.calibrate_ood(network(), clean_images(1), FEW)


def test_a_source_of_another_size_is_refused_before_the_sweeps() -> None:
    with pytest.raises(ValueError, match=r"letters are 9x9, those of the test 12x12"):
        scored(network(), LETTERS, sources=lambda name: letters(9))


def test_another_source_is_among_the_shifts() -> None:
    own = scored(network(), LETTERS, sources=lambda name: letters(12))
    assert len(own[own["kind"] == "source"]) == 2


def test_images_of_several_sizes_are_refused_by_the_first_node() -> None:
    shapes = [(12, 12, 1), (12, 13, 1)]
    mixed = ImageSet.collect((np.zeros(shape, np.float32) for shape in shapes), shapes, np.float32)
    with pytest.raises(ValueError, match="differ in size"):
        nodes.calibrate_ood(network(), mixed, FEW)
    with pytest.raises(ValueError, match="differ in size"):
        nodes.calibrate_classical(network(), mixed, mixed, mixed, FEW)
    files = {str(number): {"shape": shape} for number, shape in enumerate(shapes)}
    manifest = {"source": "mine", "kind": "folder", "channels": 1, "files": files}
    with pytest.raises(ValueError, match="mine: the images differ in size, and this pipeline"):
        check_drawn_of_one_size(manifest)


@pytest.mark.parametrize(
    ("key", "wrong", "hint"),
    [
        ("noises", "gausian", "did you mean 'gaussian'"),
        ("noises", "fog", "allowed: blind"),
        ("degradations", "frog", "did you mean 'fog'"),
    ],
)
def test_an_unknown_noise_model_or_degradation_is_refused_with_what_there_is(
    key: str, wrong: str, hint: str
) -> None:
    with pytest.raises(ValueError, match=f"{wrong!r} is unknown; {hint}"):
        RobustnessParameters.model_validate({key: [wrong]})
