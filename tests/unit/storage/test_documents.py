from pathlib import Path

import msgspec
import pytest
from tests.unit.storage.conftest import Opener
from tests.unit.storage.samples import ACCOUNT, OTHER, REGION, THING, USER, Thing, User, commit, entry, get, names, put

from trailwarden.storage import Conflict, Storage


def test_what_is_put_is_read_by_later_transactions_and_after_opening_again(opened: Opener) -> None:
    storage = opened()
    body = User("mateojackson", (("a", "b"), ("ü", "")), b"\x00\xff")
    transaction = storage.begin()
    transaction.put(USER, ACCOUNT, "", "mateojackson", body)
    assert get(storage, "mateojackson") is None
    commit(storage, transaction)
    found = get(storage, "mateojackson")
    assert found is not None
    assert (found.account, found.region, found.name, found.version, found.body) == (
        ACCOUNT,
        "",
        "mateojackson",
        1,
        body,
    )
    assert found.change == storage.change()
    storage.close()
    assert get(opened(), "mateojackson") == found


def test_a_document_is_the_same_object_until_it_changes(storage: Storage) -> None:
    put(storage, "mateojackson")
    first = get(storage, "mateojackson")
    assert first is get(storage, "mateojackson")
    assert storage.begin().list(USER, ACCOUNT)[0] is first
    put(storage, "mateojackson")
    second = get(storage, "mateojackson")
    assert second is not None
    assert first is not None
    assert second.version == 2
    assert second.change > first.change


def test_a_list_read_first_gives_the_objects_that_get_gives(opened: Opener) -> None:
    storage = opened()
    put(storage, "mateojackson")
    storage.close()
    again = opened()
    assert again.begin().list(USER)[0] is get(again, "mateojackson")


def test_versions_go_on_counting_after_a_deletion(opened: Opener) -> None:
    storage = opened()
    put(storage, "mateojackson")
    transaction = storage.begin()
    transaction.delete(USER, ACCOUNT, "", "mateojackson")
    transaction.delete(USER, ACCOUNT, "", "marymajor")
    commit(storage, transaction)
    assert get(storage, "mateojackson") is None
    assert names(storage.begin().list(USER)) == []
    storage.close()
    storage = opened()
    assert get(storage, "mateojackson") is None
    put(storage, "mateojackson")
    found = get(storage, "mateojackson")
    assert found is not None
    assert found.version == 3


def test_a_transaction_reads_its_own_writes(storage: Storage) -> None:
    put(storage, "a", "c")
    transaction = storage.begin()
    transaction.put(USER, ACCOUNT, "", "b", User("new"))
    transaction.put(USER, ACCOUNT, "", "c", User("changed"))
    transaction.delete(USER, ACCOUNT, "", "a")
    assert transaction.get(USER, ACCOUNT, "", "a") is None
    changed = transaction.get(USER, ACCOUNT, "", "c")
    assert changed is not None
    assert (changed.version, changed.body) == (2, User("changed"))
    assert transaction.get(USER, ACCOUNT, "", "c") is changed
    assert [document.body.name for document in transaction.list(USER, ACCOUNT, "")] == ["new", "changed"]
    assert names(storage.begin().list(USER)) == ["a", "c"]
    transaction.revert()
    assert names(transaction.list(USER)) == ["a", "c"]


def test_lists_are_in_order_of_account_region_and_name(storage: Storage) -> None:
    put(storage, "b", "a", account=ACCOUNT, region="")
    put(storage, "z", account=ACCOUNT, region=REGION)
    put(storage, "y", account=OTHER, region=REGION)
    thing = storage.begin()
    thing.put(THING, ACCOUNT, "", "a", Thing(1))
    commit(storage, thing)
    reader = storage.begin()
    assert names(reader.list(USER)) == ["y", "a", "b", "z"]
    assert names(reader.list(USER, ACCOUNT)) == ["a", "b", "z"]
    assert names(reader.list(USER, ACCOUNT, "")) == ["a", "b"]
    assert names(reader.list(USER, region=REGION)) == ["y", "z"]
    assert names(reader.list(USER, ACCOUNT, limit=2)) == ["a", "b"]
    assert names(reader.list(USER, OTHER, "")) == []


def test_names_sort_by_code_point_and_are_case_sensitive(storage: Storage) -> None:
    wanted = ["A", "Z", "a", "a b", "a-b", "a/b", "aB", "ab", "z", "é", "\ue000", "\U0001f600"]
    put(storage, *reversed(wanted))
    assert names(storage.begin().list(USER, ACCOUNT, "")) == wanted == sorted(wanted)


@pytest.mark.parametrize("prefix", ["a", "a/", "a%", "_", "\ud7ff", "\U0010ffff", "é"])
def test_prefixes_are_taken_as_they_are(storage: Storage, prefix: str) -> None:
    every = ["a", "a%b", "a/b", "a/c", "ab", "b", "_x", "é", "éa", "\ud7ffx", "\ue000", "\U0010ffffx"]
    put(storage, *every)
    wanted = sorted(name for name in every if name.startswith(prefix))
    assert names(storage.begin().list(USER, ACCOUNT, "", prefix=prefix)) == wanted


def test_pages_go_on_behind_a_name(storage: Storage) -> None:
    put(storage, *[f"{number:03}" for number in range(25)])
    reader = storage.begin()
    seen: list[str] = []
    while page := names(reader.list(USER, ACCOUNT, "", after=seen[-1] if seen else "", limit=10)):
        seen += page
    assert seen == [f"{number:03}" for number in range(25)]
    assert names(reader.list(USER, ACCOUNT, "", prefix="01", after="015", limit=2)) == ["016", "017"]


