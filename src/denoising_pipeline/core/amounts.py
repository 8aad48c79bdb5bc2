"""Amounts as people write them: 2G, 500M, 1.5e9."""

import re

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_FORM = re.compile(r"(\d+(?:\.\d*)?(?:e\d+)?) ?([KMGT]?)(i?B)?", re.IGNORECASE)


def amount(text: str, base: int) -> int:
    """Read a number with K, M, G or T behind it.

    Args:
        text: Such as 2G.
        base: What K is: 1000, or 1024 for bytes of memory.

    Raises:
        ValueError: It is no amount, or below 1.
    """
    found = _FORM.fullmatch(text.strip())
    value = float(found[1]) * base ** _UNITS[found[2].upper()] if found else 0
    if not 1 <= value < float("inf"):
        raise ValueError("it is no amount; write it as 2G or 500M")
    return int(value)
