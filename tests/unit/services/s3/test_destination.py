"""Delivery into buckets: admitted by the real policy, written once, owned by the bucket's owner."""

import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.s3.desk import OWNER, Desk

from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed
from trailwarden.policy import (
    AccessRequest,
    ContextValue,
    Layer,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
    evaluate,
)
from trailwarden.services.s3 import BucketDestination
from trailwarden.services.s3.bucket import BUCKET
from trailwarden.storage import Transaction

TRAIL = f"arn:aws:cloudtrail:us-east-1:{OWNER}:trail/management"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::trail-logs/AWSLogs/{OWNER}/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}},
        },
    }
)


def _authorize(
    service: str, action: str, resource: str, context: Mapping[str, ContextValue], transaction: Transaction
) -> bool:
    if action == "kms:GenerateDataKey":
        return context["kms:EncryptionContext:aws:cloudtrail:arn"] == TRAIL
    document = transaction.get(BUCKET, "", "", "trail-logs")
    text = document.body.policy if document else ""
    if not text:
        return False
    request = AccessRequest(
        principal=Principal(kind=PrincipalKind.SERVICE, account="", arn=service),
        action=action,
        resource=resource,
        resource_account=OWNER,
        context=context,
    )
    policy = compile_policy(text, Source(layer=Layer.RESOURCE, id="trail-logs"))
    return evaluate(request, PolicySet(resource=(policy,))).allowed


@pytest.fixture
def destination(desk: Desk) -> BucketDestination:
    return BucketDestination(desk.storage, authorize=_authorize, clock=lambda: desk.now, chance=desk.chance)


def _file(**changes: Any) -> DeliveredFile:
    told: dict[str, Any] = {
        "bucket": "trail-logs",
        "key": f"AWSLogs/{OWNER}/CloudTrail/us-east-1/2023/11/14/file.json.gz",
        "data": gzip.compress(b"{}", mtime=0),
        "metadata": {"signature": "abc"},
        "account": OWNER,
        "region": "us-east-1",
        "source_arn": TRAIL,
    }
    return DeliveredFile(**(told | changes))


def test_a_file_becomes_an_object(s3: Any, bucket: str, destination: BucketDestination) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=POLICY)
    destination.put(_file())
    found = s3.get_object(Bucket=bucket, Key=_file().key)
    assert gzip.decompress(found["Body"].read()) == b"{}"
    assert (found["ContentType"], found["ContentEncoding"]) == ("application/json", "gzip")
    assert found["Metadata"] == {"signature": "abc"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bucket": "nowhere"}, "NoSuchBucket"),
        ({"source_arn": TRAIL + "-other"}, "AccessDenied"),
        ({"key": "elsewhere.json.gz"}, "AccessDenied"),
        ({"key": "k" * 1025}, "KeyTooLongError"),
    ],
)
def test_what_is_refused(
    s3: Any, bucket: str, destination: BucketDestination, changes: dict[str, str], code: str
) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=POLICY)
    with pytest.raises(DeliveryFailed) as caught:
        destination.put(_file(**changes))
    assert caught.value.code == code
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_bucket_without_a_policy_lets_nobody_in(s3: Any, bucket: str, destination: BucketDestination) -> None:
    with pytest.raises(DeliveryFailed, match="AccessDenied"):
        destination.put(_file())


def test_the_same_file_again_leaves_one(s3: Any, bucket: str, destination: BucketDestination) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=POLICY)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    destination.put(_file())
    destination.put(_file())
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1
    destination.put(_file(data=b"other"))
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2


def test_a_trails_key_encrypts(s3: Any, bucket: str, destination: BucketDestination) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=POLICY)
    key = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    destination.put(_file(kms_key=key))
    head = s3.head_object(Bucket=bucket, Key=_file().key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
