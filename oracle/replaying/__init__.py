"""Search methods replayed on a finished grid study, with a simulated clock and without training.

>>> from oracle.replaying import Recording, method_spec, simulate
>>> recording = Recording.load(Path("benchmarks/replay/recorded/mnist1d-mlp.npz"))  # doctest: +SKIP
>>> walk = simulate(recording, method_spec(recording, "tpe"), seeds=[3, 0, 5], workers=8)  # doctest: +SKIP
"""

from oracle.replaying.judging import Judgement, Reference, judge
from oracle.replaying.recording import Recording
from oracle.replaying.replays import Replay, method_spec, orders_of, replay
from oracle.replaying.simulation import Decision, TrainedCell, Walk, simulate

__all__ = [
    "Decision",
    "Judgement",
    "Recording",
    "Reference",
    "Replay",
    "TrainedCell",
    "Walk",
    "judge",
    "method_spec",
    "orders_of",
    "replay",
    "simulate",
]
