"""The table of faults: what may go wrong, and the tests that inject it.

A test says in its name which faults it proves: `test_fault_r06_...`, or `fault r05` in the name of
a case. `pytest --faults only` runs these alone and prints the table; a fault without a test, or
with one that does not pass, makes it fail.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

FAULTS = {
    "r01": "gzip body that is cut off",
    "r02": "gzip with a wrong checksum or a cut trailer",
    "r03": "empty raw file",
    "r04": "web page saved under the name of a raw file",
    "r05": "bytes or a second member after the end of a raw file",
    "r06": "gzip bomb",
    "r07": "raw file of another format or of an unknown type",
    "r08": "header that promises gigabytes",
    "r09": "sizes whose product overflows",
    "r10": "more images than labels, or fewer",
    "r11": "label outside of the classes",
    "r12": "raw file that is not the pinned one",
    "r13": "download that was interrupted",
    "r14": "two that fetch at once",
    "r15": "picture of 16 bits",
    "r16": "floating point outside of 0 to 1, or no number",
    "r17": "palette, alpha, ink, one bit",
    "r18": "picture that its EXIF turns",
    "r19": "picture larger than allowed, or a bomb",
    "r20": "bad files among good ones",
    "r21": "pictures of any size",
    "r22": "names of any bytes",
    "r23": "links that lead out of the folder",
    "r24": "folder that may not be written to",
    "r25": "no room for a picture",
    "r26": "output that is there already",
    "r27": "kill -9 in the middle of an epoch",
    "r28": "Ctrl-C in training",
    "r29": "SIGTERM in training",
    "r30": "run whose process was killed",
    "r31": "loss that is no number",
    "r32": "checkpoint that is cut off",
    "r33": "checkpoint with a flipped bit",
    "r34": "order of epochs, and repeated runs",
    "r35": "no room for a checkpoint",
    "r36": "Keras file with code in it",
    "r37": "pickle in a file of arrays, malicious model in MLflow",
    "r38": "version that is cut off is corrupt, not missing",
    "r39": "secret among parameters",
    "r40": "foreign Host and Origin",
    "r41": "tracking server that dies",
    "r42": "first runs at once on SQLite",
    "r43": "metric that is no finite number",
    "r44": "parameter of thousands of characters",
    "r45": "result that MLflow refuses",
    "r46": "version dated in the future",
    "r47": "newest version that is torn",
    "r48": "two runs at once",
    "r49": "version that is not there",
    "r50": "misspelt parameter",
    "r51": "several impossible parameters",
    "p01": "machine that is four times slower",
    "p02": "signal before the tracked run exists",
    "p03": "signal while results are published",
    "p04": "Ctrl-C twice while the database is locked",
    "p05": "SIGHUP, SIGQUIT, and files left unfinished",
    "p06": "signals where nodes run in threads or processes",
    "p07": "full disk",
    "p08": "tracking that is out for a while",
    "p09": "prune and export beside a run, and without tracking",
    "p10": "project folder of any name, moved",
    "p11": "locale that is not UTF-8",
    "p12": "read-only folder, missing home",
    "p13": "command in a folder that is no project",
    "p14": "checkpoint whose zip says that it is encrypted or newer",
    "p15": "denoiser file that lies about itself",
    "p16": "misspelt file or key that nobody reads",
    "p17": "password in an address",
    "p18": "command longer than a tag",
    "c01": "`denoise` stopped at any write, flush or rename",
    "c02": "training and promotion stopped at any write, flush or rename",
}

_NUMBERS = re.compile(r"fault((?:[_ ][crp]\d\d)+)")

_REPORTED: dict[str, dict[str, float | None]] = defaultdict(dict)
"""By fault and test, the seconds that it took; None: it did not pass."""

_LEFT_OUT: set[str] = set()
"""Tests that this machine cannot do: they prove nothing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", choices=("only", "none"), help="run tests of faults only, or not")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if chosen := config.getoption("--faults"):
        left_out = [i for i in items if bool(list(_faults(i.nodeid))) != (chosen == "only")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _LEFT_OUT.add(report.nodeid)
    for number in _faults(report.nodeid):
        if report.nodeid in _LEFT_OUT:
            _REPORTED[number].pop(report.nodeid, None)
            continue
        known = _REPORTED[number].setdefault(report.nodeid, 0.0)
        if known is not None:
            took = known + report.duration if report.passed else None
            _REPORTED[number][report.nodeid] = took


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--faults") != "only":
        return
    terminalreporter.section("faults")
    for number, what in FAULTS.items():
        seconds = list(_REPORTED[number].values())
        said = "passed" if _is_proven(number) else "FAILED" if seconds else "NO TEST"
        took = sum(second or 0 for second in seconds)
        terminalreporter.line(f"{number}  {said:8}{took:7.1f} s  {len(seconds):3} tests  {what}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    proven = all(map(_is_proven, FAULTS))
    if session.config.getoption("--faults") == "only" and not (proven or _is_worker(session)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_proven(number: str) -> bool:
    """Tell whether a fault has tests, and all passed: one that was skipped shows nothing."""
    seconds = _REPORTED[number].values()
    return bool(seconds) and None not in seconds


def _is_worker(session: pytest.Session) -> bool:
    return hasattr(session.config, "workerinput")


def _faults(nodeid: str) -> Iterator[str]:
    """Yield the numbers of the faults that a test proves."""
    for found in _NUMBERS.findall(nodeid):
        yield from found.replace("_", " ").split()
