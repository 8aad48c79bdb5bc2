"""Take away each guard of `guards.yml` in a copy of the tree: the tests of its fault must fail.

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

import yaml

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


GUARDS = [Guard(**each) for each in yaml.safe_load(Path(__file__).with_suffix(".yml").read_text())]


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
