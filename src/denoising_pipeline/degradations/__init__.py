"""Everything that a denoiser may undo, a component per file: noise and other degradations."""

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import (
    ConfigDict,
    RootModel,
    SerializationInfo,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from denoising_pipeline.core.components import discover, one_of
from denoising_pipeline.degradations.base import Degradation, Noise
from denoising_pipeline.degradations.composed import Composed
from denoising_pipeline.degradations.drawing import NOISE_BLOCK, draw_noisy, draw_noisy_block

DEGRADATIONS: Mapping[str, type[Degradation]] = MappingProxyType(
    discover(Degradation, sys.modules[__name__])  # type: ignore[type-abstract]
)
"""Degradation class by name, in alphabetical order."""

NOISES: Mapping[str, type[Noise]] = MappingProxyType(
    {name: cls for name, cls in DEGRADATIONS.items() if issubclass(cls, Noise)}
)
"""Those that are noise models."""

DRAWN: Mapping[str, type[Degradation]] = MappingProxyType(
    {name: cls for name, cls in DEGRADATIONS.items() if cls.drawn}
)
"""Those that can be drawn."""

if TYPE_CHECKING:
    DegradationChoice: TypeAlias = Degradation
else:
    DegradationChoice = one_of(DEGRADATIONS)
    """The type of a Pydantic field that holds any degradation, told apart by its `name`."""

_LIST: TypeAdapter[list[Degradation]] = TypeAdapter(list[DegradationChoice])


class NoiseInjectionParameters(RootModel[DegradationChoice]):
    """What happens to the images: a degradation by `name` with its options, or a list of them."""

    model_config = ConfigDict(frozen=True)

    @field_validator("root", mode="wrap")
    @classmethod
    def _compose(cls, given: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(given, Composed):
            return given
        if not isinstance(given, list | tuple):
            return handler(given)
        if not given:
            raise ValueError("it lists no degradation. Give at least one, by its name")
        steps = _LIST.validate_python(given)
        if len(steps) > 1 and not all(step.drawn for step in steps):
            raise ValueError("recorded noise is in the images already: it stands alone")
        return steps[0] if len(steps) == 1 else Composed.of(steps)

    @model_serializer
    def _as_given(self, info: SerializationInfo) -> Any:
        if not isinstance(self.root, Composed):
            return self.root.model_dump(mode=info.mode)
        return [step.model_dump(mode=info.mode) for step in self.root.steps]


def level_in_words(name: str) -> str:
    """Return what the level of a degradation is, such as `"sigma: standard deviation"`.

    Args:
        name: A key of `DEGRADATIONS`; of others, and of those without a level, it is "level".
    """
    kind = DEGRADATIONS.get(name)
    if kind is None or not kind.level:
        return "level"
    about = kind.model_fields[kind.level].description
    return f"{kind.level}: {about}" if about else kind.level


__all__ = [
    "DEGRADATIONS",
    "DRAWN",
    "NOISES",
    "NOISE_BLOCK",
    "Composed",
    "Degradation",
    "DegradationChoice",
    "Noise",
    "NoiseInjectionParameters",
    "draw_noisy",
    "draw_noisy_block",
    "level_in_words",
]
