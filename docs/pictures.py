"""Make the pictures of README and documentation, and stamp them with what they were made of.

`python docs/pictures.py [NAME...]` makes them and writes `pictures.json`; a test fails where a
picture, or what it was made of, has changed since, or its commit is none of this repository.
`denoised.png` is that of the newest `kedro run`. `limit.png` is drawn by `benchmarks/limit.py`,
`trust.png` by `benchmarks/trust.py`, `minutes.png` by `benchmarks/own_images.py`; where they are
named here, they are stamped as they lie there.
`last_run.ipynb` is the notebook with its outputs, run on the newest `kedro run`.

What a training gives depends on most of the code. So that a picture of minutes or hours does not go
stale at every commit, these are made of the recipe's values and of the code that decides what is
seen: the network, the noise, the loss, the optimizer, and what draws. Of code, docstrings, comments
and imports do not count. What else would change a training is found by the scores that stand
beside the pictures.
"""

import argparse
import ast
import functools
import hashlib
import http.server
import inspect
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import yaml

ROOT = Path(__file__).resolve().parents[1]
STAMPS = ROOT / "docs" / "pictures.json"


class Picture(NamedTuple):
    """A picture: the function that draws it to a file, and what it is made of."""

    draw: Callable[[Path], None]
    made_of: Callable[[], str]


def files(*names: str) -> str:
    """Return the digest of the contents of files."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def graph() -> str:
    """Return the digest of what is drawn: the stages, what goes into each and comes out."""
    from denoising_pipeline.pipeline_registry import register_pipelines

    default = register_pipelines()["__default__"]
    stages = {
        str(node.namespace): default.only_nodes_with_namespaces([str(node.namespace)])
        for node in default.nodes
    }
    edges = {
        name: [sorted(found) for found in (stage.inputs(), stage.outputs())]
        for name, stage in stages.items()
    }
    return hashlib.sha256(json.dumps(edges, sort_keys=True).encode()).hexdigest()


def code(*found: Any) -> str:
    """Return the digest of functions, classes and files without docstrings, comments and imports.

    It is of lines, as syntax trees differ from one Python to the next.
    """
    digest = hashlib.sha256()
    for each in found:
        whole = isinstance(each, str)
        text = (ROOT / each).read_text("utf-8") if whole else inspect.getsource(each)
        text = textwrap.dedent(text)
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if is_docstring(node) or isinstance(node, ast.Import | ast.ImportFrom):
                first, last = node.lineno, node.end_lineno or node.lineno
                lines[first - 1 : last] = [""] * (last - first + 1)
        kept = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        digest.update("\n".join(kept).encode())
    return digest.hexdigest()


def is_docstring(node: ast.AST) -> TypeGuard[ast.Expr]:
    """Tell whether it is a text that stands for itself."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def denoiser() -> str:
    """Return the digest of what decides what the denoiser of the base recipe is."""
    from denoising_pipeline.core import seeding
    from denoising_pipeline.degradations.gaussian import Gaussian
    from denoising_pipeline.models.layers import Layers
    from denoising_pipeline.models.residual_unet import ResidualUnet
    from denoising_pipeline.training.losses import image_mean, psnr_loss

    optimizers = "src/denoising_pipeline/training/optimizers.py"
    made_of = (ResidualUnet.build, Layers, Gaussian.apply, psnr_loss, image_mean, optimizers)
    return recipe() + code(*made_of, seeding.generator)


def examples() -> str:
    """Return the digest of what decides what the picture of a run shows."""
    from denoising_pipeline.figures import _layout, grids
    from denoising_pipeline.pipelines.reporting.nodes import draw_denoising_examples

    of_grids = (grids.denoising_examples, grids.image_grid)
    of_layout = (_layout.draw_rows, _layout.grid_size, _layout.cell_width)
    return denoiser() + code(draw_denoising_examples, *of_grids, *of_layout)


def prediction() -> str:
    """Return the digest of what decides what is predicted of the shipped weights' pictures."""
    from denoising_pipeline.denoiser.quality import Quality, features, unlike_learnt
    from denoising_pipeline.images.noise_level import estimate_noise

    weights = "src/denoising_pipeline/weights/photos.zip"
    return files(weights) + code(
        "benchmarks/trust.py", Quality.predict, features, unlike_learnt, estimate_noise
    )


