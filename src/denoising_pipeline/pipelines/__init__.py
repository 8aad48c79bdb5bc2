"""Modular pipelines: they know nothing of each other and meet in the catalog."""

LEARNT_FROM = (
    "train_clean",
    "recorded_images",
    "splits",
    "val_noisy",
    "val_clean",
    "degradation",
    "source_manifest",
)
"""Entries that a training takes its examples and its validation images from, in this order."""


def by_name(*entries: str, **others: str) -> dict[str, str]:
    """Return the inputs of a node by the names of its function's arguments, in their order.

    Args:
        entries: Of the catalog, each for the argument of its name; `params:x` is for `x`.
        others: Entries for the arguments behind these that are called otherwise.
    """
    return {entry.removeprefix("params:"): entry for entry in entries} | others
