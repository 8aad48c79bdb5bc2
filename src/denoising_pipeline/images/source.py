"""A folder of raw images: which of its files are read, and whether they are the right ones.

IDX files are found by what their names say, however they are written; any other folder is one of
image files, which are read one at a time.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, TypeAlias

from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.images.files import (
    FORMATS,
    OTHER_SUFFIXES,
    SUFFIXES,
    Pages,
    Picture,
    decode_image,
)
from denoising_pipeline.images.idx import MAX_BYTES, Array, IdxError, idx_sha256, read_idx

IDX_FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
"""How MNIST names each of the four files of a source in IDX form."""

_IDX_NAME = re.compile(
    r"(?:.*[-_. ])?(?P<split>train|t10k|test(?:\d+k)?)[-_. ](?P<kind>images|labels)[-_. ]"
    r"idx\d[-_. ](?:ubyte|int)(?:\.gz)?",
    re.IGNORECASE,
)
"""The names of MNIST, Fashion-MNIST, KMNIST, EMNIST and QMNIST, and what unpackers make of them."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_LISTED = 8
_COMMANDS = {
    "coloured_digits": "fetch-coloured-digits",
    "fashion-mnist": "fetch-fashion-mnist",
    "mnist": "fetch-mnist",
    "photographs": "fetch-photographs",
    "speech": "fetch-speech",
    "text": "fetch-text",
}

Wanted: TypeAlias = Literal["any", "images", "pairs", "noisy", "recordings"]
"""What is to be learnt from."""

_PUT: dict[Wanted, str] = {
    "any": "the four IDX files, or images as {formats}, into '{folder}'",
    "images": "images as {formats} into '{folder}'",
    "pairs": "pairs of images as {formats} under the same names into '{folder}/clean' and "
    "'{folder}/noisy' (ingestion.pairs says other names)",
    "noisy": "noisy images as {formats} into '{folder}'",
    "recordings": "recordings as WAV into '{folder}'",
}


class SourceError(ValueError):
    """A source is not there, not clear, or not the one that was pinned."""


@dataclass(frozen=True, eq=False)
class Source:
    """The images of a folder of data/01_raw, labelled or not.

    Attributes:
        name: Of the folder.
        licence: First line of its LICENCE or LICENSE file, or None.
        files: Path within the folder of each file that is read, by name. The names of IDX files are
            those of `IDX_FILES`; an image file is named by its path.
        arrays: The arrays of IDX files by name; empty where there are none.
        open_file: Opens a file by its path within the folder.
    """

    name: str
    licence: str | None
    files: Mapping[str, str]
    open_file: Callable[[str], IO[bytes]] = field(repr=False)
    arrays: Mapping[str, Array] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        """`"idx"`: two arrays of images with labels; `"folder"`: image files of any sizes."""
        return "idx" if self.arrays else "folder"

    @cached_property
    def sha256(self) -> dict[str, str]:
        """SHA-256 by name: of the uncompressed IDX file, or of the image file as it is."""
        if self.arrays:
            return {name: idx_sha256(array) for name, array in self.arrays.items()}
        return {name: self.file_sha256(path) for name, path in self.files.items()}

    @property
    def digest(self) -> str:
        """A text that is equal for equal files, and for no others: 32 hexadecimal digits."""
        lines = "".join(f"{digest} {name}\n" for name, digest in sorted(self.sha256.items()))
        return hashlib.blake2b(lines.encode(), digest_size=16).hexdigest()

    @contextmanager
    def pages(self, name: str) -> Iterator[Pages]:
        """Open an image file, whose pages are decoded one at a time.

        Raises:
            ImageError: It is damaged or of another format.
        """
        with self.open_file(self.files[name]) as file:
            yield Pages(file, name)

    def picture(self, name: str) -> Picture:
        """Decode an image file, of several pages the first.

        Raises:
            ImageError: It is damaged or of another format.
        """
        with self.open_file(self.files[name]) as file:
            return decode_image(file, name)

    def file_sha256(self, path: str) -> str:
        """Return the SHA-256 of a file as it lies there."""
        digest = hashlib.sha256()
        with self.open_file(path) as file:
            while chunk := file.read(2**20):
                digest.update(chunk)
        return digest.hexdigest()