def own_training() -> str:
    """Return the digest of what decides what is learnt from photographs from nothing."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import own_images

    from denoising_pipeline.models.layers import Layers
    from denoising_pipeline.models.unet import Unet
    from denoising_pipeline.training.losses import image_mean, log_mse

    benchmark = (own_images.parameters, own_images.trained_for, own_images.scored)
    optimizers = "src/denoising_pipeline/training/optimizers.py"
    return code(*benchmark, Unet.build, Layers, log_mse, image_mean, optimizers)


def recipe() -> str:
    """Return the digest of the values of the base recipe that decide what its denoiser is."""
    names = ("parameters_noise_injection", "parameters_training")
    texts = [(ROOT / f"conf/base/{name}.yml").read_text("utf-8") for name in names]
    noise, training = (yaml.safe_load(text) for text in texts)
    chosen = {key: training["training"][key] for key in DECIDE}
    return hashlib.sha256(json.dumps([noise, chosen], sort_keys=True).encode()).hexdigest()


DECIDE = (
    *("model", "loss", "epochs", "batch_size", "optimizer", "learning_rate", "weight_decay"),
    *("schedule", "fresh_noise"),
)
"""Parameters of training that make another denoiser of the same images."""


def draw_photograph(file: Path) -> None:
    """Draw a photograph clean, noisy and denoised."""
    command = [sys.executable, "benchmarks/picture.py", str(file)]
    subprocess.run(command, cwd=ROOT, check=True)


def copy_denoised(file: Path) -> None:
    """Take the picture of the newest run, which has to be one of the base recipe."""
    versions = sorted((ROOT / "data/08_reporting/denoising_examples.png").glob("*/*.png"))
    if not versions:
        raise FileNotFoundError("no run is there: kedro run, 5 minutes")
    file.write_bytes(versions[-1].read_bytes())


def keep(file: Path) -> None:
    """Leave it as it is."""
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not there")


def run_notebook(file: Path) -> None:
    """Run the notebook where it lies, and keep what it shows without what Kedro logs."""
    import nbformat
    from nbclient import NotebookClient

    notebook: Any = nbformat.read(ROOT / NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    where = {"metadata": {"path": str((ROOT / NOTEBOOK).parent)}}
    NotebookClient(notebook, record_timing=False, resources=where).execute()
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [found for found in cell.outputs if is_shown(found)]
    nbformat.write(notebook, file)  # type: ignore[no-untyped-call]


def is_shown(output: Any) -> bool:
    """Tell tables and pictures from what is logged, which rich prints as preformatted text."""
    return "data" in output and not output.data.get("text/html", "").startswith("<pre")


def draw_pipeline(file: Path) -> None:
    """Take a picture of the static site that kedro viz builds."""
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    subprocess.run([sys.executable, "-m", "kedro", "viz", "build"], cwd=ROOT, check=True)
    os.environ.setdefault("SE_OFFLINE", "true")  # Selenium looks for no browser elsewhere.
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--window-size=2000,1700"):
        options.add_argument(argument)
    with served(ROOT / "build") as address, webdriver.Chrome(options) as browser:
        browser.get(address)
        wait = WebDriverWait(browser, 60)
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".pipeline-node"))
        browser.execute_script(HIDE)
        wait.until(lambda page: page.execute_script(SETTLED))
        browser.find_element(By.CSS_SELECTOR, ".pipeline-flowchart__graph").screenshot(str(file))
    cut_margins(file)


def cut_margins(file: Path) -> None:
    """Cut off the version in the corner, and all around but for a narrow margin."""
    from PIL import Image, ImageChops

    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    plain = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    picture.paste(plain.crop((0, 0, 200, 30)), (picture.width - 200, 0))
    box = ImageChops.difference(picture, plain).getbbox()
    left, top, right, bottom = box or (0, 0, *picture.size)
    picture.crop((left - 20, top - 20, right + 20, bottom + 20)).save(file, optimize=True)


HIDE = """
const style = document.createElement("style");
style.textContent = ["sidebar", "toolbar", "minimap", "metadata", "hint", "watermark", "badge"]
  .map((word) => `[class*=${word}] { display: none !important }`).join(" ");
document.head.append(style);
for (const dark of document.querySelectorAll(".kui-theme--dark")) {
  dark.classList.replace("kui-theme--dark", "kui-theme--light");
}
"""
SETTLED = """
const nodes = [...document.querySelectorAll(".pipeline-node")];
const now = nodes.map((node) => node.getBoundingClientRect().top).join();
const before = window.placesBefore;
window.placesBefore = now;
return now === before;
"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, and give its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


NOTEBOOK = "notebooks/last_run.ipynb"

PICTURES = {
    "docs/denoised.png": Picture(copy_denoised, examples),
    "docs/photograph.png": Picture(
        draw_photograph,
        lambda: files(
            "benchmarks/picture.py",
            "data/01_raw/photos/european_honey_bee.jpg",
            "src/denoising_pipeline/weights/photos.zip",
        ),
    ),
    "docs/last_run.ipynb": Picture(run_notebook, lambda: files(NOTEBOOK) + recipe()),
    "docs/pipeline.png": Picture(draw_pipeline, graph),
    "benchmarks/limit.png": Picture(keep, lambda: denoiser() + code("benchmarks/limit.py")),
    "benchmarks/trust.png": Picture(keep, prediction),
    "benchmarks/minutes.png": Picture(keep, own_training),
}
"""Picture by file."""


def stamp(name: str, commit: str) -> dict[str, str]:
    """Return what a picture is, what it was made of, and at which commit."""
    digest = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
    return {"commit": commit, "made_of": PICTURES[name].made_of(), "sha256": digest}


def stale() -> dict[str, str]:
    """Return what is wrong with each picture that is not as it was made, or would be another."""
    stamps = json.loads(STAMPS.read_text("utf-8"))
    found = {}
    for name in PICTURES:
        kept = stamps.get(name, {})
        now = stamp(name, kept.get("commit", ""))
        wrong = [f"{key} changed" for key in now if kept.get(key) != now[key]]
        if not is_known(now["commit"]):
            wrong.append(f"commit {now['commit']} is none of this branch")
        if wrong:
            found[name] = f"{', '.join(wrong)}: python docs/pictures.py {name}"
    return found


def is_known(commit: str) -> bool:
    """Tell whether the branch has a commit; where there is no whole history, it is believed."""

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        return True
    return git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def main() -> None:
    """Make pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}")
    drawn = [name for name, picture in PICTURES.items() if picture.draw is not keep]
    names = parser.parse_args().names or drawn
    head = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(head, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    stamps = json.loads(STAMPS.read_text("utf-8")) if STAMPS.is_file() else {}
    for name in names:
        PICTURES[name].draw(ROOT / name)
        stamps[name] = stamp(name, commit.strip())
        STAMPS.write_text(json.dumps(stamps, indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
