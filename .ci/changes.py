"""Print what CHANGELOG.md says of a version: `python .ci/changes.py 0.1.0`.

The workflow that releases makes these the words of the release.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(version: str) -> None:
    """Print a version's section without its heading; a version without one is an error."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.split(r"^## \[(.+?)\].*\n", text, flags=re.MULTILINE)
    changes = dict(zip(sections[1::2], sections[2::2], strict=True))
    if version not in changes:
        sys.exit(f"CHANGELOG.md: no section for {version}; there are {', '.join(changes)}")
    sys.stdout.write(changes[version].strip() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
