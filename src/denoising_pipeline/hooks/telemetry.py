"""Nothing is reported to anybody: not by Kedro, and not by MLflow."""

import os

VARIABLES = {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
"""What Kedro's plugins and MLflow ask. MLflow takes `DO_NOT_TRACK=1` for a no."""


def turn_off() -> None:
    """Turn off what Kedro and MLflow report about their use, in this process and those it starts.

    Who wants to report sets the variables to something else.
    """
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    from mlflow.telemetry import set_telemetry_client

    set_telemetry_client()  # type: ignore[no-untyped-call]  # MLflow may have been imported before, by a plugin.
