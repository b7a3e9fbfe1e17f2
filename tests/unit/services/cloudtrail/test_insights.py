"""Insights: who wants them, what is counted beside the calls, and who is told of what is unusual."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.unit.delivery.bench import event
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

from trailwarden.delivery.progress import settled
from trailwarden.delivery.selection import selection
from trailwarden.delivery.trail import TRAIL, InsightSelector, Trail, start_logging
from trailwarden.errors import AwsError
from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector
from trailwarden.lake.selection import selection as store_selection
from trailwarden.lake.store import STORE
from trailwarden.services.cloudtrail import InsightsWatch, cloudtrail_facts
from trailwarden.services.cloudtrail.insights_watch import WATCH
from trailwarden.storage.ports import Entry, Lookup

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
BOTH = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
INSIGHT_STORE = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}]
OBJECTS = EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3",)),))
START = NOW // DAY * DAY


@pytest.fixture
def trails(desk: Desk) -> Desk:
    desk.facts = {"cloudtrail": cloudtrail_facts, "s3": lambda _arn, _reader: None}
    desk.now = START
    return desk


def trail(desk: Desk, name: str = "My-Trail", **settings: Any) -> Trail:
    made = Trail(
        account=ACCOUNT, home_region="us-east-1", name=name, created=desk.now, bucket="amzn-s3-demo-bucket", **settings
    )
    made = start_logging(made, now=desk.now, position=0)
    settled(desk.storage, lambda tx: tx.put(TRAIL, made.account, made.home_region, made.name, made))
    return made


def standing(desk: Desk, name: str = "My-Trail") -> Trail:
    document = desk.storage.begin().get(TRAIL, ACCOUNT, "us-east-1", name)
    assert document is not None
    return document.body


def refused(desk: Desk, operation: str, params: Mapping[str, Any], **how: Any) -> str:
    with pytest.raises(AwsError) as error:
        desk.call(f"cloudtrail:{operation}", params, **how)
    return error.value.code_in("json")


def on(desk: Desk, made: Trail, *selectors: tuple[str, tuple[str, ...]]) -> Trail:
    """The trail with Insights on, past the checks of the bucket, which are of a story with a bucket."""
    chosen = tuple(InsightSelector(type=type_, event_categories=categories) for type_, categories in selectors)
    made = msgspec.structs.replace(made, insight_selectors=chosen)
    settled(desk.storage, lambda tx: tx.put(TRAIL, made.account, made.home_region, made.name, made))
    return made


class Calls:
    """Recorded calls, a number a minute."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.number = desk, 0
        self.watch = InsightsWatch(desk.storage, lambda: desk.now, desk.chance)

    def record(self, time: float, count: int, *, error: str = "", **changed: Any) -> None:
        made = [self._made(time, error, changed) for _ in range(count)]
        transaction = self.desk.storage.begin()
        for entry in made:
            transaction.append(entry)
        self.desk.storage.commit(transaction).result(10)

    def _made(self, time: float, error: str, changed: Mapping[str, Any]) -> Entry:
        self.number += 1
        entry = event(self.number, time, **changed)
        told = {
            **msgspec.json.decode(entry.record),
            "eventType": "AwsApiCall",
            "userAgent": "aws-cli",
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/mateojackson"},
            **({"errorCode": error} if error else {}),
            "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/key"}],
        }
        return msgspec.structs.replace(entry, record=msgspec.json.encode(told))

    def run(self, time: float) -> None:
        self.desk.now = time
        self.watch.run_once(time)


def journal(desk: Desk, *categories: str) -> list[Entry]:
    return [entry for _, entry in desk.storage.journal.read(0, 10_000) if entry.category in categories]


def records(entries: list[Entry]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(entry.record) for entry in entries]


def burst(calls: Calls, *, error: str = "", **changed: Any) -> float:
    """Two usual days, then a minute of fifty calls; gives its beginning."""
    for hour in range(48):
        calls.record(START + hour * HOUR, 1, error=error, **changed)
    time = START + 2 * DAY
    calls.run(time)
    calls.record(time + 1, 50, error=error, **changed)
    calls.run(time + 2 * MINUTE)
    return time


