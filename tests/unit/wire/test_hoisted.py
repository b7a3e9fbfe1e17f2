"""Headers that an SDK moves into the query of a presigned URL are headers all the same."""

from typing import Any

import pytest
from tests.unit.wire.asking import request

from trailwarden import wire

PRESIGNED = "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0"


def members(query: str, *headers: tuple[str, str]) -> dict[str, Any]:
    asked = request("PUT", "/amzn-s3-demo-bucket/key", query, *headers)
    return dict(wire.read(asked, wire.route(asked), "id").params)


def test_hoisted_headers_are_members() -> None:
    found = members(f"{PRESIGNED}&x-amz-acl=private&x-amz-meta-team=red%20one&x-amz-storage-class=GLACIER")
    assert (found["ACL"], found["Metadata"], found["StorageClass"]) == ("private", {"team": "red one"}, "GLACIER")


def test_a_header_outweighs_its_like() -> None:
    assert members(f"{PRESIGNED}&x-amz-acl=private", ("x-amz-acl", "public-read"))["ACL"] == "public-read"


@pytest.mark.parametrize("name", ["x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"])
def test_the_signers_checksum_is_of_no_body(name: str) -> None:
    assert set(members(f"{PRESIGNED}&{name}=AAAAAA%3D%3D")) <= {"Bucket", "Key", "Body"}


def test_only_presigned_urls_hoist() -> None:
    assert "ACL" not in members("x-amz-acl=private", ("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/s3/d"))
