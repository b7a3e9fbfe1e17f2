"""Objects: bytes and what is told with them, ranges, conditions, digests."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.services.s3.desk import OWNER, Desk, refusal

from trailwarden.services.registry import HANDLERS
from trailwarden.services.s3.stored import OBJECT

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def key(s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="alphabet", Body=ALPHABET, ContentType="text/plain")
    return "alphabet"


@pytest.mark.parametrize(
    "name", ["plain", "a/b/c", "with space", "ünï/cødé", "plus+plus", "100%", "a//b", "x?y=z&w", "😀"]
)
def test_keys_come_back_as_they_went(s3: Any, bucket: str, name: str) -> None:
    s3.put_object(Bucket=bucket, Key=name, Body=name.encode())
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == name.encode()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [name]


def test_headers_and_metadata_are_given_back(s3: Any, bucket: str) -> None:
    told = {
        "CacheControl": "no-cache",
        "ContentDisposition": "attachment",
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "application/json",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"{}", Metadata={"Some": "Value"}, **told)
    answer = s3.head_object(Bucket=bucket, Key="k")
    assert {name: answer[name] for name in told} == told
    assert answer["Metadata"] == {"some": "Value"}
    assert answer["ETag"] == f'"{hashlib.md5(b"{}").hexdigest()}"'
    assert answer["ContentLength"] == 2


def test_responses_can_be_overridden(s3: Any, bucket: str, key: str) -> None:
    answer = s3.get_object(Bucket=bucket, Key=key, ResponseContentType="x/y", ResponseCacheControl="max-age=1")
    assert (answer["ContentType"], answer["CacheControl"]) == ("x/y", "max-age=1")


def test_a_missing_key_is_named(s3: Any, bucket: str) -> None:
    error = refusal(s3.get_object, Bucket=bucket, Key="missing")
    assert (error["Code"], error["Key"], error["Status"]) == ("NoSuchKey", "missing", 404)
    assert refusal(s3.head_object, Bucket=bucket, Key="missing")["Code"] == "404"


def test_keys_have_a_length(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="ü" * 512, Body=b"")
    assert refusal(s3.put_object, Bucket=bucket, Key="ü" * 512 + "a", Body=b"")["Code"] == "KeyTooLongError"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-4", (b"abcde", "bytes 0-4/26")),
        ("bytes=20-", (b"uvwxyz", "bytes 20-25/26")),
        ("bytes=-3", (b"xyz", "bytes 23-25/26")),
        ("bytes=24-100", (b"yz", "bytes 24-25/26")),
        ("bytes=-100", (ALPHABET, "bytes 0-25/26")),
        ("bytes=5-2", (ALPHABET, None)),
        ("nonsense", (ALPHABET, None)),
    ],
)
def test_ranges(s3: Any, bucket: str, key: str, asked: str, expected: tuple[bytes, str | None]) -> None:
    answer = s3.get_object(Bucket=bucket, Key=key, Range=asked)
    assert (answer["Body"].read(), answer.get("ContentRange")) == expected
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == (206 if expected[1] else 200)


@pytest.mark.parametrize("asked", ["bytes=26-", "bytes=100-200", "bytes=-0"])
def test_ranges_behind_the_end(s3: Any, bucket: str, key: str, asked: str) -> None:
    error = refusal(s3.get_object, Bucket=bucket, Key=key, Range=asked)
    assert (error["Code"], error["ActualObjectSize"], error["RangeRequested"]) == ("InvalidRange", "26", asked)
    assert error["Status"] == 416


def test_an_object_in_one_piece_has_one_part(s3: Any, bucket: str, key: str) -> None:
    assert s3.get_object(Bucket=bucket, Key=key, PartNumber=1)["Body"].read() == ALPHABET
    error = refusal(s3.get_object, Bucket=bucket, Key=key, PartNumber=2)
    assert (error["Code"], error["ActualPartCount"]) == ("InvalidPartNumber", "1")
    error = refusal(s3.get_object, Bucket=bucket, Key=key, PartNumber=1, Range="bytes=0-1")
    assert error["Message"] == "Cannot specify both Range header and partNumber query parameter"


def test_read_conditions(desk: Desk, s3: Any, bucket: str, key: str) -> None:
    etag = s3.head_object(Bucket=bucket, Key=key)["ETag"]
    now = datetime.fromtimestamp(desk.now, UTC)
    hour = timedelta(hours=1)
    for passing in (
        {"IfMatch": etag},
        {"IfMatch": "*"},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": now - hour},
        {"IfUnmodifiedSince": now + hour},
        {"IfMatch": etag, "IfUnmodifiedSince": now - hour},
        {"IfNoneMatch": '"other"', "IfModifiedSince": now + hour},
    ):
        s3.get_object(Bucket=bucket, Key=key, **passing)
    for failing, condition in (
        ({"IfMatch": '"other"'}, "If-Match"),
        ({"IfUnmodifiedSince": now - hour}, "If-Unmodified-Since"),
    ):
        error = refusal(s3.get_object, Bucket=bucket, Key=key, **failing)
        assert (error["Code"], error["Condition"], error["Status"]) == ("PreconditionFailed", condition, 412)
    for unchanged in (
        {"IfNoneMatch": etag},
        {"IfModifiedSince": now},
        {"IfNoneMatch": etag, "IfModifiedSince": now - hour},
    ):
        assert refusal(s3.head_object, Bucket=bucket, Key=key, **unchanged)["Status"] == 304


def test_conditional_writes(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    assert (error["Code"], error["Condition"]) == ("PreconditionFailed", "If-None-Match")
    etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=etag)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"4", IfMatch=etag)["Condition"] == "If-Match"
    assert refusal(s3.put_object, Bucket=bucket, Key="x", Body=b"4", IfMatch=etag)["Code"] == "NoSuchKey"
    error = refusal(s3.put_object, Bucket=bucket, Key="x", Body=b"", IfMatch=etag, IfNoneMatch="*")
    assert (error["Code"], error["Header"], error["Status"]) == ("NotImplemented", "If-Match,If-None-Match", 501)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"


def test_conditional_deletes(s3: Any, bucket: str, key: str) -> None:
    assert refusal(s3.delete_object, Bucket=bucket, Key=key, IfMatch='"no"')["Code"] == "PreconditionFailed"
    assert refusal(s3.delete_object, Bucket=bucket, Key="gone", IfMatch="*")["Code"] == "NoSuchKey"
    error = refusal(s3.delete_object, Bucket=bucket, Key=key, IfMatchSize=1)
    assert error["Header"] == "x-amz-if-match-size"
    s3.delete_object(Bucket=bucket, Key=key, IfMatch=s3.head_object(Bucket=bucket, Key=key)["ETag"])
    assert refusal(s3.head_object, Bucket=bucket, Key=key)["Status"] == 404


def test_content_md5_is_compared(s3: Any, bucket: str) -> None:
    right = base64.b64encode(hashlib.md5(b"data").digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"data", ContentMD5=right)
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"data", ContentMD5=wrong)
    assert (error["Code"], error["CalculatedDigest"]) == ("BadDigest", right)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"data", ContentMD5="x")["Code"] == "InvalidDigest"


def test_deleting_what_is_not_there_is_no_error(s3: Any, bucket: str) -> None:
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_deleting_many(s3: Any, bucket: str) -> None:
    for name in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "z"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["a", "b", "z"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert "Deleted" not in answer
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_read_that_is_overtaken_looks_again(desk: Desk, s3: Any, bucket: str, key: str) -> None:
    transaction = desk.storage.begin()
    stale = transaction.get(OBJECT, OWNER, bucket, key)
    s3.put_object(Bucket=bucket, Key=key, Body=b"new")
    assert stale is not None
    with pytest.raises(LookupError):
        desk.storage.fetch(stale.body.blob)
    transaction.put(OBJECT, OWNER, bucket, key, stale.body)
    call = desk.call("GetObject", {"Bucket": bucket, "Key": key})
    answer = HANDLERS["s3:GetObject"](call, desk.world(transaction))
    assert answer is not None
    assert answer["Body"] == b"new"


def test_storage_classes(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", StorageClass="GLACIER_IR")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "GLACIER_IR"
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", StorageClass="OUTPOSTS")
    assert (error["Code"], error["StorageClassRequested"]) == ("InvalidStorageClass", "OUTPOSTS")


def test_metadata_has_a_limit(s3: Any, bucket: str) -> None:
    assert (
        refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})["Code"]
        == "MetadataTooLarge"
    )


def test_encryption_is_told(s3: Any, bucket: str) -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", arn)
    assert answer["ETag"] != f'"{hashlib.md5(b"x").hexdigest()}"'
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", SSEKMSKeyId=arn)["Code"] == "InvalidArgument"


def test_a_customers_key_is_needed_again(s3: Any, bucket: str) -> None:
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret", **key)
    assert s3.get_object(Bucket=bucket, Key="k", **key)["Body"].read() == b"secret"
    assert refusal(s3.get_object, Bucket=bucket, Key="k")["Code"] == "InvalidRequest"
    error = refusal(s3.get_object, Bucket=bucket, Key="k", SSECustomerAlgorithm="AES256", SSECustomerKey="j" * 32)
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)


def test_object_tags(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="team=audit&empty=")
    tags = [{"Key": "team", "Value": "audit"}, {"Key": "empty", "Value": ""}]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags[:1]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags[:1]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


@pytest.mark.parametrize(
    ("tags", "code", "message"),
    [
        ([("aws:x", "y")], "InvalidTag", "System tags cannot be added/updated by requester"),
        ([("a,b", "y")], "InvalidTag", "The TagKey you have provided is invalid"),
        ([("a", "y,z")], "InvalidTag", "The TagValue you have provided is invalid"),
        ([("a", "1"), ("a", "2")], "InvalidTag", "Cannot provide multiple Tags with the same key"),
        ([(f"k{n}", "") for n in range(11)], "BadRequest", "Object tag count cannot be greater than 10"),
    ],
)
def test_tags_that_break_a_rule(s3: Any, bucket: str, tags: list[tuple[str, str]], code: str, message: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    tag_set = [{"Key": key, "Value": value} for key, value in tags]
    error = refusal(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": tag_set})
    assert (error["Code"], error["Message"]) == (code, message)


def test_attributes(s3: Any, bucket: str, key: str) -> None:
    asked = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    answer = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=asked)
    assert answer["ETag"] == hashlib.md5(ALPHABET).hexdigest()
    assert (answer["ObjectSize"], answer["StorageClass"]) == (26, "STANDARD")
    assert answer["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert "ObjectParts" not in answer