def test_a_burst_of_calls_is_recorded_once_as_it_starts_and_once_as_it_ends(trails: Desk) -> None:
    on(trails, trail(trails), ("ApiCallRateInsight", ("Management",)))
    calls = Calls(trails)
    time = burst(calls)
    assert [each["insightDetails"]["state"] for each in records(journal(trails, "Insight"))] == ["Start"]
    InsightsWatch(trails.storage, lambda: 0.0, trails.chance).run_once(time + 3 * MINUTE)  # another server
    calls.run(time + 10 * MINUTE)
    start, end = records(journal(trails, "Insight"))
    assert start["sharedEventID"] == end["sharedEventID"]
    assert start["eventID"] != end["eventID"]
    assert list(start) == [
        "eventVersion",
        "eventTime",
        "awsRegion",
        "eventID",
        "eventType",
        "recipientAccountId",
        "sharedEventID",
        "insightDetails",
        "eventCategory",
    ]
    details = start["insightDetails"]
    assert (details["eventSource"], details["eventName"]) == ("iam.amazonaws.com", "CreateUser")
    statistics = details["insightContext"]["statistics"]
    assert statistics["insight"] == {"average": 50.0}
    assert statistics["baselineDuration"] == 2_880
    assert details["insightContext"]["attributions"][0]["insight"] == [
        {"value": f"arn:aws:iam::{ACCOUNT}:user/mateojackson", "average": 50.0}
    ]
    assert end["insightDetails"]["state"] == "End"
    assert end["insightDetails"]["insightContext"]["statistics"]["insightDuration"] == 1


def test_errors_have_insights_of_their_own_by_code_and_reads_count_only_as_errors(trails: Desk) -> None:
    chosen = (("ApiCallRateInsight", ("Management",)), ("ApiErrorRateInsight", ("Management",)))
    on(trails, trail(trails), *chosen)
    burst(Calls(trails), error="AccessDenied", name="ListUsers", read_only=True)
    (start,) = records(journal(trails, "Insight"))
    details = start["insightDetails"]
    assert (details["insightType"], details["errorCode"]) == ("ApiErrorRateInsight", "AccessDenied")


def test_turned_on_late_the_baseline_is_what_the_journal_holds(trails: Desk) -> None:
    made = trail(trails)
    calls = Calls(trails)
    for hour in range(48):
        calls.record(START + hour * HOUR, 3)
    on(trails, made, ("ApiCallRateInsight", ("Management",)))
    time = START + 2 * DAY
    calls.run(time)
    calls.record(time + 1, 50)
    calls.run(time + 2 * MINUTE)
    (start,) = records(journal(trails, "Insight"))
    assert start["insightDetails"]["insightContext"]["statistics"]["baseline"] == {"average": 0.05}


def test_only_trails_that_select_the_type_take_it(trails: Desk) -> None:
    calls_too = on(trails, trail(trails), ("ApiCallRateInsight", ("Management",)))
    errors = on(trails, trail(trails, "errors"), ("ApiErrorRateInsight", ("Management",)))
    data = on(trails, trail(trails, "data", event_selectors=(OBJECTS,)), ("ApiCallRateInsight", ("Data",)))
    burst(Calls(trails))
    (entry,) = journal(trails, "Insight")
    assert selection(calls_too)(10_000, entry) == "CloudTrail-Insight"
    assert selection(errors)(10_000, entry) is None
    assert selection(data)(10_000, entry) is None


def test_insights_on_data_events_are_of_one_trail_and_listed_for_it(trails: Desk) -> None:
    made = on(trails, trail(trails, event_selectors=(OBJECTS,)), ("ApiCallRateInsight", ("Data",)))
    other = on(trails, trail(trails, "other"), ("ApiCallRateInsight", ("Management",)))
    burst(Calls(trails), category="Data", source="s3.amazonaws.com", name="GetObject", read_only=True)
    assert journal(trails, "Insight") == []
    (entry,) = journal(trails, "Insight/Data")
    assert selection(made)(10_000, entry) == "CloudTrail-Insight"
    assert selection(other)(10_000, entry) is None
    asked = {"InsightSource": made.arn, "DataType": "InsightsEvents"}
    for dimension in ({}, {"EventName": "GetObject"}, {"EventId": entry.event_id}, {"EventSource": "s3.amazonaws.com"}):
        given = {**asked, **({"Dimensions": dimension} if dimension else {})}
        assert [each["EventId"] for each in trails.call("cloudtrail:ListInsightsData", given)["Events"]] == [
            entry.event_id
        ]
    none = {**asked, "Dimensions": {"EventName": "PutObject"}}
    assert trails.call("cloudtrail:ListInsightsData", none)["Events"] == []
    assert trails.call("cloudtrail:ListInsightsData", {**asked, "InsightSource": other.arn})["Events"] == []
    history = Lookup(account=ACCOUNT, region="us-east-1", start=0, end=trails.now, limit=9, category="Insight")
    assert list(trails.storage.journal.lookup(history)) == []


