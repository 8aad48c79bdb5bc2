"""What looks like a secret is shown nowhere: not in messages, tags, parameters or reports."""

import re
from typing import Any

_HIDDEN = "***"

_WHO = re.compile(r"(?<=://)[^/\s@'\"]+@")
"""User and password in an address."""

_SAYS = r"(?i)\b([\w-]*(?:token|passw(?:or)?d|secret|credential|(?:api|access|private)[-_]?key)s?)"
_NAME = re.compile(rf"{_SAYS}$")
_NAMED = re.compile(rf"{_SAYS}(\s*[=:]\s*)[^\s&,;'\"]+")
"""A name that says that what follows is a secret."""


def masked(value: Any) -> Any:
    """Return a text, or nested lists and mappings of them, without what looks like a secret.

    That is user and password in an address (`scheme://user:password@host`), and what follows a
    name such as `token=`, or is the text of such a key.
    """
    if isinstance(value, str):
        return _NAMED.sub(rf"\1\2{_HIDDEN}", _WHO.sub(f"{_HIDDEN}@", value))
    if isinstance(value, dict):
        return {
            key: _HIDDEN if isinstance(inside, str) and _NAME.search(str(key)) else masked(inside)
            for key, inside in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(masked(inside) for inside in value)
    return value
