"""Policies: how a run trains every level, as an object and as plain values."""

from scyc.policies.plain import policy_from_dict, policy_to_dict
from scyc.policies.policy import Policy

__all__ = ["Policy", "policy_from_dict", "policy_to_dict"]
