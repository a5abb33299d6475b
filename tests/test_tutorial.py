"""The tutorial runs from an empty folder to the fitted schedule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPT = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
[sweep] = [cell for cell in notebook.cells if "epochs=4" in cell.source]
sweep.source = sweep.source.replace("epochs=4", "epochs=1")
for cell in notebook.cells:
    if cell is not sweep:  # which alone starts workers here
        cell.source = cell.source.replace("workers=2", "workers=1")
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, "executed.ipynb")
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What the cells of the executed notebook show, by the kind of each output."""
    folder = tmp_path_factory.mktemp("tutorial")
    environment = os.environ | {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PLATFORM_DIRS": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(EXAMPLES / "tutorial.ipynb")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    cells = json.loads((folder / "executed.ipynb").read_text(encoding="utf-8"))["cells"]
    found = [output for cell in cells for output in cell.get("outputs", ())]
    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".db", ".html")) == [
        "tutorial.db",
        "tutorial.html",
    ]
    return [
        {kind: "".join(text) if isinstance(text, list) else json.dumps(text) for kind, text in shown.items()}
        for output in found
        for shown in [output.get("data", {output.get("name", "text"): output.get("text", "")})]
    ]


def test_the_study_shows_itself_and_a_bar_shows_its_progress(outputs: list[dict[str, str]]) -> None:
    pages = [shown["text/html"] for shown in outputs if "text/html" in shown]
    assert any("<b>tutorial</b>" in page and "finished" in page for page in pages)
    assert any("70/70" in shown.get("stderr", "") for shown in outputs)


def test_its_figures_are_drawn(outputs: list[dict[str, str]]) -> None:
    figures = [shown for shown in outputs if "application/vnd.plotly.v1+json" in shown]
    assert len(figures) == 4


def test_it_ends_with_a_schedule(outputs: list[dict[str, str]]) -> None:
    printed = "".join(shown.get("stdout", "") for shown in outputs)
    assert "SCyc(delta=" in printed
    assert any("surface_regret" in shown.get("text/html", "") for shown in outputs)


def test_it_is_kept_without_outputs() -> None:
    cells = json.loads((EXAMPLES / "tutorial.ipynb").read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
