"""Lists of keys: order, prefixes, delimiters, pages, encodings."""

from typing import Any

import pytest
from tests.unit.services.s3.desk import refusal

KEYS = ["a", "b/1", "b/2", "b/c/3", "b0", "d/4", "e", "é", "😀"]


@pytest.fixture
def keys(s3: Any, bucket: str) -> list[str]:
    for key in reversed(KEYS):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return KEYS


def _listed(answer: dict[str, Any]) -> tuple[list[str], list[str]]:
    return (
        [one["Key"] for one in answer.get("Contents", [])],
        [one["Prefix"] for one in answer.get("CommonPrefixes", [])],
    )


def test_keys_stand_in_the_order_of_their_bytes(s3: Any, bucket: str, keys: list[str]) -> None:
    assert _listed(s3.list_objects_v2(Bucket=bucket)) == (sorted(keys, key=str.encode), [])


@pytest.mark.parametrize(
    ("asked", "contents", "prefixes"),
    [
        ({"Prefix": "b"}, ["b/1", "b/2", "b/c/3", "b0"], []),
        ({"Delimiter": "/"}, ["a", "b0", "e", "é", "😀"], ["b/", "d/"]),
        ({"Delimiter": "/", "Prefix": "b/"}, ["b/1", "b/2"], ["b/c/"]),
        ({"Delimiter": "/", "Prefix": "b"}, ["b0"], ["b/"]),
        ({"StartAfter": "b/2"}, ["b/c/3", "b0", "d/4", "e", "é", "😀"], []),
        ({"StartAfter": "b/2", "Delimiter": "/"}, ["b0", "e", "é", "😀"], ["d/"]),
        ({"Prefix": "nothing"}, [], []),
        ({"MaxKeys": 0}, [], []),
    ],
)
def test_what_is_listed(
    s3: Any, bucket: str, keys: list[str], asked: dict[str, Any], contents: list[str], prefixes: list[str]
) -> None:
    answer = s3.list_objects_v2(Bucket=bucket, **asked)
    assert _listed(answer) == (contents, prefixes)
    assert answer["KeyCount"] == len(contents) + len(prefixes)


@pytest.mark.parametrize("size", [1, 2, 3, 9, 100])
@pytest.mark.parametrize("delimiter", ["", "/", "b"])
@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
def test_pages_add_up(s3: Any, bucket: str, keys: list[str], size: int, delimiter: str, operation: str) -> None:
    asked = {"Delimiter": delimiter} if delimiter else {}
    whole = _listed(s3.list_objects_v2(Bucket=bucket, **asked))
    pages = s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": size}, **asked)
    found: tuple[list[str], list[str]] = ([], [])
    for page in pages:
        contents, prefixes = _listed(page)
        assert len(contents) + len(prefixes) <= size
        found[0].extend(contents)
        found[1].extend(prefixes)
    assert found == whole


def test_a_token_must_be_ours(s3: Any, bucket: str) -> None:
    error = refusal(s3.list_objects_v2, Bucket=bucket, ContinuationToken="")
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "continuation-token")
    assert refusal(s3.list_objects_v2, Bucket=bucket, ContinuationToken="!!")["Code"] == "InvalidArgument"


def test_the_first_version_tells_a_marker_with_a_delimiter_alone(s3: Any, bucket: str, keys: list[str]) -> None:
    assert "NextMarker" not in s3.list_objects(Bucket=bucket, MaxKeys=1)
    answer = s3.list_objects(Bucket=bucket, MaxKeys=2, Delimiter="/")
    assert (answer["NextMarker"], answer["IsTruncated"]) == ("b/", True)


def test_owners_are_told_on_demand(s3: Any, bucket: str, keys: list[str]) -> None:
    owner = s3.list_buckets()["Owner"]
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"] == owner
    assert s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"] == owner


def test_only_url_is_an_encoding(s3: Any, bucket: str) -> None:
    error = refusal(s3.list_objects_v2, Bucket=bucket, EncodingType="value")
    assert (error["Message"], error["ArgumentValue"]) == ("Invalid Encoding Method specified in Request", "value")


def test_many_keys_behind_one_prefix_are_passed_over(s3: Any, bucket: str) -> None:
    for number in range(30):
        s3.put_object(Bucket=bucket, Key=f"logs/{number:03}", Body=b"")
    s3.put_object(Bucket=bucket, Key="z", Body=b"")
    assert _listed(s3.list_objects_v2(Bucket=bucket, Delimiter="/")) == (["z"], ["logs/"])
