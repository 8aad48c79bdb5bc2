"""The rules of the house: names, wiring, catalog and parameters; a new part is checked too."""

import inspect
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.io.catalog_config_resolver import CatalogConfigResolver
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from limits import PATIENCE
from project_folder import environment

from denoising_pipeline.config import Parameters
from denoising_pipeline.pipeline_registry import register_pipelines
from denoising_pipeline.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[1]
PIPELINES = register_pipelines()
DEFAULT = PIPELINES["__default__"]
STAGES = {name: found for name, found in PIPELINES.items() if name != "__default__"}
OTHERS = {
    *("inference", "benchmark", "robustness", "comparison", "downstream", "uncertainty"),
    *("features", "projections", "anomaly"),
    "study",
}
"""Pipelines that are no part of the default one."""

EVERYTHING = sum(PIPELINES.values(), Pipeline([]))
NODES = {node.name: node for node in EVERYTHING.nodes}
NAMES = sorted(name for name in EVERYTHING.datasets() if not name.startswith("params:"))
ARGUMENTS: dict[str, Any] = dict(CONFIG_LOADER_ARGS)
CONFIG: dict[str, Any] = dict(OmegaConfigLoader(str(PROJECT / "conf"), **ARGUMENTS)["catalog"])
RESOLVER = CatalogConfigResolver(CONFIG)
CATALOG = {name: RESOLVER.resolve_pattern(name) for name in NAMES}
"""What the configuration says of each entry, whether it stands there or follows from its name."""

every_node = pytest.mark.parametrize("node", NODES.values(), ids=NODES)
every_entry = pytest.mark.parametrize("name", NAMES)


def wired(node: Node) -> Any:
    """Return what the node was given as inputs: entry by argument."""
    return node._inputs


def parameter_names(node: Node) -> set[str]:
    found = {name for name in node.inputs if name.startswith("params:")}
    return {name.removeprefix("params:").split(".")[0] for name in found}


def test_the_default_pipeline_is_the_six_stages_in_order() -> None:
    assert list(PIPELINES) == [
        "__default__",
        "ingestion",
        "preprocessing",
        "noise_injection",
        "training",
        "evaluation",
        "reporting",
        "inference",
        "benchmark",
        "robustness",
        "comparison",
        "downstream",
        "uncertainty",
        "features",
        "projections",
        "anomaly",
        "study",
    ]
    stages = [found for name, found in STAGES.items() if name not in OTHERS]
    assert sum(stages, Pipeline([])).nodes == DEFAULT.nodes


def test_every_pipeline_has_its_folder() -> None:
    folder = PROJECT / "src" / "denoising_pipeline" / "pipelines"
    assert {path.parent.name for path in folder.glob("*/pipeline.py")} == STAGES.keys()
    for name in STAGES:
        files = {path.name for path in (folder / name).glob("*.py")}
        assert files == {"__init__.py", "nodes.py", "pipeline.py"}


@pytest.mark.parametrize("name", STAGES)
def test_every_node_can_be_chosen_by_the_tag_of_its_pipeline(name: str) -> None:
    assert all(name in node.tags for node in STAGES[name].nodes)


@pytest.mark.parametrize("name", ["downstream", "robustness", "uncertainty"])
def test_images_that_a_pipeline_cannot_take_are_refused_before_anything_is_trained(
    name: str,
) -> None:
    """Also where the denoiser is trained by the same command."""
    order = [node.name for node in (DEFAULT + PIPELINES[name]).nodes]
    check = order.index(f"{name}.check_images")
    assert all(check < place for place, node in enumerate(order) if ".train_" in node)


def test_every_node_is_named() -> None:
    """Without a name, Kedro makes one up of the function and its inputs."""
    assert all(node._name for node in EVERYTHING.nodes)
    assert len(NODES) == len(EVERYTHING.nodes)


@every_node
def test_inputs_are_wired_by_name_in_the_order_of_the_signature(node: Node) -> None:
    """Kedro finds the type of a parameter by its position, so the order counts as well."""
    assert isinstance(wired(node), dict)
    assert list(wired(node)) == list(inspect.signature(node.func).parameters)


