"""Score a denoiser of recordings at fixed ratios of speech and noise, beside what is classical.

    python benchmarks/sound.py data/sound/06_models/denoiser.zip/<version>/denoiser.zip

Every second recording of data/01_raw/speech/test is scored once for each ratio; the kinds of noise
are drawn. The hyperparameters of the baselines are chosen on 16 recordings of train/ at 0 to 20 dB.
"""

import argparse
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.baselines import Known, calibrate, denoise_each
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.background import Background
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import mean_interval
from denoising_pipeline.evaluation.parts import known_only
from denoising_pipeline.evaluation.scoring import score_images
from denoising_pipeline.images.files import read_image
from denoising_pipeline.images.sets import ImageSet

SPEECH = Path("data/01_raw/speech")
RATIOS = (0, 5, 10, 20)
METRICS = ("si_sdr", "stoi_8k")
BASELINES = ("noisy", "spectral subtraction", "wiener filter of speech")
CALIBRATION = 16
EVERY = 2


def recordings(paths: Iterable[Path]) -> ImageSet:
    """Read WAV files."""
    found = [read_image(path) for path in paths]
    return ImageSet.collect(found, [image.shape for image in found], np.float32)


def main() -> None:
    """Print a table for all held-out speakers, and one for those that are recorded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="file of a denoiser")
    denoiser = Denoiser.load(parser.parse_args().model)
    noise, seed = Background(), denoiser.card.seed
    trained = sorted(SPEECH.glob("train/*/*.wav"))
    clean = recordings(trained[:: len(trained) // CALIBRATION][:CALIBRATION])
    noisy = draw_noisy(clean, noise, seed=seed, split="val", epoch=0)
    known = Known(clean, noise, seed)
    compared: dict[str, Callable[[ImageSet], Any]] = {}
    for name in BASELINES:
        chosen = calibrate(name, known, noisy, clean)
        print(f"{name}: {dict(chosen.hyperparameters)}")
        compared[name] = partial(denoise_each, chosen.denoise)
    compared["denoiser"] = denoiser
    paths = sorted(SPEECH.glob("test/*/*.wav"))[::EVERY]
    test = recordings(paths)
    people = np.array(["announcements" in path.parent.name for path in paths])
    parts = {"all": people >= 0, "recorded": people}
    if not people.any():
        print("There are no announcements among them (apt-get install asterisk-core-sounds-fr-wav)")
        parts.pop("recorded")
    rows = []
    for ratio in RATIOS:
        fixed = Background(loudness=10 ** (-ratio / 20), quieter=0)
        seen = draw_noisy(test, fixed, seed=seed, split="test", epoch=0)
        for name, denoise in compared.items():
            scores = score_images(METRICS, test, denoise(seen))
            for who, part in parts.items():
                row: dict[str, object] = {"who": who, "dB": ratio, "denoiser": name}
                for metric, values in scores.items():
                    mean, low, high = mean_interval(known_only(values[part]))
                    row[metric] = f"{mean:.3f} ({low:.3f} to {high:.3f})"
                rows.append(row)
    table = pd.DataFrame(rows)
    for who, part in parts.items():
        print(f"\n{who}, {part.sum()} recordings")
        print(table[table["who"] == who].drop(columns="who").to_string(index=False))


if __name__ == "__main__":
    main()
