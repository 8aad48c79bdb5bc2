"""What MLflow cannot be told is kept, and told once when it is there again: on a real store."""

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from crash_points import Moment, StopError
from crash_points import run as run_watched
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from tracking_store import empty_store
from unfinished import part_of_one_that_is_gone

from denoising_pipeline.hooks.epoch_logger import metrics_step
from denoising_pipeline.hooks.outbox import Outbox, Step, deliver_left
from denoising_pipeline.hooks.publishing import carry_out, end_step

WATCHED = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls")


@pytest.fixture
def store(tmp_path: Path) -> MlflowClient:
    """A client of a database of its own."""
    return MlflowClient(empty_store(tmp_path))


@pytest.fixture
def run(store: MlflowClient) -> Run:
    """A run that has begun."""
    return store.create_run(store.create_experiment("experiment", "file:///nowhere"))


@pytest.fixture
def outbox(store: MlflowClient, run: Run, tmp_path: Path) -> Outbox:
    """The outbox of the run."""
    return Outbox(tmp_path / "kept", store.tracking_uri, run.info.run_id, carry_out)


@contextmanager
def outage(tmp_path: Path) -> Iterator[None]:
    """Nobody can write to the database."""
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


def steps(store: MlflowClient, run: Run, key: str) -> list[tuple[int, float]]:
    found = store.get_metric_history(run.info.run_id, key)
    return [(metric.step, metric.value) for metric in found]


def kept(outbox: Outbox) -> list[str]:
    return sorted(path.name for path in outbox.folder.glob(f"{outbox.run_id}*"))


def test_what_is_told_leaves_no_file(store: MlflowClient, run: Run, outbox: Outbox) -> None:
    assert outbox.put(metrics_step({"loss": 0.5}, 1), metrics_step({"loss": float("nan")}, 2))
    assert steps(store, run, "loss") == [(1, 0.5)]
    assert store.get_run(run.info.run_id).data.tags["non_finite.loss"] == "nan at step 2"
    assert kept(outbox) == []


