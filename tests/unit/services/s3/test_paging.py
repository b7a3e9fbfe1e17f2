"""Walking keys: any keys, prefixes, delimiters and page sizes, held against a list that is sorted and cut by hand."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.services.s3.desk import OWNER

from trailwarden.services.s3.paging import Walk, walk
from trailwarden.services.s3.stored import OBJECT, Stored
from trailwarden.storage import Storage, open_storage

NAMES = st.text(alphabet="ab/-é", min_size=1, max_size=6)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    folder = tmp_path_factory.mktemp("store")
    storage = open_storage(str(folder / "store.db"), blobs=str(folder / "blobs"))
    yield storage
    storage.close()


def _expected(names: list[str], asked: Walk) -> list[str]:
    found: list[str] = []
    for name in sorted(set(names)):
        if not name.startswith(asked.prefix):
            continue
        place = name.find(asked.delimiter, len(asked.prefix)) if asked.delimiter else -1
        told = name[: place + len(asked.delimiter)] if place >= 0 else name
        if told > asked.after and told not in found and not (place >= 0 and asked.after.startswith(told)):
            found.append(told)
    return found


@settings(max_examples=200, deadline=None)
@given(
    names=st.lists(NAMES, max_size=25),
    prefix=st.text(alphabet="ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "-", "b"]),
    after=st.text(alphabet="ab/é", max_size=4),
)
def test_walks_find_what_is_there(store: Storage, names: list[str], prefix: str, delimiter: str, after: str) -> None:
    transaction = store.begin()
    for name in names:
        transaction.put(OBJECT, OWNER, "logs", name, Stored(key=name, modified=0.0))
    asked = Walk(account=OWNER, bucket="logs", prefix=prefix, delimiter=delimiter, after=after)
    found = [one if isinstance(one, str) else one.name for one in walk(transaction, OBJECT, asked)]
    assert found == _expected(names, asked)
