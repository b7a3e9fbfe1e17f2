"""Story 4: people outside the account get at CloudTrail data, in the four ways that AWS documents.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_troubleshoot.html#security_iam_troubleshoot-cross-account-access
"""

import functools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User, live_server

SERVICE = {"Service": "cloudtrail.amazonaws.com"}
TRAIL = "shared"
BUCKET = "amzn-s3-demo-shared-logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A server with two accounts that have no organization: the owner's, and the one of marymajor, its administrator."""

    live: Live
    mary: User
    account: str

    @property
    def owner(self) -> str:
        return self.live.account

    def own(self, service: str) -> Any:
        return self.live.client(service)

    def outer(self, service: str) -> Any:
        return self.mary.client(service)

    @property
    def mary_arn(self) -> str:
        return f"arn:aws:iam::{self.account}:user/marymajor"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with live_server("--delivery-interval", "0.5", "--digest-interval", "2") as live:
        manager = live.user("mateojackson")
        live.client("iam").put_user_policy(
            UserName="mateojackson", PolicyName="all", PolicyDocument=document(allow("*"))
        )
        organizations = live.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        begun = organizations.create_account(Email="marymajor@example.com", AccountName="outside")
        account = organizations.describe_create_account_status(
            CreateAccountRequestId=begun["CreateAccountStatus"]["Id"]
        )["CreateAccountStatus"]["AccountId"]
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        given = manager.client("sts").assume_role(RoleArn=role, RoleSessionName="founding")["Credentials"]
        keys = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
        iam = live.client("iam", **keys)
        iam.create_user(UserName="marymajor")
        iam.put_user_policy(UserName="marymajor", PolicyName="all", PolicyDocument=document(allow("*")))
        key = iam.create_access_key(UserName="marymajor")["AccessKey"]
        organizations.remove_account_from_organization(AccountId=account)
        organizations.delete_organization()
        mary = User(live=live, name="marymajor", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        yield Outside(live=live, mary=mary, account=account)


def test_a_role_of_the_account_with_an_external_id(outside: Outside) -> None:
    iam, role = outside.own("iam"), f"arn:aws:iam::{outside.owner}:role/TrailAuditor"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{outside.account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "audit-2026"}},
    }
    iam.create_role(RoleName="TrailAuditor", AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(
        RoleName="TrailAuditor", PolicyName="look", PolicyDocument=document(allow("cloudtrail:LookupEvents"))
    )
    assume = outside.outer("sts").assume_role
    text = (
        f"User: {outside.mary_arn} is not authorized to perform: sts:AssumeRole on resource: {role} "
        "because no role trust policy allows the sts:AssumeRole action"
    )
    for external in ({}, {"ExternalId": "guessed"}):
        assert refused(assume, RoleArn=role, RoleSessionName="mary", **external) == ("AccessDenied", text)
    given = assume(RoleArn=role, RoleSessionName="mary", ExternalId="audit-2026")["Credentials"]
    inside = outside.live.client(
        "cloudtrail", key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"]
    )
    names = {event["EventName"] for event in inside.lookup_events()["Events"]}
    assert "CreateRole" in names
    session = f"arn:aws:sts::{outside.owner}:assumed-role/TrailAuditor/mary"
    assert refused(inside.describe_trails)[1] == (
        f"User: {session} is not authorized to perform: cloudtrail:DescribeTrails "
        "because no identity-based policy allows the cloudtrail:DescribeTrails action"
    )


def test_a_policy_on_an_event_data_store(outside: Outside) -> None:
    owner = outside.own("cloudtrail")
    arn = owner.create_event_data_store(Name="shared-store")["EventDataStoreArn"]
    get = outside.outer("cloudtrail").get_event_data_store
    assert refused(get, EventDataStore=arn) == (
        "AccessDeniedException",
        (
            f"User: {outside.mary_arn} is not authorized to perform: cloudtrail:GetEventDataStore on resource: {arn} "
            "because no resource-based policy allows the cloudtrail:GetEventDataStore action"
        ),
    )
    shared = allow("cloudtrail:GetEventDataStore", arn, Principal={"AWS": outside.mary_arn})
    owner.put_resource_policy(ResourceArn=arn, ResourcePolicy=document(shared))
    assert get(EventDataStore=arn)["Name"] == "shared-store"
    outside.outer("iam").put_user_policy(
        UserName="marymajor",
        PolicyName="no-lake",
        PolicyDocument=document({**allow("cloudtrail:Get*"), "Effect": "Deny"}),
    )
    denied = refused(get, EventDataStore=arn)[1]
    assert denied.endswith("with an explicit deny in an identity-based policy")
    outside.outer("iam").delete_user_policy(UserName="marymajor", PolicyName="no-lake")
    assert refused(outside.outer("cloudtrail").delete_event_data_store, EventDataStore=arn)[0] == (
        "AccessDeniedException"
    )


def shared_bucket(outside: Outside, *, readable: bool) -> str:
    """Each account's log files below its own prefix; mary reads those of her account.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-set-bucket-policy-for-multiple-accounts.html
    """
    bucket = f"arn:aws:s3:::{BUCKET}"
    prefixes = [f"{bucket}/AWSLogs/{account}/*" for account in (outside.owner, outside.account)]
    acl = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    statements = [
        allow("s3:GetBucketAcl", bucket, Principal=SERVICE),
        allow("s3:PutObject", prefixes, Principal=SERVICE, Condition=acl),
    ]
    if readable:
        statements.append(allow("s3:GetObject", prefixes[1], Principal={"AWS": outside.mary_arn}))
    return document(*statements)


def shared_key(outside: Outside, *, readable: bool) -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html."""
    trails = [f"arn:aws:cloudtrail:*:{account}:trail/*" for account in (outside.owner, outside.account)]
    context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails}}
    statements = [
        allow("kms:*", Principal={"AWS": f"arn:aws:iam::{outside.owner}:root"}),
        allow("kms:GenerateDataKey*", Principal=SERVICE, Condition=context),
        allow("kms:DescribeKey", Principal=SERVICE),
    ]
    if readable:
        statements.append(allow("kms:Decrypt", Principal={"AWS": outside.mary_arn}, Condition=context))
    return document(*statements)


def test_a_bucket_of_shared_log_files_and_its_key(outside: Outside) -> None:
    s3, kms = outside.own("s3"), outside.own("kms")
    key = kms.create_key(Policy=shared_key(outside, readable=False))["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=shared_bucket(outside, readable=False))
    for cloudtrail in (outside.own("cloudtrail"), outside.outer("cloudtrail")):
        cloudtrail.create_trail(Name=TRAIL, S3BucketName=BUCKET, KmsKeyId=key)
        cloudtrail.start_logging(Name=TRAIL)

    def delivered(account: str) -> Any:
        return s3.list_objects_v2(Bucket=BUCKET, Prefix=f"AWSLogs/{account}/CloudTrail/").get("Contents")

    names = {}
    for account in (outside.owner, outside.account):
        found = until(functools.partial(delivered, account))
        names[account] = found[0]["Key"]

    get = outside.outer("s3").get_object
    mine, theirs = names[outside.account], names[outside.owner]
    assert refused(get, Bucket=BUCKET, Key=mine) == ("AccessDenied", "Access Denied")
    s3.put_bucket_policy(Bucket=BUCKET, Policy=shared_bucket(outside, readable=True))
    code, text = refused(get, Bucket=BUCKET, Key=mine)
    assert code == "AccessDenied"
    assert text == (
        f"User: {outside.mary_arn} is not authorized to perform: kms:Decrypt on resource: {key} "
        "because no resource-based policy allows the kms:Decrypt action"
    )
    kms.put_key_policy(KeyId=key, Policy=shared_key(outside, readable=True))
    assert get(Bucket=BUCKET, Key=mine)["Body"].read()
    assert refused(get, Bucket=BUCKET, Key=theirs) == ("AccessDenied", "Access Denied")


def test_an_acl_where_object_ownership_lets_acls_count(outside: Outside) -> None:
    s3, bucket = outside.own("s3"), "amzn-s3-demo-acl-logs"
    reader = outside.outer("s3").list_buckets()["Owner"]["ID"]
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="log.json.gz", Body=b"records")
    grant = {"Bucket": bucket, "Key": "log.json.gz", "GrantRead": f'id="{reader}"'}
    assert refused(s3.put_object_acl, **grant) == (
        "AccessControlListNotSupported",
        "The bucket does not allow ACLs",
    )
    get = outside.outer("s3").get_object
    assert refused(get, Bucket=bucket, Key="log.json.gz") == ("AccessDenied", "Access Denied")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_object_acl(**grant)
    assert get(Bucket=bucket, Key="log.json.gz")["Body"].read() == b"records"
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert refused(get, Bucket=bucket, Key="log.json.gz") == ("AccessDenied", "Access Denied")


def test_queries_over_a_shared_event_data_store(outside: Outside) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-event-data-store-cross-account.html."""
    owner, outer = outside.own("cloudtrail"), outside.outer("cloudtrail")
    arn = owner.create_event_data_store(Name="asked-store")["EventDataStoreArn"]
    statement = f"SELECT eventName FROM {arn.rpartition('/')[2]} WHERE eventName = 'CreateEventDataStore' LIMIT 1"
    asked = {"QueryStatement": statement, "EventDataStoreOwnerAccountId": outside.owner}
    assert refused(outer.start_query, **asked)[0] == "AccessDeniedException"
    assert refused(outer.start_query, QueryStatement=statement)[0] == "EventDataStoreNotFoundException"
    actions = ["cloudtrail:StartQuery", "cloudtrail:DescribeQuery", "cloudtrail:GetQueryResults"]
    shared = allow(actions, arn, Principal={"AWS": outside.mary_arn})
    owner.put_resource_policy(ResourceArn=arn, ResourcePolicy=document(shared))
    query = outer.start_query(**asked)
    assert query["EventDataStoreOwnerAccountId"] == outside.owner
    named = {"QueryId": query["QueryId"], "EventDataStoreOwnerAccountId": outside.owner}
    until(lambda: outer.describe_query(**named)["QueryStatus"] == "FINISHED")
    assert outer.get_query_results(**named)["QueryResultRows"] == [[{"eventName": "CreateEventDataStore"}]]
    assert refused(outer.cancel_query, **named)[0] == "AccessDeniedException"
