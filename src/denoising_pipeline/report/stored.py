"""A section as JSON, to be kept until a report has it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from denoising_pipeline.report.blocks import Block, Numbers, Pictures, Section, Words

KINDS: Mapping[str, type[Any]] = {
    kind.kind: kind for union in (Words, Pictures, Numbers) for kind in union.__args__
}


def to_json(section: Section) -> str:
    """Return a section as text.

    Args:
        section: Its values are plain numbers and texts, or NumPy's.
    """
    return json.dumps(
        {**asdict(section), "blocks": [_plain(b) for b in section.blocks]}, default=_item
    )


def from_json(text: str) -> Section:
    """Return the section of a text.

    Raises:
        ValueError: It is none of `to_json`.
    """
    try:
        given = json.loads(text)
        kept = [_block(**each) for each in given.pop("blocks")]
        return Section(**given, blocks=kept)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is no section of a report ({type(error).__name__})") from error


def _plain(block: Block) -> dict[str, Any]:
    return {"kind": block.kind, **asdict(block)}


def _block(kind: str, **given: Any) -> Any:
    return TypeAdapter(KINDS[kind]).validate_python(given)


def _item(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else list(value)
