"""Files through Kedro: what the command does, and what it refuses."""

from pathlib import Path

import pytest
from small_denoiser import write_denoiser

from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.pipelines.inference.nodes import denoise_files


def test_a_noise_level_is_refused_before_any_file_is_read_by_a_network_not_told_it(
    tmp_path: Path,
) -> None:
    blind = write_denoiser(tmp_path / "blind.zip", told=False)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/text.png").write_text("Dear diary")
    given = InferenceParameters(input=str(tmp_path / "in"), model=str(blind), sigma=25)
    with pytest.raises(ValueError, match="is not told the noise level"):
        denoise_files(given)
    assert not (tmp_path / "in_denoised").exists()
