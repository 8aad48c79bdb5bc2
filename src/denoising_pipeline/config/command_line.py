"""Parameters on the command line: `training.epochs=3,robustness.levels=[0.1, 0.2]`."""

import math
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from denoising_pipeline.config.errors import ParameterError
from denoising_pipeline.config.fields import text_at
from denoising_pipeline.config.layers import merge_layers
from denoising_pipeline.config.schema import Parameters

_KEY = re.compile(r"\w+(?:\.\w+)*")
_NAME = re.compile(r"\w+")
_WORD = re.compile(r"[A-Za-z]\w*")
_CLOSING = {"[": "]", "{": "}", "(": ")"}


def parse_params(text: str) -> dict[str, Any]:
    """Read what stands after `--params`.

    Args:
        text: `key=value` pairs with commas between them. A key has its parts joined by dots. A
            value is YAML, such as `[64, 128]`, `{name: dense}`, `null` or `"a, b"`, read as it is
            in the configuration files; of a parameter that takes a text it is that text, quotes
            around it aside, or null. Commas in brackets and quotes are part of the value.

    Returns:
        The parameters as nested dictionaries; of two values of one key the last.

    Raises:
        ParameterError: A pair has no key or no value, or a bracket or quote stays open.
    """
    pairs = (_pair(item) for item in _items(text) if item)
    return merge_layers(*(_nested(key, _value(key, value)) for key, value in pairs))


def format_params(parameters: Mapping[str, Any]) -> str:
    """Write parameters as `parse_params` reads them.

    Args:
        parameters: Nested dictionaries of numbers, texts, truth values, None and lists of these;
            the outermost keys are letters, digits and underscores.

    Returns:
        The text to stand after `--params=`, not quoted for a shell.
    """
    return ",".join(f"{key}={_written(value)}" for key, value in _pairs(parameters))


def _items(text: str) -> Iterator[str]:
    """Cut at the commas that are outside of brackets and quotes."""
    start, position, open_ones = 0, 0, ""
    while position < len(text):
        character, before = text[position], text[position - 1 : position]
        if character in "'\"" and not before.isalnum():
            position = _end_of_quote(text, position)
        elif character in _CLOSING:
            open_ones += _CLOSING[character]
        elif open_ones and character == open_ones[-1]:
            open_ones = open_ones[:-1]
        elif character == "," and not open_ones:
            yield text[start:position].strip()
            start = position + 1
        position += 1
    if open_ones:
        raise ParameterError(f"{text[start:].strip()}: a {open_ones[-1]!r} is missing at its end.")
    yield text[start:].strip()


def _end_of_quote(text: str, start: int) -> int:
    """Return where the quote ends that starts there."""
    quote = text[start]
    pattern = r"'[^']*'" if quote == "'" else r'"(?:\\.|[^"\\])*"'
    if not (found := re.compile(pattern, re.DOTALL).match(text, start)):
        raise ParameterError(f"{text[start:]}: a {quote} is missing at its end.")
    return found.end() - 1


def _pair(item: str) -> tuple[str, str]:
    key, equals, value = (part.strip() for part in item.partition("="))
    if not equals:
        raise ParameterError(
            f"{item!r} is no key=value. A list has brackets around it: key=[1, 2]."
        )
    if not _KEY.fullmatch(key):
        raise ParameterError(f"{item!r} has no key; give it as section.parameter=value.")
    if not value:
        raise ParameterError(f"{key}: no value; write null for none, '' for an empty text.")
    return key, value


def _value(key: str, text: str) -> Any:
    is_text = text_at(Parameters, key)
    try:
        read: Any = OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))
    except (yaml.YAMLError, OmegaConfBaseException, ValueError, RecursionError):
        if is_text:
            return text
        raise ParameterError(f"{key}: {text!r} is no YAML. Put a text in quotes.") from None
    value = read["value"]
    return text if is_text and value is not None and text[0] not in "'\"" else value


def _nested(key: str, value: Any) -> dict[str, Any]:
    return reduce(lambda inner, part: {part: inner}, reversed(key.split(".")), value)


def _pairs(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in parameters.items():
        inner = value if isinstance(value, Mapping) else {}
        if inner and all(isinstance(name, str) and _NAME.fullmatch(name) for name in inner):
            yield from _pairs(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


class _Dumper(yaml.SafeDumper):
    """Puts all texts in quotes that are more than a word."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if _WORD.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _written(value: Any) -> str:
    """Return a value on one line of YAML."""
    listed = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, width=math.inf, sort_keys=False
    )
    return str(listed).strip()[1:-1]
