"""Which specs may be trained that come from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oracle.spec.files import parse_spec
from oracle.spec.model import Spec
from oracle.spec.permitted import check_permitted
from oracle.spec.section import Section
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic.fields import FieldInfo

OWN = {"workload": "my_package.my_module:train", "engine": "own"}
COMMAND = {"trial": {"command": "python train.py"}}


def spec(**given: Any) -> Spec:
    return parse_spec(given, "of the test")


@pytest.mark.parametrize("workload", ["mnist1d/mlp-300-100", "imagenet@64/resnet-8", "npz:mine.npz/mlp-300-100"])
def test_what_is_built_in_or_in_the_data_folder_is_permitted(workload: str) -> None:
    check_permitted(spec(workload=workload))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (OWN, "imports 'my_package.my_module:train'"),
        ({"workload": "os:getcwd"}, "imports 'os:getcwd'"),
        ({"workload": "http:x/y"}, "imports"),
        (COMMAND, "runs the command 'python train.py'"),
        ({"workload": "npz:/etc/mine.npz/mlp-300-100"}, "reads '/etc/mine.npz'"),
        ({"workload": "npz:../mine.npz/mlp-300-100"}, "mine.npz'"),
        ({"workload": "folder:images/../../../etc@64/resnet-8"}, "reads"),
        ({"workload": "stream:/images@64/resnet-8"}, "reads '/images'"),
        ({"workload": "npz:~/mine.npz/mlp-300-100"}, "mine.npz'"),
        ({"workload": "npz:a@/../../../etc/mine.npz/mlp-300-100"}, "reads"),
        ({"workload": "npz:a@64/../../../etc/mine.npz/mlp-300-100"}, "reads"),
        ({"workload": "folder:a@b/../../../etc/resnet-8"}, "reads"),
    ],
)
def test_code_commands_and_other_files_are_not(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        check_permitted(spec(**given))
    assert said in str(caught.value)
    assert "--allow" in str(caught.value)


def test_a_link_out_of_the_data_folder_leads_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path)
    monkeypatch.setenv("SCYC_DATA", str(tmp_path / "data"))
    with pytest.raises(InputError, match="reads"):
        check_permitted(spec(workload="npz:link/secret.npz/mlp-300-100"))
    check_permitted(spec(workload="npz:link/secret.npz/mlp-300-100"), [str(tmp_path)])


def test_what_is_allowed_is_allowed_to_the_letter() -> None:
    check_permitted(spec(**OWN), ["my_package.my_module:train"])
    check_permitted(spec(**COMMAND), ["python train.py"])
    for given, allowed in ((OWN, "my_package.my_module:trai"), (OWN, "my_package.my_module"), (COMMAND, "python")):
        with pytest.raises(InputError):
            check_permitted(spec(**given), [allowed])


def texts(section: type[Section], prefix: str = "") -> Iterator[str]:
    """Names of the fields that take any text."""

    def of(name: str, field: FieldInfo) -> Iterator[str]:
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from texts(kind, f"{prefix}{name}.")
        elif kind in (str, str | None):
            yield f"{prefix}{name}"

    for name, field in section.model_fields.items():
        yield from of(name, field)


def test_every_field_that_takes_any_text_was_thought_of() -> None:
    """One that names code, a command or a file must be checked."""
    checked, harmless = {"workload", "trial.command"}, {"metric.name", "metric.format", "trial.unit"}
    assert set(texts(Spec)) <= checked | harmless
    assert checked <= set(texts(Spec))
