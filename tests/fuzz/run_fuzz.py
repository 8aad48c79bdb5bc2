"""Fuzzing by coverage (atheris): every reader of others' bytes, one process after the other.

    python tests/fuzz/run_fuzz.py --seconds 120
    python tests/fuzz/run_fuzz.py --seconds 600 --inputs 1000000
    python tests/fuzz/run_fuzz.py --seconds 60 picture_tiff denoiser

What is found lies in `build/fuzz/<target>`: the bytes, and the traceback that they gave. Inputs
that reach new code are kept in `corpus` there, and a further run goes on from them.
"""

import argparse
import logging
import re
import resource
import subprocess
import sys
import traceback
import warnings
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

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
"""Of all seconds, how many each target gets, beside the others."""

FOUND = Path("build/fuzz")
LONGEST = 8192
"""Bytes of an input."""

MEMORY = 2**30
"""Bytes that reading an input may take beside what the process has after its seeds."""

PATIENCE = 60
"""Seconds that one input may take."""

INSTRUMENTED = ["denoising_pipeline", "PIL"]
KEPT_APART = 12
"""Characters of a digest in the name of a file."""


@dataclass
class Total:
    """What the runs of a target come to."""

    inputs: int = 0
    seconds: int = 0
    memory: int = 0
    faults: int = 0


def main() -> None:
    """Run the targets, print a table, and fail if anything was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", help=f"all of them: {', '.join(SHARES)}")
    parser.add_argument("--seconds", type=int, default=120, help="of all targets together")
    parser.add_argument("--inputs", type=int, default=0, help="go on until there were so many")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = options.targets or list(SHARES)
    if unknown := [name for name in chosen if name not in SHARES]:
        parser.error(f"no such target: {', '.join(unknown)}")
    if options.child:
        fuzz(chosen[0], options.seconds)
        return
    whole = sum(SHARES[name] for name in chosen)
    totals = {name: Total() for name in chosen}
    while True:
        for name in chosen:
            seconds = max(1, round(options.seconds * SHARES[name] / whole))
            print(f"{name}: {run(name, seconds, totals[name])} inputs", file=sys.stderr, flush=True)
        inputs = sum(total.inputs for total in totals.values())
        if inputs >= options.inputs:
            break
    print("| target | inputs | inputs/s | peak memory, MiB | faults |\n| --- |" + " ---: |" * 4)
    for name, total in totals.items():
        rate = total.inputs // (total.seconds or 1)
        print(f"| {name} | {total.inputs:,} | {rate:,} | {total.memory} | {total.faults} |")
    faults = sum(total.faults for total in totals.values())
    print(f"\n{inputs:,} inputs, {faults} faults found." + f" They lie in {FOUND}." * bool(faults))
    sys.exit(bool(faults))


def run(name: str, seconds: int, total: Total) -> int:
    """Run a target in a process of its own, add to its total, and return how many inputs it had."""
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    if not total.seconds:
        for old in folder.glob("found-*"):
            old.unlink()
    command = [sys.executable, __file__, "--child", name, "--seconds", str(seconds)]
    with (folder / "log").open("w+b") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    said = (folder / "log").read_text(errors="replace")
    done = re.search(r"Done (\d+) runs in (\d+) second", said)
    inputs = int(done[1]) if done else 0
    total.inputs += inputs
    total.seconds += int(done[2]) if done else seconds
    total.memory = max(total.memory, *map(int, ["0", *re.findall(r"rss: (\d+)Mb", said)]))
    total.faults = len(list(folder.glob("found-*.txt")))
    if not done:
        total.faults += 1
        sys.stderr.write(f"{name} ended with {code}:\n{said[-3000:]}\n")
    return inputs


def fuzz(name: str, seconds: int) -> None:
    """Run a target in this process, which ends with it."""
    import atheris

    warnings.simplefilter("ignore")
    logging.disable()
    folder = FOUND / name
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        from fuzz_targets import TARGETS

        target = TARGETS[name]
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
        f"-max_total_time={seconds}",
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
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "denoising_pipeline" in frame.filename]
    return f"{type(error).__name__} at {[(frame.filename, frame.lineno) for frame in own[-1:]]}"


if __name__ == "__main__":
    main()
