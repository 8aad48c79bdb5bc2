"""The command `denoise` as a process: pipes, signals, imports, the same bytes from everywhere."""

import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner
from limits import PATIENCE, elsewhere, limit_memory, obey_permissions
from PIL import Image
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline import Denoiser
from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.batch.plan import RECORD
from denoising_pipeline.cli.denoise import denoise
from denoising_pipeline.denoiser.picture import denoise_picture
from denoising_pipeline.pictures.formats import open_picture
from denoising_pipeline.pipelines.inference.nodes import check_files, denoise_files

MAIN = """
import sys
from denoising_pipeline.cli.denoise import main
try:
    main()
finally:
    print("IMPORTED", *sys.modules, file=sys.stderr)
"""
HEAVY = {"tensorflow", "keras", "kedro", "mlflow", "pandas", "matplotlib", "sklearn", "skimage"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", MAIN, *map(str, arguments)]


def imported(stderr: bytes) -> set[str]:
    return set(stderr.decode().partition("IMPORTED ")[2].split())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_denoiser(tmp_path_factory.mktemp("model") / "small.zip")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes minutes for a few megapixels, all of them in one call of ONNX Runtime."""
    return write_denoiser(tmp_path_factory.mktemp("slow") / "slow.zip", side=31, hidden=512)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    Image.fromarray(data.astronaut()[:100, :120]).save(tmp_path / "in/photo.png")
    return tmp_path / "in/photo.png"


def test_the_help_imports_nothing_but_click() -> None:
    done = subprocess.run(command("--help"), capture_output=True, timeout=PATIENCE, check=True)
    assert b"IN..." in done.stdout
    assert not imported(done.stderr) & (HEAVY | {"numpy", "rich", "pydantic", "PIL"})


def test_one_picture_gives_the_same_bytes_from_everywhere(photo: Path, model: Path) -> None:
    """Pipe, file, Python and Kedro's node; nothing heavy is imported for it."""
    folder = photo.parents[1]
    with photo.open("rb") as file:
        piped = subprocess.run(
            command("-", "--model", model),
            stdin=file,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    assert piped.stderr.startswith(b"IMPORTED ")
    assert not imported(piped.stderr) & HEAVY

    arguments = [str(photo), "-o", str(folder / "shell.png"), "--model", str(model)]
    assert CliRunner().invoke(denoise, arguments).exit_code == 0
    written = io.BytesIO()
    denoise_picture(open_picture(photo), Denoiser.load(model), written)
    table, _ = denoise_files(
        InferenceParameters(input=str(photo.parent), output=str(folder / "out"), model=str(model))
    )
    check_files(table)
    expected = (folder / "shell.png").read_bytes()
    assert piped.stdout == expected
    assert written.getvalue() == expected
    assert (folder / "out/photo.png").read_bytes() == expected
    assert expected != photo.read_bytes()


def test_a_bad_picture_in_a_pipe_gives_a_sentence_and_no_bytes(model: Path) -> None:
    done = subprocess.run(
        command("-", "--model", model),
        input=b"Dear diary",
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"Error: The standard input is no image")


def test_files_that_fail_end_a_kedro_run_after_the_others_are_written(
    photo: Path, model: Path
) -> None:
    (photo.parent / "bad.png").write_text("Dear diary")
    folder = photo.parents[1]
    parameters = InferenceParameters(
        input=str(photo.parent), output=str(folder / "out"), model=str(model)
    )
    table, _ = denoise_files(parameters)
    assert (folder / "out/photo.png").exists()
    with pytest.raises(ValueError, match=r"1 of 2 files failed.*\n.*bad\.png is no image"):
        check_files(table)


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_a_signal_ends_it_soon_and_leaves_no_unfinished_file(
    tmp_path: Path, slow: Path, number: signal.Signals, workers: int
) -> None:
    """Even while the network computes, which takes far longer than is waited here."""
    (tmp_path / "in").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (1500, 1500, 3), np.uint8)
    for name in ("a", "b"):
        Image.fromarray(noise).save(tmp_path / f"in/{name}.bmp")
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(tmp_path / "in", "-o", out, "--model", slow, "--workers", str(workers)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not list(out.glob(".*.part")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert b"Traceback" not in stderr
    assert b"Interrupted: 0 files are done, no other is begun. Give the same command" in stderr
    assert [path for path in out.iterdir() if path.name != RECORD] == []


def test_a_killed_run_goes_on_where_it_was(photo: Path, model: Path) -> None:
    folder, names = photo.parents[1], {f"{number}.png" for number in range(24)}
    for name in names:
        (photo.parent / name).write_bytes(photo.read_bytes())
    arguments = (photo.parent, "-o", folder / "out", "--model", model)
    process = subprocess.Popen(command(*arguments), stderr=subprocess.DEVNULL)
    while len(list((folder / "out").glob("*.png"))) < 5:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    whole = {path.name for path in (folder / "out").glob("*.png")}
    assert whole < names
    done = CliRunner().invoke(denoise, [*map(str, arguments), "--resume"])
    assert done.exit_code == 0
    assert f"{25 - len(whole)} done, {len(whole)} skipped, 0 failed" in done.stdout
    written = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert written.keys() == names | {"photo.png", RECORD}
    assert len({written[name] for name in names}) == 1


@pytest.mark.parametrize("inputs", [("in",), ("in", "more")])
def test_fault_r23_a_link_among_the_outputs_leads_nothing_out_of_their_folder(
    photo: Path, model: Path, tmp_path: Path, inputs: tuple[str, ...]
) -> None:
    """The folder of a folder, or of one of several inputs, is a link; so is the whole output."""
    for name in ("in/deep", "more", "elsewhere", "other disk"):
        (tmp_path / name).mkdir()
    (tmp_path / "in/deep/a.png").write_bytes(photo.read_bytes())
    (tmp_path / "out").symlink_to(tmp_path / "other disk")
    link = tmp_path / "out" / ("deep" if len(inputs) == 1 else "in")
    link.symlink_to(tmp_path / "elsewhere")
    given = command(*inputs, "-o", "out", "--model", model, "--overwrite")
    process = subprocess.run(given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert f"'out/{link.name}' leads out of 'out', to '{tmp_path}/elsewhere'" in process.stderr
    assert "Take that link away, or give another -o." in process.stderr
    assert "Traceback" not in process.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert list((tmp_path / "other disk").iterdir()) == [tmp_path / "other disk" / link.name]
    link.unlink()
    process = subprocess.run(given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert len(list((tmp_path / "other disk").rglob("*.png"))) == 2


def denoise_where_memory_is_short(small: str, large: str, model: str) -> None:
    """Denoise once, and then with no room for the pixels of a large photograph."""
    runner = CliRunner()
    first = runner.invoke(denoise, [small, "-o", "first.png", "--model", model])
    assert first.exit_code == 0, first.output
    limit_memory(psutil.Process().memory_info().vms + 20_000_000)
    found = runner.invoke(denoise, [large, "-o", "out.png", "--model", model])
    assert found.exit_code == 1, found.output
    assert "failed: needs more memory than there is: give --max-memory" in found.output
    assert not Path("out.png").exists()


def test_fault_p12_little_memory_is_said_with_what_to_do(
    photo: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real limit of the system, which a process reaches with its libraries loaded."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((4000, 4000, 3), np.uint8)).save("large.png")
    elsewhere(denoise_where_memory_is_short, str(photo), "large.png", str(model))


def test_fault_r24_a_folder_that_may_not_be_written_to_is_refused_before_work(
    photo: Path, model: Path, tmp_path: Path
) -> None:
    """Nothing is denoised, and nobody waits for it."""
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    process = subprocess.run(
        command(photo, "-o", f"{out}/", "--model", model),
        preexec_fn=obey_permissions,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode != 0
    assert "permission is missing" in process.stderr
    assert str(out) in process.stderr
    assert "Traceback" not in process.stderr
    assert list(out.iterdir()) == []
