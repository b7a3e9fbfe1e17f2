"""Uploads in parts, and copies."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.services.s3.desk import Desk, refusal

from trailwarden.services.registry import HANDLERS
from trailwarden.services.s3.checksums import combined, compute
from trailwarden.services.s3.errors import BadDigest

FIRST, SECOND = b"a" * (5 * 1024 * 1024), b"the end"


def _part(s3: Any, bucket: str, upload: str, number: int, body: bytes, **more: Any) -> dict[str, Any]:
    answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body, **more)
    told = {"PartNumber": number, "ETag": answer["ETag"]}
    return told | {name: value for name, value in answer.items() if name.startswith("Checksum")}


def _complete(s3: Any, bucket: str, upload: str, parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}, **more
    )
    return answer


def _refused(s3: Any, bucket: str, upload: str, parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return refusal(
        s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}, **more
    )


@pytest.fixture
def upload(s3: Any, bucket: str) -> str:
    upload: str = s3.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"a": "b"}, ContentType="x/y")["UploadId"]
    return upload


def test_parts_become_one_object(s3: Any, bucket: str, upload: str) -> None:
    parts = [_part(s3, bucket, upload, 2, FIRST), _part(s3, bucket, upload, 7, SECOND)]
    _part(s3, bucket, upload, 9, b"left out")
    answer = _complete(s3, bucket, upload, parts)
    digests = hashlib.md5(FIRST).digest() + hashlib.md5(SECOND).digest()
    assert answer["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    whole = s3.get_object(Bucket=bucket, Key="k")
    assert whole["Body"].read() == FIRST + SECOND
    assert (whole["Metadata"], whole["ContentType"]) == ({"a": "b"}, "x/y")
    across = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={len(FIRST) - 2}-{len(FIRST) + 2}")
    assert across["Body"].read() == b"aathe"
    last = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (last["Body"].read(), last["PartsCount"]) == (SECOND, 2)
    assert last["ContentRange"] == f"bytes {len(FIRST)}-{len(FIRST + SECOND) - 1}/{len(FIRST + SECOND)}"
    error = _refused(s3, bucket, upload, parts)
    assert (error["Code"], error["UploadId"], error["Status"]) == ("NoSuchUpload", upload, 404)


def test_the_last_part_of_a_number_counts(s3: Any, bucket: str, upload: str) -> None:
    _part(s3, bucket, upload, 1, b"old")
    _complete(s3, bucket, upload, [_part(s3, bucket, upload, 1, b"new")])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_parts_have_a_least_size_and_an_order(s3: Any, bucket: str, upload: str) -> None:
    small, other = _part(s3, bucket, upload, 1, b"tiny"), _part(s3, bucket, upload, 2, b"end")
    error = _refused(s3, bucket, upload, [small, other])
    assert (error["Code"], error["ProposedSize"], error["MinSizeAllowed"]) == ("EntityTooSmall", "4", "5242880")
    assert error["PartNumber"] == "1"
    assert _refused(s3, bucket, upload, [other, small])["Code"] == "InvalidPartOrder"


def test_parts_must_be_there_as_described(s3: Any, bucket: str, upload: str) -> None:
    part = _part(s3, bucket, upload, 1, b"x")
    error = _refused(s3, bucket, upload, [{**part, "PartNumber": 2}])
    assert (error["Code"], error["PartNumber"]) == ("InvalidPart", "2")
    assert _refused(s3, bucket, upload, [{"PartNumber": 1, "ETag": '"other"'}])["Code"] == "InvalidPart"
    assert refusal(s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId=upload)["Code"] == "InvalidRequest"


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_have_bounds(s3: Any, bucket: str, upload: str, number: int) -> None:
    error = refusal(s3.upload_part, Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=b"")
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "partNumber")


def test_the_size_expected_must_be_met(s3: Any, bucket: str, upload: str) -> None:
    part = _part(s3, bucket, upload, 1, b"1234")
    error = _refused(s3, bucket, upload, [part], MpuObjectSize=5)
    assert error["Message"].endswith("header value 5 does not match what was computed: 4")
    _complete(s3, bucket, upload, [part], MpuObjectSize=4)


def test_an_aborted_upload_is_gone(s3: Any, bucket: str, upload: str) -> None:
    _part(s3, bucket, upload, 1, b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert refusal(s3.list_parts, Bucket=bucket, Key="k", UploadId=upload)["Code"] == "NoSuchUpload"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_parts_are_listed_in_pages(s3: Any, bucket: str, upload: str) -> None:
    for number in (3, 1, 20):
        _part(s3, bucket, upload, number, b"x" * number)
    first = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=2)
    assert [one["PartNumber"] for one in first["Parts"]] == [1, 3]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 3)
    second = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, PartNumberMarker=3)
    assert [(one["PartNumber"], one["Size"]) for one in second["Parts"]] == [(20, 20)]
    assert second["Initiator"]["DisplayName"] == "mateojackson"


@pytest.mark.parametrize("size", [1, 2, 100])
def test_uploads_are_listed_in_pages(desk: Desk, s3: Any, bucket: str, size: int) -> None:
    begun = []
    for key in ("b", "a", "a", "c/1", "c/2"):
        desk.now += 1
        begun.append((key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]))
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
    found = [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])]
    assert found == sorted(begun)
    answer = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [one["Prefix"] for one in answer["CommonPrefixes"]] == ["c/"]


def test_completion_can_be_conditional(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = _part(s3, bucket, upload, 1, b"x")
    assert _refused(s3, bucket, upload, [part], IfNoneMatch="*")["Code"] == "PreconditionFailed"
    s3.delete_object(Bucket=bucket, Key="k")
    error = _refused(s3, bucket, upload, [part], IfNoneMatch="*")
    assert (error["Code"], error["Key"], error["Status"]) == ("ConditionalRequestConflict", "k", 409)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_a_composite_checksum_is_one_of_the_parts(s3: Any, bucket: str, algorithm: str) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert begun["ChecksumType"] == "COMPOSITE"
    part = _part(s3, bucket, begun["UploadId"], 1, b"data", ChecksumAlgorithm=algorithm)
    error = _refused(s3, bucket, begun["UploadId"], [{"PartNumber": 1, "ETag": part["ETag"]}])
    assert "The complete request must include the checksum for each part" in error["Message"]
    answer = _complete(s3, bucket, begun["UploadId"], [part])
    assert answer[f"Checksum{algorithm}"].endswith("-1")
    asked = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectParts", "Checksum"]}
    parts = s3.get_object_attributes(**asked)["ObjectParts"]
    assert parts["Parts"][0][f"Checksum{algorithm}"] == part[f"Checksum{algorithm}"]


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
@given(pieces=st.lists(st.binary(max_size=20), max_size=5))
@settings(max_examples=50, deadline=None)
def test_checksums_of_pieces_make_that_of_the_whole(algorithm: str, pieces: list[bytes]) -> None:
    parts = [(compute(algorithm, piece), len(piece)) for piece in pieces]
    assert combined(algorithm, parts) == compute(algorithm, b"".join(pieces))


def test_a_full_checksum_is_that_of_the_whole(s3: Any, bucket: str) -> None:
    algorithm = "CRC32"
    s3.put_object(Bucket=bucket, Key="whole", Body=FIRST + SECOND, ChecksumAlgorithm=algorithm)
    expected = s3.head_object(Bucket=bucket, Key="whole", ChecksumMode="ENABLED")[f"Checksum{algorithm}"]
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    upload = begun["UploadId"]
    parts = [
        _part(s3, bucket, upload, number, body, ChecksumAlgorithm=algorithm)
        for number, body in enumerate((FIRST, SECOND), start=1)
    ]
    assert _complete(s3, bucket, upload, parts)[f"Checksum{algorithm}"] == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ChecksumType": "COMPOSITE"}, "can only be used with the x-amz-checksum-algorithm header."),
        ({"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"}, "cannot be used with the crc64nvme checksum"),
        ({"ChecksumAlgorithm": "SHA1", "ChecksumType": "FULL_OBJECT"}, "cannot be used with the sha1 checksum"),
    ],
)
def test_checksum_modes_that_do_not_go_together(s3: Any, bucket: str, asked: dict[str, str], message: str) -> None:
    error = refusal(s3.create_multipart_upload, Bucket=bucket, Key="k", **asked)
    assert error["Code"] == "InvalidRequest"
    assert message in error["Message"]


def test_copies_keep_or_replace_what_is_told(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=b"data", Metadata={"a": "b"}, ContentType="x/y", Tagging="t=1")
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    assert answer["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"data").hexdigest()}"'
    kept = s3.get_object(Bucket=bucket, Key="to")
    assert (kept["Body"].read(), kept["Metadata"], kept["ContentType"]) == (b"data", {"a": "b"}, "x/y")
    assert kept["TagCount"] == 1
    s3.copy_object(
        Bucket=bucket,
        Key="new",
        CopySource=f"{bucket}/from",
        MetadataDirective="REPLACE",
        Metadata={"c": "d"},
        TaggingDirective="REPLACE",
        Tagging="",
    )
    replaced = s3.head_object(Bucket=bucket, Key="new")
    assert (replaced["Metadata"], replaced["ContentType"]) == ({"c": "d"}, "binary/octet-stream")
    assert "TagCount" not in replaced


def test_a_copy_onto_itself_must_change_something(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    source = {"Bucket": bucket, "Key": "k"}
    assert "illegal" in refusal(s3.copy_object, Bucket=bucket, Key="k", CopySource=source)["Message"]
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"


def test_copy_sources(s3: Any, bucket: str) -> None:
    missing = refusal(s3.copy_object, Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "none"})
    assert (missing["Code"], missing["Key"]) == ("NoSuchKey", "none")
    nowhere = refusal(s3.copy_object, Bucket=bucket, Key="k", CopySource={"Bucket": "nowhere", "Key": "none"})
    assert (nowhere["Code"], nowhere["BucketName"]) == ("NoSuchBucket", "nowhere")
    assert (
        refusal(s3.copy_object, Bucket=bucket, Key="k", CopySource="wrong")["Message"]
        == "Invalid copy source object key"
    )


def test_copies_of_versions(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="ä b", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="ä b", Body=b"2")
    marker = s3.delete_object(Bucket=bucket, Key="ä b")["VersionId"]
    source = {"Bucket": bucket, "Key": "ä b", "VersionId": first}
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource=source)
    assert answer["CopySourceVersionId"] == first
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"1"
    error = refusal(s3.copy_object, Bucket=bucket, Key="to", CopySource={**source, "VersionId": marker})
    assert error["Message"].endswith("may not specifically refer to a delete marker by version id.")


def test_copy_conditions(desk: Desk, s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="from", Body=b"data")["ETag"]
    then = datetime.fromtimestamp(desk.now, UTC)
    desk.now += 7200
    hour = timedelta(hours=1)
    copy = {"Bucket": bucket, "Key": "to", "CopySource": {"Bucket": bucket, "Key": "from"}}
    for failing, condition in (
        ({"CopySourceIfMatch": '"no"'}, "x-amz-copy-source-If-Match"),
        ({"CopySourceIfNoneMatch": etag}, "x-amz-copy-source-If-None-Match"),
        ({"CopySourceIfModifiedSince": then + hour}, "x-amz-copy-source-If-Modified-Since"),
        ({"CopySourceIfUnmodifiedSince": then - hour}, "x-amz-copy-source-If-Unmodified-Since"),
    ):
        assert refusal(s3.copy_object, **copy, **failing)["Condition"] == condition
    for passing in (
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": then - hour},
        {"CopySourceIfModifiedSince": then + 48 * hour},
    ):
        s3.copy_object(**copy, **passing)


def test_parts_can_be_copied(s3: Any, bucket: str, upload: str) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=b"0123456789")
    copy = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1, "CopySource": f"{bucket}/from"}
    part = s3.upload_part_copy(**copy, CopySourceRange="bytes=2-5")["CopyPartResult"]
    _complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": part["ETag"]}])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2345"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("0-8", "InvalidArgument"),
        ("bytes=0-100", "InvalidArgument"),
        ("bytes=50-60", "InvalidRequest"),
        ("bytes=5-2", "InvalidRequest"),
    ],
)
def test_ranges_that_cannot_be_copied(s3: Any, bucket: str, upload: str, asked: str, code: str) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=b"0123456789")
    copy = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1, "CopySource": f"{bucket}/from"}
    assert refusal(s3.upload_part_copy, **copy, CopySourceRange=asked)["Code"] == code


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("CRC32", "NhCmhg=="),
        ("CRC32C", "mnG7TA=="),
        ("CRC64NVME", "M3eFcAZSQlc="),
        ("SHA1", base64.b64encode(hashlib.sha1(b"hello").digest()).decode()),
        ("SHA256", base64.b64encode(hashlib.sha256(b"hello").digest()).decode()),
    ],
)
def test_checksums_are_verified(s3: Any, bucket: str, algorithm: str, value: str) -> None:
    put = {"Bucket": bucket, "Key": "k", "Body": b"hello"}
    assert s3.put_object(**put, **{f"Checksum{algorithm}": value})[f"Checksum{algorithm}"] == value
    wrong = {**put, "Body": b"other"}
    error = refusal(s3.put_object, **wrong, **{f"Checksum{algorithm}": value})
    assert error["Message"] == f"The {algorithm} you specified did not match the calculated checksum."
    error = refusal(s3.put_object, **put, **{f"Checksum{algorithm}": "bad"})
    assert error["Message"] == f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."


def test_one_checksum_at_a_time(s3: Any, bucket: str) -> None:
    digests = {"ChecksumCRC32": "NhCmhg==", "ChecksumSHA1": base64.b64encode(hashlib.sha1(b"hello").digest()).decode()}
    assert (
        "Expecting a single x-amz-checksum- header"
        in refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"hello", **digests)["Message"]
    )


def test_a_checksum_behind_the_payload_is_kept(desk: Desk, s3: Any, bucket: str) -> None:
    """The chunks are checked before a handler is called; it only has to find the value."""
    call = desk.call(
        "PutObject", {"Bucket": bucket, "Key": "k"}, trailer=("x-amz-checksum-crc32c", "mnG7TA=="), body=b"hello"
    )
    transaction = desk.storage.begin()
    answer = HANDLERS["s3:PutObject"](call, desk.world(transaction))
    assert answer is not None
    assert answer["ChecksumCRC32C"] == "mnG7TA=="
    wrong = desk.call(
        "PutObject", {"Bucket": bucket, "Key": "k"}, trailer=("x-amz-checksum-crc32c", "mnG7TA=="), body=b"other"
    )
    with pytest.raises(BadDigest):
        HANDLERS["s3:PutObject"](wrong, desk.world(transaction))
