"""`kedro run --pipelines inference` on files: as the command `denoise`, and tracked."""

from pathlib import Path

import pandas as pd
from click.testing import CliRunner
from PIL import Image
from project_folder import Project
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.cli.denoise import denoise


def test_files_give_the_bytes_of_the_command_and_a_tracked_table(
    project: Project, tmp_path: Path
) -> None:
    """The bad one ends the run with an error, when the others and the table are written."""
    model = write_denoiser(tmp_path / "small.zip")
    (tmp_path / "in").mkdir()
    Image.fromarray(data.astronaut()[:40, :48]).save(tmp_path / "in/a.jpg", quality=95)
    arguments = ["--model", str(model), "-o", str(tmp_path / "shell")]
    assert CliRunner().invoke(denoise, [str(tmp_path / "in"), *arguments]).exit_code == 0

    given = f"inference.input={tmp_path}/in,inference.output={tmp_path}/kedro"
    params = f"{given},inference.model={model}"
    recipe = project.recipe("own_files")
    run = project.run(recipe, "--pipelines", "inference", "--params", params)
    assert (tmp_path / "kedro/a.jpg").read_bytes() == (tmp_path / "shell/a.jpg").read_bytes()
    table = pd.read_csv(project.saved(run, "denoised_files.csv"))
    assert table["status"].tolist() == ["done"]
    tracked = project.client.list_artifacts(run.info.run_id, "tables")
    assert [file.path for file in tracked] == ["tables/denoised_files.csv"]

    (tmp_path / "in/bad.png").write_text("Dear diary")
    params += ",inference.resume=true"
    result = project.invoke("run", "--env", recipe, "--pipelines", "inference", "--params", params)
    assert result.exit_code == 1
    assert "1 of 2 files failed" in result.output
    assert "bad.png is no image" in result.output
