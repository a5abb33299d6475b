"""The best `max_lr` at each pruning level, for a training that is a shell command: shell_command.sh, without Python.

python examples/own_training/shell_command.py [--levels 4] [--seeds 2] [--max-lr 0.01 0.03 0.1 0.3]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import oracle

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--max-lr", type=float, nargs="+", default=[0.01, 0.03, 0.1, 0.3])
    parser.add_argument("--executor", default="auto")
    command = f"sh '{Path(__file__).resolve().with_suffix('.sh')}'"
    metric = oracle.Metric("error", goal="min", tolerance=0.0001)
    study = oracle.search(name="shell-command", command=command, metric=metric, budget=4, **vars(parser.parse_args()))
    print(study.curve()[["level", "density", "winner", "val"]].to_string(index=False))
