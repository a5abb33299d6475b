"""What a data set holds, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scyc.data.dataset import Dataset, Split

MOST_LISTED = 10
"""Up to so many classes are listed one by one."""

_SAMPLED = 256  # values of an input that are compared first


def summarise(data: Dataset, batch_size: int = 1) -> str:
    """Return how many examples there are of each split and class, their shape and range, and what is worth knowing.

    Args:
        data: the data set.
        batch_size: of the training; a split with fewer examples is mentioned.
    """
    splits = {"training": data.train, "validation": data.validation, "test": data.test}
    sizes = [f"{len(split):,} {name}" for name, split in splits.items()]
    counts = [torch.bincount(split.targets.cpu(), minlength=data.num_classes).tolist() for split in splits.values()]
    names = data.reading.classes or [str(i) for i in range(data.num_classes)]
    line = (
        f"{', '.join(sizes[:2])} and {sizes[2]} examples of shape {tuple(data.train.shape)}, {_range(data)}; "
        f"{data.num_classes:,} classes ({_classes(names, counts)})"
    )
    return "; ".join([line, *data.reading.notes, *_remarks(data, splits, names, counts, batch_size)]) + "."


def _range(data: Dataset) -> str:
    if data.reading.low is not None and data.reading.high is not None:
        return f"values from {data.reading.low:.6g} to {data.reading.high:.6g} before they are standardised"
    if data.train.inputs.is_meta:
        return "read during training"
    low, high = (float(bound) for bound in data.train.inputs.aminmax())
    return f"values from {low:.4g} to {high:.4g}"


def _classes(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    if len(names) <= MOST_LISTED:
        by_class = zip(names, zip(*counts, strict=True), strict=True)
        return ", ".join(f"{name}: {'/'.join(map(str, found))}" for name, found in by_class)
    ranges = (f"{min(found):,}" if min(found) == max(found) else f"{min(found):,}-{max(found):,}" for found in counts)
    return f"{'/'.join(ranges)} examples each"


def _remarks(
    data: Dataset,
    splits: dict[str, Split],
    names: Sequence[str],
    counts: Sequence[Sequence[int]],
    batch_size: int,
) -> Iterator[str]:
    for (title, split), found in zip(splits.items(), counts, strict=True):
        missing = [name for name, count in zip(names, found, strict=True) if not count]
        if missing:
            more = f" and {len(missing) - MOST_LISTED:,} more" if len(missing) > MOST_LISTED else ""
            yield f"no {title} example of class {', '.join(missing[:MOST_LISTED])}{more}"
        if len(split) < batch_size:
            step = (
                f", so its accuracy moves in steps of {100 / len(split):.3g} points" if split is not data.train else ""
            )
            yield f"the {title} split is smaller than a batch of {batch_size}{step}"
    if data.watched is not None and data.watched < len(data.validation):
        yield f"every epoch but the last is validated on the first {data.watched:,} validation examples"
    for one, other in (("training", "validation"), ("training", "test"), ("validation", "test")):
        shared = _shared(splits[one], splits[other])
        if shared:
            yield f"{other} inputs that are also {one} inputs: {shared:,} of {len(splits[other]):,}"


def _shared(one: Split, other: Split) -> int:
    """Return how many inputs of `other` are also in `one`."""
    if one.inputs.is_meta or other.inputs.is_meta:
        return 0
    inputs = [split.inputs.detach().cpu().float().reshape(len(split), -1) for split in (one, other)]
    step = max(1, inputs[0].shape[1] // _SAMPLED)
    for values in ([rows[:, ::step] for rows in inputs], inputs):  # all values only of those that may be equal
        there, asked = set(_hashes(values[0])), _hashes(values[1])
        shared = sum(found in there for found in asked)
        if not shared:
            return 0
    return shared


def _hashes(rows: torch.Tensor) -> list[int]:
    return [hash(row.tobytes()) for row in rows.numpy()]
