"""Entry point of the packaged project: `python -m denoising_pipeline` is `kedro run` there."""

from typing import Any

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main(*args: Any, **kwargs: Any) -> Any:
    """Run the pipeline with the options of `kedro run`, from the shell or from a platform's job."""
    package_name = __package__
    configure_project(package_name)
    return find_run_command(package_name)(*args, **kwargs)


if __name__ == "__main__":
    main()
