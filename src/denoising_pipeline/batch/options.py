"""How Kedro denoises files; the options of the command `denoise`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from denoising_pipeline.core.amounts import amount
from denoising_pipeline.core.options import Section
from denoising_pipeline.denoiser.shipped import DEFAULT
from denoising_pipeline.images.arrays import MAX_PIXELS


def _amounts(base: int) -> BeforeValidator:
    def read(value: Any) -> Any:
        return amount(value, base) if isinstance(value, str) else value

    return BeforeValidator(read)


class InferenceParameters(Section):
    """Files and folders that are denoised; without an input, the array `images_to_denoise` is."""

    input: str | None = Field(
        None, description="a file or a folder, with a cluster also s3://...; null: the array"
    )
    output: str | None = Field(None, description="file or folder; null: beside the input")
    against: str | None = Field(
        None, description="folder of clean partners that files are scored against; null: none"
    )
    model: str = Field(
        DEFAULT,
        description="a denoiser of the package, a name of one's own, a file, "
        "catalog:<version>, models:/NAME@ALIAS or runs:/ID/denoiser",
    )
    strength: float = Field(1.0, ge=0, le=1, description="0: as it was, 1: as the network gives it")
    sigma: float | None = Field(
        None, ge=0, le=255, description="noise level on the scale of 255; null: estimated"
    )
    format: str | None = Field(None, description="such as PNG; null: as it came")
    suffix: str | None = Field(
        None, description="put behind the names of files; null: _denoised without an output"
    )
    max_pixels: Annotated[int, _amounts(1000)] = Field(
        MAX_PIXELS, ge=1, description="larger pictures are refused, such as 500M"
    )
    max_memory: Annotated[int, _amounts(1024), Field(ge=1)] | None = Field(
        None, description="that the networks may take at once, such as 2G; null: 1536M each"
    )
    fast: bool = Field(
        False,
        description="compute by OpenVINO (extra fast): about twice as fast, fewer digits",
    )
    best: bool = Field(
        False,
        description="average eight views of each picture: better, and eight times as long",
    )
    overwrite: bool = Field(False, description="replace outputs that are there")
    resume: bool = Field(False, description="skip what is done and unchanged")
    workers: int = Field(1, ge=1, description="processes that share the files")
    cluster: str | None = Field(
        None, description="address of a Dask cluster that shares them, or local:4; null: none"
    )
