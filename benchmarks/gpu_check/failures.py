"""Step 3: what happens when the memory is full, a training diverges, or the GPU is lost."""

from __future__ import annotations

import multiprocessing
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_check.bare import has_service
from benchmarks.gpu_check.findings import FAILED, OK, Left, Row, tried
from benchmarks.gpu_check.setting import RATES, images, protocol_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.gpu_check.setting import Setting

NAME = "failures"
LOST = 3  # exit code


def step(setting: Setting) -> Iterator[Row]:
    """Yield what is found."""
    yield tried(NAME, "a lost context is noticed", partial(lost, setting))  # first: in a fork that has no context yet
    for engine in ("graphs", "stacked"):
        yield tried(NAME, f"{engine}: one diverges, the others do not notice", partial(diverges, engine, setting))
        yield tried(NAME, f"{engine}: a full memory, then half a group", partial(full, engine, setting))
        yield tried(NAME, f"{engine}: the worker halves a group", partial(halves, engine, setting))


def diverges(name: str, setting: Setting) -> tuple[str, str]:
    """One of three has an absurd learning rate; the others end near where each ends alone."""
    from scyc.engines import EAGER, find_engine
    from scyc.trial import Member, run_trials

    data, protocol = _data(setting)
    members = [Member(protocol, rate) for rate in (RATES[0], 1e30, RATES[1])]
    found = run_trials(members, data, seed=0, level=0, engine=find_engine(name))
    apart = []
    for member, trial in zip(members[::2], found[::2], strict=True):
        alone = run_trials([member], data, seed=0, level=0, engine=EAGER)[0].training
        apart.append(abs((trial.training.epochs[-1].train_loss or 9.9) - (alone.epochs[-1].train_loss or 9.9)))
    sound = not found[1].training.finite and all(trial.training.finite for trial in found[::2]) and max(apart) < 0.05
    return OK if sound else FAILED, f"the losses of the others are off by {max(apart):.3f} at most"


def full(name: str, setting: Setting) -> tuple[str, str]:
    """With less and less memory a group fails as one that is too large; each time the process trains on."""
    import torch

    from scyc.bench import free_memory
    from scyc.engines import find_engine
    from scyc.trial import Member, run_trials

    device, engine, group = setting.gpu(), find_engine(name), 8
    data, protocol = _data(setting)

    def train(count: int) -> None:
        run_trials([Member(protocol, 0.1)] * count, data, seed=0, level=0, engine=engine)
        free_memory(device)

    train(1)
    torch.cuda.reset_peak_memory_stats(device)
    train(group)
    peak, total = torch.cuda.max_memory_reserved(device), torch.cuda.mem_get_info(device)[1]
    ended = []
    try:
        for share in (0.95, 0.9, 0.8, 0.7, 0.5):  # some are met in the warm-up, some while the step is recorded
            free_memory(device)
            torch.cuda.set_per_process_memory_fraction(share * peak / total)
            try:
                train(group)
                ended.append("fits")
            except torch.OutOfMemoryError:
                ended.append("full")
            torch.cuda.set_per_process_memory_fraction(1.0)
            free_memory(device)
            train(group // 2)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return OK if "full" in ended else FAILED, "with 95, 90, 80, 70, 50 % of what it took: " + ", ".join(ended)


def halves(name: str, setting: Setting) -> tuple[str, str]:
    """A worker with too little memory for its group answers every trial all the same."""
    device = setting.gpu()
    if not has_service():
        raise Left("the worker's packages are not here")
    import torch

    from oracle.execution.messages import Outcome, TrialRequest
    from oracle.execution.network_worker import NetworkWorker
    from oracle.spec.files import parse_spec
    from scyc.bench import free_memory
    from studies import Artifacts

    given = {"workload": "mnist1d/mlp-300-100", "epochs": 1, "engine": name, "resources": {"gpus_per_trial": 1}}
    requests = [TrialRequest(number, 0, 0, 0.01 * (1 + number), None, None) for number in range(16)]
    with tempfile.TemporaryDirectory() as folder:
        worker = NetworkWorker(parse_spec(given, "the check"), Artifacts(folder))
        worker._most = len(requests)
        total = torch.cuda.mem_get_info(device)[1]
        try:
            torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(device) + 2**26) / total)
            answers = worker.attempt(requests)
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
            free_memory(device)
    sound = sum(isinstance(answer, Outcome) for answer in answers)
    return OK if sound == len(requests) else FAILED, f"{sound} of {len(requests)} trained, then {worker._most} together"


def lost(setting: Setting) -> tuple[str, str]:
    """After an error that a context does not survive, the question that a worker asks says so, and its process ends."""
    process = multiprocessing.get_context("fork").Process(target=_lose, args=(setting,))
    process.start()
    process.join(60)
    if process.exitcode == LOST + 1:
        raise Left("there is no GPU here")
    return OK if process.exitcode == LOST else FAILED, f"exit code {process.exitcode}, {LOST} if it was noticed"


def _lose(setting: Setting) -> None:
    import os

    import torch

    if setting.device.type != "cuda":
        os._exit(LOST + 1)
    try:
        print(torch.zeros(4, device="cuda")[torch.tensor([99], device="cuda")])
    except RuntimeError:
        try:
            torch.ones(1, device="cuda").item()
        except RuntimeError:
            os._exit(LOST)
    os._exit(0)


def _data(setting: Setting) -> tuple[Any, Any]:
    case = setting.first
    data = images(case, (4 if setting.small else 8) * case.batch, setting.device)
    return data, protocol_of(case, "fp32", data)
