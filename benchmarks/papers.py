"""Run every command of docs/papers.md, in order and in one folder, and keep what each one prints last.

    python -m benchmarks.papers [FOLDER]

Data sets are looked for in $SCYC_DATA. A command is listed as "not run" if its data set is missing or if it takes
longer than `LIMIT`. If you start this again in the same folder, it resumes. It takes about an hour on two cores.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from scyc.data import load_digits

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "papers.md"
SCYC = Path(sys.executable).with_name("scyc")
LIMIT = 300
"""Seconds for one command."""

_ROW = re.compile(r"\| (?P<system>[^|]+) \| (?P<source>[^|]*) \| `(?P<command>scyc [^|`]+)` \| (?P<gave>[^|]*) \|")


@dataclass(frozen=True)
class Row:
    """One system: its name, its source, the command that runs it as a list of arguments, and what that gave."""

    system: str
    command: list[str]
    gave: str


def rows() -> list[Row]:
    """Return the rows of the tables in docs/papers.md."""
    found = (_ROW.fullmatch(line) for line in TABLE.read_text(encoding="utf-8").splitlines())
    return [Row(row["system"], shlex.split(row["command"]), row["gave"]) for row in found if row]


def write_digits(folder: Path) -> None:
    """Write scikit-learn's digits as data of your own: `digits.npz`, and images in `digits/train/CLASS`."""
    split = load_digits().train
    pixels = split.inputs.reshape(-1, 8, 8).numpy()
    images = np.round(255 * (pixels - pixels.min()) / (pixels.max() - pixels.min())).astype(np.uint8)
    np.savez(folder / "digits.npz", x_train=images[..., None], y_train=split.targets.numpy())
    for i, (image, label) in enumerate(zip(images, split.targets.tolist(), strict=True)):
        place = folder / "digits" / "train" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i:04}.png")


def run(command: list[str], folder: Path) -> tuple[str, float]:
    """Run one command; return the last line with a number that it prints, and its time in seconds."""
    started = time.monotonic()
    data = Path(os.environ.get("SCYC_DATA", folder / "data")).resolve()
    process = subprocess.Popen(
        [str(SCYC), *command[1:]],
        cwd=folder,
        env=os.environ | {"SCYC_DATA": str(data), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        return f"not run: takes longer than {LIMIT} s here", time.monotonic() - started
    output = output.replace(str(data), "$SCYC_DATA")
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    if process.returncode:
        return f"not run: {lines[-1] if lines else 'no output'}", time.monotonic() - started
    levels = re.findall(r"level +\d.* validation accuracy [\d.]+%", "\n".join(lines))
    figures = [line for line in lines if re.search(r"\d%|\d\.\d", line)]
    return (levels or figures or lines)[-1], time.monotonic() - started


def main() -> None:
    """Run the commands and write the results."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="scyc-papers-")).resolve()
    (folder / "examples").mkdir(parents=True, exist_ok=True)
    (folder / "examples" / "quick.toml").write_bytes((ROOT / "examples" / "quick.toml").read_bytes())
    data = Path(os.environ.setdefault("SCYC_DATA", str(folder / "data")))
    data.mkdir(exist_ok=True)
    write_digits(data)
    done = folder / "done.json"
    known = json.loads(done.read_text()) if done.exists() else {}
    for row in rows():
        command = " ".join(row.command)
        if command not in known:
            known[command] = run(row.command, folder)
            write_text(json.dumps(known, indent=2), done)
        print(f"{row.system}: {known[command][0]} ({known[command][1]:.0f} s)", flush=True)
    made = provenance()
    hardware, versions = made["hardware"], made["versions"]
    lines = [
        "# Every command of docs/papers.md",
        "",
        f"Made by `python -m benchmarks.papers` at commit {made['commit']} on {hardware['processor']}, "
        f"{hardware['cores']} cores, with torch {versions['torch']} and ray {versions['ray']}.",
        "",
        "| system | command | printed last | seconds |",
        "| --- | --- | --- | --- |",
    ]
    compared = folder / "comparison" / "comparison.json"
    runs = json.loads(compared.read_text(encoding="utf-8"))["runs"] if compared.exists() else {}
    for row in rows():
        command = " ".join(row.command)
        said, seconds = known[command]
        if row.command[1] == "run":
            said = runs.get(row.command[-1], {}).get("sentence", said)
        lines.append(f"| {row.system} | `{command}` | {said} | {seconds:.0f} |")
    write_text("\n".join(lines) + "\n", ROOT / "benchmarks" / "results" / "papers.md")


if __name__ == "__main__":
    main()
