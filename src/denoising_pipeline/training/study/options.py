"""Which hyperparameters a study tries, and how."""

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from denoising_pipeline.core.options import Section

Choice: TypeAlias = bool | int | float | str | list[Any] | None


class Range(Section):
    """Numbers from `low` to `high`, both included; whole numbers if both are whole."""

    low: int | float
    high: int | float
    log: bool = Field(False, description="as many between 1 and 10 as between 10 and 100")
    step: int | float | None = Field(None, gt=0, description="from one to the next; null: any")

    @model_validator(mode="after")
    def _from_low_to_high(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low is {self.low} and high {self.high}; low has to be the lower one")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low}; with log: true it has to be above 0")
        if self.log and self.step is not None:
            raise ValueError("log: true and a step exclude each other; give choices in a list")
        if self.whole and isinstance(self.step, float):
            raise ValueError(f"whole numbers have a whole step, and it is {self.step}")
        return self

    @property
    def whole(self) -> bool:
        """Whether these are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)


Values: TypeAlias = list[Choice] | Range

DEFAULT: dict[str, list[Choice] | Range] = {
    "training.model.name": ["dense", "convolutional"],
    "training.model.latent_dim": [4, 8, 16, 32, 64],
    "training.model.layers": [1, 2, 3],
    "training.model.nodes": [64, 128, 256],
    "training.model.filters": [8, 16, 32],
    "training.loss": ["binary_crossentropy", "mse"],
    "training.epochs": [8],
    "training.weight_decay": [0.0],
}
"""What is tried where nothing is said: the advice of the article that the project began with."""


class StudyParameters(Section):
    """Which hyperparameters are tried, how many times, on what, and where the study is kept."""

    parameters: dict[str, list[Choice] | Range | None] | None = Field(
        None, description="values by full name of a parameter of the training; null: the default"
    )
    sampler: Literal["tpe", "grid", "random"] = "tpe"
    trials: int | None = Field(
        None, ge=1, description="of the whole study, those before included; null: 20, or the grid"
    )
    pruning: bool = Field(True, description="end trials early that are worse than the median")
    images: int | None = Field(5000, ge=1, description="first training images; null: all")
    validation_images: int | None = Field(
        1000, ge=1, description="first validation images, on which trials are scored; null: all"
    )
    storage: str | None = Field(
        None, description="address of a database; null: a SQLite file in the data folder"
    )
    name: str = Field("study", min_length=1, max_length=500, description="of the study there")

    @field_validator("parameters", mode="before")
    @classmethod
    def _choices_or_a_range(cls, given: Any) -> Any:
        for key, values in given.items() if isinstance(given, Mapping) else ():
            if isinstance(values, Mapping | Range):
                try:
                    Range.model_validate(values)
                except ValueError as error:
                    raise ValueError(f"{key}: {_first_line(error)}") from None
            elif values is not None and (not isinstance(values, list) or not values):
                raise ValueError(
                    f"{key}: {values!r} is neither a list of choices, such as [16, 32], nor a "
                    "range, such as {low: 16, high: 64}"
                )
        return given

    @field_validator("storage")
    @classmethod
    def _no_password(cls, address: str | None) -> str | None:
        if address is not None and "://" not in address:
            raise ValueError("this is no address; write one such as sqlite:////folder/study.db")
        if address and ":" in address.partition("://")[2].rpartition("@")[0]:
            raise ValueError(
                "parameters are written down with every run, and there is a password in this one. "
                "Leave it out; database drivers read it from a variable, such as PGPASSWORD"
            )
        return address

    @property
    def space(self) -> dict[str, list[Choice] | Range]:
        """What is tried: values by full name."""
        given = DEFAULT if self.parameters is None else self.parameters
        return {key: values for key, values in given.items() if values is not None}


def _first_line(error: ValueError) -> str:
    """Return what is wrong in a range, with the key within it."""
    details: Any = error.errors()[0] if hasattr(error, "errors") else {"loc": (), "msg": str(error)}
    where = ".".join(map(str, details["loc"]))
    problem = str(details["msg"]).removeprefix("Value error, ")
    return f"{where}: {problem}" if where else problem
