"""The Python that the documentation gives for MLflow, after a run."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from limits import PATIENCE
from project_folder import ROOT, Smoke, environment


def test_best_model_is_loaded_as_the_documentation_says(smoke: Smoke, tmp_path: Path) -> None:
    text = (ROOT / "docs/how-to/tracking.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    code = code.replace("sqlite:///mlflow.db", smoke.project.client.tracking_uri)
    noisy, found = smoke.project.saved(smoke.run, "test_noisy.npy"), tmp_path / "denoised.npy"
    program = f"import numpy as np\nnoisy = np.load({str(noisy)!r})[:20]\n{code}"
    program += f"np.save({str(found)!r}, denoised)\n"
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=tmp_path, env=environment(), timeout=PATIENCE, check=True)
    expected = np.load(smoke.project.saved(smoke.run, "test_denoised.npy"))[:20]
    np.testing.assert_allclose(np.load(found), expected, rtol=0, atol=1e-6)
