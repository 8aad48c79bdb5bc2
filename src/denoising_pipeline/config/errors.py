"""The words in which a mistake in the parameters is reported."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from denoising_pipeline.config.fields import Inside, inside
from denoising_pipeline.core.options import allowed

RENAMED = {
    "usefulness": "downstream",
}
"""Keys of parameters that older versions had, and what they are called now."""


class ParameterError(ValueError):
    """One or more parameters are not allowed; the message has a line for each of them."""

    @classmethod
    def of(cls, lines: Sequence[str]) -> Self:
        """Return the error with a heading over lines of the form `key: what is wrong`."""
        count = len({line.split(": ")[0] for line in lines})
        heading = f"{count} parameter{'s are' if count > 1 else ' is'} not allowed:"
        return cls("\n  ".join([heading, *lines]))


class _Place(NamedTuple):
    """Where in the schema an error lies."""

    key: str
    siblings: list[str]
    inside: Inside


def _find(schema: type[BaseModel], location: Sequence[int | str]) -> _Place:
    """Follow an error's location through the schema.

    Union tags are no part of the key, nor are positions in lists, but for lists of components.
    """
    here = Inside(schema, {}, [], False)
    key: list[str] = []
    siblings: list[str] = []
    for part in location:
        if part in here.components:
            here = Inside(here.components[str(part)], {}, [], False)
        elif here.components and isinstance(part, int):
            key.append(str(part))
        elif here.model:
            key.append(str(part))
            siblings = list(here.model.model_fields)
            field = here.model.model_fields.get(str(part))
            here = inside(field.annotation if field else None)
    return _Place(".".join(key), siblings, here)


def explain(schema: type[BaseModel], details: ErrorDetails) -> str:
    """Return an error of Pydantic's as a line.

    Args:
        schema: The model that refused.
        details: The error.

    Returns:
        The full key, what is wrong, what is allowed, the nearest name. The value of an unknown key,
        which may be a secret, is not in it.
    """
    place = _find(schema, details["loc"])
    components = list(place.inside.components)
    if details["type"] == "extra_forbidden":
        if place.key in RENAMED:
            return f"{place.key}: renamed; now {RENAMED[place.key]!r}"
        return f"{place.key}: no such parameter{allowed(str(details['loc'][-1]), place.siblings)}"
    if details["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        name = str(details.get("ctx", {}).get("tag", ""))
        problem = f"{name!r} is unknown" if name else "a name is missing"
        return f"{place.key}.name: {problem}{allowed(name, components)}"
    value = details["input"]
    if details["type"] == "literal_error":
        return f"{place.key}: {value!r} is unknown{allowed(str(value), place.inside.choices)}"
    if components and isinstance(value, str):
        rest = "" if value in components else allowed(value, components)
        return f"{place.key}: {value!r} is not allowed; the name is {place.key}.name{rest}"
    hint = "; write null for none" if value == "None" else ""
    problem = details["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(value, dict) else f"{value!r} is not allowed; "
    return f"{place.key}: {shown}{problem}{hint}"