@every_node
def test_a_split_is_not_wired_to_the_argument_of_another(node: Node) -> None:
    for argument, name in wired(node).items():
        for split in ("train", "val", "test"):
            if argument.startswith(f"{split}_"):
                assert name.startswith(f"{split}_")


@every_node
def test_functions_of_nodes_are_typed_and_say_what_they_do(node: Node) -> None:
    hints = get_type_hints(node.func)
    assert hints.keys() == {*inspect.signature(node.func).parameters, "return"}
    assert inspect.getdoc(node.func)


@every_node
def test_parameters_arrive_as_the_type_that_the_schema_has(node: Node) -> None:
    hints = get_type_hints(node.func)
    for argument, name in wired(node).items():
        if name.startswith("params:"):
            field = Parameters.model_fields[name.removeprefix("params:")]
            assert hints[argument] is field.annotation


def test_every_parameter_is_used_by_the_pipeline_of_its_name() -> None:
    """One key per pipeline, beside the source and the seed that all share."""
    sections = Parameters.model_fields.keys() - {"source", "seed"}
    assert sections == STAGES.keys()
    for name in sections:
        assert any(name in parameter_names(node) for node in STAGES[name].nodes)
    used = set().union(*map(parameter_names, EVERYTHING.nodes))
    assert used == Parameters.model_fields.keys()


def test_each_pipeline_has_one_file_of_parameters_with_one_key() -> None:
    files = {path.stem: path for path in (PROJECT / "conf" / "base").glob("parameters_*.yml")}
    assert {name.removeprefix("parameters_") for name in files} == STAGES.keys()
    for name, path in files.items():
        assert list(yaml.safe_load(path.read_text())) == [name.removeprefix("parameters_")]


def test_every_entry_is_configured() -> None:
    """Nothing vanishes in memory by accident, by a name that no pattern knows."""
    assert [name for name in NAMES if not CATALOG[name]] == []
    assert all(CATALOG[name]["filepath"] for name in EVERYTHING.all_outputs())


def test_every_configured_entry_is_used() -> None:
    patterns = {name for name in CONFIG if RESOLVER.is_pattern(name)}
    assert CONFIG.keys() - patterns <= EVERYTHING.datasets()
    assert {RESOLVER.match_dataset_pattern(name) for name in NAMES} >= patterns


def test_no_two_entries_share_a_file() -> None:
    paths = [entry["filepath"] for entry in CATALOG.values() if "filepath" in entry]
    assert len(set(paths)) == len(paths)


@every_entry
def test_every_entry_has_the_layer_of_its_folder_and_is_named_like_its_file(name: str) -> None:
    entry = CATALOG[name]
    layer = entry["metadata"]["kedro-viz"]["layer"]
    if "filepath" in entry:
        path = Path(entry["filepath"])
        recipe = path.parts[0] == "conf"
        assert path.parts[1] == layer or recipe
        assert path.stem == name or recipe


def test_everything_that_a_run_writes_is_versioned() -> None:
    """None overwrites another's, and each reads what it wrote."""
    written = EVERYTHING.all_outputs()
    assert [name for name in sorted(written) if not CATALOG[name].get("versioned")] == []


@every_entry
def test_every_entry_says_what_it_is(name: str) -> None:
    assert CATALOG[name]["metadata"]["description"]


@every_entry
def test_what_tracking_is_told_of_an_entry_it_knows(name: str) -> None:
    marks = CATALOG[name]["metadata"].get("mlflow", {})
    assert marks.keys() <= {"artifact", "csv", "metrics", "model", "registered", "source", "input"}
    assert marks.get("model", "denoiser") in CATALOG
    registered = marks.get("registered", {"as": "denoiser", "scores": "image_metrics"})
    assert registered.keys() == {"as", "scores"}
    assert registered["scores"] in CATALOG


