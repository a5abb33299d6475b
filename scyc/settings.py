"""PyTorch's settings that hold for the whole process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def same_settings() -> Iterator[None]:
    """Restore PyTorch's settings after the block: what one network sets must not change the next one's numbers."""
    before = [(setting, setting.read()) for setting in _SETTINGS]
    try:
        yield
    finally:
        for setting, value in before:
            if setting.read() != value:
                setting.write(value)


class _Setting(NamedTuple):
    read: Callable[[], Any]
    write: Callable[[Any], object]


_SETTINGS = (
    _Setting(torch.get_default_dtype, torch.set_default_dtype),
    _Setting(torch.get_default_device, torch.set_default_device),
    _Setting(torch.is_grad_enabled, torch.set_grad_enabled),
    _Setting(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    _Setting(torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
)
