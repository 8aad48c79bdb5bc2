"""Commands: those of the project beside Kedro's, and `denoise` for people's own images.

The project's are loaded when Kedro asks for them: `denoise` needs no Kedro.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from denoising_pipeline.cli.project import cli, main, run

__all__ = ["cli", "main", "run"]

LOGGING = Path(__file__).with_name("logging.yml")
"""A copy of conf/logging.yml, for where there is no project."""


if not TYPE_CHECKING:  # A type checker knows the names, and reports others.

    def __getattr__(name: str) -> Any:
        """Import a command of the project on first use (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if not any(Path("conf").glob("logging.*")):  # Kedro reads it as it is imported
            os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(LOGGING))
        from denoising_pipeline.cli import project

        return getattr(project, name)
