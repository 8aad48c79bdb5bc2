"""JSON that every reader of JSON understands, whatever the numbers are."""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

from kedro.io.core import AbstractVersionedDataset, get_filepath_str
from kedro_datasets._typing import JSONPreview

from denoising_pipeline.datasets.versioned_file import VersionedFile

JsonObject: TypeAlias = dict[str, Any]

NON_FINITE = "non_finite"
"""Key under which a file lists the numbers that JSON does not have."""


class StrictJsonDataset(
    VersionedFile[JsonObject], AbstractVersionedDataset[JsonObject, JsonObject]
):
    """A JSON object (RFC 8259) in a UTF-8 file, keys in their order.

    JSON has no infinity and no NaN. They are written as null, and listed under the top-level key
    `non_finite` by their JSON Pointer (RFC 6901) as "inf", "-inf" or "nan"; loading puts them back
    and leaves the list out. Tuples come back as lists.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        summary:
          type: denoising_pipeline.datasets.StrictJsonDataset
          filepath: data/08_reporting/summary.json
          versioned: true
        ```
    """

    def _read(self, path: str) -> JsonObject:
        try:
            return from_json(self._read_text(path))
        except ValueError as error:
            raise ValueError(
                f"is corrupt or no strict JSON object ({error}). Remove it and run the pipeline "
                "that writes it again."
            ) from error

    def _write(self, data: JsonObject, path: str) -> None:
        self._write_text(to_json(data), path)

    def preview(self) -> JSONPreview:
        """Return the file's text, for Kedro-Viz."""
        path = get_filepath_str(self._get_load_path(), self._protocol)
        return JSONPreview(self._read_text(path))


def to_json(data: JsonObject) -> str:
    """Write an object as strict JSON.

    Args:
        data: Nested dicts with str keys, lists, tuples, str, numbers, bool and None.

    Returns:
        The text, ending in a newline.

    Raises:
        TypeError: `data` is no dict, or holds a key that is no string or a value that JSON lacks.
        ValueError: `data` has the key `non_finite`, which is reserved.
    """
    if not isinstance(data, dict):
        raise TypeError(f"A JSON object is a dict, this is {type(data).__name__}.")
    if NON_FINITE in data:
        raise ValueError(f"The key {NON_FINITE!r} is reserved for the file itself. Rename it.")
    non_finite: dict[str, str] = {}
    plain = _without_non_finite(data, "", non_finite)
    if non_finite:
        plain[NON_FINITE] = non_finite
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> JsonObject:
    """Read what `to_json` wrote.

    Args:
        text: The JSON object.

    Returns:
        The object, with its infinities and NaNs.

    Raises:
        ValueError: The text is no strict JSON object, or its list of non-finite numbers is wrong.
    """
    data = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(data, dict):
        raise ValueError(f"the top level is {type(data).__name__}, not an object")  # noqa: TRY004
    non_finite = data.pop(NON_FINITE, {})
    try:
        for pointer, value in non_finite.items():
            _put(data, pointer, float(value))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{NON_FINITE!r} does not fit the rest: {error!r}") from error
    return data


def _without_non_finite(value: Any, pointer: str, found: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_non_finite(item, f"{pointer}/{_escaped(key)}", found)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_non_finite(v, f"{pointer}/{i}", found) for i, v in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        found[pointer] = str(float(value))
        return None
    return value


def _escaped(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"The key {key!r} is {type(key).__name__}; JSON keys are strings.")
    return key.replace("~", "~0").replace("/", "~1")


def _steps(pointer: str) -> Iterator[str]:
    for step in pointer.split("/")[1:]:
        yield step.replace("~1", "/").replace("~0", "~")


def _put(data: Any, pointer: str, value: float) -> None:
    *parents, last = _steps(pointer)
    for step in parents:
        data = data[_key(data, step)]
    if data[_key(data, last)] is not None:
        raise ValueError(f"{pointer} is not null")
    data[_key(data, last)] = value


def _key(container: Any, step: str) -> str | int:
    return int(step) if isinstance(container, list) else step


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
