"""The space of a study: which parameters a trial has, and what training they make."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from pydantic import BaseModel, ValidationError

from denoising_pipeline.core.options import allowed
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.training.objectives import OBJECTIVES
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study.options import Range, Values

Trial: TypeAlias = dict[str, Any]
"""Value by full name of a parameter."""

COMPONENTS: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "training.model": ARCHITECTURES,
    "training.objective": OBJECTIVES,
}
"""Parts that a name chooses; the options of one are no options of another."""

SECTION = "training"
MOST = 50_000
"""Combinations that are checked before a study begins."""


class SpaceError(ValueError):
    """The space of a study is not allowed; the message names the key."""

    def __init__(self, key: str, problem: str) -> None:
        """Say what is wrong with a parameter of `study.parameters`."""
        super().__init__(f"study.parameters: {key}: {problem}")


@dataclass(frozen=True)
class Space:
    """Values by full name, around a recipe that says all the rest.

    An option of an architecture, or of an objective, is tried in the trials of those that have it.

    Attributes:
        parameters: What is tried; names of components come before their options.
        training: The recipe.
    """

    parameters: Mapping[str, Values]
    training: TrainingParameters

    @classmethod
    def of(cls, parameters: Mapping[str, Values], training: TrainingParameters) -> "Space":
        """Return the space, every combination of which is checked.

        Of a range its ends are combined with the rest.

        Args:
            parameters: What is tried.
            training: The recipe.

        Raises:
            SpaceError: A parameter is unknown, no part of training, or has a value that is not
                allowed, alone or beside the others.
        """
        names = [f"{part}.name" for part in COMPONENTS]
        ordered = sorted(parameters, key=lambda key: (key not in names, key))
        space = cls({key: parameters[key] for key in ordered}, training)
        if not space.parameters:
            raise SpaceError("{}", "nothing is tried. Give values by name of a parameter")
        for key in space.parameters:
            space._check_name(key)
        for count, trial in enumerate(space.combinations(_ends)):
            space.options(trial)
            if count == MOST:
                raise SpaceError(
                    max(space.parameters, key=lambda key: len(_ends(key, space.parameters[key]))),
                    f"there are more than {MOST:,} combinations. Give a range in place of choices",
                )
        return space

    @property
    def fixed(self) -> dict[str, Any]:
        """What all trials have in common, as JSON has it."""
        left_out = ("resume", "interrupt")
        tried = {key.split(".")[1] for key in self.parameters if key.count(".") == 1}
        dumped = self.training.model_dump(mode="json", exclude={*left_out, *tried})
        for part in COMPONENTS:
            name = part.rpartition(".")[2]
            if f"{part}.name" in self.parameters and name in dumped:
                names = self.parameters[f"{part}.name"]
                if isinstance(names, list) and self._name(part) not in names:
                    del dumped[name]
        return dumped

    def trainings(self) -> Iterator[TrainingParameters]:
        """Yield the trainings of all choices, and of the ends of ranges."""
        return map(self.options, self.combinations(_ends))

    def grid(self) -> list[Trial]:
        """Return every combination of the values.

        Raises:
            SpaceError: A range has no step.
        """
        return list(self.combinations(_every))

    def combinations(self, values: Callable[[str, Values], Sequence[Any]]) -> Iterator[Trial]:
        """Yield the trials of some values of each parameter."""
        return self._combinations(list(self.parameters), {}, values)

    def draw(self, suggest: Callable[[str, Values], Any]) -> Trial:
        """Return a trial whose values are chosen one after another."""
        trial: Trial = {}
        for key, values in self.parameters.items():
            if self._applies(key, trial):
                trial[key] = suggest(key, values)
        return trial

    def options(self, trial: Trial) -> TrainingParameters:
        """Return how a trial is trained.

        Raises:
            SpaceError: The schema refuses it.
        """
        merged = self.training.model_dump(mode="json")
        for key, value in trial.items():
            *parents, last = key.split(".")[1:]
            inner = merged
            for name in parents:
                inner = inner[name]
            part = ".".join([SECTION, *parents])
            if part in COMPONENTS and last == "name" and inner["name"] != value:
                inner.clear()
            inner[last] = value
        try:
            return TrainingParameters.model_validate(merged)
        except ValidationError as error:
            raise self._refused(error, trial) from None

    def _combinations(
        self, keys: list[str], trial: Trial, values: Callable[[str, Values], Sequence[Any]]
    ) -> Iterator[Trial]:
        if not keys:
            yield trial
        elif not self._applies(keys[0], trial):
            yield from self._combinations(keys[1:], trial, values)
        else:
            for value in values(keys[0], self.parameters[keys[0]]):
                yield from self._combinations(keys[1:], {**trial, keys[0]: value}, values)

    def _applies(self, key: str, trial: Trial) -> bool:
        """Whether the part that a trial has chosen has this option."""
        part, _, option = key.rpartition(".")
        if part not in COMPONENTS or option == "name":
            return True
        chosen = trial.get(f"{part}.name", self._name(part))
        return option in COMPONENTS[part][chosen].model_fields

    def _name(self, part: str) -> str:
        """Return which one the recipe has."""
        return str(getattr(self.training, part.rpartition(".")[2]).name)

    def _check_name(self, key: str) -> None:
        part, _, option = key.rpartition(".")
        if part in COMPONENTS:
            self._check_option(key, part, option)
        elif part != SECTION:
            raise SpaceError(
                key,
                "a trial trains, and this is no parameter of the training. Give it to the whole "
                f"study by --params {key}=..., or try one whose name begins with {SECTION}.",
            )
        elif key in COMPONENTS:
            raise SpaceError(key, f"choose by {key}.name, and try its options by their names")
        elif option not in TrainingParameters.model_fields:
            names = allowed(option, list(TrainingParameters.model_fields))
            raise SpaceError(key, f"no such parameter{names}")

    def _check_option(self, key: str, part: str, option: str) -> None:
        registry, chosen = COMPONENTS[part], f"{part}.name"
        names = self.parameters.get(chosen, [self._name(part)])
        if not isinstance(names, list):
            raise SpaceError(chosen, "a name is no number; give a list of names")
        for name in names:
            if name not in registry:
                unknown = f"{name!r} is unknown{allowed(str(name), list(registry))}"
                raise SpaceError(chosen, unknown)
        fields = sorted({field for name in names for field in registry[str(name)].model_fields})
        if option not in fields:
            which = ", ".join(map(str, names))
            raise SpaceError(key, f"{which}: no such option{allowed(option, fields)}")

    def _refused(self, error: ValidationError, trial: Trial) -> SpaceError:
        details: Any = error.errors(include_url=False)[0]
        problem = str(details["msg"]).removeprefix("Value error, ")
        last = str(details["loc"][-1]) if details["loc"] else ""
        for part in map(str, reversed(details["loc"])):
            for key in trial:
                if key.rpartition(".")[2] == part:
                    return SpaceError(key, f"{trial[key]!r} is not allowed: {problem}")
        shown = ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in trial.items())
        return SpaceError(last or SECTION, f"these do not go together: {shown}: {problem}")


def label(value: Any) -> Any:
    """Return a choice as a database and a table have it: lists are text."""
    return json.dumps(value) if isinstance(value, list | dict) else value


def _ends(key: str, values: Values) -> Sequence[Any]:
    return [values.low, values.high] if isinstance(values, Range) else values


def _every(key: str, values: Values) -> Sequence[Any]:
    if isinstance(values, list):
        return values
    step = values.step or (1 if values.whole and not values.log else None)
    if step is None:
        raise SpaceError(key, "a grid needs choices in a list, or a range with a step")
    count = math.floor((values.high - values.low) / step + 1e-9) + 1
    found = [values.low + index * step for index in range(count)]
    return found if values.whole else [float(np.round(value, 12)) for value in found]