def test_stores_have_the_flat_record_in_the_destination_alone(trails: Desk) -> None:
    source = trails.call("cloudtrail:CreateEventDataStore", {"Name": "source"})["EventDataStoreArn"]
    made = [
        trails.call("cloudtrail:CreateEventDataStore", {"Name": name, "AdvancedEventSelectors": INSIGHT_STORE})
        for name in ("insights", "others")
    ]
    destination = made[0]["EventDataStoreArn"]
    given = {"EventDataStore": source, "InsightsDestination": destination, "InsightSelectors": BOTH}
    assert trails.call("cloudtrail:PutInsightSelectors", given) == {
        "EventDataStoreArn": source,
        "InsightsDestination": destination,
        "InsightSelectors": [{**each, "EventCategories": ["Management"]} for each in BOTH],
    }
    shown = trails.call("cloudtrail:GetInsightSelectors", {"EventDataStore": source})
    assert shown["InsightsDestination"] == destination
    burst(Calls(trails))
    assert journal(trails, "Insight", "Insight/Data") == []
    (entry,) = journal(trails, "Insight/Store")
    (record,) = records([entry])
    assert (record["insightSource"], record["insightState"], record["eventCategory"]) == (source, "Start", "Insight")
    assert record["insightContext"]["insightAverage"] == 50.0
    stores = [document.body for document in trails.storage.begin().list(STORE)]
    assert [each.arn for each in stores if store_selection(each, 10_000)(9_999, entry)] == [destination]


def test_numbers_are_told_by_period(trails: Desk) -> None:
    on(trails, trail(trails), ("ApiCallRateInsight", ("Management",)))
    calls = Calls(trails)
    calls.run(START)
    for minute, count in ((0, 2), (1, 3), (7, 1)):
        calls.record(START + minute * MINUTE, count, error="EntityAlreadyExists" if minute == 7 else "")
    calls.run(START + HOUR)
    asked = {"EventSource": "iam.amazonaws.com", "EventName": "CreateUser", "InsightType": "ApiCallRateInsight"}

    def points(**more: Any) -> list[tuple[float, float]]:
        answer = trails.call("cloudtrail:ListInsightsMetricData", {**asked, **more})
        return [
            (time.timestamp() - START, value)
            for time, value in zip(answer["Timestamps"], answer["Values"], strict=True)
        ]

    assert points(Period=60) == [(0, 2.0), (60, 3.0), (420, 1.0)]
    assert points(Period=300) == [(0, 5.0), (300, 1.0)]
    assert points() == [(0, 6.0)]
    assert points(Period=300, InsightType="ApiErrorRateInsight", ErrorCode="EntityAlreadyExists") == [(300, 1.0)]
    first = trails.call("cloudtrail:ListInsightsMetricData", {**asked, "Period": 60, "MaxResults": 2})
    assert points(Period=60, NextToken=first["NextToken"]) == [(420, 1.0)]
    begin = datetime.fromtimestamp(START, UTC)
    end = datetime.fromtimestamp(START + 180, UTC)
    filled = points(Period=60, DataType="FillWithZeros", StartTime=begin, EndTime=end)
    assert filled == [(0, 2.0), (60, 3.0), (120, 0.0)]
    metric = "ListInsightsMetricData"
    assert refused(trails, metric, {**asked, "Period": 120}) == "InvalidParameterException"
    errors = {**asked, "InsightType": "ApiErrorRateInsight"}
    assert refused(trails, metric, errors) == "InvalidParameterException"
    assert refused(trails, metric, {**asked, "StartTime": end, "EndTime": begin}) == "InvalidParameterException"
    assert refused(trails, metric, {**asked, "NextToken": "none of ours"}) == "InvalidParameterException"


