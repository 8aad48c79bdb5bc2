"""Settings of the Kedro project."""

from denoising_pipeline.core.workers import follows
from denoising_pipeline.hooks import (
    ConsoleHooks,
    FollowingHooks,
    ParameterHooks,
    TrackingHooks,
    VersionHooks,
)
from denoising_pipeline.hooks.config_loader import ComponentConfigLoader
from denoising_pipeline.hooks.previews import without_unwritten
from denoising_pipeline.hooks.session import UniqueSession
from denoising_pipeline.hooks.telemetry import turn_off

SESSION_CLASS = UniqueSession
VERSIONS = VersionHooks()
TRACKING = TrackingHooks(VERSIONS)
TOLD = (FollowingHooks(),) if follows() else (ConsoleHooks(lambda: TRACKING.address), TRACKING)
HOOKS = (*TOLD, VERSIONS, ParameterHooks())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow", "kedro-telemetry")
"""`TrackingHooks` extends and replaces the hooks of kedro-mlflow; nothing is reported to anybody,
also where there is no file `.telemetry`: in the packaged project."""

turn_off()
without_unwritten()

CONFIG_LOADER_CLASS = ComponentConfigLoader
CONFIG_LOADER_ARGS = {
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "mlflow": "soft", "globals": "soft"},
}
