"""Every version of a document can be read again."""

from pathlib import Path

import msgspec

from trailwarden.storage import Kind, open_storage


class Note(msgspec.Struct, frozen=True):
    """A document."""

    text: str


NOTE = Kind("note", Note)


def test_versions_oldest_first(tmp_path: Path) -> None:
    times = iter(range(1, 100))
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"), clock=lambda: float(next(times)))
    for name, text in (("a", "1"), ("b", "1"), ("a", "2"), ("a", "")):
        transaction = storage.begin()
        if text:
            transaction.put(NOTE, "123456789012", "", name, Note(text))
        else:
            transaction.delete(NOTE, "123456789012", "", name)
        storage.commit(transaction).result(10)
    found = storage.history(NOTE, "123456789012", "", "a")
    assert [past.body for past in found] == [Note("1"), Note("2"), None]
    assert [past.version for past in found] == [1, 2, 3]
    assert [past.time for past in found] == sorted(past.time for past in found)
    assert [past.name for past in storage.history(NOTE, "123456789012", "")] == ["a", "b", "a", "a"]
    assert not storage.history(NOTE, "111122223333", "", "a")
    storage.close()