def test_nothing_is_counted_where_nobody_wants_it_and_all_is_forgotten_when_turned_off(trails: Desk) -> None:
    made = trail(trails)
    calls = Calls(trails)
    burst(calls)
    assert list(trails.storage.begin().list(WATCH)) == []
    made = on(trails, made, ("ApiCallRateInsight", ("Management",)))
    calls.run(trails.now + MINUTE)
    assert len(trails.storage.begin().list(WATCH)) == 1
    trails.call("cloudtrail:PutInsightSelectors", {"TrailName": made.name, "InsightSelectors": []})
    assert standing(trails).insight_selectors == ()
    calls.run(trails.now + MINUTE)
    assert list(trails.storage.begin().list(WATCH)) == []


def test_an_organizations_trail_hears_of_members_and_only_of_its_own_region(trails: Desk) -> None:
    on(trails, trail(trails, organization="o-example"), ("ApiCallRateInsight", ("Management",)))
    calls = Calls(trails)
    member = {"account": OTHER, "organization": "o-example"}
    burst(calls, **member)
    (entry,) = journal(trails, "Insight")
    assert (entry.account, entry.organization) == (OTHER, "o-example")
    time = trails.now + HOUR
    calls.run(time)
    calls.record(time + 1, 80, region="eu-west-1", **member)
    calls.record(time + 1, 80, account="444455556666")
    calls.run(time + 2 * MINUTE)
    assert {each.region for each in journal(trails, "Insight")} == {"us-east-1"}
    assert {each.account for each in journal(trails, "Insight")} == {OTHER}


def test_what_the_organization_counted_is_not_counted_again_for_the_account(trails: Desk) -> None:
    on(trails, trail(trails, organization="o-example"), ("ApiCallRateInsight", ("Management",)))
    own = trail(trails, "own", multi_region=True)
    member = msgspec.structs.replace(own, account=OTHER)
    calls = Calls(trails)
    told = {"account": OTHER, "organization": "o-example"}
    for hour in range(48):
        calls.record(START + hour * HOUR, 3, **told)
    calls.run(START + 2 * DAY)
    on(trails, member, ("ApiCallRateInsight", ("Management",)))
    time = START + 2 * DAY + HOUR
    calls.run(time)
    calls.record(time + 1, 50, **told)
    calls.run(time + 2 * MINUTE)
    (start,) = records(journal(trails, "Insight"))
    average = start["insightDetails"]["insightContext"]["statistics"]["baseline"]["average"]
    assert average == pytest.approx(3 * 48 / (49 * 60))


def test_a_clock_that_was_ahead_holds_nothing_up(trails: Desk) -> None:
    on(trails, trail(trails), ("ApiCallRateInsight", ("Management",)))
    calls = Calls(trails)
    calls.run(START)
    calls.record(START + 10 * DAY, 1)
    calls.record(START + 1, 4)
    calls.run(START + HOUR)
    asked = {"EventSource": "iam.amazonaws.com", "EventName": "CreateUser", "InsightType": "ApiCallRateInsight"}
    assert trails.call("cloudtrail:ListInsightsMetricData", asked)["Values"] == [4.0]


NO_WRITES = EventSelector(read_write_type="ReadOnly")
NO_MANAGEMENT = AdvancedSelector(
    field_selectors=(
        FieldSelector(field="eventCategory", equals=("Data",)),
        FieldSelector(field="resources.type", equals=("AWS::S3::Object",)),
    )
)


