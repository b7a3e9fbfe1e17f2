"""Event data stores, channels, dashboards, their policies and tags."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

from trailwarden.auth.authorize import Authorizer
from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError
from trailwarden.services.cloudtrail import cloudtrail_facts
from trailwarden.services.iam.facts import iam_facts
from trailwarden.services.kms import kms_facts

DAY = 86_400
AUDIT = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]


@pytest.fixture
def lake(desk: Desk) -> Desk:
    desk.facts = {"cloudtrail": cloudtrail_facts, "iam": iam_facts, "kms": kms_facts}
    return desk


def store(lake: Desk, name: str = "audit", **more: Any) -> str:
    return str(lake.call("cloudtrail:CreateEventDataStore", {"Name": name, **more})["EventDataStoreArn"])


def shown(lake: Desk, given: str) -> Mapping[str, Any]:
    return lake.call("cloudtrail:GetEventDataStore", {"EventDataStore": given})


def refused(lake: Desk, operation: str, params: Mapping[str, Any]) -> str:
    """The code with which the operation refuses."""
    with pytest.raises(AwsError) as error:
        lake.call(f"cloudtrail:{operation}", params)
    return error.value.code_in("json")


def test_a_store_is_made_with_aws_defaults_and_found_by_arn_or_id(lake: Desk) -> None:
    made = lake.call("cloudtrail:CreateEventDataStore", {"Name": "audit", "TagsList": [{"Key": "team", "Value": "x"}]})
    assert made["Status"] == "CREATED"
    assert made["TagsList"] == [{"Key": "team", "Value": "x"}]
    arn = made["EventDataStoreArn"]
    for given in (arn, arn.rpartition("/")[2]):
        found = shown(lake, given)
        assert found["Status"] == "ENABLED"
        assert (found["RetentionPeriod"], found["BillingMode"]) == (366, "EXTENDABLE_RETENTION_PRICING")
        assert (found["MultiRegionEnabled"], found["TerminationProtectionEnabled"]) == (True, True)
        assert found["AdvancedEventSelectors"] == [
            {
                "Name": "Default management events",
                "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
            }
        ]
    assert lake.call("cloudtrail:ListEventDataStores")["EventDataStores"] == [
        {"EventDataStoreArn": arn, "Name": "audit"}
    ]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": "audit"}, "EventDataStoreAlreadyExistsException"),
        ({"Name": "b", "BillingMode": "FIXED_RETENTION_PRICING", "RetentionPeriod": 2558}, "InvalidParameterException"),
        ({"Name": "b", "OrganizationEnabled": True}, "OrganizationsNotInUseException"),
        ({"Name": "b", "KmsKeyId": "alias/none"}, "KmsKeyNotFoundException"),
        ({"Name": "b", "KmsKeyId": "n0"}, "InvalidKmsKeyIdException"),
        ({"Name": "b", "TagsList": [{"Key": "aws:x"}]}, "InvalidTagParameterException"),
        (
            {"Name": "b", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]}]},
            "InvalidEventSelectorsException",
        ),
        (
            {
                "Name": "b",
                "AdvancedEventSelectors": [
                    *AUDIT,
                    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
                ],
            },
            "InvalidEventSelectorsException",
        ),
    ],
)
def test_a_store_that_cannot_be_is_not_made(lake: Desk, params: dict[str, Any], code: str) -> None:
    store(lake)
    assert refused(lake, "CreateEventDataStore", params) == code
    assert len(lake.call("cloudtrail:ListEventDataStores")["EventDataStores"]) == 1


def test_ten_stores_are_the_most_whatever_their_state(lake: Desk) -> None:
    first, *_ = [store(lake, f"store-{number}", TerminationProtectionEnabled=False) for number in range(10)]
    lake.call("cloudtrail:DeleteEventDataStore", {"EventDataStore": first})
    assert refused(lake, "CreateEventDataStore", {"Name": "more"}) == "EventDataStoreMaxLimitExceededException"
    lake.now = NOW + 7 * DAY
    store(lake, "more")
    tokens = {"MaxResults": 4}
    names = []
    while True:
        page = lake.call("cloudtrail:ListEventDataStores", tokens)
        names += [each["Name"] for each in page["EventDataStores"]]
        if "NextToken" not in page:
            break
        tokens = {"MaxResults": 4, "NextToken": page["NextToken"]}
    assert sorted(names) == sorted(["more", *(f"store-{number}" for number in range(1, 10))])


def test_deletion_waits_seven_days_and_can_be_undone(lake: Desk) -> None:
    arn = store(lake)
    given = {"EventDataStore": arn}
    assert refused(lake, "DeleteEventDataStore", given) == "EventDataStoreTerminationProtectedException"
    lake.call("cloudtrail:UpdateEventDataStore", {**given, "TerminationProtectionEnabled": False})
    lake.call("cloudtrail:DeleteEventDataStore", given)
    assert shown(lake, arn)["Status"] == "PENDING_DELETION"
    assert refused(lake, "UpdateEventDataStore", {**given, "Name": "other"}) == "InactiveEventDataStoreException"
    assert refused(lake, "DeleteEventDataStore", given) == "InactiveEventDataStoreException"
    assert refused(lake, "ListTags", {"ResourceIdList": [arn]}) == "InactiveEventDataStoreException"
    assert lake.call("cloudtrail:RestoreEventDataStore", given)["Status"] == "ENABLED"
    assert refused(lake, "RestoreEventDataStore", given) == "InvalidEventDataStoreStatusException"
    lake.call("cloudtrail:DeleteEventDataStore", given)
    lake.now = NOW + 7 * DAY
    assert refused(lake, "GetEventDataStore", given) == "EventDataStoreNotFoundException"


def test_ingestion_is_switched_by_state_and_category(lake: Desk) -> None:
    given = {"EventDataStore": store(lake)}
    assert refused(lake, "StartEventDataStoreIngestion", given) == "InvalidEventDataStoreStatusException"
    lake.call("cloudtrail:StopEventDataStoreIngestion", given)
    assert shown(lake, given["EventDataStore"])["Status"] == "STOPPED_INGESTION"
    assert refused(lake, "StopEventDataStoreIngestion", given) == "InvalidEventDataStoreStatusException"
    lake.call("cloudtrail:StartEventDataStoreIngestion", given)
    other = {"EventDataStore": store(lake, "partners", AdvancedEventSelectors=AUDIT)}
    assert refused(lake, "StopEventDataStoreIngestion", other) == "InvalidEventDataStoreCategoryException"
    assert shown(lake, store(lake, "stopped", StartIngestion=False))["Status"] == "STOPPED_INGESTION"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("arn:aws:cloudtrail:us-east-1:123456789012:trail/x", "EventDataStoreARNInvalidException"),
        ("nothing", "EventDataStoreARNInvalidException"),
        ("12345678-1234-1234-1234-123456789012", "EventDataStoreNotFoundException"),
    ],
)
def test_what_is_no_store(lake: Desk, given: str, code: str) -> None:
    assert refused(lake, "GetEventDataStore", {"EventDataStore": given}) == code


def test_pricing_goes_one_way(lake: Desk) -> None:
    given = {"EventDataStore": store(lake, BillingMode="FIXED_RETENTION_PRICING")}
    assert shown(lake, given["EventDataStore"])["RetentionPeriod"] == 2557
    assert refused(lake, "UpdateEventDataStore", given) == "InvalidParameterException"
    changed = {**given, "BillingMode": "EXTENDABLE_RETENTION_PRICING", "RetentionPeriod": 3653}
    assert lake.call("cloudtrail:UpdateEventDataStore", changed)["RetentionPeriod"] == 3653
    back = {**given, "BillingMode": "FIXED_RETENTION_PRICING", "RetentionPeriod": 30}
    assert refused(lake, "UpdateEventDataStore", back) == "InvalidParameterException"


def test_a_key_must_let_cloudtrail_in_and_stays(lake: Desk) -> None:
    key = lake.call("kms:CreateKey")["KeyMetadata"]["Arn"]
    asked = {"Name": "sealed", "KmsKeyId": key}
    assert refused(lake, "CreateEventDataStore", asked) == "InsufficientEncryptionPolicyException"
    _admit_cloudtrail(lake, key)
    arn = store(lake, "sealed", KmsKeyId=key)
    assert shown(lake, arn)["KmsKeyId"] == key
    other = lake.call("kms:CreateKey")["KeyMetadata"]["Arn"]
    _admit_cloudtrail(lake, other)
    change = {"EventDataStore": arn, "KmsKeyId": other}
    assert refused(lake, "UpdateEventDataStore", change) == "InvalidParameterException"
    lake.call("kms:DisableKey", {"KeyId": other})
    assert refused(lake, "CreateEventDataStore", {"Name": "b", "KmsKeyId": other}) == "KmsException"


def _admit_cloudtrail(lake: Desk, key: str) -> None:
    account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
    }
    statements = [{**each, "Resource": "*"} for each in (account, service)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    lake.call("kms:PutKeyPolicy", {"KeyId": key, "Policy": policy})


def policy(resource: str, action: str, **more: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": action,
        "Resource": resource,
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def may_get(lake: Desk, arn: str) -> bool:
    check = Check(action="cloudtrail:GetEventDataStore", resource=arn)
    authorizer = Authorizer(lake.facts, chance=lake.chance)
    caller = root(OTHER)
    judged = authorizer.judge(caller, check, lake.storage.begin(), now=NOW, region="us-east-1")
    return judged.decision.allowed


def test_a_policy_lets_another_account_in(lake: Desk) -> None:
    arn = store(lake)
    assert refused(lake, "GetResourcePolicy", {"ResourceArn": arn}) == "ResourcePolicyNotFoundException"
    assert not may_get(lake, arn)
    text = policy(arn, "cloudtrail:GetEventDataStore")
    lake.call("cloudtrail:PutResourcePolicy", {"ResourceArn": arn, "ResourcePolicy": text})
    assert may_get(lake, arn)
    assert lake.call("cloudtrail:GetResourcePolicy", {"ResourceArn": arn})["ResourcePolicy"] == text
    assert lake.call("cloudtrail:GetEventDataStore", {"EventDataStore": arn}, caller=root(OTHER))["Name"] == "audit"
    lake.call("cloudtrail:DeleteResourcePolicy", {"ResourceArn": arn})
    assert not may_get(lake, arn)
    assert refused(lake, "DeleteResourcePolicy", {"ResourceArn": arn}) == "ResourcePolicyNotFoundException"


def test_a_policy_says_only_what_its_resource_admits(lake: Desk) -> None:
    arn = store(lake)
    for text in (
        "{",
        policy(arn, "cloudtrail:DeleteEventDataStore"),
        policy(arn, "cloudtrail:*"),
        policy("*", "cloudtrail:StartQuery"),
        policy(arn, "cloudtrail:StartQuery", Principal={"AWS": f"arn:aws:iam::{OTHER}:user/nobody"}),
        policy(arn, "cloudtrail-data:PutAuditEvents"),
    ):
        asked = {"ResourceArn": arn, "ResourcePolicy": text}
        assert refused(lake, "PutResourcePolicy", asked) == "ResourcePolicyNotValidException"
    for given, code in (
        (f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/x", "ResourceTypeNotSupportedException"),
        ("nothing", "ResourceARNNotValidException"),
        (f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:dashboard/none", "ResourceNotFoundException"),
    ):
        assert refused(lake, "GetResourcePolicy", {"ResourceArn": given}) == code


def test_channels_bring_outside_events_to_stores_for_them(lake: Desk) -> None:
    audit = store(lake, "partners", AdvancedEventSelectors=AUDIT, TerminationProtectionEnabled=False)
    asked = {
        "Name": "mine",
        "Source": "Custom",
        "Destinations": [{"Type": "EVENT_DATA_STORE", "Location": audit}],
    }
    other = [{"Type": "EVENT_DATA_STORE", "Location": store(lake)}]
    for changes, code in (
        ({"Source": "Nobody"}, "InvalidSourceException"),
        ({"Destinations": other}, "InvalidEventDataStoreCategoryException"),
        ({"Destinations": [{"Type": "AWS_SERVICE", "Location": audit}]}, "InvalidParameterException"),
    ):
        assert refused(lake, "CreateChannel", {**asked, **changes}) == code
    arn = lake.call("cloudtrail:CreateChannel", asked)["ChannelArn"]
    assert refused(lake, "CreateChannel", asked) == "ChannelAlreadyExistsException"
    assert refused(lake, "CreateChannel", {**asked, "Name": "two"}) == "ChannelMaxLimitExceededException"
    assert refused(lake, "DeleteEventDataStore", {"EventDataStore": audit}) == "ChannelExistsForEDSException"
    assert lake.call("cloudtrail:UpdateChannel", {"Channel": arn, "Name": "ours"})["Name"] == "ours"
    text = policy(arn, "cloudtrail-data:PutAuditEvents")
    lake.call("cloudtrail:PutResourcePolicy", {"ResourceArn": arn, "ResourcePolicy": text})
    lake.call("cloudtrail:UpdateChannel", {"Channel": arn, "Name": "mine"})
    assert lake.call("cloudtrail:GetResourcePolicy", {"ResourceArn": arn})["ResourcePolicy"] == text
    assert lake.call("cloudtrail:ListChannels")["Channels"] == [{"ChannelArn": arn, "Name": "mine"}]
    lake.call("cloudtrail:DeleteChannel", {"Channel": arn})
    assert refused(lake, "GetChannel", {"Channel": arn}) == "ChannelNotFoundException"
    assert refused(lake, "GetChannel", {"Channel": "nothing"}) == "ChannelARNInvalidException"


def test_dashboards(lake: Desk) -> None:
    query = f"SELECT eventName FROM {store(lake).rpartition('/')[2]}"
    widget = {"QueryStatement": query, "ViewProperties": {"View": "Table", "Title": "Calls"}}
    asked = {"Name": "calls", "Widgets": [widget], "TerminationProtectionEnabled": True}
    made = lake.call("cloudtrail:CreateDashboard", asked)
    assert made["Widgets"][0]["QueryStatement"] == query
    unknown = "SELECT a FROM 12345678-1234-1234-1234-123456789012"
    for changes, code in (
        ({}, "ConflictException"),
        ({"Name": "b", "Widgets": [widget] * 11}, "ServiceQuotaExceededException"),
        ({"Name": "b", "Widgets": [{**widget, "QueryStatement": "DROP x"}]}, "InvalidQueryStatementException"),
        ({"Name": "b", "Widgets": [{**widget, "QueryStatement": unknown}]}, "EventDataStoreNotFoundException"),
        ({"Name": "AWSCloudTrail-Highlights"}, "InvalidParameterException"),
    ):
        assert refused(lake, "CreateDashboard", {**asked, **changes}) == code
    schedule = {"Status": "ENABLED", "Frequency": {"Unit": "HOURS", "Value": 6}}
    lake.call("cloudtrail:CreateDashboard", {"Name": "AWSCloudTrail-Highlights", "RefreshSchedule": schedule})
    listed = lake.call("cloudtrail:ListDashboards", {"Type": "CUSTOM"})["Dashboards"]
    assert listed == [{"DashboardArn": made["DashboardArn"], "Type": "CUSTOM"}]
    assert refused(lake, "DeleteDashboard", {"DashboardId": "calls"}) == "ConflictException"
    lake.call("cloudtrail:UpdateDashboard", {"DashboardId": "calls", "TerminationProtectionEnabled": False})
    assert lake.call("cloudtrail:GetDashboard", {"DashboardId": made["DashboardArn"]})["Widgets"] == made["Widgets"]
    lake.call("cloudtrail:DeleteDashboard", {"DashboardId": "calls"})
    assert refused(lake, "GetDashboard", {"DashboardId": "calls"}) == "ResourceNotFoundException"


def test_every_kind_of_resource_takes_tags(lake: Desk) -> None:
    audit = store(lake, "partners", AdvancedEventSelectors=AUDIT)
    channel = lake.call(
        "cloudtrail:CreateChannel",
        {"Name": "mine", "Source": "Custom", "Destinations": [{"Type": "EVENT_DATA_STORE", "Location": audit}]},
    )["ChannelArn"]
    dashboard = lake.call("cloudtrail:CreateDashboard", {"Name": "calls"})["DashboardArn"]
    for arn in (audit, channel, dashboard):
        tags = [{"Key": "team", "Value": "audit"}, {"Key": "shift", "Value": "night"}]
        lake.call("cloudtrail:AddTags", {"ResourceId": arn, "TagsList": tags})
        lake.call("cloudtrail:RemoveTags", {"ResourceId": arn, "TagsList": [{"Key": "shift"}]})
        listed = lake.call("cloudtrail:ListTags", {"ResourceIdList": [arn]})["ResourceTagList"]
        assert listed == [{"ResourceId": arn, "TagsList": [{"Key": "team", "Value": "audit"}]}]
    for arn, code in (
        (f"{audit[:-1]}x", "EventDataStoreNotFoundException"),
        (f"{channel[:-1]}x", "ChannelNotFoundException"),
        (f"{dashboard}x", "ResourceNotFoundException"),
        (audit.replace(ACCOUNT, OTHER), "CloudTrailARNInvalidException"),
    ):
        assert refused(lake, "ListTags", {"ResourceIdList": [arn]}) == code
