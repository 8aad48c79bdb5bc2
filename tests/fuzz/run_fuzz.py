"""Fuzzing by coverage (atheris): every reader of others' bytes, one process after the other.

    python tests/fuzz/run_fuzz.py --seconds 120
    python tests/fuzz/run_fuzz.py --runs 1000000
    python tests/fuzz/run_fuzz.py --seconds 60 picture_tiff denoiser

What is found lies in `build/fuzz/<target>`: the bytes, and the traceback that they gave. Inputs that
reach new code are kept in `corpus` there, and a further run goes on from them.
"""

import argparse
import logging
import re
import resource
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

SHARES = {
    "idx": 10.0,
    "idx_gz": 5.0,
    "image": 10.0,
    "wav": 10.0,
    "picture_wav": 5.0,
    "picture_png": 3.0,
    "picture_png_repaired": 6.0,
    "picture_jpeg": 5.0,
    "picture_webp": 4.0,
    "picture_bmp": 4.0,
    "picture_tiff": 9.0,
    "picture_npy": 5.0,
    "denoiser": 5.0,
    "denoiser_card": 5.0,
    "denoiser_onnx": 0.5,
    "denoiser_weights": 0.1,
    "params": 3.0,
    "parameters": 6.0,
    "request": 4.0,
}
"""Of all inputs or seconds, how many each target gets, beside the others."""

FOUND = Path("build/fuzz")
LONGEST = 8192
"""Bytes of an input."""

MEMORY = 2**30
"""Bytes that reading an input may take beside what the process has after its seeds."""

PATIENCE = 60
"""Seconds that one input may take."""

INSTRUMENTED = ["denoising_pipeline", "PIL", "tifffile"]
KEPT_APART = 12
"""Characters of a digest in the name of a file."""


def main() -> None:
    """Run the targets, print a table, and fail if anything was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", help=f"all of them: {', '.join(SHARES)}")
    parser.add_argument("--seconds", type=float, default=120, help="for all targets together")
    parser.add_argument("--runs", type=int, help="inputs in all, in place of seconds")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = options.targets or list(SHARES)
    if unknown := [name for name in chosen if name not in SHARES]:
        parser.error(f"no such target: {', '.join(unknown)}")
    if options.child:
        fuzz(chosen[0], options.seconds, options.runs)
        return
    whole = sum(SHARES[name] for name in chosen)
    rows = []
    print("| target | inputs | inputs/s | peak memory, MiB | found |\n| --- | ---: | ---: | ---: | ---: |")
    for name in chosen:
        share = SHARES[name] / whole
        runs = options.runs and max(1, round(options.runs * share))
        rows.append(run(name, options.seconds * share, runs))
        print(f"| {' | '.join(map(str, rows[-1]))} |", flush=True)
    inputs, found = sum(row[1] for row in rows), sum(row[4] for row in rows)
    print(f"\n{inputs:,} inputs, {found} faults found." + f" They lie in {FOUND}." * bool(found))
    sys.exit(bool(found))


def run(name: str, seconds: float, runs: int | None) -> tuple[str, int, int, int, int]:
    """Run a target in a process of its own, and return its row of the table."""
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("found-*"):
        old.unlink()
    command = [sys.executable, __file__, "--child", name, "--seconds", f"{max(seconds, 1):.0f}"]
    command += ["--runs", str(runs)] if runs else []
    begun = time.monotonic()
    with (folder / "log").open("w+b") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    took = time.monotonic() - begun
    said = (folder / "log").read_text(errors="replace")
    done = re.search(r"Done (\d+) runs in (\d+) second", said)
    count, spent = (int(done[1]), int(done[2]) or 1) if done else (0, round(took) or 1)
    peak = [int(number) for number in re.findall(r"rss: (\d+)Mb", said)]
    if not done:
        sys.stderr.write(f"{name} ended with {code}:\n{said[-3000:]}\n")
    found = len(list(folder.glob("found-*.txt"))) + (not done)
    return name, count, count // spent, max(peak, default=0), found


def fuzz(name: str, seconds: float, runs: int | None) -> None:
    """Run a target in this process, which ends with it."""
    import atheris

    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        from fuzz_targets import TARGETS
    logging.disable()
    folder, target = FOUND / name, TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for content in target.seeds():
        _kept(corpus, "seed", content).write_bytes(content)
        target.run(content)
    space = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = space + 2 * MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 + MEMORY // 2**20
    arguments = [
        sys.argv[0],
        f"-timeout={PATIENCE}",
        f"-rss_limit_mb={memory}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={folder}/found-",
        "-print_final_stats=1",
        f"-runs={runs}" if runs else f"-max_total_time={seconds:.0f}",
        str(corpus),
    ]
    known: set[str] = set()

    def once(content: bytes) -> None:
        try:
            target.run(content)
        except BaseException as error:
            if (where := _place(error)) not in known:
                known.add(where)
                path = _kept(folder, "found", content)
                path.write_bytes(content)
                path.with_suffix(".txt").write_text(traceback.format_exc())

    atheris.Setup(arguments, once)
    atheris.Fuzz()


def _kept(folder: Path, kind: str, content: bytes) -> Path:
    return folder / f"{kind}-{blake2b(content).hexdigest()[:KEPT_APART]}"


def _place(error: BaseException) -> str:
    """Say where an error comes from, so that each is kept once."""
    frames: Sequence[Any] = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "denoising_pipeline" in frame.filename]
    return f"{type(error).__name__} at {[(frame.filename, frame.lineno) for frame in own[-1:]]}"


if __name__ == "__main__":
    main()
