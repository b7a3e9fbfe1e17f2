"""Buckets: names, Regions, owners, emptiness, lists."""

from typing import Any

import pytest
from tests.unit.services.s3.desk import OTHER, OWNER, Desk, refusal

from trailwarden.services.s3.buckets import InvalidBucketName, check_bucket_name


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "-a-b",
        "a-b-",
        "a..b",
        "192.168.5.4",
        "xn--abc",
        "abc-s3alias",
        "abc--x-s3",
    ],
)
def test_names_that_break_a_rule_are_refused(name: str) -> None:
    with pytest.raises(InvalidBucketName) as caught:
        check_bucket_name(name)
    assert caught.value.members == {"BucketName": name}


@pytest.mark.parametrize("name", ["abc", "a.b.c", "trail-logs-123456789012", "1a2", "a" * 63])
def test_names_that_keep_the_rules_are_taken(s3: Any, name: str) -> None:
    assert s3.create_bucket(Bucket=name)["BucketArn"] == f"arn:aws:s3:::{name}"


def test_the_default_region_has_no_location_constraint(s3: Any, bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"


def test_another_region_is_told(desk: Desk) -> None:
    client = desk.client(region="eu-west-1")
    client.create_bucket(Bucket="logs-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert client.get_bucket_location(Bucket="logs-eu")["LocationConstraint"] == "eu-west-1"


def test_a_regional_endpoint_wants_its_own_constraint(desk: Desk) -> None:
    client = desk.client(region="eu-west-1")
    error = refusal(client.create_bucket, Bucket="logs-eu")
    assert error["Code"] == "IllegalLocationConstraintException"
    assert error["Message"].startswith("The unspecified location constraint is incompatible")
    configuration = {"LocationConstraint": "eu-west-2"}
    error = refusal(client.create_bucket, Bucket="logs-eu", CreateBucketConfiguration=configuration)
    assert error["Message"].startswith("The eu-west-2 location constraint is incompatible")


def test_an_unknown_region_is_refused(s3: Any) -> None:
    error = refusal(s3.create_bucket, Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "mars-1"})
    assert (error["Code"], error["LocationConstraint"]) == ("InvalidLocationConstraint", "mars-1")


def test_creating_again_succeeds_in_the_first_region_only(desk: Desk, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    s3.create_bucket(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"
    west = desk.client(region="eu-west-1")
    west.create_bucket(Bucket="logs-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    error = refusal(west.create_bucket, Bucket="logs-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert (error["Code"], error["Status"]) == ("BucketAlreadyOwnedByYou", 409)


def test_a_name_belongs_to_one_account(desk: Desk, bucket: str) -> None:
    error = refusal(desk.client(account=OTHER).create_bucket, Bucket=bucket)
    assert (error["Code"], error["Status"]) == ("BucketAlreadyExists", 409)


def test_only_an_empty_bucket_is_deleted(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    error = refusal(s3.delete_bucket, Bucket=bucket)
    assert (error["Code"], error["Status"]) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=bucket, Key="k")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    assert refusal(s3.delete_bucket, Bucket=bucket)["Code"] == "BucketNotEmpty"
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    s3.delete_bucket(Bucket=bucket)
    error = refusal(s3.delete_bucket, Bucket=bucket)
    assert (error["Code"], error["BucketName"], error["Status"]) == ("NoSuchBucket", bucket, 404)


def test_versions_keep_a_bucket_from_being_deleted(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    s3.delete_object(Bucket=bucket, Key="k")
    assert refusal(s3.delete_bucket, Bucket=bucket)["Message"].endswith("You must delete all versions in the bucket.")


def test_head_of_a_missing_bucket_has_no_body(s3: Any) -> None:
    error = refusal(s3.head_bucket, Bucket="nowhere")
    assert (error["Code"], error["Status"]) == ("404", 404)


def test_lists_hold_the_callers_buckets_alone(desk: Desk, s3: Any) -> None:
    for name in ("logs-b", "logs-a", "other"):
        s3.create_bucket(Bucket=name)
    desk.client(account=OTHER).create_bucket(Bucket="logs-theirs")
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["logs-a", "logs-b", "other"]
    answer = s3.list_buckets(Prefix="logs-")
    assert [one["Name"] for one in answer["Buckets"]] == ["logs-a", "logs-b"]
    assert answer["Prefix"] == "logs-"


def test_lists_come_in_pages(s3: Any) -> None:
    names = [f"logs-{number}" for number in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    first = s3.list_buckets(MaxBuckets=2)
    second = s3.list_buckets(MaxBuckets=3, ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for page in (first, second) for one in page["Buckets"]] == names
    assert "ContinuationToken" not in second


def test_lists_narrow_by_region(s3: Any) -> None:
    s3.create_bucket(Bucket="logs-us")
    s3.create_bucket(Bucket="logs-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert [one["Name"] for one in s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == ["logs-eu"]
    assert (
        refusal(s3.list_buckets, BucketRegion="eu-east-1")["Message"]
        == "Argument value eu-east-1 is not a valid AWS Region"
    )


def test_the_expected_owner_must_own_it(s3: Any, bucket: str) -> None:
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=OWNER)
    assert refusal(s3.get_bucket_acl, Bucket=bucket, ExpectedBucketOwner=OTHER)["Code"] == "AccessDenied"
    error = refusal(s3.get_bucket_acl, Bucket=bucket, ExpectedBucketOwner="abcd")
    assert error["Code"] == "InvalidBucketOwnerAWSAccountID"


def test_a_new_bucket_is_closed(s3: Any, bucket: str) -> None:
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block
    assert all(block.values())
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", "ObjectOwnership": "ObjectWriter"}, "InvalidBucketAclWithBlockPublicAccessError"),
        ({"ObjectOwnership": "RandomValue"}, "InvalidArgument"),
        ({"CreateBucketConfiguration": {"Tags": [{"Key": "aws:x", "Value": "y"}]}}, "InvalidTag"),
    ],
)
def test_what_a_new_bucket_cannot_be(s3: Any, arguments: dict[str, Any], code: str) -> None:
    assert refusal(s3.create_bucket, Bucket="trail-logs", **arguments)["Code"] == code
    assert s3.list_buckets()["Buckets"] == []
