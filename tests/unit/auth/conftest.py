from collections.abc import Iterator

import pytest
from tests.unit.auth.house import House, open_house


@pytest.fixture(scope="session")
def standing_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.storage.close()


@pytest.fixture
def house(standing_house: House) -> House:
    """For tests that only read: one store for all of them, each with its own clock."""
    return House(standing_house.storage, standing_house.vault)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that write."""
    opened = open_house(tmp_path_factory.mktemp("fresh"))
    yield opened
    opened.storage.close()