def open_source(
    fs: Any,
    folder: str,
    pins: Mapping[Any, Any] | None = None,
    max_bytes: int = MAX_BYTES,
    wanted: Wanted = "any",
) -> Source:
    """Find the files of a source; IDX files are read, image files are not.

    Args:
        fs: The fsspec filesystem of the folder.
        folder: Its path.
        pins: Expected SHA-256 by source and path within its folder; other sources are not looked
            at. The name of an IDX file without `.gz` pins the uncompressed bytes, however the file
            is named; any other name pins the file as it lies there.
        max_bytes: Refuse IDX files that promise more bytes of values than this.
        wanted: What errors say to put there.

    Returns:
        The source.

    Raises:
        SourceError: There is no such source, it is not clear which files are meant, or a file is
            damaged or not the pinned one.
    """
    name = PurePosixPath(folder).name
    paths = _listed(fs, folder)
    advice = how_to_get(name, folder, wanted)
    if not paths:
        raise SourceError(f"'{folder}' does not exist or holds no files. {advice}")

    def open_file(path: str) -> IO[bytes]:
        opened: IO[bytes] = fs.open(f"{folder}/{path}", "rb")
        return opened

    def read(path: str) -> Array:
        with open_file(path) as file:
            try:
                return read_idx(file, max_bytes)
            except IdxError as error:
                raise SourceError(f"'{folder}/{path}' {error}. Remove it. {advice}") from error

    pinned = _checked_pins(name, pins or {})
    whole = Source(name, _licence(paths, open_file), {path: path for path in paths}, open_file)
    as_they_lie = {path for path in pinned.keys() & whole.files.keys() if not _is_plain_idx(path)}
    for path in sorted(as_they_lie):
        _compare(folder, path, pinned[path], whole.file_sha256(path), advice)
    if candidates := _idx_candidates(paths):
        chosen = {role: _only_one(folder, role, candidates, read, advice) for role in candidates}
        files = {role: path for role, (path, _) in chosen.items()}
        arrays = {role: array for role, (_, array) in chosen.items()}
        source = replace(whole, files=files, arrays=arrays)
    else:
        images = [path for path in paths if path.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES))]
        if not images:
            raise SourceError(
                f"'{folder}' holds neither IDX nor image files ({some(paths)}). {advice}"
            )
        source = replace(whole, files={path: path for path in images})
    _check_other_pins(folder, pinned.keys() - as_they_lie, pinned, source, advice)
    return source


def how_to_get(name: str, folder: str, wanted: Wanted = "any") -> str:
    """Say how the files of a source come into its folder.

    Args:
        name: Of the source.
        folder: Its path.
        wanted: What is to be learnt from.
    """
    if name in _COMMANDS and wanted not in {"noisy", "pairs"}:
        return f"Run `denoising-pipeline {_COMMANDS[name]}`."
    put = _PUT[wanted].format(formats=FORMATS, folder=folder)
    return f"Put {put}; or name another folder of data/01_raw by --params source=<folder>."


def idx_role(path: str) -> str | None:
    """Return which of `IDX_FILES` a file is by its name, or None if it is none of them."""
    match = _IDX_NAME.fullmatch(PurePosixPath(path).name)
    if not match:
        return None
    split = "train" if match["split"].lower() == "train" else "test"
    return f"{split}_{match['kind'].lower()}"


def _listed(fs: Any, folder: str) -> list[str]:
    """Return the path within the folder of every file, hidden ones left out, in order."""
    if not fs.isdir(folder):
        return []
    root = fs._strip_protocol(folder)
    if isinstance(fs, LocalFileSystem):
        found: Iterable[str] = (
            Path(parent, name).as_posix()
            for parent, _, names in os.walk(root, followlinks=True)
            for name in names
        )
    else:
        found = fs.find(root)
    paths = (PurePosixPath(path).relative_to(root) for path in found)
    hidden = (".", "__MACOSX")
    return sorted(str(path) for path in paths if not any(p.startswith(hidden) for p in path.parts))


