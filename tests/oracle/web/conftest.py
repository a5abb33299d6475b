"""What the tests of pages share: a finished study behind a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle.web.studies import finished

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a service with a finished study, which may be changed."""
    with finished(tmp_path_factory.mktemp("finished"), writes=True) as address:
        yield address
