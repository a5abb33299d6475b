"""Signs: how they agree between networks, how often they flip, and what a network does with other signs.

Gadhikar & Burkholz, "Masks, Signs, And Learning Rate Rewinding" (ICLR 2024, arXiv 2402.19262), hold that learning-rate
rewinding does better than going back to early weights because it keeps the signs that the denser network has learned.
Everything here is a pure function of state dicts and masks, but for what flips or holds signs during a training.
"""

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from scyc.signs.agreement import Agreement, pooled, sign_agreement, sign_flips
    from scyc.signs.fixed import FixedSigns
    from scyc.signs.interventions import batch_norm_entries, reset_entries, shuffle_magnitudes, with_signs_of
    from scyc.signs.overlap import Overlap, mask_overlap
    from scyc.signs.perturbation import SignPerturbation, flip_signs
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "agreement": ["Agreement", "pooled", "sign_agreement", "sign_flips"],
            "fixed": ["FixedSigns"],
            "interventions": ["batch_norm_entries", "reset_entries", "shuffle_magnitudes", "with_signs_of"],
            "overlap": ["Overlap", "mask_overlap"],
            "perturbation": ["SignPerturbation", "flip_signs"],
        },
    )

__all__ = [
    "Agreement",
    "FixedSigns",
    "Overlap",
    "SignPerturbation",
    "batch_norm_entries",
    "flip_signs",
    "mask_overlap",
    "pooled",
    "reset_entries",
    "shuffle_magnitudes",
    "sign_agreement",
    "sign_flips",
    "with_signs_of",
]
