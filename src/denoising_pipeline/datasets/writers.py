"""Which pipeline writes an entry of the catalog."""

from kedro.framework.project import pipelines

DEFAULT = "__default__"


def writer(name: str) -> str | None:
    """Return the pipeline that writes an entry; None: there is none."""
    found = (key for key, each in pipelines.items() if name in each.all_outputs())
    return next((key for key in found if key != DEFAULT), None)


def writer_in_words(name: str) -> str:
    """Name the pipeline that writes an entry, as it stands in a sentence."""
    found = writer(name)
    return f"the pipeline {found!r}" if found else "the pipeline that writes it"
