"""The five stories' refusals, each diagnosed from the message alone, from the event alone, and from the log file."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User, live_server
from tests.trails import bucket_policy, logging_trail

from trailwarden.diagnose import FileData, LiveData, Refusal, diagnose, read_event, read_input, read_message
from trailwarden.diagnose.account import read_account

BUCKET, TRAIL = "amzn-s3-demo-all-sides", "All-Sides"
PATIENCE = 30.0


@dataclass(frozen=True)
class Refused:
    """One refusal: what the client printed, and its request id."""

    text: str
    request_id: str


@dataclass(frozen=True)
class Told:
    """A server on which the five refusals have happened, and their log files have come."""

    live: Live
    refused: dict[str, Refused] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, story: str, side: str) -> Refusal:
        """The refusal as one side tells it."""
        refused = self.refused[story]
        if side == "message":
            return read_message(refused.text)
        record = self.records[refused.request_id]
        if side == "event":
            return read_event(record)
        return read_input(gzip.compress(json.dumps({"Records": [record]}).encode()))[0]


def refusal(call: Callable[[], object]) -> Refused:
    with pytest.raises(ClientError) as caught:
        call()
    return Refused(str(caught.value), caught.value.response["ResponseMetadata"]["RequestId"])


def outsider(live: Live) -> Any:
    """An account of the organization that has nothing to do with the trail, and its administrator's session."""
    organizations = live.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    asked = organizations.create_account(Email="audit@example.com", AccountName="audit")["CreateAccountStatus"]
    while asked["State"] == "IN_PROGRESS":
        time.sleep(0.1)
        asked = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    founder = live.user("founder")
    role = f"arn:aws:iam::{asked['AccountId']}:role/OrganizationAccountAccessRole"
    allow(live, founder, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
    session = founder.client("sts").assume_role(RoleArn=role, RoleSessionName="audit")["Credentials"]
    return asked["AccountId"], lambda service: live.client(
        service, key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"]
    )


def allow(live: Live, user: User, statement: dict[str, Any]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    live.client("iam").put_user_policy(UserName=user.name, PolicyName="Given", PolicyDocument=document)


def happen(live: Live) -> dict[str, Refused]:
    """Make each of the five refused calls."""
    mateo, mary, full = live.user("mateojackson"), live.user("marymajor"), live.user("full-access")
    allow(live, mary, {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"})
    live.client("iam").attach_user_policy(
        UserName="full-access", PolicyArn="arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess"
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = live.client("iam").create_role(
        RoleName="Delivery", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    member, audit = outsider(live)
    organizations = live.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="cloudtrail.amazonaws.com")
    group = f"arn:aws:logs:us-east-1:{live.account}:log-group:Group:*"
    return {
        "1": refusal(lambda: mateo.client("cloudtrail").get_trail_status(Name=TRAIL)),
        "2": refusal(lambda: full.client("logs").create_log_group(logGroupName="CloudTrail/DefaultLogGroup")),
        "3": refusal(
            lambda: mary.client("cloudtrail").create_trail(
                Name="Passing", S3BucketName=BUCKET, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role
            )
        ),
        "4": refusal(lambda: audit("sts").assume_role(RoleArn=role, RoleSessionName="audit")),
        "5": refusal(
            lambda: audit("cloudtrail").create_trail(
                Name="Organization", S3BucketName=BUCKET, IsOrganizationTrail=True, IsMultiRegionTrail=True
            )
        ),
    }


def delivered(live: Live, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The records of these requests, from the delivered log files."""
    found: dict[str, dict[str, Any]] = {}
    s3, end = live.client("s3"), time.monotonic() + PATIENCE
    while not wanted <= set(found) and time.monotonic() < end:
        time.sleep(0.5)
        for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="AWSLogs/").get("Contents", []):
            if "/CloudTrail/" in each["Key"]:
                data = gzip.decompress(s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read())
                found.update({record["requestID"]: record for record in json.loads(data)["Records"]})
    return found


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with live_server("--delivery-interval", "0.5", "--digest-interval", "5") as live:
        logging_trail(live, TRAIL, BUCKET)
        refused = happen(live)
        live.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, live.account)))
        own = {story: each for story, each in refused.items() if story not in {"4", "5"}}
        records = delivered(live, {each.request_id for each in own.values()})
        records.update(_of_the_member(live))
        yield Told(live=live, refused=refused, records=records)


def _of_the_member(live: Live) -> dict[str, dict[str, Any]]:
    """The fourth and the fifth call were the member's: their events stand in the member's own history."""
    organizations = live.client("organizations")
    member = next(each["Id"] for each in organizations.list_accounts()["Accounts"] if each["Id"] != live.account)
    iam = live.client("iam")
    key = iam.create_access_key(UserName="founder")["AccessKey"]
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    session = live.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"]).assume_role(
        RoleArn=role, RoleSessionName="audit"
    )["Credentials"]
    trails = live.client(
        "cloudtrail", key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"]
    )
    records = [json.loads(each["CloudTrailEvent"]) for each in trails.lookup_events()["Events"]]
    return {record["requestID"]: record for record in records}


CAUSES = {
    "1": (
        "no identity-based policy of user mateojackson allows cloudtrail:GetTrailStatus",
        "allow cloudtrail:GetTrailStatus",
    ),
    "2": ("no identity-based policy of user full-access allows logs:CreateLogGroup", "grant user full-access all"),
    "3": (
        "no identity-based policy of user marymajor allows iam:PassRole on role/Delivery",
        "allow iam:PassRole on role/Delivery",
    ),
    "4": (
        "the trust policy of role/Delivery does not let role OrganizationAccountAccessRole",
        "let role OrganizationAccountAccessRole",
    ),
    "5": (
        "the management account has no service-linked role AWSServiceRoleForCloudTrail",
        "make the service-linked role",
    ),
}


@pytest.mark.parametrize("side", ["message", "event", "log file"])
@pytest.mark.parametrize("story", CAUSES)
def test_each_side_leads_to_the_cause_and_the_mend(told: Told, story: str, side: str) -> None:
    found = diagnose(told.of(story, side), LiveData(clients=told.live.admin))
    cause, mend = CAUSES[story]
    assert found.cause.startswith(cause)
    assert any(each.title.startswith(mend) for each in found.mends)


@pytest.mark.parametrize("story", ["1", "2", "3"])
def test_the_event_id_alone_is_enough(told: Told, story: str) -> None:
    """Only a kept decision knows an event by its id."""
    event_id = told.records[told.refused[story].request_id]["eventID"]
    found = diagnose(read_input(event_id.encode())[0], LiveData(clients=told.live.admin))
    assert found.cause.startswith(CAUSES[story][0])


@pytest.fixture(scope="module")
def exported(told: Told) -> FileData:
    """The account as `aws iam get-account-authorization-details` exports it."""
    details: dict[str, list[Any]] = {}
    for page in told.live.client("iam").get_paginator("get_account_authorization_details").paginate():
        for member, value in page.items():
            if isinstance(value, list):
                details.setdefault(member, []).extend(value)
    return FileData(details=read_account(details))


@pytest.mark.parametrize("side", ["message", "event", "log file"])
@pytest.mark.parametrize("story", CAUSES)
def test_an_export_tells_the_same(told: Told, exported: FileData, story: str, side: str) -> None:
    found = diagnose(told.of(story, side), exported)
    cause, mend = CAUSES[story]
    assert found.cause.startswith(cause)
    assert any(each.title.startswith(mend) for each in found.mends)
