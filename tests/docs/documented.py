"""Commands and Python of README, docs, benchmarks and CONTRIBUTING, as they stand there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
)
PLACEHOLDERS = {
    "--env <name>": "--env smoke",
    "<name>": "mnist",
    "<version>": "2026-01-01T00.00.00.000Z",
}

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:kedro|denoise|make|denoising-pipeline|python benchmarks/)[^`]*)`")
_STARTS = ("kedro ", "denoise ", "make ", "denoising-pipeline ", "python ")


class Words(NamedTuple):
    """One command.

    Attributes:
        page: The file that it stands in, relative to the project.
        words: The command and its arguments, without placeholders, pipes and redirections.
    """

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield page and content of each block of code."""
    for page in PAGES:
        for found, content in _BLOCK.findall(page.read_text("utf-8")):
            if found == language:
                yield page.relative_to(ROOT).as_posix(), content


def commands() -> list[Words]:
    """Return every command, each once: those of console and bash blocks, and those of the text."""
    found: dict[tuple[str, ...], Words] = {}
    for page, content in blocks("console"):
        for line in content.splitlines():
            if line.startswith("$ "):
                found |= {each.words: each for each in _of_line(page, line.removeprefix("$ "))}
    for page, content in blocks("bash"):
        for line in re.sub(r"\\\n\s*", " ", content).splitlines():
            without = re.sub(r"^(?:[A-Z_]+=\S* )+", "", line)
            if without.startswith(_STARTS):
                found |= {each.words: each for each in _of_line(page, without)}
    for path in PAGES:
        page = path.relative_to(ROOT).as_posix()
        for inline in _INLINE.findall(_BLOCK.sub("", path.read_text("utf-8"))):
            line = " ".join(inline.split())
            if line.startswith(_STARTS) and "..." not in line:
                found |= {each.words: each for each in _of_line(page, line)}
    return list(found.values())


def _of_line(page: str, line: str) -> Iterator[Words]:
    for placeholder, value in PLACEHOLDERS.items():
        line = line.replace(placeholder, value)
    shell = shlex.shlex(line, posix=True, punctuation_chars="|&<>")
    shell.whitespace_split = True
    shell.commenters = "#" if line.count("#") and " #" in line else ""
    words: list[str] = []
    redirected = False
    for word in [*shell, "&&"]:
        if word in {"|", "&&"}:
            if words:
                yield Words(page, tuple(words))
            words = []
        elif word in {"<", ">"} or redirected:
            redirected = not redirected
        else:
            words.append(word)
