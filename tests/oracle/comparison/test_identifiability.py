"""Which parameters are called identified."""

from __future__ import annotations

import pytest

from oracle.comparison.identifiability import Rise, identify

RISE = Rise(2.0, 1.5, 2.5)
NAMED = {"delta": 0.08, "epsilon": 0.2, "beta": 3.0, "q": 2.0}
STILL = {name: (value, value) for name, value in NAMED.items()}


class TestIdentifying:
    @pytest.mark.parametrize(
        ("name", "interval"),
        [("delta", (0.05, 0.09)), ("epsilon", (0.19, 0.45)), ("beta", (1.0, 4.0)), ("q", (2.0, 5.0))],
    )
    def test_a_wide_interval_leaves_a_parameter_open(self, name: str, interval: tuple[float, float]) -> None:
        assert all(identify(NAMED, STILL, RISE).identified.values())
        found = identify(NAMED, STILL | {name: interval}, RISE)
        assert found.identified == {other: other != name for other in NAMED}
        assert [said.split(" is not identified")[0] for said in found.sentences] == [name]

    def test_without_a_rise_only_delta_can_be_known(self) -> None:
        flat = Rise(1.1, 0.9, 1.4)
        found = identify(NAMED, STILL, flat)
        assert found.identified == {"delta": True, "epsilon": False, "beta": False, "q": False}
        assert found.sentences[0].endswith("beta and q are not identified.")
        loose = identify(NAMED, STILL | {"delta": (0.01, 0.2)}, flat)
        assert "nor is delta: it may be anything from 0.01 to 0.2" in loose.sentences[0]
