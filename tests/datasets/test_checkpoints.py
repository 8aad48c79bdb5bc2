"""Checkpoints survive what may happen to files, and do not pile up."""

import logging
import pickle
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import fsspec
import numpy as np
import pytest
from kedro.io.core import DatasetError
from limits import elsewhere, on_small_disk

from denoising_pipeline.datasets import CheckpointsDataset
from denoising_pipeline.training.checkpoints import Checkpoints

with suppress(ImportError):  # there is none on Windows
    import resource

ONE, TWO, THREE = ({"weights": np.full((40, 5), n, np.float32)} for n in (1, 2, 3))


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return CheckpointsDataset(filepath=str(tmp_path / "made" / "later")).load()


def files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in tmp_path.rglob("*") if path.is_file())


def latest(checkpoints: Checkpoints, identity: str = "a") -> float | None:
    """The number in the newest checkpoint."""
    found = checkpoints.latest(identity)
    return None if found is None else float(found["weights"][0, 0])


def test_the_newest_is_found_to_the_bit(checkpoints: Checkpoints) -> None:
    values = {"x": np.array([0.1, np.pi]), "text": np.array('{"a": 0.1}')}
    checkpoints.save("a", 9, ONE)
    checkpoints.save("a", 10, values)
    found = checkpoints.latest("a")
    assert found is not None
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in values.items()
    }


def test_without_any_there_is_none(checkpoints: Checkpoints) -> None:
    assert checkpoints.latest("a") is None
    checkpoints.clear("a")


def test_two_generations_are_kept(checkpoints: Checkpoints, tmp_path: Path) -> None:
    for epoch, state in enumerate((ONE, TWO, THREE)):
        checkpoints.save("a", epoch, state)
    assert [path.name[:6] for path in files(tmp_path)] == ["000001", "000002"]


def test_no_training_sees_another_ones(checkpoints: Checkpoints) -> None:
    checkpoints.save("a", 1, ONE)
    checkpoints.save("b", 2, TWO)
    assert (latest(checkpoints), latest(checkpoints, "b")) == (1, 2)
    checkpoints.clear("b")
    assert (latest(checkpoints), latest(checkpoints, "b")) == (1, None)


def leave(folder: Path, days: float) -> None:
    """Make the checkpoints of a training as old as if it had ended so many days ago."""
    for path in folder.iterdir():
        written = time.time_ns() - int(days * 24 * 3600 * 10**9)
        path.rename(path.with_name(f"{path.name[:6]}-{written:020d}.npz"))


