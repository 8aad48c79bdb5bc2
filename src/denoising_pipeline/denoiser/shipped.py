"""The denoisers that lie in the package."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "weights"
"""Of their files; the name of a file, without its ending, is what it is called."""

DEFAULT = "photos"
"""The one for photographs, taken unless another is asked for."""


def shipped_denoisers() -> dict[str, Path]:
    """Return the file of each denoiser of the package, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.zip"))}


def denoiser_file(name_or_path: str | Path) -> Path:
    """Return the file of a denoiser.

    Args:
        name_or_path: Name of one that lies in the package, or the path of any other.

    Raises:
        FileNotFoundError: There is neither.
    """
    found = shipped_denoisers()
    if str(name_or_path) in found:
        return found[str(name_or_path)]
    if (path := Path(name_or_path)).is_file():
        return path
    raise FileNotFoundError(
        f"There is no denoiser '{name_or_path}': it is no file, and in the package are "
        f"{', '.join(found) or 'none'}."
    )
