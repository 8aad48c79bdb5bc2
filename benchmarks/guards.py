"""Take away each guard in a copy of the tree: the tests of its fault must fail.

`python benchmarks/guards.py` prints a line for each guard, or for those whose faults are named.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src/denoising_pipeline")


class Guard(NamedTuple):
    """A check in the source.

    Attributes:
        fault: Its number in the table of faults.
        file: Where it stands, below the package.
        text: What is replaced, once.
        by: What takes its place.
        tests: The file with tests of the fault.
    """

    fault: str
    file: str
    text: str
    by: str
    tests: str


GUARDS = (
    Guard(
        "r01",
        "images/idx.py",
        "if len(body) < header.size:",
        "if False:",
        "images/test_idx.py",
    ),
    Guard(
        "r02",
        "images/idx.py",
        "_take(stream, header.size + 1)",
        "_take(stream, header.size)",
        "images/test_idx.py",
    ),
    Guard("r03", "images/idx.py", "if not magic:", "if False:", "images/test_idx.py"),
    Guard(
        "r04",
        "images/idx.py",
        'if magic[:2] != b"\\0\\0"[: len(magic)]:',
        "if False:",
        "images/test_idx.py",
    ),
    Guard(
        "r05",
        "images/idx.py",
        "if len(body) > header.size:",
        "if False:",
        "images/test_idx.py",
    ),
    Guard(
        "r06",
        "images/idx.py",
        "stream.read(min(_CHUNK, count - len(taken)))",
        "stream.read()",
        "images/test_idx.py",
    ),
    Guard("r07", "images/idx.py", "if code not in DTYPES:", "if False:", "images/test_idx.py"),
    Guard(
        "r08",
        "images/idx.py",
        "taken = bytearray()",
        "taken = bytearray(count)[:0]",
        "images/test_idx.py",
    ),
    Guard(
        "r09",
        "images/idx.py",
        "if math.prod(max(length, 1) for length in header.shape)",
        "if int(np.prod([np.int64(max(length, 1)) for length in header.shape]))",
        "images/test_idx.py",
    ),
    Guard(
        "r10",
        "images/checks.py",
        "if labels.ndim != 1 or len(labels) != count:",
        "if labels.ndim != 1:",
        "pipelines/test_ingestion_nodes.py",
    ),
    Guard(
        "r11",
        "images/checks.py",
        "wrong = np.flatnonzero((labels < 0) | (labels >= classes))",
        "wrong = np.flatnonzero(labels >= classes)",
        "pipelines/test_ingestion_nodes.py",
    ),
    Guard(
        "r12",
        "images/source.py",
        "_compare(folder, name, pins[name], source.sha256[role], advice)",
        "pass",
        "images/test_source.py",
    ),
    Guard(
        "r13",
        "images/fetch.py",
        'return hashlib.file_digest(file, "sha256").hexdigest() == sha256',
        "return True",
        "images/test_fetch.py",
    ),
    Guard(
        "r16",
        "images/files.py",
        "if not (low >= 0 and high <= 1):",
        "if low < 0 or high > 1:",
        "images/test_files.py",
    ),
    Guard(
        "r18",
        "images/files.py",
        "turned = ImageOps.exif_transpose(opened)",
        "turned = opened",
        "images/test_files.py",
    ),
    Guard(
        "r19",
        "pictures/formats/picture.py",
        "if height * width > self._max_pixels:",
        "if False:",
        "pictures/formats/test_front.py",
    ),
    Guard(
        "r19",
        "images/tiff_codecs.py",
        "zlib.decompressobj().decompress(packed, line * lines)",
        "zlib.decompress(packed)",
        "images/test_files.py",
    ),
    Guard(
        "r20",
        "batch/one.py",
        "except Exception as error:  # one bad file does not end a folder\n        if isinstance",
        "except MemoryError as error:\n        if isinstance",
        "batch/test_run.py",
    ),
    Guard(
        "r23",
        "batch/plan.py",
        "is_link and not real.is_relative_to(inside)",
        "False",
        "batch/test_plan.py",
    ),
    Guard(
        "r26",
        "batch/one.py",
        "if not is_there(work.target) or options.overwrite:",
        "if True:",
        "batch/test_run.py",
    ),
    Guard(
        "r31",
        "training/loop.py",
        "if not all(map(math.isfinite, logs.values())):",
        "if False:",
        "training/test_resume.py",
    ),
    Guard(
        "r33",
        "training/checkpoints.py",
        "except DAMAGED as error:",
        "except MemoryError as error:",
        "datasets/test_checkpoints.py",
    ),
    Guard(
        "r36",
        "denoiser/file.py",
        "if names not in ([described, WEIGHTS], [described, ONNX]):",
        "if False:",
        "datasets/test_networks.py",
    ),
    Guard(
        "r37",
        "datasets/npy.py",
        "values: Array = read_array(file, allow_pickle=False)",
        "values: Array = read_array(file, allow_pickle=True)",
        "datasets/test_npy_dataset.py",
    ),
    Guard(
        "r39",
        "config/schema.py",
        "raise ParameterError.of(lines) from None",
        "raise ParameterError.of(lines) from error",
        "config/test_config.py",
    ),
    Guard(
        "r40",
        "service/guard.py",
        "if found.netloc.lower() != host.lower() and found.hostname not in self._allowed:",
        "if False:",
        "service/test_guard.py",
    ),
    Guard(
        "r43",
        "hooks/epoch_logger.py",
        "if math.isfinite(value)}\n    client",
        "}\n    client",
        "hooks/test_tracked_runs.py",
    ),
    Guard(
        "r46",
        "datasets/provenance.py",
        "record = None if in_the_future(version) else read_record(dataset, version)",
        "record = read_record(dataset, version)",
        "hooks/test_version_hooks.py",
    ),
    Guard(
        "r47",
        "datasets/provenance.py",
        "return digest == (found.record.digest, found.record.size)",
        "return True",
        "hooks/test_version_hooks.py",
    ),
    Guard(
        "p05",
        "core/files.py",
        "if not psutil.pid_exists(process):\n        return True",
        "if not psutil.pid_exists(process):\n        return False",
        "core/test_atomic_write.py",
    ),
    Guard(
        "p07",
        "core/files.py",
        "            fs.rm_file(temporary)\n",
        "            pass\n",
        "core/test_atomic_write.py",
    ),
    Guard(
        "p08",
        "hooks/outbox.py",
        "if is_outage(error, self.uri):",
        "if False:",
        "hooks/test_outbox.py",
    ),
    Guard(
        "p09",
        "cli/prune.py",
        "if not kept and (is_older or _is_remnant(dataset, version)):",
        "if not kept and is_older and has_file(dataset, version):",
        "cli/test_prune.py",
    ),
    Guard(
        "p15",
        "denoiser/file.py",
        "if archive.getinfo(described).file_size > MOST_DESCRIBED:",
        "if False:",
        "datasets/test_networks.py",
    ),
    Guard(
        "c02",
        "hooks/registry.py",
        "            version = _registered(client, name, model_id, run_id)\n",
        "            version = None\n",
        "hooks/test_registered_models.py",
    ),
)


def copied(folder: Path) -> Path:
    """Copy what tests need, and return where it lies."""
    tree = folder / "tree"
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info", "*_cache")
    for name in ("src", "tests", "conf"):
        shutil.copytree(ROOT / name, tree / name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "data"):
        (tree / name).symlink_to(ROOT / name)
    return tree


def noticed(guard: Guard, tree: Path) -> str:
    """Take a guard away, run its tests, put it back, and say how many failed."""
    path = tree / PACKAGE / guard.file
    whole = path.read_text("utf-8")
    if whole.count(guard.text) != 1:
        return f"IS {whole.count(guard.text)} TIMES THERE"
    path.write_text(whole.replace(guard.text, guard.by), "utf-8")
    options = ("-q", "--no-header", "-p", "no:cacheprovider", "-n", "0", "-k", guard.fault)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"tests/{guard.tests}"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    path.write_text(whole, "utf-8")
    said = process.stdout.strip().splitlines()[-1:] or [process.stderr[-100:]]
    return f"{'noticed' if process.returncode == 1 else 'NOT NOTICED'}: {said[0].strip('= ')}"


def main(faults: Sequence[str]) -> int:
    """Print a line for each guard; return 1 if one is not noticed."""
    unnoticed = 0
    with TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        for guard in GUARDS:
            if faults and guard.fault not in faults:
                continue
            began = time.monotonic()
            found = noticed(guard, tree)
            unnoticed += not found.startswith("noticed")
            took = time.monotonic() - began
            print(f"{guard.fault}  {guard.file:30} {took:5.0f} s  {found}", flush=True)
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
