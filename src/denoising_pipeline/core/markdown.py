"""Tables in Markdown."""

from collections.abc import Collection, Iterable, Sequence


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[int] = ()
) -> str:
    """Return a table, a line per row, without a new line at its end.

    Args:
        header: A heading per column.
        rows: A cell per column; bars in it do not break the table.
        right: Positions of the columns that are aligned on the right, as numbers are.
    """
    marks = ["---:" if place in right else "---" for place in range(len(header))]
    lines = ([str(cell).replace("|", "\\|") for cell in line] for line in (header, marks, *rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