def _licence(paths: list[str], open_file: Callable[[str], IO[bytes]]) -> str | None:
    for path in paths:
        if path.upper().startswith(("LICENCE", "LICENSE")) and "/" not in path:
            with open_file(path) as file:
                text = file.read(4096).decode(errors="replace")
            return next((line.strip() for line in text.splitlines() if line.strip()), None)
    return None


def _idx_candidates(paths: list[str]) -> dict[str, list[str]]:
    """Return the files that could be each of the four, plain ones first; empty if none is there."""
    found: dict[str, list[str]] = {role: [] for role in IDX_FILES}
    for path in sorted(paths, key=lambda path: path.lower().endswith(".gz")):
        if role := idx_role(path):
            found[role].append(path)
    return found if any(found.values()) else {}


def _only_one(
    folder: str,
    role: str,
    candidates: Mapping[str, list[str]],
    read: Callable[[str], Array],
    advice: str,
) -> tuple[str, Array]:
    paths = candidates[role]
    if not paths:
        found = [path for others in candidates.values() for path in others]
        raise SourceError(
            f"'{folder}/{IDX_FILES[role]}' does not exist, plain or as .gz; dots, upper case and a "
            f"prefix, as EMNIST has it, may be in the name. Found: {some(found)}. {advice}"
        )
    array = read(paths[0])
    if len(paths) > 1 and len({idx_sha256(read(path)) for path in paths}) > 1:
        raise SourceError(
            f"'{folder}' has {len(paths)} files that could be {IDX_FILES[role]}, and they differ: "
            f"{some(paths)}. Leave one of them, or make a folder for each source."
        )
    return paths[0], array


def _checked_pins(name: str, pins: Mapping[Any, Any]) -> dict[str, str]:
    by_source = {str(key): value for key, value in pins.items()}
    found = by_source.get(name) or {}
    if not isinstance(found, Mapping):
        raise SourceError(
            f"sha256.{name} in globals.yml is {found!r}: give a sum for each file name."
        )
    for path, pin in found.items():
        if not isinstance(pin, str) or not _SHA256.fullmatch(pin):
            number = " In quotes, else YAML reads it as a number." * isinstance(pin, int | float)
            raise SourceError(
                f"sha256.{name}.{path} in globals.yml is {pin!r}: give the 64 hexadecimal digits "
                f"of a SHA-256.{number}"
            )
    return {str(path): pin.lower() for path, pin in found.items()}


def _compare(folder: str, name: str, expected: str, found: str, advice: str) -> None:
    if found != expected:
        raise SourceError(
            f"'{folder}/{name}' is not the pinned file: its SHA-256 is {found}, expected "
            f"{expected}. Remove it. {advice}"
        )


def _check_other_pins(
    folder: str, names: Iterable[str], pins: Mapping[str, str], source: Source, advice: str
) -> None:
    """Check the pins of uncompressed IDX files; a packed one that is there plain needs such a pin.

    What is left names no file that is there.
    """
    plain = {idx_role(name) for name in pins if _is_plain_idx(name)}
    for name in sorted(names):
        role = idx_role(name) if source.arrays else None
        if role and _is_plain_idx(name):
            file = source.files[role]
            shown = name if file == name else f"{file}' as '{name}"
            _compare(folder, shown, pins[name], source.sha256[role], advice)
        elif not role or role not in plain:
            raise SourceError(
                f"sha256.{source.name}.{name} in globals.yml pins a file that is not in "
                f"'{folder}' ({some([*source.files.values()])}). Correct its name, or remove the "
                "pin."
            )


def _is_plain_idx(path: str) -> bool:
    return idx_role(path) is not None and not path.lower().endswith(".gz")


def some(names: Sequence[str]) -> str:
    """Name the first few, and say how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
