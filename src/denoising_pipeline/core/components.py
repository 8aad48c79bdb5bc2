"""Parts that are chosen by name from the parameters: degradations and architectures.

A component is one class in one file: its fields are its options, and its `name` is how the
parameters ask for it. Adding the file to the package is all that registers it.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import BaseModel, ConfigDict, Field


class Component(BaseModel):
    """Base of everything that the parameters choose by name: immutable, strict about options."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: str


def component_name(component: type[BaseModel]) -> str:
    """Return the name by which the parameters ask for a component."""
    return str(get_args(component.model_fields["name"].annotation)[0])


ComponentT = TypeVar("ComponentT", bound=Component)


def import_modules(package: ModuleType) -> None:
    """Import every module of a package, so that what is defined in them is known."""
    for module in pkgutil.iter_modules(package.__path__, prefix=f"{package.__name__}."):
        importlib.import_module(module.name)


def discover(base: type[ComponentT], package: ModuleType) -> dict[str, type[ComponentT]]:
    """Import every module of a package and return what extends `base` in it, however indirectly.

    Args:
        base: The class that the components extend; each narrows `name` to a `Literal`, and a class
            that does not is no component, but a base of some.
        package: The package whose modules define them.

    Returns:
        Component class by name, in alphabetical order.

    Raises:
        ValueError: Two classes have the same name.
    """
    import_modules(package)
    found: dict[str, type[ComponentT]] = {}
    for cls in _named(base):
        other = found.setdefault(component_name(cls), cls)
        if other is not cls:
            raise ValueError(
                f"{other.__qualname__} and {cls.__qualname__} are both called "
                f"{component_name(cls)!r}. Give each `name` a `Literal` of its own."
            )
    return dict(sorted(found.items()))


def _named(base: type[ComponentT]) -> Iterator[type[ComponentT]]:
    for cls in base.__subclasses__():
        if get_args(cls.model_fields["name"].annotation):
            yield cls
        yield from _named(cls)


def one_of(registry: Mapping[str, type[ComponentT]]) -> Any:
    """Return the Pydantic type of a field that holds one of the registered components."""
    components = tuple(registry.values())
    if len(components) == 1:  # Nothing to tell apart.
        return components[0]
    return Annotated[Union[components], Field(discriminator="name")]  # noqa: UP007
