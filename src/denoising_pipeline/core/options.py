"""The base of every group of parameters."""

from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict

SOURCE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""Names of folders that a source may have."""


class Section(BaseModel):
    """Base of every group of parameters: immutable, no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def allowed(name: str, names: list[str]) -> str:
    """Say what is allowed in place of an unknown name, and which name is nearest."""
    nearest = get_close_matches(name, names, n=1)
    suggestion = f"; did you mean {nearest[0]!r}?" if nearest else ""
    allowed = ", ".join(names)
    return f"{suggestion} Allowed: {allowed}" if suggestion else f"; allowed: {allowed}"
