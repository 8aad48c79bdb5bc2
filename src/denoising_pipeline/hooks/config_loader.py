"""Kedro's configuration loader, which lets a layer choose another component."""

from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf

from denoising_pipeline.config import merge_layers


class ComponentConfigLoader(OmegaConfigLoader):
    """Merges parameters layer by layer: the base, the environment, what is given at runtime.

    Kedro merges softly, so that the options of a component that a lower layer chose stay beside
    the name of the one that a higher layer chooses.
    """

    def _resolve_from_raw_config(
        self,
        key: str,
        base_configs: dict[Path, DictConfig],
        env_configs: dict[Path, DictConfig],
        base_path: str,
        env_path: str,
        processed_files: set[Path],
    ) -> dict[str, Any]:
        if key != "parameters" or not processed_files:
            return super()._resolve_from_raw_config(
                key, base_configs, env_configs, base_path, env_path, processed_files
            )
        files: list[Any] = [
            OmegaConf.to_container(OmegaConf.unsafe_merge(*configs.values()))
            for configs in (base_configs, env_configs)
            if configs
        ]
        merged = OmegaConf.create(merge_layers(*files, self.runtime_params))
        resolved: Any = OmegaConf.to_container(merged, resolve=True)
        return dict(resolved)
