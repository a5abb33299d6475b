from .agreement import Agreement, pooled, sign_agreement, sign_flips
from .fixed import FixedSigns
from .interventions import batch_norm_entries, reset_entries, shuffle_magnitudes, with_signs_of
from .overlap import Overlap, mask_overlap
from .perturbation import SignPerturbation, flip_signs

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
