"""What S3 answers a stock client beyond the plain case."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.conformance.raw import Shot, send, signed
from tests.live import Live

from trailwarden.cli.env import client_environment


@pytest.fixture(scope="module")
def bucket(live: Live) -> str:
    name = "amzn-s3-demo-answers"
    live.client("s3").create_bucket(Bucket=name)
    return name


def allow(live: Live, user: str, *actions: str, resource: str = "*") -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": statement}
    live.client("iam").put_user_policy(UserName=user, PolicyName="s3", PolicyDocument=json.dumps(policy))


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    response: Any = raised.value.response
    found: dict[str, Any] = response
    return found


def test_a_denial_quotes_the_arn(live: Live, bucket: str) -> None:
    user = live.user("mateojackson-quoted")
    error = refusal(user.client("s3").get_object, Bucket=bucket, Key="a/b")["Error"]
    assert error["Code"] == "AccessDenied"
    assert error["Message"] == (
        f"User: arn:aws:iam::{live.account}:user/mateojackson-quoted is not authorized to perform: s3:GetObject "
        f'on resource: "arn:aws:s3:::{bucket}/a/b" because no identity-based policy allows the s3:GetObject action'
    )


def test_objects_are_refused_one_by_one(live: Live, bucket: str) -> None:
    user = live.user("mateojackson-deletes")
    allow(live, user.name, "s3:DeleteObject", resource=f"arn:aws:s3:::{bucket}/mine/*")
    for key in ("mine/a", "yours/b", "mine/c"):
        live.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    keys = [{"Key": key} for key in ("mine/a", "yours/b", "mine/c")]
    answer = user.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": keys})
    assert [each["Key"] for each in answer["Deleted"]] == ["mine/a", "mine/c"]
    (error,) = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("yours/b", "AccessDenied")
    assert "no identity-based policy allows the s3:DeleteObject action" in error["Message"]
    listed = live.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    assert [each["Key"] for each in listed if each["Key"].startswith(("mine/", "yours/"))] == ["yours/b"]


def test_whoever_may_delete_nothing_deletes_nothing(live: Live, bucket: str) -> None:
    user = live.user("mateojackson-nothing")
    live.client("s3").put_object(Bucket=bucket, Key="kept", Body=b"x")
    answer = user.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "kept"}], "Quiet": True})
    assert ("Deleted" in answer, [each["Code"] for each in answer["Errors"]]) == (False, ["AccessDenied"])
    assert live.client("s3").head_object(Bucket=bucket, Key="kept")["ContentLength"] == 1


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_presigned_urls(live: Live, bucket: str, version: str | None) -> None:
    """Out of the box boto3 signs URLs with Signature Version 2 at an endpoint of one's own."""
    variables = client_environment(live.server.data)
    s3: Any = boto3.client(
        "s3",
        endpoint_url=live.endpoint,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(signature_version=version) if version else None,
    )
    where = {"Bucket": bucket, "Key": "signed/a b+c"}
    url = s3.generate_presigned_url("put_object", Params={**where, "ContentType": "text/plain"})
    put = urllib.request.Request(url, data=b"by url", method="PUT", headers={"Content-Type": "text/plain"})
    assert urllib.request.urlopen(put).status == 200
    url = s3.generate_presigned_url("get_object", Params={**where, "ResponseContentType": "text/html"})
    assert ("X-Amz-Signature" in url) is (version == "s3v4")
    with urllib.request.urlopen(url) as answer:
        assert (answer.read(), answer.headers["content-type"]) == (b"by url", "text/html")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE"))
    assert refused.value.code == 403
    refused.value.close()


def test_not_modified_tells_what_it_compared(live: Live, bucket: str) -> None:
    s3 = live.client("s3")
    etag = s3.put_object(Bucket=bucket, Key="standing", Body=b"x")["ETag"]
    for read in (s3.get_object, s3.head_object):
        headers = refusal(read, Bucket=bucket, Key="standing", IfNoneMatch=etag)["ResponseMetadata"]["HTTPHeaders"]
        assert headers["etag"] == etag
        assert headers["last-modified"].endswith("GMT")


def test_a_delete_marker_is_told(live: Live) -> None:
    s3, bucket = live.client("s3"), "amzn-s3-demo-markers"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="gone", Body=b"x")
    marker = s3.delete_object(Bucket=bucket, Key="gone")["VersionId"]
    told = refusal(s3.get_object, Bucket=bucket, Key="gone")["ResponseMetadata"]
    assert told["HTTPStatusCode"] == 404
    assert (told["HTTPHeaders"]["x-amz-delete-marker"], told["HTTPHeaders"]["x-amz-version-id"]) == ("true", marker)
    told = refusal(s3.head_object, Bucket=bucket, Key="gone", VersionId=marker)["ResponseMetadata"]
    assert told["HTTPStatusCode"] == 405
    assert (told["HTTPHeaders"]["allow"], told["HTTPHeaders"]["x-amz-delete-marker"]) == ("DELETE", "true")
    plain = refusal(s3.get_object, Bucket=bucket, Key="never")["ResponseMetadata"]["HTTPHeaders"]
    assert "x-amz-delete-marker" not in plain


def test_a_copy_of_what_is_being_overwritten(live: Live, bucket: str) -> None:
    """The bytes may go between the look and the read; the copy then looks again."""
    s3, rounds = live.client("s3"), 150
    s3.put_object(Bucket=bucket, Key="moving", Body=b"0")

    def overwrite(number: int) -> None:
        s3.put_object(Bucket=bucket, Key="moving", Body=b"%d" % number)

    def copy(number: int) -> str:
        where = {"Bucket": bucket, "Key": f"copy/{number}", "CopySource": f"{bucket}/moving"}
        return str(s3.copy_object(**where)["CopyObjectResult"]["ETag"])

    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(overwrite, number) for number in range(rounds)]
        copies = [pool.submit(copy, number) for number in range(rounds)]
        assert all(done.result() for done in copies)
        assert [done.result() for done in writes] == [None] * rounds


def test_a_call_signed_for_another_region(live: Live) -> None:
    """Told in AWS's words, which is how boto3 finds the bucket's Region by itself."""
    name = "amzn-s3-demo-ireland"
    s3 = live.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    shot = Shot(service="s3", method="GET", path=f"/{name}")
    variables = client_environment(live.server.data)
    key, secret = variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    answer = send(shot, live.endpoint, signed(shot, live.endpoint, key, secret))
    assert answer.status == 400
    assert "<Code>AuthorizationHeaderMalformed</Code>" in answer.body
    assert "the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region>" in answer.body
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    assert live.client("s3").get_object(Bucket=name, Key="a")["Body"].read() == b"x"


def test_a_large_object_is_taken_from_its_owner_alone(live: Live, bucket: str) -> None:
    body = b"x" * (9 * 1024 * 1024)
    live.client("s3").put_object(Bucket=bucket, Key="large", Body=body)
    assert live.client("s3").head_object(Bucket=bucket, Key="large")["ContentLength"] == len(body)
    thief = live.client("s3", key="AKIAIOSFODNN7EXAMPLE", secret="guessed")
    shot = Shot(service="s3", method="PUT", path=f"/{bucket}/large", body=b"")
    headers = signed(shot, live.endpoint, "AKIAIOSFODNN7EXAMPLE", "guessed") | {"Content-Length": str(len(body))}
    answer = send(shot, live.endpoint, headers)
    assert "<Code>InvalidAccessKeyId</Code>" in answer.body
    assert refusal(thief.list_objects_v2, Bucket=bucket)["Error"]["Code"] == "InvalidAccessKeyId"
