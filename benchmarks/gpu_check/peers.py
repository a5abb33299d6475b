"""Step 4: what else one would do with one GPU: a DataLoader, `torch.compile`, a process for every candidate."""

from __future__ import annotations

import multiprocessing
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_check.findings import SEEN, Row, tried
from benchmarks.gpu_check.setting import images, protocol_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from benchmarks.gpu_check.setting import Setting

NAME = "peers"


def step(setting: Setting) -> Iterator[Row]:
    """Yield the throughput of each on the first network, on the same images with the same augmentation, in bf16."""
    for number in (2,) if setting.small else (4, 8):
        yield tried(NAME, f"{number} processes, one network each", partial(processes, number, setting))
    yield tried(NAME, "eager, same data path", partial(alone, setting, None))
    yield tried(NAME, "eager, DataLoader", partial(loader, setting))
    if not setting.small:
        for mode in ("reduce-overhead", "max-autotune"):
            yield tried(NAME, f"torch.compile, {mode}", partial(alone, setting, mode))


def alone(setting: Setting, mode: str | None) -> tuple[str, str]:
    """One network on the same data path, compiled or not."""
    take, batch = _training(setting, mode)
    return SEEN, f"{batch / _seconds_per(take, setting):,.0f} examples/s"


def loader(setting: Setting) -> tuple[str, str]:
    """One network whose batches come from a DataLoader, as most scripts have it; cropped and flipped on the device."""
    from torch.utils.data import DataLoader, TensorDataset

    from scyc.data import CropFlip
    from scyc.randomness import stream

    device, case = setting.device, setting.first
    train = images(case, (8 if setting.small else 64) * case.batch, setting.device).to("cpu").train
    batches: Any = DataLoader(
        TensorDataset(train.inputs, train.targets),
        case.batch,
        shuffle=True,
        drop_last=True,
        num_workers=0 if setting.small else 4,
        pin_memory=device.type == "cuda",
        persistent_workers=not setting.small,
    )
    step, batch = _training(setting, None)
    generator, augmentation = stream("augmentation", 0, 0, device=device), CropFlip()

    def epochs() -> Iterator[Any]:
        while True:
            yield from batches

    source = epochs()

    def take() -> None:
        inputs, targets = next(source)
        images = augmentation(inputs.to(device, non_blocking=True), generator)
        step(images, targets.to(device, non_blocking=True))

    return SEEN, f"{batch / _seconds_per(take, setting):,.0f} examples/s"


def processes(number: int, setting: Setting) -> tuple[str, str]:
    """As many processes, each with a network of its own, on one GPU in turns."""
    context = multiprocessing.get_context("fork")
    speeds, start = context.Queue(), context.Barrier(number)
    workers = [context.Process(target=_one_of_many, args=(setting, start, speeds)) for _ in range(number)]
    for worker in workers:
        worker.start()
    found = [speeds.get(timeout=max(1.0, min(60.0, setting.left))) for _ in workers]
    for worker in workers:
        worker.join()
    return SEEN, f"{sum(found):,.0f} examples/s together"


def _one_of_many(setting: Setting, start: Any, speeds: Any) -> None:
    take, batch = _training(setting, None)
    take()
    start.wait(60)
    speeds.put(batch / _seconds_per(take, setting))


def _training(setting: Setting, mode: str | None) -> tuple[Callable[..., None], int]:
    """Return what takes a step with one network, and how many examples that is."""
    import torch
    import torch.nn.functional as F

    from scyc.data import CropFlip
    from scyc.randomness import stream

    device, case = setting.device, setting.first
    data = images(case, 8 * case.batch, device)
    protocol = protocol_of(case, "bf16", data)
    model = protocol.workload.build_model().to(device).to(memory_format=torch.channels_last)
    called: Any = model if mode is None else torch.compile(model, mode=mode)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, fused=True)
    generator, augmentation = stream("augmentation", 0, 0, device=device), CropFlip()
    batches = list(data.train.batches(case.batch))
    number = 0

    def take(inputs: torch.Tensor | None = None, targets: torch.Tensor | None = None) -> None:
        nonlocal number
        if inputs is None or targets is None:
            inputs, targets = batches[number % len(batches)]
            inputs, number = augmentation(inputs, generator), number + 1
        optimizer.zero_grad()
        with protocol.recipe.autocast(device):
            loss = F.cross_entropy(called(inputs.contiguous(memory_format=torch.channels_last)), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return take, case.batch


def _seconds_per(take: Callable[[], None], setting: Setting) -> float:
    """Return the seconds of one step, after a few that are not timed."""
    import torch

    gpu, count = setting.device.type == "cuda", 1 if setting.small else 100
    for _ in range(1 if setting.small else 10):
        take()
    if gpu:
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(count):
        take()
    if gpu:
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / count
