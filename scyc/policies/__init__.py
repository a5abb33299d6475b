"""Policies: how a run trains every level, as an object, as plain values, and by name."""

from scyc.policies.named import named_policies
from scyc.policies.plain import policy_from_dict, policy_to_dict, profile_from_dict, profile_to_dict
from scyc.policies.policy import Policy

__all__ = [
    "Policy",
    "named_policies",
    "policy_from_dict",
    "policy_to_dict",
    "profile_from_dict",
    "profile_to_dict",
]
