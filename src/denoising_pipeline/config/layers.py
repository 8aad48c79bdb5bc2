"""Parameters as nested dictionaries: one layer over another, and all of them in one level."""

from collections.abc import Mapping
from functools import reduce
from typing import Any


def merge_layers(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay mappings over each other, the last on top; mappings in them are merged likewise.

    A mapping with a `name` is a component with options of its own. Where a layer names another
    one, what lower layers gave for the former is dropped.

    Args:
        layers: From the lowest to the highest, none of which is changed.

    Returns:
        What holds in the end. Lists and single values replace what is below them.
    """
    return reduce(_over, map(dict, layers), {})


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        lower = below.get(key)
        soft = isinstance(value, Mapping) and isinstance(lower, Mapping)
        merged[key] = _over(lower, value) if soft and not _other(lower, value) else value  # type: ignore[arg-type]
    return merged


def _other(below: Any, above: Any) -> bool:
    """Whether the mapping above is another component than the one below."""
    return "name" in below and "name" in above and below["name"] != above["name"]


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested dictionaries as one, keys joined by dots: `{"a": {"b": 1}}` to `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
