import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk

from trailwarden.auth.sealing import Vault
from trailwarden.services.accounts import create_account
from trailwarden.storage import open_storage


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"))
    opened = Desk(storage=storage, vault=Vault(secrets.token_bytes(32)))
    transaction = storage.begin()
    for account in (ACCOUNT, OTHER):
        create_account(
            transaction,
            account_id=account,
            name="example",
            email="root@example.com",
            vault=opened.vault,
            chance=opened.chance,
            now=NOW,
        )
    storage.commit(transaction).result(10)
    yield opened
    storage.close()


@pytest.fixture
def call(desk: Desk) -> Callable[..., Mapping[str, Any]]:
    return desk.call
