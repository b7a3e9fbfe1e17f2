"""A trail whose log files a KMS key encrypts: the key's real policy decides at each step."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live

BUCKET = "encrypted-logs"
TRAIL = "encrypted"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: dict[str, str], action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


SERVICE = {"Service": "cloudtrail.amazonaws.com"}


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def text_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Message"])


def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


@pytest.fixture
def key(live: Live) -> Iterator[str]:
    """A key that only its account may use, and a bucket that lets CloudTrail in."""
    s3 = live.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    bucket = f"arn:aws:s3:::{BUCKET}"
    acl = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            allow(SERVICE, "s3:GetBucketAcl", bucket),
            allow(SERVICE, "s3:PutObject", f"{bucket}/AWSLogs/{live.account}/*", Condition=acl),
        ),
    )
    yield str(live.client("kms").create_key()["KeyMetadata"]["Arn"])
    live.client("cloudtrail").delete_trail(Name=TRAIL)


def own(live: Live) -> dict[str, Any]:
    return allow({"AWS": f"arn:aws:iam::{live.account}:root"}, "kms:*")


def let_cloudtrail_in(live: Live) -> tuple[dict[str, Any], ...]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html."""
    condition = {
        "StringEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{live.account}:trail/{TRAIL}"},
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{live.account}:trail/*"},
    }
    return (
        allow(SERVICE, "kms:GenerateDataKey*", Condition=condition),
        allow(SERVICE, "kms:DescribeKey"),
    )


def test_the_key_policy_decides_at_creation_delivery_and_reading(live: Live, key: str) -> None:
    cloudtrail, kms, s3, iam = (live.client(name) for name in ("cloudtrail", "kms", "s3", "iam"))
    asked = {"Name": TRAIL, "S3BucketName": BUCKET}

    with pytest.raises(ClientError) as refused:
        cloudtrail.create_trail(**asked, KmsKeyId=key)
    assert code_of(refused) == "InsufficientEncryptionPolicyException"
    assert text_of(refused) == f"Insufficient permissions to access S3 bucket {BUCKET} or KMS key {key}."
    for given, code in (("alias/none", "KmsKeyNotFoundException"), ("no key", "InvalidKmsKeyIdException")):
        with pytest.raises(ClientError) as refused:
            cloudtrail.create_trail(**asked, KmsKeyId=given)
        assert code_of(refused) == code

    kms.put_key_policy(KeyId=key, Policy=document(own(live), *let_cloudtrail_in(live)))
    kms.create_alias(AliasName="alias/trails", TargetKeyId=key)
    assert cloudtrail.create_trail(**asked, KmsKeyId="alias/trails")["KmsKeyId"] == key
    cloudtrail.start_logging(Name=TRAIL)
    iam.list_users()
    found = until(lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix="AWSLogs/").get("Contents"))
    name = found[0]["Key"]
    head = s3.head_object(Bucket=BUCKET, Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)

    reader = live.user("marymajor")
    iam.put_user_policy(
        UserName="marymajor",
        PolicyName="read-logs",
        PolicyDocument=document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}),
    )
    with pytest.raises(ClientError) as refused:
        reader.client("s3").get_object(Bucket=BUCKET, Key=name)
    assert code_of(refused) == "AccessDenied"
    assert "is not authorized to perform: kms:Decrypt on resource: " + key in text_of(refused)
    mary = {"AWS": f"arn:aws:iam::{live.account}:user/marymajor"}
    logs_only = {"Null": {"kms:EncryptionContext:aws:cloudtrail:arn": "false"}}
    readable = allow(mary, "kms:Decrypt", Condition=logs_only)
    kms.put_key_policy(KeyId=key, Policy=document(own(live), *let_cloudtrail_in(live), readable))
    assert reader.client("s3").get_object(Bucket=BUCKET, Key=name)["Body"].read()

    def error() -> str:
        iam.list_users()
        return str(cloudtrail.get_trail_status(Name=TRAIL).get("LatestDeliveryError", ""))

    kms.put_key_policy(KeyId=key, Policy=document(own(live)))
    assert until(lambda: error() == "AccessDenied")
    kms.disable_key(KeyId=key)
    assert until(lambda: error() == "KMS.DisabledException")
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=BUCKET, Key=name)
    assert code_of(refused) == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    kms.put_key_policy(KeyId=key, Policy=document(own(live), *let_cloudtrail_in(live)))
    assert until(lambda: error() == "")
