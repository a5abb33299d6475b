"""What is ranked together when weights are pruned."""

from __future__ import annotations

from typing import Literal

Scope = Literal["global", "layer"]
"""All prunable weights together, or layer by layer."""
