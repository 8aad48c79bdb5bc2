"""Files through Kedro: what the command does, and what it refuses."""

from pathlib import Path

import pytest
from PIL import Image
from small_denoiser import write_denoiser

from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.pipelines.inference.nodes import check_files, denoise_files


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


def test_fault_r19_the_limit_of_pixels_is_a_parameter(tmp_path: Path) -> None:
    model = write_denoiser(tmp_path / "small.zip")
    Image.new("L", (20, 10)).save(tmp_path / "photo.png")
    given = InferenceParameters(input=str(tmp_path / "photo.png"), model=str(model), max_pixels=199)
    with pytest.raises(ValueError, match=r"10x20 pixels, and at most 199 .*inference\.max_pixels"):
        check_files(denoise_files(given))
    check_files(denoise_files(given.model_copy(update={"max_pixels": 200})))
