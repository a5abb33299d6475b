"""Criteria: which weights of a trained network go first."""