def test_fault_p08_an_outage_costs_nothing_and_is_made_up_for_in_order(
    store: MlflowClient, run: Run, outbox: Outbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Epochs go on at once after the first failure; it is said once; nothing is there twice."""
    outbox.put(metrics_step({"loss": 4.0}, 1))
    with outage(tmp_path):
        assert not outbox.put(metrics_step({"loss": 3.0}, 2))
        started = time.monotonic()
        assert not outbox.put(metrics_step({"loss": 2.0}, 3))
        assert time.monotonic() - started < 2
    assert [r.message.partition(" (")[0] for r in caplog.records] == ["MLflow cannot be reached"]
    assert outbox.put(end_step("FINISHED"), urgent=True)
    assert steps(store, run, "loss") == [(1, 4.0), (2, 3.0), (3, 2.0)]
    assert store.get_run(run.info.run_id).info.status == "FINISHED"
    assert kept(outbox) == []


def test_what_was_told_before_a_process_was_killed_is_not_told_twice(
    store: MlflowClient, run: Run, outbox: Outbox
) -> None:
    """Killed after MLflow had a value, and before that was noted."""
    step = metrics_step({"loss": 1.0, "psnr": 20.0}, 7)
    carry_out(step, outbox.uri, outbox.run_id, False)
    left(outbox, step, metrics_step({"loss": 0.5}, 8))
    deliver_left(outbox.folder, outbox.uri, carry_out)
    assert steps(store, run, "loss") == [(7, 1.0), (8, 0.5)]
    assert steps(store, run, "psnr") == [(7, 20.0)]
    assert kept(outbox) == []


def left(outbox: Outbox, *steps: Step) -> None:
    """Leave the outbox of a process that is gone."""
    script = (
        "import json, sys; from pathlib import Path;"
        "from denoising_pipeline.hooks.outbox import Outbox;"
        "folder, uri, run, *steps = sys.argv[1:];"
        "Outbox(Path(folder), uri, run, None)._append([json.loads(step) for step in steps])"
    )
    given = (str(outbox.folder), outbox.uri, outbox.run_id, *map(json.dumps, steps))
    subprocess.run([sys.executable, "-c", script, *given], check=True)


@pytest.mark.slow
def test_a_last_line_that_was_cut_off_is_left_out(
    store: MlflowClient, run: Run, outbox: Outbox
) -> None:
    left(outbox, metrics_step({"loss": 1.0}, 1))
    with (outbox.folder / f"{outbox.run_id}.jsonl").open("a") as file:
        file.write('{"do": "metr')
    deliver_left(outbox.folder, outbox.uri, carry_out)
    assert steps(store, run, "loss") == [(1, 1.0)]
    assert kept(outbox) == []


@pytest.mark.slow
def test_what_belongs_to_a_living_process_or_another_store_is_left(
    store: MlflowClient, run: Run, outbox: Outbox
) -> None:
    outbox._append((metrics_step({"loss": 1.0}, 1),))
    deliver_left(outbox.folder, outbox.uri, carry_out)
    left(Outbox(outbox.folder, "http://elsewhere", "b" * 32, carry_out), end_step("KILLED"))
    deliver_left(outbox.folder, outbox.uri, carry_out)
    assert steps(store, run, "loss") == []
    assert len(list(outbox.folder.glob("*.jsonl"))) == 2


def test_what_mlflow_refuses_is_raised_and_does_not_stand_in_the_way(
    store: MlflowClient, run: Run, outbox: Outbox
) -> None:
    wrong = {"do": "tags", "values": {"a/../b": "no"}}
    with pytest.raises(Exception, match=r"a/\.\./b"):
        outbox.put(wrong, metrics_step({"loss": 1.0}, 1))
    assert outbox.put(end_step("FAILED"), urgent=True)
    assert steps(store, run, "loss") == [(1, 1.0)]
    assert store.get_run(run.info.run_id).info.status == "FAILED"


def test_an_end_is_waited_for_a_few_seconds_only(
    store: MlflowClient, run: Run, outbox: Outbox, tmp_path: Path
) -> None:
    with outage(tmp_path):
        started = time.monotonic()
        assert not outbox.put(end_step("KILLED"), urgent=True, wait=1)
        assert time.monotonic() - started < 5
    assert outbox.put(urgent=True)
    assert store.get_run(run.info.run_id).info.status == "KILLED"


def test_what_need_not_be_told_any_more_is_dropped_and_the_rest_is_told(
    store: MlflowClient, run: Run, outbox: Outbox
) -> None:
    model = {"do": "model", "entry": {}, "example": {}}
    outbox._append((metrics_step({"loss": 1.0}, 1), model))
    assert outbox.put(end_step("KILLED"), dropped=["model"])
    assert steps(store, run, "loss") == [(1, 1.0)]
    assert store.get_run(run.info.run_id).info.status == "KILLED"


def test_fault_c02_what_a_killed_process_left_of_an_outbox_is_removed(
    store: MlflowClient, outbox: Outbox, tmp_path: Path
) -> None:
    """Killed while it wrote the first line, and between the removals of what is told."""
    outbox.folder.mkdir()
    for ending in ("told", "failed"):
        (outbox.folder / f"{outbox.run_id}.{ending}").write_text("7")
    part_of_one_that_is_gone(outbox.folder / f"{outbox.run_id}.jsonl").write_text('{"store": "')
    deliver_left(outbox.folder, outbox.uri, carry_out)
    assert kept(outbox) == []
    assert {path.name for path in outbox.folder.iterdir()} <= {".lock"}


@WATCHED
def test_fault_c02_an_outbox_says_whose_it_is_from_its_first_moment(outbox: Outbox) -> None:
    """Stopped at each call of the first step: there is no file, or one that is told later."""

    def stopped_at(number: int) -> int | None:
        def look(moment: Moment) -> None:
            if moment.number == number:
                raise StopError

        step = metrics_step({"a": 1}, 1)
        return run_watched(lambda: outbox._append((step,)), outbox.folder, look)

    number = 1
    while (code := stopped_at(number)) is None:
        for path in outbox.folder.glob("*.jsonl"):
            assert json.loads(path.read_text().splitlines()[0]).keys() >= {"store", "process.id"}
            path.unlink()
        number += 1
    assert code == 0
    assert number > 3


@WATCHED
def test_fault_p08_a_store_whose_disk_is_full_loses_nothing(
    store: MlflowClient, run: Run, outbox: Outbox, tmp_path: Path
) -> None:
    """With a real limit of the system: the database may be written to, and may not grow."""
    many = metrics_step({f"metric{number}": 1.0 for number in range(900)}, 1)

    def on_a_full_disk() -> None:
        size = (tmp_path / "mlflow.db").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        sys.exit(7 if outbox.put(many) is False else 1)

    assert run_watched(on_a_full_disk, tmp_path) == 7
    deliver_left(outbox.folder, outbox.uri, carry_out)
    assert len(store.get_run(run.info.run_id).data.metrics) == 900
    assert kept(outbox) == []
