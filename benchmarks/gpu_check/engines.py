"""Step 2: each engine against the reference: equality, throughput, memory, and how far from what the memory can do."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from benchmarks.gpu_check.findings import FAILED, OK, SEEN, Left, Row, tried
from benchmarks.gpu_check.setting import RATES, engines_for, images, protocol_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.gpu_check.setting import Case, Precision, Setting
    from benchmarks.gpu_check.trajectories import Mark
    from scyc.data import Dataset
    from scyc.protocol import Protocol

NAME = "engines"
TIMES_EAGER, TIMES_GRAPH, CANDIDATES = 10, 3, 16
"""What the first network must reach: so many times the reference's throughput, and that of one recorded network."""


def step(setting: Setting) -> Iterator[Row]:
    """Yield what is found of every network and precision; those first that matter most."""
    from benchmarks.gpu_check.floor import bandwidth

    device = setting.device
    rate = bandwidth(device, 2**22 if setting.small else 2**28)
    yield Row(NAME, "copying", SEEN, f"{rate / 1e9:,.0f} GB/s")
    orders: tuple[tuple[Case, Precision], ...] = tuple(
        (case, precision) for case in setting.cases for precision in ("bf16", "fp32")
    )
    for case, precision in orders:
        yield from _of(case, precision, setting, rate)


def _of(case: Case, precision: Precision, setting: Setting, rate: float) -> Iterator[Row]:
    from benchmarks.gpu_check.floor import bytes_moved
    from benchmarks.gpu_check.trajectories import trajectory
    from scyc.bench import free_memory
    from scyc.engines import find_engine

    device, label = setting.device, f"{case.network} {case.side} px {precision}"
    data = images(case, (4 if setting.small else 8) * case.batch, device)
    protocol = protocol_of(case, precision, data)
    model = protocol.workload.build_model().to(device)
    moved = bytes_moved(model, (case.batch, *data.train.shape), 2 if precision == "bf16" else 4)
    speeds = Speeds(protocol, data, rate / moved * case.batch, 0.01 if setting.small else 0.4)
    names = engines_for(protocol)
    for name in names:
        lockstep = find_engine(name).largest > 1
        if lockstep:
            yield tried(NAME, f"{label}: {name}, candidates that fit", partial(speeds.fit, name))
        for members in setting.together if lockstep else (1,):
            yield tried(NAME, f"{label}: {name}, {members} together", partial(speeds.time, name, members))
            free_memory(device)
            if setting.over:
                return
    if case == setting.first:
        yield tried(NAME, f"{label}: the bar", partial(bar, speeds.seen))
    marks = (1, 3) if setting.small else (1, 10, 100)
    reference = cache(lambda _: trajectory("eager", protocol, data, RATES, marks))
    for name in names[1:]:
        yield tried(NAME, f"{label}: {name} equals eager", partial(equal, name, protocol, data, reference))
        free_memory(device)
        if setting.over:
            return


class Speeds:
    """Times engines with one network.

    Attributes:
        seen: examples per second, by engine and number of networks.
    """

    def __init__(self, protocol: Protocol, data: Dataset, floor: float, seconds: float) -> None:
        self.protocol, self.data, self.floor, self.seconds = protocol, data, floor, seconds
        self.most: dict[str, int] = {}
        self.seen: dict[tuple[str, int], float] = {}

    def fit(self, name: str) -> tuple[str, str]:
        """Find the size of a group."""
        from scyc.bench import fitting
        from scyc.engines import find_engine

        self.most[name] = fitting(find_engine(name), self.protocol, self.data)
        return SEEN, str(self.most[name])

    def time(self, name: str, members: int) -> tuple[str, str]:
        """Time the steps of some networks together."""
        from scyc.bench import measure

        if members > self.most.get(name, 1):
            raise Left(f"only {self.most.get(name, 1)} fit")
        speed = measure(name, self.protocol, self.data, members=members, seconds=self.seconds)
        self.seen[name, members] = speed.samples
        eager = self.seen.get(("eager", 1), float("nan"))
        memory = f", {speed.memory / 2**30:.2f} GiB" if speed.memory else ""
        return SEEN, (
            f"{speed.samples:,.0f} examples/s, {speed.samples / eager:.1f} x eager, "
            f"{speed.samples / self.floor:.0%} of the floor's{memory}"
        )


def equal(
    name: str, protocol: Protocol, data: Dataset, reference: Callable[[str], Mapping[int, Sequence[Mark]]]
) -> tuple[str, str]:
    """Hold an engine's step, masks included, against the reference's, and see how far they are apart after more.

    One step must be the same to `scyc.network_steps.TOLERANCE`. After that, what rounding does grows with every step,
    so it is the losses after the last one that are compared, to a tenth.

    Args:
        name: of the engine.
        protocol: workload and recipe.
        data: on the device to train on.
        reference: returns networks after some steps, for every name another time.
    """
    from benchmarks.gpu_check.trajectories import apart, trajectory
    from scyc.engines import find_engine
    from scyc.network_steps import TOLERANCE, Steps, difference

    device, recipe, engine = data.train.device, protocol.recipe, find_engine(name)
    steps = Steps(protocol, data, device)
    for first, ours in enumerate(steps.take(engine, min(2, engine.largest))):
        theirs = steps.take(find_engine("eager"), 1, first)[0]
        if (differs := difference(theirs, ours, recipe, device)) is not None:
            return FAILED, f"after one step with half of the weights pruned: {differs}"
    right, again = reference("once"), reference("again")
    found = trajectory(name, protocol, data, RATES, list(right))

    def furthest(networks: Mapping[int, Sequence[Mark]], mark: int) -> float:
        return max(apart(one, other) for one, other in zip(networks[mark], right[mark], strict=True))

    last = max(right)
    losses = [(ours.loss, theirs.loss) for ours, theirs in zip(found[last], right[last], strict=True)]
    same = all(abs(ours - theirs) <= 0.1 * max(1.0, theirs) for ours, theirs in losses)
    worst = max(losses, key=lambda pair: abs(pair[0] - pair[1]))
    return OK if same else FAILED, (
        f"apart by {', '.join(f'{furthest(found, mark):.2g} after {mark}' for mark in right)} steps "
        f"(eager from itself: {furthest(again, last):.2g}); loss {worst[0]:.4f} for {worst[1]:.4f}; "
        f"one step to {TOLERANCE[device.type, recipe.precision]:g}"
    )


def bar(seen: dict[tuple[str, int], float]) -> tuple[str, str]:
    """Say whether the engines reach what they are for."""
    together = {key: samples for key, samples in seen.items() if key[1] >= CANDIDATES}
    if not together or ("eager", 1) not in seen:
        raise Left(f"nothing was timed with {CANDIDATES} candidates or more")
    (name, members), best = max(together.items(), key=lambda item: item[1])
    eager, graph = best / seen["eager", 1], best / seen.get(("graphs", 1), float("nan"))
    reached = eager >= TIMES_EAGER and graph >= TIMES_GRAPH
    return OK if reached else FAILED, (
        f"{name}, {members} together: {eager:.1f} x eager (wanted: {TIMES_EAGER}), "
        f"{graph:.1f} x one recorded network (wanted: {TIMES_GRAPH})"
    )
