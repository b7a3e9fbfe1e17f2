"""Versioning: what stands on top, what lies behind, what a delete does."""

from typing import Any

import pytest
from tests.unit.services.s3.desk import refusal


def _switch(s3: Any, bucket: str, status: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    _switch(s3, bucket, "Enabled")
    return bucket


def _versions(s3: Any, bucket: str, **asked: Any) -> list[tuple[str, str, bool, bool]]:
    """(key, version, newest, marker) of all, in order within a key of neither kind before the other."""
    answer = s3.list_object_versions(Bucket=bucket, **asked)
    return [
        (one["Key"], one["VersionId"], one["IsLatest"], "ETag" not in one)
        for one in (*answer.get("Versions", []), *answer.get("DeleteMarkers", []))
    ]


def test_the_status_is_told_once_it_was_set(s3: Any, bucket: str) -> None:
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    _switch(s3, bucket, "Suspended")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def test_versions_stand_before_each_other(s3: Any, versioned: str) -> None:
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=text)["VersionId"] for text in (b"1", b"2", b"3")]
    assert _versions(s3, versioned) == [("k", one, one == ids[2], False) for one in reversed(ids)]
    bodies = [s3.get_object(Bucket=versioned, Key="k", VersionId=one)["Body"].read() for one in ids]
    assert bodies == [b"1", b"2", b"3"]
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == ids[2]


def test_a_delete_puts_a_marker_on_top(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    answer = s3.delete_object(Bucket=versioned, Key="k")
    assert answer["DeleteMarker"] is True
    assert refusal(s3.get_object, Bucket=versioned, Key="k")["Code"] == "NoSuchKey"
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    error = refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=answer["VersionId"])
    assert (error["Code"], error["ResourceType"], error["Status"]) == ("MethodNotAllowed", "DeleteMarker", 405)
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=first)["Body"].read() == b"1"
    deleted = s3.delete_object(Bucket=versioned, Key="k", VersionId=answer["VersionId"])
    assert deleted["DeleteMarker"] is True
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == first


def test_a_deleted_version_is_gone(s3: Any, versioned: str) -> None:
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=text)["VersionId"] for text in (b"1", b"2", b"3")]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[1])
    error = refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=ids[1])
    assert (error["Code"], error["Key"], error["VersionId"]) == ("NoSuchVersion", "k", ids[1])
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[2])
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[0])
    assert _versions(s3, versioned) == []


def test_what_was_there_before_is_the_null_version(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    _switch(s3, bucket, "Enabled")
    s3.put_object(Bucket=bucket, Key="k", Body=b"after")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"


def test_suspended_versioning_replaces_the_null_version(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"null-1")
    _switch(s3, bucket, "Enabled")
    kept = s3.put_object(Bucket=bucket, Key="k", Body=b"kept")["VersionId"]
    _switch(s3, bucket, "Suspended")
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"null-2")
    assert sorted(one[1] for one in _versions(s3, bucket)) == sorted([kept, "null"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"null-2"
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    assert sorted(one[1] for one in _versions(s3, bucket)) == sorted([kept, "null"])
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=kept)["Body"].read() == b"kept"


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_pages_of_versions_add_up(s3: Any, versioned: str, size: int) -> None:
    for key in ("a", "b/1", "b/2", "c"):
        for text in (b"1", b"2", b"3"):
            s3.put_object(Bucket=versioned, Key=key, Body=text)
    s3.delete_object(Bucket=versioned, Key="a")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": size})
    found = [one["VersionId"] for page in pages for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))]
    assert sorted(found) == sorted(one[1] for one in _versions(s3, versioned))
    assert len(found) == 13


def test_versions_roll_up_too(s3: Any, versioned: str) -> None:
    for key in ("a", "b/1", "b/2"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"")
    answer = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [one["Key"] for one in answer["Versions"]] == ["a"]
    assert [one["Prefix"] for one in answer["CommonPrefixes"]] == ["b/"]


def test_a_version_marker_needs_a_key_marker(s3: Any, versioned: str) -> None:
    error = refusal(s3.list_object_versions, Bucket=versioned, VersionIdMarker="x")
    assert error["Message"] == "A version-id marker cannot be specified without a key marker."


def test_many_are_deleted_with_their_markers_told(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"")["VersionId"]
    told = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})["Deleted"][0]
    assert told["DeleteMarker"] is True
    told = s3.delete_objects(
        Bucket=versioned,
        Delete={
            "Objects": [
                {"Key": "k", "VersionId": version},
                {"Key": "k", "VersionId": told["DeleteMarkerVersionId"]},
            ]
        },
    )["Deleted"]
    assert told[0] == {"Key": "k", "VersionId": version}
    assert told[1]["DeleteMarker"] is True
    assert _versions(s3, versioned) == []
