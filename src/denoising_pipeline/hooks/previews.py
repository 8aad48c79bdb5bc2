"""What Kedro-Viz says of entries that it has nothing to show of."""

import logging

VIZ = "kedro_viz.models.flowchart.node_metadata"
"""The logger of Kedro-Viz that warns of previews: entry, type of the exception, exception."""

UNWRITTEN = "VersionNotFoundError"


def without_unwritten() -> None:
    """Let Kedro-Viz be silent of entries that no run has written yet: they have no preview."""
    logging.getLogger(VIZ).addFilter(_is_worth_saying)


def _is_worth_saying(record: logging.LogRecord) -> bool:
    return not (isinstance(record.args, tuple) and UNWRITTEN in record.args)
