"""Commands on a study that is judged by its loss."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended


def test_they_write_losses(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    spec = tmp_path / "loss.toml"
    spec.write_text(
        'workload = "digits/mlp-20"\nengine = "eager"\nlevels = 2\nseeds = [0, 1]\nepochs = 1\n'
        '[metric]\nname = "loss"\n[search]\nmax_lr = { values = [0.05, 0.2] }\nwiden = 0\n',
        encoding="utf-8",
    )
    swept = scyc("sweep", str(spec), "--name", "low", "--no-mirror", "--executor", "inline")
    assert swept.code == 0, swept.err
    shown = json.loads(scyc("show", "low", "--json").out)
    level = shown["levels"][0]
    val = sum(trial["val"] for trial in level["trials"] if trial["max_lr"] == level["winner"]) / 2
    assert f"validation loss {val:.4f}" in " ".join(swept.out.split())
    assert f"{val:.3f}" in scyc("show", "low").out
    assert "loss above the oracle" in " ".join(scyc("compare", "low").out.split())
