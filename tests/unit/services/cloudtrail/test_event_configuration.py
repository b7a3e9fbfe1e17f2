"""The event configuration of trails and event data stores."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

from trailwarden.delivery.progress import settled
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.errors import AwsError
from trailwarden.events.selectors import DataResource, EventSelector
from trailwarden.services.cloudtrail import cloudtrail_facts

OBJECTS = EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3",)),))
AGGREGATIONS = [{"Templates": ["API_ACTIVITY", "USER_ACTIONS"], "EventCategory": "Data"}]
CONTEXT = [{"Type": "TagContext", "Equals": ["team"]}]
AUDIT = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]


@pytest.fixture
def configured(desk: Desk) -> Desk:
    desk.facts = {"cloudtrail": cloudtrail_facts}
    for name, selectors in (("objects", (OBJECTS,)), ("plain", ())):
        made = Trail(
            account=ACCOUNT, home_region="us-east-1", name=name, created=1.0, bucket="b", event_selectors=selectors
        )
        settled(desk.storage, lambda tx, made=made: tx.put(TRAIL, ACCOUNT, "us-east-1", made.name, made))  # type: ignore[misc]  # bound now
    return desk


def store(desk: Desk, **more: Any) -> str:
    return str(desk.call("cloudtrail:CreateEventDataStore", {"Name": "store", **more})["EventDataStoreArn"])


def refused(desk: Desk, params: Mapping[str, Any], operation: str = "PutEventConfiguration") -> str:
    with pytest.raises(AwsError) as error:
        desk.call(f"cloudtrail:{operation}", params)
    return error.value.code_in("json")


def test_a_trail_has_its_aggregations_until_they_are_cleared(configured: Desk) -> None:
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/objects"
    put, get = "cloudtrail:PutEventConfiguration", "cloudtrail:GetEventConfiguration"
    expected = {"TrailARN": arn, "AggregationConfigurations": AGGREGATIONS}
    assert configured.call(put, {"TrailName": "objects", "AggregationConfigurations": AGGREGATIONS}) == expected
    assert configured.call(get, {"TrailName": arn}) == expected
    configured.call(put, {"TrailName": "objects", "AggregationConfigurations": []})
    assert configured.call(get, {"TrailName": "objects"}) == {"TrailARN": arn, "AggregationConfigurations": []}


def test_a_store_has_events_of_standard_size(configured: Desk) -> None:
    arn = store(configured)
    expected = {"EventDataStoreArn": arn, "MaxEventSize": "Standard", "ContextKeySelectors": []}
    given = {"EventDataStore": arn, "MaxEventSize": "Standard"}
    assert configured.call("cloudtrail:PutEventConfiguration", given) == expected
    assert configured.call("cloudtrail:GetEventConfiguration", {"EventDataStore": arn.rpartition("/")[2]}) == expected


def test_what_does_not_go_together_is_refused(configured: Desk) -> None:
    arn = store(configured)
    combination = "InvalidParameterCombinationException"
    assert refused(configured, {"TrailName": "objects", "EventDataStore": arn}) == combination
    assert refused(configured, {}) == combination
    assert refused(configured, {}, "GetEventConfiguration") == combination
    assert refused(configured, {"TrailName": "objects", "MaxEventSize": "Standard"}) == combination
    assert refused(configured, {"EventDataStore": arn, "AggregationConfigurations": AGGREGATIONS}) == combination
    assert refused(configured, {"EventDataStore": arn, "ContextKeySelectors": CONTEXT}) == combination
    assert refused(configured, {"TrailName": "objects"}) == "InvalidParameterException"
    plain = {"TrailName": "plain", "AggregationConfigurations": AGGREGATIONS}
    assert refused(configured, plain) == "InvalidParameterException"
    assert refused(configured, {**plain, "TrailName": "missing"}) == "TrailNotFoundException"


def test_large_and_enriched_events_are_refused_as_long_as_they_are_not_made(configured: Desk) -> None:
    large = {"EventDataStore": store(configured), "MaxEventSize": "Large"}
    assert refused(configured, large) == "UnsupportedOperationException"
    assert refused(configured, {**large, "ContextKeySelectors": CONTEXT}) == "UnsupportedOperationException"


def test_stores_of_other_events_have_no_configuration(configured: Desk) -> None:
    arn = store(configured, AdvancedEventSelectors=AUDIT)
    for operation in ("PutEventConfiguration", "GetEventConfiguration"):
        assert refused(configured, {"EventDataStore": arn}, operation) == "InvalidEventDataStoreCategoryException"