def test_a_page_takes_own_writes_in(storage: Storage) -> None:
    put(storage, "a", "c", "e", "g", "i")
    transaction = storage.begin()
    transaction.delete(USER, ACCOUNT, "", "a")
    transaction.delete(USER, ACCOUNT, "", "c")
    for name in ("b", "d", "z"):
        transaction.put(USER, ACCOUNT, "", name, User(name))
    assert names(transaction.list(USER, ACCOUNT, "", limit=3)) == ["b", "d", "e"]
    assert names(transaction.list(USER, ACCOUNT, "", after="d", limit=3)) == ["e", "g", "i"]
    assert names(transaction.list(USER, ACCOUNT, "", after="g")) == ["i", "z"]


def test_lists_show_every_later_commit(storage: Storage) -> None:
    assert names(storage.begin().list(USER, ACCOUNT)) == []
    put(storage, "a")
    assert names(storage.begin().list(USER, ACCOUNT)) == ["a"]
    put(storage, "b", region=REGION)
    assert names(storage.begin().list(USER, ACCOUNT)) == ["a", "b"]
    assert names(storage.begin().list(USER, ACCOUNT, "")) == ["a"]
    put(storage, "c", account=OTHER)
    assert names(storage.begin().list(USER)) == ["c", "a", "b"]


def test_a_body_that_could_not_be_read_again_is_refused_at_once(storage: Storage) -> None:
    with pytest.raises(msgspec.ValidationError):
        storage.begin().put(THING, ACCOUNT, "", "a", Thing(size="large"))  # type: ignore[arg-type]  # the point


def test_a_changed_document_that_was_read_conflicts(storage: Storage) -> None:
    put(storage, "mateojackson")
    first, second = storage.begin(), storage.begin()
    for transaction in (first, second):
        assert transaction.get(USER, ACCOUNT, "", "mateojackson")
        transaction.put(USER, ACCOUNT, "", "mateojackson", User("changed"))
        transaction.append(entry())
    commit(storage, first)
    with pytest.raises(Conflict):
        commit(storage, second)
    assert storage.journal.newest() == 1


def test_of_two_in_one_group_the_later_conflicts_and_the_others_commit(storage: Storage) -> None:
    transactions = [storage.begin() for _ in range(20)]
    for number, transaction in enumerate(transactions):
        name = "shared" if number % 2 else f"own-{number}"
        assert transaction.get(USER, ACCOUNT, "", name) is None
        transaction.put(USER, ACCOUNT, "", name, User(str(number)))
    ended = [storage.commit(transaction).exception(timeout=20) for transaction in transactions]
    assert [number for number, error in enumerate(ended) if error is None] == [0, 1, *range(2, 20, 2)]
    assert all(isinstance(error, Conflict) for error in ended if error is not None)
    shared = get(storage, "shared")
    assert shared is not None
    assert shared.body == User("1")


@pytest.mark.parametrize("removed", [False, True])
def test_a_list_that_would_read_otherwise_conflicts(storage: Storage, removed: bool) -> None:
    put(storage, "a", "b")
    transaction = storage.begin()
    assert len(transaction.list(USER, ACCOUNT, "")) == 2
    transaction.put(USER, ACCOUNT, REGION, "count", User("2"))
    other = storage.begin()
    if removed:
        other.delete(USER, ACCOUNT, "", "a")
    else:
        other.put(USER, ACCOUNT, "", "c", User("c"))
    commit(storage, other)
    with pytest.raises(Conflict):
        commit(storage, transaction)


def test_changes_outside_of_what_was_read_do_not_conflict(storage: Storage) -> None:
    transaction = storage.begin()
    transaction.list(USER, ACCOUNT, "", prefix="a")
    transaction.list(USER, OTHER)
    transaction.get(USER, ACCOUNT, "", "x")
    transaction.put(USER, ACCOUNT, "", "y", User("y"))
    put(storage, "b", "z", "y")
    put(storage, "a", region=REGION)
    commit(storage, transaction)
    found = get(storage, "y")
    assert found is not None
    assert found.version == 2


def test_reading_never_conflicts_nor_does_a_reverted_call(storage: Storage) -> None:
    put(storage, "a")
    reader, reverted = storage.begin(), storage.begin()
    for transaction in (reader, reverted):
        transaction.get(USER, ACCOUNT, "", "a")
        transaction.list(USER)
        transaction.append(entry())
    reverted.put(USER, ACCOUNT, "", "a", User("changed"))
    reverted.revert()
    put(storage, "a")
    commit(storage, reader)
    commit(storage, reverted)
    assert storage.journal.newest() == 2
    found = get(storage, "a")
    assert found is not None
    assert found.body == User("a")


def test_a_read_made_again_after_a_change_conflicts(storage: Storage) -> None:
    transaction = storage.begin()
    assert transaction.get(USER, ACCOUNT, "", "a") is None
    put(storage, "a")
    assert transaction.get(USER, ACCOUNT, "", "a") is not None
    transaction.put(USER, ACCOUNT, "", "b", User("b"))
    with pytest.raises(Conflict):
        commit(storage, transaction)


def test_changes_are_numbered_strictly_upwards(storage: Storage) -> None:
    before = storage.change()
    put(storage, "a", "b")
    put(storage, "c")
    changes = sorted(document.change for document in storage.begin().list(USER))
    assert len(set(changes)) == 3
    assert changes[0] > before
    assert changes[-1] == storage.change()


def test_large_bodies_are_kept(storage: Storage, tmp_path: Path) -> None:
    body = User("x" * 3_000_000)
    transaction = storage.begin()
    transaction.put(USER, ACCOUNT, "", "large", body)
    commit(storage, transaction)
    found = get(storage, "large")
    assert found is not None
    assert found.body == body
