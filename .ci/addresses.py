"""Give the package the addresses of the repository that releases it, which nothing in it knows.

`python .ci/addresses.py URL TAG` adds `[project.urls]` to pyproject.toml and makes the links of
README.md absolute, as the page of the index, which shows it, has none of the files beside it. The
workflow that releases runs it on its own checkout before it builds; no such change is committed.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

NAMES = {
    "Documentation": "{url}/blob/{tag}/docs/index.md",
    "Source": "{url}",
    "Issues": "{url}/issues",
    "Changelog": "{url}/blob/{tag}/CHANGELOG.md",
}
LINK = re.compile(r"(?P<picture>!?)(?P<text>\[[^\]]*\])\((?!\w+:)(?P<path>[^)]+)\)")


def main(url: str, tag: str) -> None:
    """Write both files anew."""
    urls = [f'{name} = "{address.format(url=url, tag=tag)}"' for name, address in NAMES.items()]
    project = ROOT / "pyproject.toml"
    table = "\n".join(["", "[project.urls]", *urls, ""])
    project.write_text(project.read_text("utf-8") + table, "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(
        LINK.sub(lambda found: absolute(found, url, tag), readme.read_text("utf-8")), "utf-8"
    )


def absolute(link: re.Match[str], url: str, tag: str) -> str:
    """Return a link of Markdown to a file of the repository as one to where it is served."""
    place = "raw" if link["picture"] else "blob"
    return f"{link['picture']}{link['text']}({url}/{place}/{tag}/{link['path']})"


if __name__ == "__main__":
    main(*sys.argv[1:])
