"""What a URL says, and what of it is shown: never a password, however it is written."""

from __future__ import annotations

import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import Store, StudyError, holds_password, is_in_memory, public_url
from studies.urls import parse_url, secrets
from tests.studies.test_database import assert_one_sentence

AMBIGUOUS = [
    "postgresql://ann:correct@horse@127.0.0.1:1/db",
    "postgresql://ann:correct/horse@127.0.0.1:1/db",
    "postgresql://ann:correct#horse@127.0.0.1:1/db",
    "postgresql://ann:correct?horse@127.0.0.1:1/db",
    "postgresql://ann:correct@horse?sslmode=a@127.0.0.1/db",
    "postgresql+psycopg://ann:12/horse@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?password=correct@horse",
    "postgresql://ann@127.0.0.1:1/db&password=horse",
    "postgresql://ann@127.0.0.1:1/db;PASSWORD=horse",
    "postgresql://ann@127.0.0.1:1/db?host=h;password=horse",
    "postgresql://ann@127.0.0.1:1/db?host=h%26sslpassword=horse",
    "mysql://ann:correct@horse@127.0.0.1:1/db",
]
UNREADABLE = [
    "host=127.0.0.1 user=ann password=horse",
    "postgresql:ann:horse@127.0.0.1/db",
    "postgresql//ann:horse@127.0.0.1/db",
    "postgresql://ann:horse@127.0.0.1:port/db",
    "postgresql://ann:horse@[::1/db",
    '"postgresql://ann:horse@127.0.0.1/db',
]
READABLE = [
    "postgresql://ann:horse@127.0.0.1:1/db",
    "postgresql://ann:horse:ho%40rse@127.0.0.1:1/db",
    "postgresql://ann@127.0.0.1:1/db?password=horse",
    "postgresql://ann@127.0.0.1:1/db?PassWord=horse",
    "postgresql://ann@127.0.0.1:1/db?sslmode=disable&sslpassword=horse",
    "postgresql://ann@127.0.0.1:1/db?password=horse&horse=1",
]


def said(url: str) -> str:
    """All that an attempt to open a database says, with every error below."""
    with pytest.raises(StudyError) as caught:
        Store.open(url)
    assert_one_sentence(str(caught.value))
    return "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_with_advice(url: str) -> None:
    text = said(url)
    assert "%40" in text
    assert "horse" not in text
    assert "correct" not in text
    assert public_url(url) == "URL"


@pytest.mark.parametrize("url", UNREADABLE)
def test_what_cannot_be_read_is_not_repeated(url: str) -> None:
    assert "horse" not in said(url)
    assert public_url(url) == "URL"


@pytest.mark.parametrize("url", READABLE)
def test_what_can_be_read_is_masked(url: str) -> None:
    assert "horse" not in said(url)
    assert "horse" not in public_url(url)
    assert public_url(url).endswith("@127.0.0.1:1/db") or "sslmode=disable" in public_url(url)
    assert holds_password(url)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=6).filter(lambda word: word.strip()))
def test_any_password(word: str) -> None:
    """Escaped it is read; as it is, it is read as well or refused; and it is shown in neither case."""
    assert parse_url(f"postgresql://ann:{quote(word, safe='')}@h/d").password == word
    for url in (f"postgresql://ann:{word}@h/d", f"postgresql://ann@h/d?password={word}"):
        shown = public_url(url)
        assert shown in ("URL", "postgresql+psycopg://ann:***@h/d", "postgresql+psycopg://ann@h/d"), shown


@pytest.mark.parametrize("word", ["a'b\\c", "p w", "100%", "ü/ß"])
def test_a_password_is_found_however_a_driver_writes_it(word: str) -> None:
    found = secrets(parse_url(f"postgresql://ann:{quote(word, safe='')}@h/d?sslpassword=more"))
    assert {word, quote(word), "more"} <= {*found}
    assert found == sorted(found, key=len, reverse=True)


def test_what_a_file_adds_at_the_ends_is_left_out() -> None:
    assert parse_url("\ufeffpostgresql://ann@h/d\r\n").database == "d"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:a?mode=memory&uri=true",
    ],
)
def test_databases_in_memory(url: str) -> None:
    assert is_in_memory(url)


@pytest.mark.parametrize("url", ["sqlite:///a@b.db", "sqlite:///file:a.db?uri=true", "postgresql://ann@h/d"])
def test_databases_that_stay(url: str) -> None:
    assert not is_in_memory(url)
    assert not holds_password(url)


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        ("s3://key:horse@bucket/folder", True),
        ("sftp://ann:ho/rse@h/folder", True),
        ("https://h/folder?sig=horse", True),
        ("abfs://container@account.dfs.core.windows.net/folder", False),
        ("/a:b@c/folder", False),
        ("s3://bucket/folder", False),
    ],
)
def test_artifact_stores(url: str, holds: bool) -> None:
    assert holds_password(url) == holds
