from concurrent.futures import wait

import pytest
from tests.unit.storage.conftest import Opener
from tests.unit.storage.samples import ACCOUNT, OTHER, REGION, commit, entry

from trailwarden.storage import Decided, Entry, Lookup, Storage, StorageUnavailable
from trailwarden.storage.journal import SqlJournal

END = 4_000_000_000.0


def append(storage: Storage, *entries: Entry) -> None:
    transaction = storage.begin()
    for event in entries:
        transaction.append(event)
    commit(storage, transaction)


def file(storage: Storage) -> None:
    assert isinstance(storage.journal, SqlJournal)
    storage.journal.file()


def ask(storage: Storage, **given: object) -> list[str]:
    facts: dict[str, object] = {"account": ACCOUNT, "region": REGION, "start": 0.0, "end": END, "limit": 50}
    return [event.event_id for _, event in storage.journal.lookup(Lookup(**(facts | given)))]  # type: ignore[arg-type]


def test_an_event_comes_back_as_it_was_appended(opened: Opener) -> None:
    storage = opened()
    event = entry(
        record='{"userAgent":"ü\\u0000"}'.encode(),
        username="mateojackson",
        access_key="AKIAIOSFODNN7EXAMPLE",
        request_id="request",
        organization="o-exampleorgid",
        read_only=False,
        resources=(("AWS::S3::Bucket", "arn:aws:s3:::amzn-s3-demo-bucket"), ("AWS::S3::Bucket", 'a"{},\\')),
    )
    append(storage, event, entry())
    assert storage.journal.find(event.event_id) == event
    assert storage.journal.read(0, 1) == [(1, event)]
    storage.close()
    again = opened()
    assert again.journal.find(event.event_id) == event
    assert again.journal.find("unknown") is None
    assert again.journal.newest() == 2


def test_reading_goes_on_behind_a_position(storage: Storage) -> None:
    assert storage.journal.newest() == 0
    events = [entry() for _ in range(10)]
    for event in events:
        append(storage, event)
    assert storage.journal.read(3, 4) == list(enumerate(events, 1))[3:7]
    assert storage.journal.read(10, 4) == []


def test_positions_are_in_commit_order_with_many_at_once(storage: Storage) -> None:
    transactions = []
    for _ in range(300):
        transaction = storage.begin()
        transaction.append(entry())
        transactions.append(storage.commit(transaction))
    wait(transactions, timeout=20)
    positions = [seq for seq, _ in storage.journal.read(0, 1000)]
    assert positions == list(range(1, 301))


@pytest.mark.parametrize(
    ("attribute", "value", "facts"),
    [
        ("EventId", "wanted", {"event_id": "wanted"}),
        ("EventName", "CreateUser", {"name": "CreateUser"}),
        ("ReadOnly", "false", {"read_only": False}),
        ("Username", "marymajor", {"username": "marymajor"}),
        ("ResourceType", "AWS::IAM::User", {"resources": (("AWS::IAM::User", "a"), ("AWS::IAM::User", "b"))}),
        ("ResourceName", "b", {"resources": (("AWS::IAM::User", "a"), ("AWS::IAM::User", "b"))}),
        ("EventSource", "s3.amazonaws.com", {"source": "s3.amazonaws.com"}),
        ("AccessKeyId", "AKIAIOSFODNN7EXAMPLE", {"access_key": "AKIAIOSFODNN7EXAMPLE"}),
    ],
)
def test_events_are_found_by_each_attribute(
    storage: Storage, attribute: str, value: str, facts: dict[str, object]
) -> None:
    wanted = entry(**facts)
    elsewhere = [
        entry(**(facts | {"event_id": f"elsewhere-{index}"} | place))
        for index, place in enumerate([{"account": OTHER}, {"region": "us-east-1"}, {"category": "Data"}])
    ]
    append(storage, entry(), wanted, entry(), *elsewhere)
    other = "nothing" if attribute != "ReadOnly" else "true"
    for filed in (False, True):
        if filed:
            file(storage)
        assert ask(storage, attribute=attribute, value=value) == [wanted.event_id]
        assert wanted.event_id not in ask(storage, attribute=attribute, value=other)


def test_nothing_is_found_by_an_empty_attribute(storage: Storage) -> None:
    append(storage, entry())
    assert ask(storage, attribute="Username", value="") == []
    file(storage)
    assert ask(storage, attribute="Username", value="") == []


