"""A component is registered by being in the package, and asked for by its name."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from denoising_pipeline.core.components import Component, component_name, discover, one_of

ONE_FILE = """
from typing import Literal
from pydantic import Field
from {package} import Shape

class {kind}(Shape):
    name: Literal["{name}"] = "{name}"
    size: int = Field(1, ge=1)
"""


class Square(Component):
    """A component of no package."""

    name: Literal["square"] = "square"
    size: int = 1


def test_its_name_is_that_of_its_literal() -> None:
    assert component_name(Square) == "square"


def test_it_is_immutable_and_strict() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Square().size = 2  # type: ignore[misc]
    for wrong in ({"size": "2"}, {"size": True}, {"sise": 2}, {"name": "circle"}):
        with pytest.raises(ValidationError):
            Square.model_validate(wrong)


def test_files_of_a_package_are_all_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every module is imported, each component found by name, in alphabetical order."""
    package = tmp_path / "shapes"
    package.mkdir()
    base = "from denoising_pipeline.core.components import Component\nclass Shape(Component): ...\n"
    (package / "__init__.py").write_text(base)
    for module, kind, name in (("b_first", "Round", "circle"), ("a_second", "Flat", "zigzag")):
        (package / f"{module}.py").write_text(
            ONE_FILE.format(package="shapes", kind=kind, name=name)
        )
    (package / "helpers.py").write_text("HELPS = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    shapes = importlib.import_module("shapes")
    try:
        registry = discover(shapes.Shape, shapes)
        assert {name: cls.__name__ for name, cls in registry.items()} == {
            "circle": "Round",
            "zigzag": "Flat",
        }
        assert list(registry) == ["circle", "zigzag"]
        choice: TypeAdapter[Component] = TypeAdapter(one_of(registry))
        assert choice.validate_python({"name": "zigzag", "size": 3}) == registry["zigzag"](
            name="zigzag", size=3
        )
        with pytest.raises(ValidationError, match="'circle', 'zigzag'"):
            choice.validate_python({"name": "square"})
        with pytest.raises(ValidationError, match="greater than or equal to 1"):
            choice.validate_python({"name": "circle", "size": 0})
    finally:
        for module in [name for name in sys.modules if name.split(".")[0] == "shapes"]:
            del sys.modules[module]


def empty_package(folder: Path) -> ModuleType:
    package = ModuleType("nothing")
    package.__path__ = [str(folder)]
    return package


def test_a_component_of_a_base_of_a_base_is_found_and_the_base_is_none(tmp_path: Path) -> None:
    class Base(Component):
        """Of all."""

    class Middle(Base):
        """Of some."""

    class Far(Middle):
        """A component."""

        name: Literal["far"] = "far"

    assert discover(Base, empty_package(tmp_path)) == {"far": Far}


def test_two_components_of_one_name_are_refused(tmp_path: Path) -> None:
    class Base(Component):
        """Of all."""

    class First(Base):
        """The one."""

        name: Literal["same"] = "same"

    class Second(Base):
        """The other."""

        name: Literal["same"] = "same"

    with pytest.raises(ValueError, match=r"First and .*Second are both called 'same'"):
        discover(Base, empty_package(tmp_path))
