"""Gets MNIST, or Fashion-MNIST, and writes it as the four IDX files that the project reads."""

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from filelock import FileLock
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.idx import IdxCutError, IdxError, idx_sha256, read_idx, write_idx

Mnist: TypeAlias = Mapping[str, Bytes]
"""The arrays of MNIST by IDX file name: images (N, 28, 28) and labels (N,), uint8."""

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the uncompressed IDX files as LeCun, Cortes and Burges published them, by name."""


class Published(NamedTuple):
    """A collection of the form of MNIST.

    Attributes:
        name: What it is called.
        sha256: Of the uncompressed IDX files, by name.
        module: Of `keras.datasets`, which downloads it.
    """

    name: str
    sha256: Mapping[str, str]
    module: str


MNIST = Published("MNIST", MNIST_SHA256, "mnist")

FASHION_MNIST = Published(
    "Fashion-MNIST",
    {
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    "fashion_mnist",
)
"""By H. Xiao, K. Rasul and R. Vollgraf (2017), under the MIT licence."""


def downloaded(published: Published) -> Mnist:
    """Download a collection through Keras, which keeps a copy in its cache folder (`~/.keras`).

    Keras takes whatever lies in its cache for whole: what an interrupted download left there is
    removed first. One process downloads at a time.

    Returns:
        The arrays by IDX file name.
    """
    datasets = load_keras().datasets
    cache = _keras_cache()
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f".{published.module}.lock"):
        for file in published.sha256.items():
            for torn in _wrong(cache / published.module.replace("_", "-"), *file):
                torn.unlink()
        arrays = getattr(datasets, published.module).load_data()
    return dict(zip(published.sha256, (array for pair in arrays for array in pair), strict=True))


def _keras_cache() -> Path:
    """Return where Keras keeps what it downloads, as it chooses that itself."""
    home = Path(os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser())
    if not os.access(home, os.W_OK):
        home = Path("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir(), ".keras")  # noqa: S108
    return home / "datasets"


def fetch_mnist(
    folder: Path,
    overwrite: bool = False,
    download: Callable[[], Mnist] | None = None,
    published: Published = MNIST,
) -> list[Path]:
    """Put the four IDX files of MNIST into a folder, unless they are there, plain or as `.gz`.

    Args:
        folder: Where they go, uncompressed; it is made if missing.
        overwrite: Replace files that are there and are not those of MNIST.
        download: Returns the arrays; called only if a file is missing or wrong. None: through
            Keras.
        published: Which collection it is, if it is another one.

    Returns:
        The paths of the four files.

    Raises:
        FileExistsError: A whole file is there with another content, and `overwrite` is off. One
            that is cut off, as an interrupted download leaves it, is replaced.
        ConnectionError: The download failed.
        ValueError: What was downloaded is not MNIST.
    """
    if _to_write(folder, overwrite, published):
        try:
            arrays = download() if download else downloaded(published)
        except Exception as error:
            raise ConnectionError(
                f"{published.name} could not be downloaded: {error}\n"
                f"Put these four files, plain or as .gz, into '{folder}' by hand: "
                f"{', '.join(published.sha256)}."
            ) from error
        write_mnist(arrays, folder, overwrite, published)
    return [_right(folder, *file)[0] for file in published.sha256.items()]


def write_mnist(
    arrays: Mnist, folder: Path, overwrite: bool = False, published: Published = MNIST
) -> list[Path]:
    """Check the arrays of MNIST and write those whose file is missing.

    Each file appears whole or not at all, so several processes may do this at once.

    Args:
        arrays: The four arrays by IDX file name.
        folder: Where the files go; it is made if missing.
        overwrite: Replace files that are there and are not those of MNIST.
        published: Which collection it is, if it is another one.

    Returns:
        The paths of the files written.

    Raises:
        FileExistsError: A whole file is there with another content, and `overwrite` is off.
        ValueError: An array is not the one of MNIST. Nothing is written.
    """
    for name, expected in published.sha256.items():
        if (found := idx_sha256(arrays[name])) != expected:
            raise ValueError(
                f"What was downloaded as {name} is not that of {published.name}: its SHA-256 is "
                f"{found}, expected {expected}. Clear the download cache (~/.keras/datasets) and "
                "try again."
            )
    paths = _to_write(folder, overwrite, published)
    for path in paths:
        with atomic_write(LocalFileSystem(), path.as_posix()) as file:
            write_idx(arrays[path.name], file)
        for other in _wrong(folder, path.name, published.sha256[path.name]):
            other.unlink(missing_ok=True)
    return paths


def _to_write(folder: Path, overwrite: bool, published: Published) -> list[Path]:
    """Return the plain files that are missing or, if they may be replaced, wrong."""
    files = published.sha256.items()
    wrong = [path for file in files for path in _wrong(folder, *file)]
    kept = [str(path) for path in wrong if not _is_cut(path)]
    if kept and not overwrite:
        raise FileExistsError(
            f"Not the {published.name} files of these names: {', '.join(kept)}. Move them away, or "
            "allow overwriting."
        )
    return [
        folder / file[0] for file in files if not _right(folder, *file) or _wrong(folder, *file)
    ]


def _right(folder: Path, name: str, sha256: str) -> list[Path]:
    """Return which of the plain and the compressed file are there and the published one."""
    return [path for path in _present(folder, name) if _is_right(path, sha256)]


def _wrong(folder: Path, name: str, sha256: str) -> list[Path]:
    return [path for path in _present(folder, name) if not _is_right(path, sha256)]


def _present(folder: Path, name: str) -> list[Path]:
    return [path for path in (folder / name, folder / f"{name}.gz") if path.exists()]


def _is_right(path: Path, sha256: str) -> bool:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False


def _is_cut(path: Path) -> bool:
    """Tell whether a file is the beginning of one: nobody wants to keep it."""
    try:
        with path.open("rb") as file:
            read_idx(file)
    except IdxCutError:
        return True
    except IdxError:
        return False
    return False
