import tomllib

from oracle.report.toml import to_toml
from tests.oracle.report import samples


def test_a_spec_reads_back_as_it_was() -> None:
    spec = samples.spec(13).to_dict()
    assert tomllib.loads(to_toml(spec)) == spec


def test_awkward_values_read_back() -> None:
    awkward = {
        "text": 'a "quote", a \\ and\na line\x7f',
        "a key": {"deep er": {"x": 1}},
        "on": True,
        "mixed": [{"a": 1e-9}, [1, 2]],
        "empty": {},
    }
    assert tomllib.loads(to_toml(awkward)) == awkward


def test_what_is_none_is_left_out() -> None:
    assert to_toml({"a": None, "b": {"c": None, "d": 1}}) == "[b]\nd = 1\n"
