"""Who may: policies, lists, Block Public Access, and the facts that authorization is told."""

import json
from typing import Any

import pytest
from tests.unit.services.s3.desk import OTHER, OWNER, Desk, refusal

from trailwarden.arn import Arn
from trailwarden.auth.callers import canonical_id
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.s3 import s3_facts

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
ARN = "arn:aws:s3:::trail-logs"


def _policy(**statement: Any) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{ARN}/*", **statement}],
        }
    )


PUBLIC = _policy(Principal="*")
CLOSED = _policy(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"})


def _facts(desk: Desk, arn: str) -> ResourceFacts:
    parsed = Arn.parse(arn)
    assert parsed is not None
    facts = s3_facts(parsed, desk.storage.begin())
    assert facts is not None
    return facts


@pytest.fixture
def listed(s3: Any, bucket: str) -> str:
    """A bucket whose lists count and that blocks nothing."""
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    return bucket


def test_a_policy_comes_back_as_it_went(s3: Any, bucket: str) -> None:
    error = refusal(s3.get_bucket_policy, Bucket=bucket)
    assert (error["Code"], error["BucketName"], error["Status"]) == ("NoSuchBucketPolicy", bucket, 404)
    s3.put_bucket_policy(Bucket=bucket, Policy=CLOSED)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == CLOSED
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    assert refusal(s3.get_bucket_policy, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        (_policy(), "Missing required field Principal"),
        (_policy(Principal={"AWS": OTHER}, Resource="arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (
            _policy(Principal={"AWS": OTHER}, Resource="arn:aws:sqs:us-east-1:123456789012:q"),
            "Policy has invalid resource",
        ),
    ],
)
def test_policies_that_are_none(s3: Any, bucket: str, text: str, message: str) -> None:
    error = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=text)
    assert (error["Code"], error["Message"], error["Status"]) == ("MalformedPolicy", message, 400)


@pytest.mark.parametrize(
    ("statement", "message", "detail"),
    [
        (
            {"Principal": {"AWS": f"arn:aws:iam::{OWNER}:user/nobody"}},
            "Invalid principal in policy",
            f'"AWS" : "arn:aws:iam::{OWNER}:user/nobody"',
        ),
        ({"Action": "s3:Nope"}, "Policy has invalid action", "s3:Nope"),
        ({"Action": "ec2:*"}, "Policy has invalid action", "ec2:*"),
        ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement", "s3:ListBucket"),
        (
            {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ARN},
            "Action does not apply to any resource(s) in statement",
            "s3:GetObject",
        ),
    ],
)
def test_policies_about_what_is_not(s3: Any, bucket: str, statement: dict[str, Any], message: str, detail: str) -> None:
    text = _policy(**({"Principal": {"AWS": OTHER}} | statement))
    error = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=text)
    assert (error["Code"], error["Message"], error["Detail"]) == ("MalformedPolicy", message, detail)


def test_principals_that_exist_are_taken(s3: Any, bucket: str) -> None:
    names = [f"arn:aws:iam::{OWNER}:user/mateojackson", "arn:aws:iam::999999999999:role/unknown", OTHER]
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(Principal={"AWS": names}))


def test_who_may_not_list_is_not_told_what_is_missing(desk: Desk, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="there", Body=b"x")
    reader = desk.client(user="reader")
    assert reader.get_object(Bucket=bucket, Key="there")["Body"].read() == b"x"
    error = refusal(reader.get_object, Bucket=bucket, Key="missing")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert f'is not authorized to perform: s3:ListBucket on resource: "{ARN}"' in error["Message"]
    assert refusal(s3.get_object, Bucket=bucket, Key="missing")["Code"] == "NoSuchKey"


@pytest.mark.parametrize("resource", [ARN, f"{ARN}/*", f"{ARN}/AWSLogs/*", "arn:aws:s3:::trail-*", "*"])
def test_policies_may_speak_of_their_bucket(s3: Any, bucket: str, resource: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(Principal={"AWS": OTHER}, Action="s3:*", Resource=resource))


def test_public_policies_are_blocked(s3: Any, bucket: str) -> None:
    error = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=PUBLIC)
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert error["Message"] == (
        f'User: arn:aws:iam::{OWNER}:user/mateojackson is not authorized to perform: s3:PutBucketPolicy on resource: "{ARN}" '
        "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
    )
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    s3.put_bucket_policy(Bucket=bucket, Policy=PUBLIC)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True


def test_conditions_keep_a_policy_from_being_public(s3: Any, bucket: str) -> None:
    fixed = _policy(Principal="*", Condition={"StringEquals": {"aws:SourceAccount": OWNER}})
    s3.put_bucket_policy(Bucket=bucket, Policy=fixed)
    loose = _policy(Principal="*", Condition={"StringLike": {"aws:SourceAccount": "*"}})
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=loose)["Code"] == "AccessDenied"


def test_facts_of_a_bucket(desk: Desk, s3: Any, bucket: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=CLOSED)
    facts = _facts(desk, ARN)
    assert (facts.account, facts.policies) == (OWNER, ((ARN, CLOSED),))
    assert (facts.anonymous, facts.grants) == (False, ())
    assert facts.blocks == {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}
    assert _facts(desk, f"{ARN}/no/such/key").policies == ((ARN, CLOSED),)
    missing = Arn.parse("arn:aws:s3:::nowhere/key")
    assert missing is not None
    assert s3_facts(missing, desk.storage.begin()) is None


def test_tags_as_facts(desk: Desk, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="team=audit")
    assert _facts(desk, f"{ARN}/k").context["s3:ExistingObjectTag/team"] == "audit"
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert _facts(desk, ARN).tags == {}
    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Enabled"})
    for arn in (ARN, f"{ARN}/k"):
        facts = _facts(desk, arn)
        assert (facts.tags, facts.context["s3:BucketTag/a"]) == ({"a": "b"}, "b")


def test_anonymous_callers_are_heard_where_something_is_public(desk: Desk, s3: Any, bucket: str) -> None:
    assert not _facts(desk, ARN).anonymous
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=PUBLIC)
    assert _facts(desk, ARN).anonymous
    assert _facts(desk, f"{ARN}/k").anonymous


def test_lists_are_off_by_default(s3: Any, bucket: str) -> None:
    own = canonical_id(OWNER)
    full = {"Grantee": {"ID": own, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    answer = s3.get_bucket_acl(Bucket=bucket)
    assert (answer["Owner"], answer["Grants"]) == ({"ID": own}, [full])
    assert refusal(s3.put_bucket_acl, Bucket=bucket, ACL="public-read")["Code"] == "AccessControlListNotSupported"
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="bucket-owner-full-control")
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", ACL="public-read")
    assert error["Message"] == "The bucket does not allow ACLs"
    assert s3.get_object_acl(Bucket=bucket, Key="k")["Grants"] == [full]


def test_grants_by_header_and_by_body(desk: Desk, s3: Any, listed: str) -> None:
    s3.put_bucket_acl(Bucket=listed, GrantRead=f"uri={ALL_USERS}", GrantWrite=f'id="{canonical_id(OTHER)}"')
    grants = s3.get_bucket_acl(Bucket=listed)["Grants"]
    assert grants == [
        {"Grantee": {"URI": ALL_USERS, "Type": "Group"}, "Permission": "READ"},
        {"Grantee": {"ID": canonical_id(OTHER), "Type": "CanonicalUser"}, "Permission": "WRITE"},
    ]
    policy = {"Owner": {"ID": canonical_id(OWNER)}, "Grants": grants[1:]}
    s3.put_bucket_acl(Bucket=listed, AccessControlPolicy=policy)
    assert s3.get_bucket_acl(Bucket=listed)["Grants"] == grants[1:]
    statements = [json.loads(text)["Statement"][0] for text in _facts(desk, f"{ARN}/k").grants]
    assert statements == [
        {
            "Effect": "Allow",
            "Principal": {"CanonicalUser": canonical_id(OTHER)},
            "Action": ["s3:PutObject"],
            "Resource": f"{ARN}/*",
        }
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ACL": "fake-acl"}, "InvalidArgument"),
        ({"GrantWrite": "uri=http://acs.amazonaws.com/groups/s3/FakeGroup"}, "InvalidArgument"),
        ({"GrantWrite": 'fakekey="1234"'}, "InvalidArgument"),
        ({"GrantWrite": 'id="wrong-id"'}, "InvalidArgument"),
        ({"ACL": "private", "GrantRead": f"uri={ALL_USERS}"}, "InvalidRequest"),
        ({}, "MissingSecurityHeader"),
        ({"AccessControlPolicy": {}}, "MalformedACLError"),
        ({"AccessControlPolicy": {"Owner": {"ID": "wrong-id"}, "Grants": []}}, "InvalidArgument"),
    ],
)
def test_lists_that_are_none(s3: Any, listed: str, asked: dict[str, Any], code: str) -> None:
    assert refusal(s3.put_bucket_acl, Bucket=listed, **asked)["Code"] == code


def test_public_lists_are_blocked_or_ignored(desk: Desk, s3: Any, listed: str) -> None:
    s3.put_object(Bucket=listed, Key="k", Body=b"", ACL="public-read")
    facts = _facts(desk, f"{ARN}/k")
    assert facts.anonymous
    assert json.loads(facts.grants[0])["Statement"][0]["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]
    s3.put_public_access_block(Bucket=listed, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert not _facts(desk, f"{ARN}/k").anonymous
    s3.put_public_access_block(Bucket=listed, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    error = refusal(s3.put_object_acl, Bucket=listed, Key="k", ACL="public-read")
    assert error["Message"].endswith(
        "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."
    )


def test_objects_of_others_are_not_given_away_by_the_bucket(desk: Desk, s3: Any, listed: str) -> None:
    s3.put_bucket_policy(Bucket=listed, Policy=CLOSED)
    desk.client(account=OTHER, user="marymajor").put_object(Bucket=listed, Key="theirs", Body=b"")
    facts = _facts(desk, f"{ARN}/theirs")
    assert (facts.account, facts.policies) == (OTHER, ())
    client = desk.client(account=OTHER, user="marymajor")
    client.put_object(Bucket=listed, Key="shared", Body=b"", ACL="bucket-owner-full-control")
    grants = client.get_object_acl(Bucket=listed, Key="shared")["Grants"]
    assert [one["Grantee"]["ID"] for one in grants] == [canonical_id(OTHER), canonical_id(OWNER)]


def test_what_a_writer_may_leave_to_the_bucket(desk: Desk, s3: Any, listed: str) -> None:
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=listed, OwnershipControls=rules)
    client = desk.client(account=OTHER, user="marymajor")
    client.put_object(Bucket=listed, Key="k", Body=b"", ACL="bucket-owner-full-control")
    assert _facts(desk, f"{ARN}/k").account == OWNER
    client.put_object(Bucket=listed, Key="k", Body=b"")
    assert _facts(desk, f"{ARN}/k").account == OTHER


def test_lists_cannot_be_turned_off_while_they_grant(s3: Any, listed: str) -> None:
    s3.put_bucket_acl(Bucket=listed, ACL="log-delivery-write")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    error = refusal(s3.put_bucket_ownership_controls, Bucket=listed, OwnershipControls=rules)
    assert error["Code"] == "InvalidBucketAclWithObjectOwnership"


def test_keys_with_wildcards_are_granted_literally(desk: Desk, s3: Any, listed: str) -> None:
    s3.put_object(Bucket=listed, Key="a*b", Body=b"", ACL="public-read")
    statement = json.loads(_facts(desk, f"{ARN}/a*b").grants[0])["Statement"][0]
    assert statement["Resource"] == f"{ARN}/a${{*}}b"


KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OWNER}:user/mateojackson"},
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
        },
    }
)


def test_keys_are_asked_for_the_caller(desk: Desk, s3: Any, bucket: str) -> None:
    desk.facts["kms"] = lambda arn, _: (
        ResourceFacts(account=OWNER, policies=((KEY, KEY_POLICY),)) if str(arn) == KEY else None
    )
    put = {"Bucket": bucket, "Key": "k", "Body": b"x", "ServerSideEncryption": "aws:kms"}
    s3.put_object(**put, SSEKMSKeyId=KEY)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    error = refusal(desk.client(user="reader").get_object, Bucket=bucket, Key="k")
    assert error["Code"] == "AccessDenied"
    assert f"is not authorized to perform: kms:Decrypt on resource: {KEY}" in error["Message"]
    error = refusal(s3.put_object, **put, SSEKMSKeyId=KEY.replace("1234abcd", "99999999"))
    assert error["Code"] == "KMS.NotFoundException"
    s3.put_object(**put)
