"""Federation of event data stores: by a role that lets the reader in, and what it keeps from being done."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

from trailwarden.errors import AwsError
from trailwarden.services.cloudtrail import cloudtrail_facts
from trailwarden.services.iam.facts import iam_facts

ROLE = f"arn:aws:iam::{ACCOUNT}:role/federation"


def role(desk: Desk, service: str, action: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"Effect": "Allow", "Action": action, "Resource": "*"}
    text, reads = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, policy))
    desk.call("iam:CreateRole", {"RoleName": "federation", "AssumeRolePolicyDocument": text})
    desk.call("iam:PutRolePolicy", {"RoleName": "federation", "PolicyName": "reads", "PolicyDocument": reads})


def refused(desk: Desk, operation: str, params: Mapping[str, Any]) -> str:
    with pytest.raises(AwsError) as error:
        desk.call(f"cloudtrail:{operation}", params)
    return error.value.code_in("json")


@pytest.fixture
def store(desk: Desk) -> str:
    desk.facts = {"cloudtrail": cloudtrail_facts, "iam": iam_facts}
    made = desk.call("cloudtrail:CreateEventDataStore", {"Name": "audit", "TerminationProtectionEnabled": False})
    return str(made["EventDataStoreArn"])


def test_a_store_is_federated_and_not_deleted_meanwhile(desk: Desk, store: str) -> None:
    role(desk, "lakeformation.amazonaws.com", "cloudtrail:GetEventDataStoreData")
    given = {"EventDataStore": store}
    assert desk.call("cloudtrail:GetEventDataStore", given)["FederationStatus"] == "DISABLED"
    made = desk.call("cloudtrail:EnableFederation", {**given, "FederationRoleArn": ROLE})
    assert made == {"EventDataStoreArn": store, "FederationStatus": "ENABLED", "FederationRoleArn": ROLE}
    shown = desk.call("cloudtrail:GetEventDataStore", given)
    assert (shown["FederationStatus"], shown["FederationRoleArn"]) == ("ENABLED", ROLE)
    again = refused(desk, "EnableFederation", {**given, "FederationRoleArn": ROLE})
    assert again == refused(desk, "DeleteEventDataStore", given) == "EventDataStoreFederationEnabledException"
    assert desk.call("cloudtrail:DisableFederation", given)["FederationStatus"] == "DISABLED"
    desk.call("cloudtrail:DeleteEventDataStore", given)
    assert refused(desk, "DisableFederation", given) == "InactiveEventDataStoreException"


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("cloudtrail.amazonaws.com", "cloudtrail:GetEventDataStoreData"),
        ("lakeformation.amazonaws.com", "cloudtrail:GetEventDataStore"),
    ],
)
def test_a_role_that_lets_nobody_read_is_refused(desk: Desk, store: str, service: str, action: str) -> None:
    role(desk, service, action)
    asked = {"EventDataStore": store, "FederationRoleArn": ROLE}
    assert refused(desk, "EnableFederation", asked) == "AccessDeniedException"


def test_a_role_that_is_not_there_is_refused(desk: Desk, store: str) -> None:
    asked = {"EventDataStore": store, "FederationRoleArn": ROLE}
    assert refused(desk, "EnableFederation", asked) == "InvalidParameterException"