def test_filed_events_and_those_behind_them_are_one_list(storage: Storage) -> None:
    given = {"attribute": "ResourceName", "value": "n"}
    events = []
    for time in (5.0, 9.0, 1.0, 5.0):
        events.append(entry(time=time, resources=(("T", "n"),)))
        append(storage, events[-1])
        file(storage)
    late = [entry(time=time, resources=(("T", "n"),)) for time in (5.0, 0.5, 20.0)]
    append(storage, *late)
    wanted = [late[2], events[1], late[0], events[3], events[0], events[2], late[1]]
    assert ask(storage, **given) == [event.event_id for event in wanted]
    assert ask(storage, limit=4, **given) == [event.event_id for event in wanted[:4]]
    assert ask(storage, before=(5.0, 4), **given) == [event.event_id for event in wanted[4:]]


def test_what_was_not_filed_before_an_end_is_found_after_it(opened: Opener) -> None:
    storage = opened()
    events = [entry(name="CreateUser") for _ in range(2500)]
    append(storage, *events)
    storage.close()
    again = opened()
    assert ask(again, attribute="EventName", value="CreateUser", limit=3000) == [
        event.event_id for event in reversed(events)
    ]


@pytest.mark.parametrize("filed", [False, True])
def test_lookups_are_newest_first_and_paged(storage: Storage, *, filed: bool) -> None:
    times = [5.0, 3.0, 5.0, 1.5, 4.0, 5.0]
    events = [entry(time=time, resources=(("T", "n"), ("T", "m"))) for time in times]
    append(storage, *events)
    if filed:
        file(storage)
    wanted = [events[index].event_id for index in (5, 2, 0, 4, 1, 3)]
    for given in ({}, {"attribute": "EventName", "value": "GetUser"}, {"attribute": "ResourceType", "value": "T"}):
        assert ask(storage, **given) == wanted
        seen: list[str] = []
        before = None
        while True:
            page = storage.journal.lookup(
                Lookup(account=ACCOUNT, region=REGION, start=0.0, end=END, limit=2, before=before, **given)
            )
            if not page:
                break
            seen += [event.event_id for _, event in page]
            before = (page[-1][1].time, page[-1][0])
        assert seen == wanted
    assert ask(storage, start=3.0, end=4.0) == [events[4].event_id, events[1].event_id]


def test_an_unknown_attribute_is_a_fault_of_the_caller(storage: Storage) -> None:
    with pytest.raises(ValueError, match="Colour"):
        ask(storage, attribute="Colour", value="red")


def test_old_events_are_dropped_with_their_decisions(storage: Storage) -> None:
    old = [entry(time=10.0, resources=(("T", "n"),)) for _ in range(1500)]
    new = entry(time=30.0, resources=(("T", "n"),))
    append(storage, *old[:1200], new)
    file(storage)
    append(storage, *old[1200:])
    transaction = storage.begin()
    transaction.keep(decided("old", 10.0))
    transaction.keep(decided("new", 30.0))
    commit(storage, transaction)
    assert storage.journal.drop(20.0) == 1500
    assert storage.journal.drop(20.0) == 0
    assert storage.journal.read(0, 10) == [(1201, new)]
    file(storage)
    assert ask(storage, attribute="ResourceName", value="n") == [new.event_id]
    assert storage.decision("old") is None
    assert storage.decision("new") is not None


def test_positions_go_on_after_everything_was_dropped(opened: Opener) -> None:
    storage = opened()
    append(storage, entry(time=1.0))
    storage.journal.drop(2.0)
    storage.close()
    again = opened()
    assert again.journal.newest() == 1
    event = entry()
    append(again, event)
    assert again.journal.read(1, 5) == [(2, event)]


def test_an_event_id_twice_fails_alone(storage: Storage) -> None:
    append(storage, entry(event_id="once"))
    commits = []
    for event_id in ("a", "once", "b"):
        transaction = storage.begin()
        transaction.append(entry(event_id=event_id))
        commits.append(storage.commit(transaction))
    ended = [commit.exception(timeout=20) for commit in commits]
    assert [type(error) for error in ended] == [type(None), StorageUnavailable, type(None)]
    assert [event.event_id for _, event in storage.journal.read(0, 9)] == ["once", "a", "b"]


def decided(name: str, time: float = 5.0) -> Decided:
    return Decided(
        authorization_id=name,
        event_id=f"{name}-event",
        request_id=f"{name}-request",
        account=ACCOUNT,
        region=REGION,
        time=time,
        body=b"{}",
    )


def test_decisions_are_found_by_each_id_even_of_a_reverted_call(storage: Storage) -> None:
    transaction = storage.begin()
    transaction.keep(decided("one"))
    transaction.revert()
    commit(storage, transaction)
    for key, by in (("one", "authorization_id"), ("one-event", "event_id"), ("one-request", "request_id")):
        assert storage.decision(key, by=by) == decided("one")
    assert storage.decision("one-event") is None