def test_test_images_are_made_before_evaluation_and_used_by_nothing_else() -> None:
    """Model selection and tuning see validation images only."""
    touching = {
        node.name
        for node in DEFAULT.nodes
        if not {"evaluation", "reporting"} & node.tags
        and any("test_" in name for name in [*node.inputs, *node.outputs])
    }
    assert touching == {
        "ingestion.take_images",
        "preprocessing.normalize_test_images",
        "noise_injection.inject_test_noise",
    }


def test_training_takes_nothing_that_comes_of_test_images() -> None:
    """Walk the graph downstream from the test images: training is not there.

    The table of splits names them too; that its other rows do not depend on the test file is
    proven where the split is tested.
    """
    downstream = DEFAULT.from_inputs("test_images")
    assert "preprocessing.normalize_test_images" in {node.name for node in downstream.nodes}
    for stage in ("ingestion", "training"):
        assert not set(STAGES[stage].nodes) & set(downstream.nodes)
    assert not {"train_clean", "val_clean", "val_noisy"} & downstream.all_outputs()
    fed = {node.name for node in DEFAULT.from_inputs("train_images").nodes}
    assert "training.train_denoiser" in fed


def test_training_takes_its_degradation_from_the_stage_of_that_name() -> None:
    """So that the graph shows it: it is no parameter that training reads by itself."""
    training = NODES["training.train_denoiser"]
    assert "degradation" in STAGES["noise_injection"].all_outputs() & {*training.inputs}
    assert "noise_injection" not in parameter_names(training)


def test_nothing_after_training_reads_what_images_are_from_parameters() -> None:
    """It stands on the denoiser's card."""
    before = ("ingestion", "preprocessing", "noise_injection", "training", "comparison")
    for name in STAGES.keys() - {*before}:
        read = set().union(*map(parameter_names, STAGES[name].nodes))
        assert not read & {"source", "noise_injection"}, name


def test_test_images_choose_nothing_in_other_pipelines() -> None:
    """Classifiers, the network of standard deviations and its calibration see none of them."""
    chosen = {"clean_classifier", "noisy_classifier", "sd_estimator", "sd_calibration"}
    assert chosen <= EVERYTHING.all_outputs()
    made_of_test = EVERYTHING.from_inputs("test_images").all_outputs()
    assert {"predictions", "coverage"} <= made_of_test
    assert not chosen & made_of_test


def test_listing_pipelines_does_not_load_tensorflow() -> None:
    code = (
        "import sys; from denoising_pipeline.pipeline_registry import register_pipelines;"
        "import denoising_pipeline.settings; register_pipelines();"
        "print({'kedro', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    variables = environment()
    done = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, check=True)
    assert done.stdout.strip() == b"{'kedro'}"


def test_no_two_tests_write_one_source() -> None:
    """They may come to share a project, in any order."""
    files = Path(__file__).parent.rglob("*.py")
    calls = [re.findall(r'raw_source\(\w+, "(\w+)"', file.read_text()) for file in files]
    names = sorted(chain.from_iterable(calls))
    assert len(names) > 5
    assert names == sorted(set(names))


def test_tests_leave_no_tracking_store_behind() -> None:
    """What one test sets, MLflow keeps in the process; `tracking_in` puts it back."""
    found = [
        file.name
        for file in Path(__file__).parent.rglob("*.py")
        if "set_tracking_uri(" in file.read_text() and file != Path(__file__)
    ]
    assert found == ["tracking_store.py"]


def test_fault_p01_no_test_gives_up_on_a_machine_that_is_four_times_slower() -> None:
    """What a process may take is said in seconds nowhere but in `PATIENCE`, ten minutes or more."""
    assert PATIENCE >= 600
    given = re.compile(r"(?:communicate|wait|run|check_output)\([^)]*timeout=([\d.]+)")
    found = {
        f"{path.name}: {seconds}"
        for path in (PROJECT / "tests").rglob("*.py")
        for seconds in given.findall(path.read_text("utf-8"))
        if float(seconds) < PATIENCE
    }
    assert found == set()
