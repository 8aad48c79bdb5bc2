"""Every parameter: its schema, its layers, its form on the command line, and what mistakes say."""

from denoising_pipeline.config.command_line import format_params, parse_params
from denoising_pipeline.config.errors import ParameterError
from denoising_pipeline.config.layers import flatten, merge_layers
from denoising_pipeline.config.schema import Parameters, validate_parameters

__all__ = [
    "ParameterError",
    "Parameters",
    "flatten",
    "format_params",
    "merge_layers",
    "parse_params",
    "validate_parameters",
]
