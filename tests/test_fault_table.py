"""`make faults` fails where a fault is not shown to be mended; guards stand where it is said."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fault_table import FAULTS
from limits import PATIENCE

PROJECT = Path(__file__).parents[1]
GUARDS = yaml.safe_load((PROJECT / "benchmarks/guards.yml").read_text("utf-8"))

TESTS = """
import pytest

@pytest.mark.parametrize("number", {numbers})
def test_each(number):
    pass

def test_fault_r01_another():
    {body}
"""


def table_of(folder: Path, tests: str) -> tuple[int, str]:
    """Run pytest on tests, and return its exit code and its line about r01."""
    (folder / "test_it.py").write_text(tests)
    options = ("-n", "0", "-p", "no:cacheprovider", "-p", "fault_table", "--faults", "only")
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", ".", "-c", os.devnull, "."],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    lines = [line for line in process.stdout.splitlines() if line.startswith("r01  ")]
    assert len(lines) == 1, process.stdout + process.stderr
    return process.returncode, lines[0]


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ("pass", 0, "passed"),
        ("assert False", 1, "FAILED"),
        ("pytest.skip('no room for it here')", 0, "passed"),
        ("pytest.xfail('some day')", 1, "FAILED"),
    ],
)
def test_a_fault_that_is_not_shown_to_be_mended_fails_the_table(
    tmp_path: Path, body: str, code: int, word: str
) -> None:
    """A test for each fault passes, and one more for the first does as it is told.

    What a machine cannot do shows nothing, where another test shows the fault to be mended.
    """
    numbers = [f"fault {number}" for number in FAULTS]
    found, line = table_of(tmp_path, TESTS.format(numbers=numbers, body=body))
    assert (found, word in line) == (code, True), line


@pytest.mark.parametrize("only", ["test_fault_r02_it", "test_fault_r01_it"])
def test_a_fault_without_a_test_that_ran_fails_the_table(tmp_path: Path, only: str) -> None:
    body = f"import pytest\n\ndef {only}():\n    pytest.skip('no room for it here')\n"
    code, line = table_of(tmp_path, body)
    assert (code, "NO TEST" in line) == (1, True), line


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard['fault']} {guard['file']}")
def test_a_guard_stands_where_it_is_said_to_and_has_tests(guard: dict[str, str]) -> None:
    """`benchmarks/guards.py` takes it away there, and runs those tests."""
    source = (PROJECT / "src/denoising_pipeline" / guard["file"]).read_text("utf-8")
    assert source.count(guard["text"]) == 1
    tests = (PROJECT / "tests" / guard["tests"]).read_text("utf-8")
    assert re.search(rf"fault[\w ]*{guard['fault']}", tests)
    assert guard["fault"] in FAULTS
