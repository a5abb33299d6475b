"""Find out in 8 minutes whether the GPU side works, and how fast it is.

    python -m benchmarks.gpu_check [--data PLACE] [--wheels FOLDER] [--minutes 8] [--only STEP] [--out FOLDER]

It needs this checkout, PyTorch, torchvision, NumPy and pytest; `scyc` itself need not be installed. With `--data` the
curve is CIFAR-10's: give a folder as `scyc.data.load_cifar10` reads it, or a compact one (`cifar.py`). With `--wheels`,
a folder of wheels of the other packages, the worker and `scyc sweep` are tried too.

Steps, each in a process of its own with its share of the time:

1. tests: those that are marked `gpu`.
2. recording: what recording a step as a CUDA graph can break.
3. failures: a full memory, a training that diverges, a lost GPU.
4. engines: each against the reference.
5. peers: what else one would do with one GPU.
6. curve: an oracle curve.

Whatever fails is recorded with its traceback, and the rest goes on. The table is printed at the end, and kept every
second in benchmarks/results/gpu-check.md, its rows in gpu-check.jsonl beside it. Without a GPU everything is
done at a small size, to show that it runs, and kept only with `--out`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gpu_check import bare

bare.furnish()
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # to ask whether there is a GPU then does not touch it

from benchmarks.gpu_check import apart, curve, engines, failures, own_tests, peers, recording  # noqa: E402
from benchmarks.gpu_check.findings import FAILED, SEEN, Row, append, read, table  # noqa: E402
from benchmarks.gpu_check.setting import Setting  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RESULTS = Path(__file__).parents[1] / "results"
STEPS: dict[str, tuple[apart.Step, float]] = {  # with its share of the time
    own_tests.NAME: (own_tests.step, 0.12),
    recording.NAME: (recording.step, 0.12),
    failures.NAME: (failures.step, 0.08),
    engines.NAME: (engines.step, 0.36),
    peers.NAME: (peers.step, 0.12),
    curve.NAME: (curve.step, 0.2),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the steps, print the table and keep it; return 1 if something failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check", description="See the module's docstring.")
    parser.add_argument("--data", type=Path, help="folder with CIFAR-10, or its compact file")
    parser.add_argument("--wheels", type=Path, help="folder with wheels of what is not installed")
    parser.add_argument("--minutes", type=float, default=8.0, help="time for everything")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS), help="steps to take")
    parser.add_argument("--out", type=Path, help="folder to keep the table in")
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + 60 * options.minutes
    import torch  # noqa: F401  # once, for all the forks

    gpu = _gpu()
    with tempfile.TemporaryDirectory() as scratch:
        out = options.out or (RESULTS if gpu else Path(scratch))
        out.mkdir(parents=True, exist_ok=True)
        kept, file = out / "gpu-check.md", out / "gpu-check.jsonl"
        file.unlink(missing_ok=True)
        title = f"`python -m benchmarks.gpu_check` at commit {_commit()} on {gpu or 'a CPU, without a GPU'}"

        def keep() -> None:
            kept.write_text(table(read(file), title), encoding="utf-8")

        if options.wheels is not None:
            try:
                bare.unpack(options.wheels, Path(scratch) / "wheels")
            except (OSError, subprocess.CalledProcessError) as error:
                append(Row("wheels", "installing them", FAILED, str(error)), file)
        chosen = [name for name in STEPS if name in options.only]
        apart.run("machine", _machine, Setting(small=not gpu), 60, file, keep)
        for number, name in enumerate(chosen):
            step, share = STEPS[name]
            left = max(0.0, deadline - time.monotonic() - 12) * share / sum(STEPS[one][1] for one in chosen[number:])
            print(f"{name}: {left:.0f} s", file=sys.stderr, flush=True)
            apart.run(name, step, Setting(small=not gpu, data=options.data), left, file, keep)
        print(kept.read_text(encoding="utf-8"))
        return int(any(row.outcome == FAILED for row in read(file)))


def _gpu() -> str:
    """Return the names of the GPUs, with their driver, without touching them; "" if there are none."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        import torch

        return "a GPU that nvidia-smi does not name" if torch.cuda.is_available() else ""
    return "; ".join(line.replace(", ", ", driver ") for line in said.strip().splitlines())


def _machine(setting: Setting) -> Iterator[Row]:
    """Yield what the machine has."""
    import torch

    versions = {"torch": torch.__version__, "CUDA": torch.version.cuda, "Python": sys.version.split()[0]}
    if setting.device.type == "cuda":
        versions["cuDNN"] = str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]
        free, total = torch.cuda.mem_get_info()
        versions["capability"] = ".".join(map(str, torch.cuda.get_device_capability()))
        versions["memory"] = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    yield Row("machine", "versions", SEEN, ", ".join(f"{name} {version}" for name, version in versions.items()))


def _commit() -> str:
    root = Path(__file__).parents[2]
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
