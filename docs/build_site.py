"""Build the documentation site: pages from here and from what the project says of itself.

`build/pages` gets the Markdown files of docs/, benchmarks/ and the project's root, with links that
lead where they do in the repository, notebooks with their outputs as Markdown, and the reference,
which is generated (`reference_pages.py`).
Zensical makes `build/site` of it, without any file from elsewhere.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from reference_pages import reference_pages

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
REFERENCE = ROOT / "docs" / "reference"  # generated: its pages are in the site only
PROJECT_PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md")

_CODE = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2[^\n]*$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_NAV_LINE = re.compile(r'^ *\{ "[^"]+" = "([^"]+)" \},$', re.MULTILINE)


def pages() -> dict[Path, Path]:
    """Return the file of the site, relative to its root, for each file of the repository."""
    found = {path: path.relative_to(ROOT / "docs") for path in _files(ROOT / "docs")}
    for path in (ROOT / "docs").glob("*.ipynb"):
        found[path] = Path(path.with_suffix(".md").name)
    for path in _files(ROOT / "benchmarks"):
        name = "index.md" if path.name == "README.md" else path.name
        found[path] = Path("benchmarks") / name
    for name in PROJECT_PAGES:
        if (ROOT / name).is_file():
            found[ROOT / name] = Path("project") / name.lower()
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".css", ".js", ".md", ".png", ".svg"}:
            yield path


@cache
def planned() -> set[Path]:
    """Return the pages of docs/ that the navigation names, whether they are there yet or not."""
    names = _NAV_LINE.findall((ROOT / "zensical.toml").read_text("utf-8"))
    return {ROOT / "docs" / name for name in names}


def relinked(text: str, path: Path, known: dict[Path, Path], repository: str | None) -> str:
    """Return a page's text with links that hold in the site.

    Args:
        text: Markdown.
        path: The file that it stands in; links are relative to it.
        known: Site file by repository file, as `pages` returns it.
        repository: Address of the repository, for links to files that are no pages; without one
            such a link is left as its words.

    Raises:
        FileNotFoundError: A link leads to a file that is not there.
    """

    def link(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        parts = urlsplit(target)
        place = (path.parent / parts.path).resolve()
        if parts.scheme or not parts.path or place.parent == REFERENCE:
            return match.group()
        if place in known:
            here = known[path].parent
            moved = os.path.relpath(known[place], here)
            anchor = f"#{parts.fragment}" if parts.fragment else ""
            return f"{mark}[{words}]({Path(moved).as_posix()}{anchor})"
        if place == ROOT / "README.md":
            raise ValueError(f"{path.relative_to(ROOT)}: link a page of docs/, not the README")
        if place in planned():
            return words
        if not place.exists():
            raise FileNotFoundError(f"{path.relative_to(ROOT)}: {target} is not there")
        name = place.relative_to(ROOT).as_posix()
        return f"[{words}]({repository}/blob/main/{name})" if repository else words

    return _outside_code(text, link)


def _outside_code(text: str, link: Callable[[re.Match[str]], str]) -> str:
    """Replace links where they are none in code."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\0{len(kept) - 1}\0"

    text = _SPAN.sub(keep, _CODE.sub(keep, text))
    text = _LINK.sub(link, text)
    for number in reversed(range(len(kept))):
        text = text.replace(f"\0{number}\0", kept[number])
    return text


def assemble(build: Path) -> None:
    """Write the pages and the configuration into a folder.

    Raises:
        ValueError: A page is in no line of the navigation.
    """
    target = build / "pages"
    shutil.rmtree(target, ignore_errors=True)
    known = pages()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    repository = project.get("urls", {}).get("Repository")
    for path, place in known.items():
        file = target / place
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            write_notebook(path, file)
        elif path.suffix == ".md":
            text = relinked(path.read_text("utf-8"), path, known, repository)
            file.write_text(text, "utf-8")
        else:
            file.write_bytes(path.read_bytes())
    (target / "reference").mkdir()
    for name, text in reference_pages(str(ROOT / "conf")).items():
        (target / "reference" / name).write_text(text, "utf-8")
    config = (ROOT / "zensical.toml").read_text("utf-8")
    listed = set(_NAV_LINE.findall(config))
    there = {file.relative_to(target).as_posix() for file in target.rglob("*.md")}
    if left_out := sorted(there - listed):
        raise ValueError(f"zensical.toml: no line of nav has {', '.join(left_out)}")
    for name in sorted(listed - there):
        sys.stderr.write(f"{name} is not there: left out of the navigation\n")
    config = config.replace('["src"]', f'["{(ROOT / "src").as_posix()}"]')
    config = _NAV_LINE.sub(lambda line: line.group() if line.group(1) in there else "", config)
    if repository:
        config = config.replace("[project]", f'[project]\nrepo_url = "{repository}"', 1)
    (build / "zensical.toml").write_text(config, "utf-8")


def write_notebook(notebook: Path, page: Path) -> None:
    """Write a notebook as a page of Markdown, with its figures in a folder beside it.

    Its tables get the look of the others, which scroll where they are too wide.
    """
    from nbconvert import MarkdownExporter

    name = page.stem
    resources = {"unique_key": name, "output_files_dir": name}
    text, made = MarkdownExporter().from_filename(str(notebook), resources=resources)
    for figure, content in made["outputs"].items():
        file = page.parent / figure
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    page.write_text(text.replace(' border="1" class="dataframe"', ""), "utf-8")


def main() -> None:
    """Build the site, or serve it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="show it on this machine instead")
    parser.add_argument("--build", type=Path, default=BUILD, help="the folder that it is built in")
    given = parser.parse_args()
    assemble(given.build)
    shutil.rmtree(given.build / "site", ignore_errors=True)
    words = ("serve",) if given.serve else ("build", "--strict", "--clean")
    command = [sys.executable, "-m", "zensical", *words, "--config-file", "zensical.toml"]
    sys.exit(subprocess.run(command, cwd=given.build, check=False).returncode)


if __name__ == "__main__":
    main()
