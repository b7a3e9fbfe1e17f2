"""Fixtures for tests against a running server."""

from collections.abc import Iterator

import pytest
from tests.live import Live, live_server


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """One server a module, so that no story meets the users of another; its log files come every half second, its digests every two."""
    with live_server("--delivery-interval", "0.5", "--digest-interval", "2") as running:
        yield running
