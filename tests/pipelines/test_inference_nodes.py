"""Files through Kedro: what the command does, and what it refuses."""

import logging
from pathlib import Path

import pytest
from PIL import Image
from small_denoiser import write_denoiser

from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.config import ParameterError, validate_parameters
from denoising_pipeline.pipelines.inference import nodes
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


def test_a_row_for_each_file_and_how_far_it_is_are_told_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is kept of each file but its row."""
    monkeypatch.setattr(nodes, "BLOCK", 2)
    monkeypatch.setattr(nodes, "TELL", 0)
    caplog.set_level(logging.INFO)
    (tmp_path / "in").mkdir()
    for name in "abd":
        Image.new("L", (16, 16), 100).save(tmp_path / f"in/{name}.png")
    (tmp_path / "in/c.png").write_text("Dear diary")
    (tmp_path / "in/notes.txt").write_text("none")
    model = write_denoiser(tmp_path / "small.zip")
    table, page = denoise_files(InferenceParameters(input=str(tmp_path / "in"), model=str(model)))
    assert "3 of 5 files denoised" in page
    names = [Path(name).name for name in table["source"]]
    assert names == ["a.png", "b.png", "c.png", "d.png", "notes.txt"]
    assert list(table["status"]) == ["done", "done", "failed", "done", "skipped"]
    assert table["target"].isna().tolist()[-1]
    assert table["psnr_before"].isna().all()
    assert table["width"].dtype == int
    assert table["reason"].iloc[2].startswith("is no image")
    assert {"1 of 4 files, 0 failed", "4 of 4 files, 1 failed"} <= set(caplog.messages)


def test_amounts_are_written_as_in_the_shell_and_a_suffix_is_put_behind_names(
    tmp_path: Path,
) -> None:
    Image.new("L", (20, 10)).save(tmp_path / "photo.png")
    model = write_denoiser(tmp_path / "small.zip")
    raw = {"input": str(tmp_path / "photo.png"), "model": str(model), "suffix": "_new"}
    given = InferenceParameters.model_validate(raw | {"max_memory": "2G", "max_pixels": "500M"})
    assert (given.max_memory, given.max_pixels) == (2 * 1024**3, 500 * 1000**2)
    assert [Path(target).name for target in denoise_files(given)[0]["target"]] == ["photo_new.png"]
    with pytest.raises(ParameterError, match=r"inference\.max_memory: '2X' .* write it as 2G"):
        validate_parameters({"inference": raw | {"max_memory": "2X"}})
    little = given.model_copy(update={"max_memory": 1000})
    with pytest.raises(ValueError, match="memory"):
        denoise_files(little)


def test_fault_r19_the_limit_of_pixels_is_a_parameter(tmp_path: Path) -> None:
    model = write_denoiser(tmp_path / "small.zip")
    Image.new("L", (20, 10)).save(tmp_path / "photo.png")
    given = InferenceParameters(input=str(tmp_path / "photo.png"), model=str(model), max_pixels=199)
    with pytest.raises(ValueError, match=r"10x20 pixels, and at most 199 .*inference\.max_pixels"):
        check_files(denoise_files(given)[0])
    check_files(denoise_files(given.model_copy(update={"max_pixels": 200}))[0])
