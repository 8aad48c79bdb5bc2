"""What the annotation of a parameter says of the values that it takes."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

from denoising_pipeline.core.components import Component, component_name


class Inside(NamedTuple):
    """What a field may hold.

    Attributes:
        model: The group of parameters or the only component, if it holds one.
        components: The components that it chooses from, by name.
        choices: The values that it chooses from.
        text: Whether it takes any text.
    """

    model: type[BaseModel] | None
    components: dict[str, type[BaseModel]]
    choices: list[str]
    text: bool


def inside(annotation: Any) -> Inside:
    """Look through alternatives, lists and wrappers for what is in them.

    Args:
        annotation: The type of a field; None: there is no such field.
    """
    leaves = list(_leaves(annotation))
    models = [leaf for leaf in leaves if isinstance(leaf, type) and issubclass(leaf, BaseModel)]
    groups = [model for model in models if not issubclass(model, Component)]
    components = {component_name(model): model for model in models if model not in groups}
    choices = [str(leaf) for leaf in leaves if not isinstance(leaf, type)]
    text = str in _leaves(annotation, lists=False)
    if len(models) == 1:
        groups = models
    return Inside(groups[0] if groups else None, components, choices, text)


def text_at(schema: type[BaseModel], key: str) -> bool:
    """Whether a parameter takes a text, so that `2024` and `true` are texts there.

    Args:
        schema: The model of all parameters.
        key: Its full key, parts joined by dots.
    """
    here = Inside(schema, {}, [], False)
    for part in key.split("."):
        models = [here.model] if here.model else list(here.components.values())
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if not fields:
            return False
        here = inside(fields[0].annotation)
    return here.text


def _leaves(annotation: Any, lists: bool = True) -> Iterator[Any]:
    """Yield the types and literal values of which an annotation is made."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        yield from _leaves(annotation.model_fields["root"].annotation, lists)
    elif origin is Literal:
        yield from get_args(annotation)
    elif origin is Annotated:
        yield from _leaves(get_args(annotation)[0], lists)
    elif origin in {Union, UnionType} or (lists and origin is not None):
        for part in get_args(annotation):
            yield from _leaves(part, lists)
    elif isinstance(annotation, type) and annotation is not NoneType:
        yield annotation
