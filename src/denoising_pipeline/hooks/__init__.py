"""Kedro hooks: one file per concern. What touches MLflow or the process is here."""

from denoising_pipeline.hooks.console import ConsoleHooks
from denoising_pipeline.hooks.following import FollowingHooks
from denoising_pipeline.hooks.parameters import ParameterHooks
from denoising_pipeline.hooks.tracking import TrackingHooks
from denoising_pipeline.hooks.versions import VersionHooks

__all__ = ["ConsoleHooks", "FollowingHooks", "ParameterHooks", "TrackingHooks", "VersionHooks"]