def test_of_old_trainings_the_latest_three_are_kept(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    for days, identity in ((10, "a"), (9, "b"), (8, "c")):
        checkpoints.save(identity, 1, ONE)
        leave(tmp_path / "made" / "later" / identity, days)
    checkpoints.save("d", 1, ONE)
    kept = [identity for identity in ("a", "b", "c", "d") if latest(checkpoints, identity)]
    assert kept == ["b", "c", "d"]


def test_a_training_that_may_be_running_keeps_its_checkpoints_beside_any_others(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """However many are started beside it, and though its last epoch took days."""
    checkpoints.save("slow", 1, TWO)
    leave(tmp_path / "made" / "later" / "slow", 6)
    for identity in "abcdefgh":
        checkpoints.save(identity, 1, ONE)
    assert latest(checkpoints, "slow") == 2


def test_the_training_that_is_saved_is_kept_whatever_the_clock_says(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    for identity in ("a", "b", "c"):
        checkpoints.save(identity, 1, ONE)
        (path,) = (tmp_path / "made" / "later" / identity).iterdir()
        path.rename(path.with_name(f"000001-{9 * 10**18:020d}.npz"))
    checkpoints.save("d", 1, TWO)
    assert latest(checkpoints, "d") == 2


def test_a_filesystem_that_knows_no_times_of_writing_will_do() -> None:
    checkpoints = CheckpointsDataset(filepath="memory://some/checkpoints").load()
    for identity in ("a", "b", "c", "d"):
        for epoch in (1, 2, 3):
            checkpoints.save(identity, epoch, ONE if epoch < 3 else TWO)
    memory = fsspec.filesystem("memory")
    for path in memory.glob("/checkpoints/a/*.npz"):
        memory.mv(path, f"{path[:-24]}{1:020d}.npz")
    checkpoints.save("e", 1, TWO)
    found = [latest(checkpoints, identity) for identity in ("a", "b", "c", "d", "e")]
    assert found == [None, 2, 2, 2, 2]
    checkpoints.clear("d")
    assert latest(checkpoints, "d") is None


def damage_nothing_left(content: bytes) -> bytes:
    return b""


def damage_torn(content: bytes) -> bytes:
    return content[: len(content) // 2]


def damage_one_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def damage_encrypted(content: bytes) -> bytes:
    """The directory of the zip says that its members are encrypted."""
    entry = content.index(b"PK\1\2")
    return content[: entry + 8] + b"\1" + content[entry + 9 :]


def damage_newer(content: bytes) -> bytes:
    """The directory of the zip says that a newer program is needed."""
    entry = content.index(b"PK\1\2")
    return content[: entry + 6] + b"\xff" + content[entry + 7 :]


DAMAGES = [damage_nothing_left, damage_torn, damage_one_bit, damage_encrypted, damage_newer]


@pytest.mark.parametrize("damage", DAMAGES)
def test_fault_r32_r33_p14_a_damaged_one_is_named_and_the_one_before_is_used(
    damage: Callable[[bytes], bytes],
    checkpoints: Checkpoints,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    checkpoints.save("a", 1, ONE)
    checkpoints.save("a", 2, TWO)
    first, second = files(tmp_path)
    second.write_bytes(damage(second.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert latest(checkpoints) == 1
    assert str(second) in caplog.text
    assert "damaged" in caplog.text
    first.write_bytes(damage(first.read_bytes()))
    assert latest(checkpoints) is None


def test_fault_r37_a_pickle_in_a_checkpoint_is_not_run(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    folder = tmp_path / "made" / "later" / "a"
    folder.mkdir(parents=True)
    np.savez(folder / "000001.npz", weights=np.array([{}], object))
    assert latest(checkpoints) is None


def save_where_the_disk_is_full(folder: str) -> None:
    """Save the second epoch of a training, which is too large for what is left of the disk."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("denoising_pipeline").addHandler(handler)
    checkpoints = CheckpointsDataset(filepath=folder).load()
    checkpoints.save("a", 1, ONE)
    checkpoints.save("a", 2, {"weights": np.full((100_000,), 2, np.float32)})
    (only,) = said
    assert "No checkpoint after epoch 2: " in only, only
    assert "MB are free there" in only
    assert "Training goes on" in only
    assert latest(checkpoints) == 1
    assert [path.name[:6] for path in files(Path(folder))] == ["000001"]
    checkpoints.save("a", 3, THREE)
    assert latest(checkpoints) == 3
    assert [path.name[:6] for path in files(Path(folder))] == ["000001", "000003"]


def save_where_files_may_not_grow(folder: str) -> None:
    """The same, where the system has a limit for each file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    save_where_the_disk_is_full(folder)


def test_fault_r35_a_full_disk_ends_nothing_and_costs_nothing(tmp_path: Path) -> None:
    """A real one, of 100 kB; a checkpoint of the same training that is smaller has room again."""
    on_small_disk(tmp_path, 100_000, save_where_the_disk_is_full, str(tmp_path))


def test_fault_r35_a_file_that_may_not_grow_costs_nothing(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    elsewhere(save_where_files_may_not_grow, str(tmp_path))


def test_fault_r35_a_place_that_is_refused_ends_nothing(
    checkpoints: Checkpoints, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file stands where the folder should be: the system refuses the write."""
    checkpoints.save("a", 1, ONE)
    (tmp_path / "made" / "later" / "b").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        checkpoints.save("b", 2, TWO)
    assert "No checkpoint after epoch 2" in caplog.text
    assert "Training goes on" in caplog.text
    assert latest(checkpoints) == 1


def test_it_reaches_other_processes_and_saves_nothing_itself(tmp_path: Path) -> None:
    dataset = CheckpointsDataset(filepath=str(tmp_path))
    copied = pickle.loads(pickle.dumps(dataset))
    copied.load().save("a", 1, ONE)
    assert latest(dataset.load()) == 1
    with pytest.raises(DatasetError, match="not allowed"):
        dataset.save(None)  # type: ignore[arg-type]
