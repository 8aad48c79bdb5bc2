"""Blocks of code of the documentation, run as they stand there, with what a reader fills in."""

import os
import re
import shlex
import sys
from pathlib import Path

from project_folder import environment

ROOT = Path(__file__).parents[1]


def block(page: str, start: str) -> str:
    """Return the one block of code of a page whose content starts so."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"^```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (found,) = (content for content in blocks if content.startswith(start))
    return str(found)


def filled(content: str, **values: str) -> str:
    """Return a block of shell with values in the place of `NAME=...`; every one has to be given."""
    for name, value in values.items():
        content, count = re.subn(rf"\b{name}=\.\.\.", f"{name}={shlex.quote(value)}", content)
        assert count, f"the page asks for no {name}"
    assert "=..." not in content, content
    return content


def shell(*folders: Path, **more: str) -> dict[str, str]:
    """Return the variables of a shell that finds the programs of this Python, and of folders."""
    path = os.pathsep.join(map(str, (Path(sys.executable).parent, *folders, os.environ["PATH"])))
    return environment(PATH=path, **more)
