"""Imports as a client starts, stops and retries them, and what keeps them from beginning."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

from trailwarden.errors import AwsError
from trailwarden.services.cloudtrail import cloudtrail_facts
from trailwarden.services.iam.facts import iam_facts
from trailwarden.services.s3 import s3_facts
from trailwarden.services.s3.bucket import BUCKET, Bucket

NAME = "amzn-s3-demo-source-bucket"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/importer"
SOURCE = {"S3LocationUri": f"s3://{NAME}/", "S3BucketRegion": "us-east-1", "S3BucketAccessRoleArn": ROLE}


def role(desk: Desk, *, trust: Mapping[str, Any], actions: list[str]) -> None:
    trusts = {"Effect": "Allow", "Action": "sts:AssumeRole", **trust}
    reads = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:s3:::{NAME}"}
    text, policy = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trusts, reads))
    desk.call("iam:CreateRole", {"RoleName": "importer", "AssumeRolePolicyDocument": text})
    desk.call("iam:PutRolePolicy", {"RoleName": "importer", "PolicyName": "reads", "PolicyDocument": policy})


def bucket(desk: Desk, **changed: Any) -> None:
    transaction = desk.storage.begin()
    made = Bucket(**{"name": NAME, "account": ACCOUNT, "region": "us-east-1", "created": NOW, **changed})
    transaction.put(BUCKET, "", "", NAME, made)
    desk.storage.commit(transaction).result()


def refused(desk: Desk, operation: str, params: Mapping[str, Any]) -> str:
    with pytest.raises(AwsError) as error:
        desk.call(f"cloudtrail:{operation}", params)
    return error.value.code_in("json")


@pytest.fixture
def asked(desk: Desk) -> dict[str, Any]:
    """What starts an import, once there are a role and a bucket."""
    desk.facts = {"cloudtrail": cloudtrail_facts, "iam": iam_facts, "s3": s3_facts}
    made = desk.call("cloudtrail:CreateEventDataStore", {"Name": "past", "TerminationProtectionEnabled": False})
    return {"Destinations": [made["EventDataStoreArn"]], "ImportSource": {"S3": SOURCE}}


READS = ["s3:ListBucket", "s3:GetBucketAcl"]
CLOUDTRAIL = {"Principal": {"Service": "cloudtrail.amazonaws.com"}}


def test_one_import_at_a_time_is_stopped_and_goes_on(desk: Desk, asked: dict[str, Any]) -> None:
    role(desk, trust=CLOUDTRAIL, actions=READS)
    bucket(desk)
    job = desk.call("cloudtrail:StartImport", asked)["ImportId"]
    assert refused(desk, "StartImport", asked) == "AccountHasOngoingImportException"
    store = {"EventDataStore": asked["Destinations"][0]}
    assert refused(desk, "DeleteEventDataStore", store) == "EventDataStoreHasOngoingImportException"
    assert (
        refused(desk, "UpdateEventDataStore", {**store, "Name": "other"}) == "EventDataStoreHasOngoingImportException"
    )
    assert refused(desk, "StartImport", {"ImportId": job}) == "InvalidParameterException"
    stopped = desk.call("cloudtrail:StopImport", {"ImportId": job})
    assert (stopped["ImportStatus"], stopped["ImportStatistics"]["FilesCompleted"]) == ("STOPPED", 0)
    assert refused(desk, "StopImport", {"ImportId": job}) == "InvalidParameterException"
    assert refused(desk, "StartImport", {**asked, "ImportId": job}) == "InvalidParameterException"
    assert desk.call("cloudtrail:StartImport", {"ImportId": job})["ImportStatus"] == "INITIALIZING"
    assert [each["ImportId"] for each in desk.call("cloudtrail:ListImports")["Imports"]] == [job]
    with pytest.raises(AwsError, match=job):
        desk.call("cloudtrail:GetImport", {"ImportId": job}, caller=root(OTHER))


@pytest.mark.parametrize(
    ("trust", "actions", "changed"),
    [
        ({"Principal": {"Service": "config.amazonaws.com"}}, READS, {}),
        (CLOUDTRAIL, READS[:1], {}),
        (CLOUDTRAIL, READS[1:], {}),
        ({**CLOUDTRAIL, "Condition": {"StringEquals": {"aws:SourceAccount": OTHER}}}, READS, {}),
        (CLOUDTRAIL, READS, {"ownership": "ObjectWriter"}),
        (CLOUDTRAIL, READS, {"region": "eu-west-1"}),
    ],
)
def test_a_source_that_cannot_be_read_is_refused_at_once(
    desk: Desk, asked: dict[str, Any], trust: dict[str, Any], actions: list[str], changed: dict[str, Any]
) -> None:
    role(desk, trust=trust, actions=actions)
    bucket(desk, **changed)
    assert refused(desk, "StartImport", asked) == "InvalidImportSourceException"
    assert desk.call("cloudtrail:ListImports")["Imports"] == []