@pytest.mark.parametrize(
    ("settings", "type_", "categories", "code"),
    [
        ({"event_selectors": (NO_WRITES,)}, "ApiCallRateInsight", None, "InvalidInsightSelectorsException"),
        ({"event_selectors": (NO_WRITES,)}, "ApiErrorRateInsight", None, "S3BucketDoesNotExistException"),
        ({"advanced_selectors": (NO_MANAGEMENT,)}, "ApiErrorRateInsight", None, "InvalidInsightSelectorsException"),
        ({"advanced_selectors": (NO_MANAGEMENT,)}, "ApiCallRateInsight", ["Data"], "S3BucketDoesNotExistException"),
        ({}, "ApiCallRateInsight", ["Data"], "InvalidInsightSelectorsException"),
        ({}, "ApiCallRateInsight", ["Management"], "S3BucketDoesNotExistException"),
    ],
)
def test_a_trail_must_log_what_insights_are_made_of_and_its_bucket_must_stand(
    trails: Desk, settings: Mapping[str, Any], type_: str, categories: list[str] | None, code: str
) -> None:
    trail(trails, **settings)
    selector = {"InsightType": type_, **({"EventCategories": categories} if categories else {})}
    given = {"TrailName": "My-Trail", "InsightSelectors": [selector]}
    assert refused(trails, "PutInsightSelectors", given) == code


def test_selectors_are_refused_as_aws_does(trails: Desk) -> None:
    made = trail(trails)
    source = trails.call("cloudtrail:CreateEventDataStore", {"Name": "source"})["EventDataStoreArn"]
    put, get = "PutInsightSelectors", "GetInsightSelectors"
    both = {"TrailName": made.name, "EventDataStore": source}
    assert refused(trails, put, {**both, "InsightSelectors": []}) == "InvalidParameterCombinationException"
    assert refused(trails, put, {"InsightSelectors": []}) == "InvalidParameterCombinationException"
    assert refused(trails, get, both) == "InvalidParameterCombinationException"
    with_destination = {"TrailName": made.name, "InsightsDestination": source, "InsightSelectors": BOTH}
    assert refused(trails, put, with_destination) == "InvalidParameterCombinationException"
    twice = {"TrailName": made.name, "InsightSelectors": [BOTH[0], BOTH[0]]}
    assert refused(trails, put, twice) == "InvalidInsightSelectorsException"
    of_store = {"EventDataStore": source, "InsightSelectors": BOTH}
    assert refused(trails, put, of_store) == "InvalidParameterException"
    itself = {**of_store, "InsightsDestination": source}
    assert refused(trails, put, itself) == "InvalidInsightSelectorsException"
    data = {**itself, "InsightSelectors": [{**BOTH[0], "EventCategories": ["Data"]}]}
    assert refused(trails, put, data) == "InvalidInsightSelectorsException"
    for given in ({"TrailName": made.name}, {"EventDataStore": source}):
        assert refused(trails, get, given) == "InsightNotEnabledException"
    assert refused(trails, get, {"TrailName": "missing"}) == "TrailNotFoundException"
    assert refused(trails, put, {**twice, "InsightSelectors": []}, region="eu-west-1") == "TrailNotFoundException"
    elsewhere = {"TrailName": made.arn, "InsightSelectors": []}
    assert refused(trails, put, elsewhere, region="eu-west-1") == "InvalidHomeRegionException"
    foreign = {"InsightSource": made.arn, "DataType": "InsightsEvents"}
    assert refused(trails, "ListInsightsData", foreign, caller=root(OTHER)) == "CloudTrailARNInvalidException"


def test_a_store_with_insights_keeps_logging_what_they_need(trails: Desk) -> None:
    source = trails.call("cloudtrail:CreateEventDataStore", {"Name": "source"})["EventDataStoreArn"]
    destination = trails.call(
        "cloudtrail:CreateEventDataStore", {"Name": "insights", "AdvancedEventSelectors": INSIGHT_STORE}
    )["EventDataStoreArn"]
    given = {"EventDataStore": source, "InsightsDestination": destination, "InsightSelectors": BOTH[:1]}
    trails.call("cloudtrail:PutInsightSelectors", given)
    reads = [
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "readOnly", "Equals": ["true"]},
            ]
        }
    ]
    changed = {"EventDataStore": source, "AdvancedEventSelectors": reads}
    assert refused(trails, "UpdateEventDataStore", changed) == "InvalidInsightSelectorsException"
    trails.call("cloudtrail:PutInsightSelectors", {"EventDataStore": source, "InsightSelectors": []})
    trails.call("cloudtrail:UpdateEventDataStore", changed)
