"""The table of many files on a terminal of 80 columns."""

import io
from pathlib import Path

from rich.console import Console

from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.tables import table_of


def test_what_is_said_of_files_has_the_width_of_the_terminal() -> None:
    """Beside the figures a column of words would be a few letters wide."""
    warning = "JPEG has removed the fine noise that levels are read from: it may be any."
    source = Path("photos/european_honey_bee.jpg")
    target = Path("clean/european_honey_bee.jpg")
    results = [
        FileResult(source, target, "done", width=1620, height=1280, warnings=(warning,)),
        FileResult(Path("notes.txt"), None, "failed", "is no picture"),
    ]
    text = io.StringIO()
    Console(file=text, width=80).print(table_of(results))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "  " + warning in [line.rstrip() for line in lines]
    assert "notes.txt: failed: is no picture" in [line.rstrip() for line in lines]
    assert any(line.startswith(f"{source}: -> {target.name}") for line in lines)
