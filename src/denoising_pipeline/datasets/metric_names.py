"""What scores are called in MLflow, which draws one group of metrics after the other, by name.

So the groups that say most come first: `test`, `train` and `val` before `with_...`, what other
pipelines find, and `within_ci`. In `test` are the few scores that runs are compared by; errors and
differences have groups of their own.
"""

import re

EPOCHS = ("train", "val")
"""Groups with a value per epoch."""

TEST = "test"
"""Group of what was measured on the denoised test images."""

LABEL = "psnr_digit_"
CONSTANTS = re.compile(
    r"n_\w+|\w+_pairs|confidence|limit_psnr|best_trial|\w+_latent_dim|code_values"
)
"""Numbers of summaries that are no result: they become tags."""

_BOUND = re.compile(r"(\w+)_ci_(low|high)")
_OTHER = re.compile(r"(noisy|start|baseline|limit)_(\w+)")
_ERRORS = {"mae", "mse"}
_GAIN = "psnr_gain"  # over the noisy images
_FORBIDDEN = re.compile(r"[^\w.:-]+")


def tracked_name(key: str, group: str) -> str:
    """Return the name in MLflow of a number.

    Args:
        key: Its name in a summary, such as `psnr`, `noisy_psnr` or `psnr_ci_low`.
        group: What the summary is about, such as `test`.
    """
    if bound := _BOUND.fullmatch(key):
        return f"within_ci/{bound[1]}_{bound[2]}"
    if key.startswith(LABEL):
        return f"within_label/psnr_{key.removeprefix(LABEL)}"
    if group == TEST and key in _ERRORS:
        return f"{TEST}_error/{key}"
    if group == TEST and key == _GAIN:
        return f"{TEST}_noisy/gain"
    if group == TEST and (other := _OTHER.fullmatch(key)):
        return f"{TEST}_{other[1]}/{other[2]}"
    return f"{group}/{key}"


def epoch_name(key: str) -> str:
    """Return the name in MLflow of a metric of an epoch: `loss` or `val_loss`."""
    return f"val/{key.removeprefix('val_')}" if key.startswith("val_") else f"train/{key}"


def short_name(name: str) -> str:
    """Return the name that a number of MLflow has here: what `tracked_name` was given.

    Metrics of epochs are `train_*` and `val_*`; those of other groups keep theirs, and so do those
    that an earlier version logged without a group. One had all but the scores of the noisy images,
    of the baseline and of the start in `test`.
    """
    group, _, key = name.partition("/")
    if group == "within_ci":
        return re.sub(r"_(low|high)$", r"_ci_\1", key)
    if group == "within_label":
        return f"{LABEL}{key.removeprefix('psnr_')}"
    if name == f"{TEST}_noisy/gain":
        return _GAIN
    if group in {TEST, f"{TEST}_error"}:
        return key
    others = ("noisy", "start", "baseline", "limit")
    if group in {*EPOCHS, *(f"{TEST}_{other}" for other in others)}:
        return f"{group.removeprefix(f'{TEST}_')}_{key}"
    return name


def allowed_name(text: str) -> str:
    """Return a text with what MLflow does not allow in names left out."""
    return _FORBIDDEN.sub(" ", text.replace("'", "")).strip()
