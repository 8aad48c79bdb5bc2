"""Training that is interrupted ends with the weights that it would have had anyway."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from limits import on_small_disk

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.core import backend
from denoising_pipeline.core.workers import ALONE, Workers
from denoising_pipeline.datasets import CheckpointsDataset
from denoising_pipeline.degradations import Noise
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import CleanExamples, TrainingDivergedError, train
from denoising_pipeline.training.checkpoints import Checkpoints
from denoising_pipeline.training.resume import ResumableTraining, Rows, training_identity

CLEAN: Images = np.random.default_rng(0).random((60, 4, 4, 1), np.float32)
VALIDATION = (CLEAN[:20], CLEAN[20:40])
NOISE = Gaussian(sigma=0.3)
BASE: dict[str, Any] = {
    "model": {"name": "dense", "latent_dim": 4, "layers": 1, "nodes": 6},
    "epochs": 6,
    "batch_size": 16,
    "learning_rate": 0.3,
    "precision": "float32",
}
"""Steps so long that the best epoch is not the last one."""

CHANGES: dict[str, dict[str, Any]] = {
    "best": {"keep": "best"},
    "last": {"keep": "last"},
    "patient": {"keep": "best", "early_stopping_patience": 2},
    "frozen": {"fresh_noise": False, "schedule": "constant", "precision": "mixed_bfloat16"},
}


class Interruption(BaseException):
    """What happens to processes."""


def run(
    checkpoints: Checkpoints | None,
    stop_after: int = 0,
    noise: Noise = NOISE,
    at_epoch: Callable[[int], object] = lambda epoch: None,
    **changes: Any,
) -> tuple[Denoiser, pd.DataFrame, list[int]]:
    epochs: list[int] = []

    def log_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        epochs.append(epoch)
        at_epoch(epoch)
        if epoch == stop_after:
            raise Interruption

    options = validate_parameters({"training": {**BASE, **changes}}).training
    examples = CleanExamples.of(CLEAN, noise, options, 0)
    return *train(examples, VALIDATION, options, 0, log_epoch, checkpoints), epochs


@cache
def whole(name: str) -> tuple[Denoiser, pd.DataFrame]:
    """What a training comes to that nothing interrupted."""
    denoiser, history, _ = run(None, **CHANGES[name])
    return denoiser, history


def same(one: Denoiser, other: Denoiser) -> bool:
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return CheckpointsDataset(filepath=str(tmp_path)).load()


@pytest.mark.parametrize(
    "name", ["best", *(pytest.param(n, marks=pytest.mark.slow) for n in CHANGES if n != "best")]
)
def test_weights_and_history_are_those_of_a_training_that_nothing_interrupted(
    name: str, checkpoints: Checkpoints
) -> None:
    """Interrupted twice. It comes in an epoch's report: one more was done than was kept."""
    undisturbed, expected = whole(name)
    assert len(expected) >= 3
    for stop_after in (2, min(4, len(expected))):
        with pytest.raises(Interruption):
            run(checkpoints, stop_after, **CHANGES[name])
    denoiser, history, reported = run(checkpoints, **CHANGES[name])
    assert same(denoiser, undisturbed)
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True
    )
    assert reported == expected["epoch"].tolist()


@pytest.mark.slow
def test_only_what_was_not_done_is_done_again(
    checkpoints: Checkpoints, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Interruption):
        run(checkpoints, stop_after=5)
    capsys.readouterr()
    with caplog.at_level("INFO"):
        run(checkpoints)
    assert "Resuming after epoch 5 of 6" in caplog.text
    assert "\nepoch 5 of 6" not in (shown := capsys.readouterr().out)
    assert "epoch 6 of 6" in shown


def test_a_training_that_is_done_leaves_nothing(checkpoints: Checkpoints, tmp_path: Path) -> None:
    run(checkpoints)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_a_training_that_should_not_resume_starts_anew(
    checkpoints: Checkpoints, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Interruption):
        run(checkpoints, stop_after=3, keep="best")
    capsys.readouterr()
    denoiser, _, _ = run(checkpoints, keep="best", resume=False)
    assert "epoch 1 of 6" in capsys.readouterr().out
    assert same(denoiser, whole("best")[0])


@pytest.mark.slow
def test_a_training_that_should_not_resume_leaves_nothing_of_those_before(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """Interrupted in its turn and started again, it goes on with its own epochs."""
    for stop_after, resume, kept in ((5, True, [4, 5]), (3, False, [2, 3]), (1, False, [1])):
        with pytest.raises(Interruption):
            run(checkpoints, stop_after, resume=resume)
        assert sorted(int(path.name[:6]) for path in tmp_path.rglob("*.npz")) == kept


def test_fault_r31_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    """The third epoch is fed no numbers: it is not kept, those before are."""
    checkpoints = CheckpointsDataset(filepath=str(tmp_path)).load()
    drawings: list[Images] = []

    class BrokenFromTheThirdEpoch(Gaussian):
        def apply(self, clean: Images, generator: np.random.Generator) -> Images:
            drawings.append(clean)
            noisy = super().apply(clean, generator)
            return noisy if len(drawings) < 3 else np.full_like(noisy, np.nan)

    with pytest.raises(TrainingDivergedError, match="after epoch 3"):
        run(checkpoints, noise=BrokenFromTheThirdEpoch())
    assert sorted(path.name[:6] for path in tmp_path.rglob("*.npz")) == ["000001", "000002"]
    (kept,) = {path.parent.name for path in tmp_path.rglob("*.npz")}
    state = checkpoints.latest(kept)
    assert state is not None
    assert all(np.isfinite(state[name]).all() for name in state if name != "progress")


def train_where_the_disk_is_full(folder: str) -> None:
    """Fill the disk of the checkpoints after epoch 2 of 6, and stop in epoch 5; then make room."""
    checkpoints = CheckpointsDataset(filepath=folder).load()
    filling = Path(folder, "filling")

    def kept() -> list[int]:
        return sorted(int(path.name[:6]) for path in Path(folder).rglob("*.np*"))

    def fill(epoch: int) -> None:
        if epoch == 2:
            filling.touch()
            with suppress(OSError), filling.open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        if epoch == 5:
            raise Interruption

    with suppress(Interruption):
        run(checkpoints, at_epoch=fill, keep="best")
    assert kept() == [1, 2]
    assert [path.name for path in Path(folder).rglob("*.part")] == []
    filling.unlink()
    denoiser, history, reported = run(checkpoints, keep="best")
    assert same(denoiser, whole("best")[0])
    assert reported == history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert kept() == []


@pytest.mark.slow
def test_fault_r35_a_training_goes_on_where_the_disk_is_full_and_is_resumed_from_before(
    tmp_path: Path,
) -> None:
    """To the weights that it would have had anyway."""
    on_small_disk(tmp_path, 400_000, train_where_the_disk_is_full, str(tmp_path))


class Examples(CleanExamples):
    """What counts how often all of it is read."""

    reads = 0

    @property
    def facts(self) -> dict[str, Any]:
        """In the usual order, and in the other one, by turns."""
        Examples.reads += 1
        facts = super().facts.items()
        return dict(facts if Examples.reads % 2 else reversed(facts))


class Together(Workers):
    """One of two workers, the leader first: the other one is told what it said."""

    said: ClassVar[list[str]] = []

    def of_leader(self, text: str) -> str:
        """Keep it, or take what was kept first."""
        if self.leads:
            self.said.append(text)
            return text
        return self.said.pop(0)


@pytest.fixture
def pair() -> tuple[Workers, Workers]:
    Together.said.clear()
    return Together(0, 2), Together(1, 2)


def identity(
    clean: Images = CLEAN,
    validation: tuple[Images, Images] = VALIDATION,
    noise: Noise = NOISE,
    seed: int = 0,
    start: Sequence[Images] = (),
    workers: Workers = ALONE,
    **changes: Any,
) -> str:
    options = validate_parameters({"training": {**BASE, **changes}}).training
    examples = Examples.of(clean, noise, options, 0)
    return training_identity(examples, validation, options, seed, start, workers)


def test_the_identity_is_of_everything_that_decides_the_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = CLEAN.copy()
    other[37, 3, 3, 0] = 0.5
    found = [
        identity(),
        identity(clean=other),
        identity(validation=(other[20:40], CLEAN[20:40])),
        identity(validation=(CLEAN[:20], other[20:40])),
        identity(clean=CLEAN.reshape(60, 2, 8, 1)),
        identity(noise=Gaussian(sigma=0.4)),
        identity(seed=1),
        identity(start=[CLEAN]),
        identity(start=[other]),
        identity(epochs=7),
        identity(model={**BASE["model"], "nodes": 7}),
        identity(precision="mixed_bfloat16"),
    ]
    for has_it in (False, True):
        monkeypatch.setattr(backend, "has_bfloat16", lambda has_it=has_it: has_it)
        found.append(identity(precision="auto"))
    assert len(set(found)) == len(found)
    assert {len(bytes.fromhex(each)) for each in found} == {16}


def test_the_identity_is_not_of_the_rest() -> None:
    assert identity() == identity(resume=False) == identity(clean=CLEAN.copy())


def test_workers_have_the_identity_of_the_leader_who_alone_reads_the_images(
    pair: tuple[Workers, Workers],
) -> None:
    leader, follower = pair
    of_leader = identity(workers=leader)
    reads = Examples.reads
    assert of_leader == identity(workers=follower) == identity()
    assert Examples.reads == reads + 1


@pytest.mark.parametrize("change", [{"seed": 1}, {"clean": CLEAN[:40]}])
def test_a_worker_that_trains_something_else_is_told_so(
    pair: tuple[Workers, Workers], change: dict[str, Any]
) -> None:
    leader, follower = pair
    identity(workers=leader)
    with pytest.raises(ValueError, match="Worker 1 trains something else"):
        identity(workers=follower, **change)


class Attempt:
    """What goes on from an epoch to the next in a process that trains, without the training."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        *,
        keep: str = "best",
        resume: bool = True,
        workers: Workers = ALONE,
    ) -> None:
        keras = backend.load_keras()
        self.model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")]
        )
        self.model.compile("adam")
        self.model.optimizer.build(self.model.trainable_variables)
        self.model.stop_training = False
        self.stopping = keras.callbacks.EarlyStopping(
            "val_loss", patience=99, restore_best_weights=keep == "best"
        )
        self.stopping.set_model(self.model)
        self.rows: Rows = []
        options = validate_parameters({"training": {**BASE, "resume": resume}}).training
        given = (self.stopping, self.rows, options, checkpoints, "it", workers)
        self.callback = ResumableTraining(self.model, *given).callback()
        self.stopping.on_train_begin()
        self.callback.on_train_begin({})

    def learn(self, epoch: int, loss: float) -> None:
        """Change every number; epochs from 0."""
        for variable in [*self.model.variables, *self.model.optimizer.variables]:
            variable.assign(variable + epoch + 1)
        self.rows.append({"epoch": epoch + 1, "val_loss": loss})
        self.stopping.on_epoch_end(epoch, {"val_loss": loss})
        self.callback.on_epoch_end(epoch, {})

    @property
    def all(self) -> list[Any]:
        """Return every number that it goes on with."""
        numbers = [*self.model.variables, *self.model.optimizer.variables]
        stopping = (self.stopping.best, self.stopping.best_epoch, self.stopping.wait)
        best = self.stopping.best_weights
        return [
            *map(np.asarray, numbers),
            *([None] if best is None else best),
            *stopping,
            self.rows,
        ]


def kept(folder: Path) -> list[int]:
    return sorted(int(path.name[:6]) for path in folder.rglob("*.npz"))


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("losses", [[], [3.0], [3.0, 2.0, 5.0]])
def test_everything_is_as_it_was_after_the_last_epoch(
    keep: str, losses: list[float], checkpoints: Checkpoints, caplog: pytest.LogCaptureFixture
) -> None:
    """The best epoch may be the last one or not, and its weights are kept or not."""
    before = Attempt(checkpoints, keep=keep)
    for epoch, loss in enumerate(losses):
        before.learn(epoch, loss)
    with caplog.at_level("INFO"):
        after = Attempt(checkpoints, keep=keep)
    said = f"Resuming after epoch {len(losses)} of 6"
    assert caplog.messages == [said] * bool(losses)
    assert all(np.array_equal(*pair) for pair in zip(before.all, after.all, strict=True))


def test_epochs_are_kept_until_there_is_no_further_one(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """By the name of the training; the last but one may have been stopped early."""
    attempt = Attempt(checkpoints)
    for epoch in range(4):
        attempt.learn(epoch, 1)
    attempt.model.stop_training = True
    attempt.learn(4, 1)
    assert kept(tmp_path / "it") == [3, 4]
    attempt.model.stop_training = False
    attempt.learn(4, 1)
    attempt.learn(5, 1)
    assert kept(tmp_path / "it") == [4, 5]


def test_a_training_that_should_not_resume_removes_what_was_kept_and_no_other(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    Attempt(checkpoints).learn(0, 1)
    checkpoints.save("another", 2, {})
    assert Attempt(checkpoints, resume=False).rows == []
    assert kept(tmp_path / "it") == []
    assert kept(tmp_path) == [2]


def test_the_leader_alone_writes_and_removes(
    pair: tuple[Workers, Workers], checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """A worker that should not resume passes over what the leader has not yet removed."""
    leader, follower = pair
    both = [Attempt(checkpoints, workers=each) for each in pair]
    both[1].learn(0, 1)
    assert kept(tmp_path) == []
    both[0].learn(0, 1)
    assert kept(tmp_path) == [1]
    leader.of_leader("000000")
    assert Attempt(checkpoints, resume=False, workers=follower).rows == []
    assert kept(tmp_path) == [1]
    assert [len(Attempt(checkpoints, workers=each).rows) for each in pair] == [1, 1]


def test_a_worker_that_finds_another_checkpoint_is_told_so(
    pair: tuple[Workers, Workers], checkpoints: Checkpoints
) -> None:
    leader, follower = pair
    Attempt(checkpoints, workers=leader).learn(0, 1)
    with pytest.raises(ValueError, match="checkpoints differ"):
        Attempt(checkpoints, workers=follower)
