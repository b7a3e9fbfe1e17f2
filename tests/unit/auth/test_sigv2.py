"""Presigned URLs of Signature Version 2, as boto3 makes them by default: taken by S3 alone, and only as they were signed."""

from typing import Any
from unittest import mock

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.unit.auth.house import KEY_ID, NOW, SECRET, House, changed, http, with_header

from trailwarden.auth.context import request_context
from trailwarden.errors import AwsError
from trailwarden.wire.http import HttpRequest

OBJECT = "https://host.example/bucket/a%20b/c%2Bd"


def presigned(
    url: str = OBJECT, method: str = "GET", *, lives: int = 60, headers: dict[str, str] | None = None
) -> HttpRequest:
    path = "/bucket/a" if "://bucket." in url else None
    request = AWSRequest(method=method, url=url, headers=headers or {}, auth_path=path)
    with mock.patch("botocore.auth.time.time", return_value=NOW):
        HmacV1QueryAuth(Credentials(KEY_ID, SECRET), expires=lives).add_auth(request)
    return http(request, method, b"")


def refused(house: House, request: HttpRequest, service: str = "s3") -> str:
    with pytest.raises(AwsError) as caught:
        house.authenticate(request, service)
    return caught.value.code_in("s3")


@pytest.mark.parametrize(
    "url",
    [
        OBJECT,
        "https://bucket.s3.amazonaws.com/a",
        f"{OBJECT}?versionId=v1&response-content-type=text%2Fplain",
        f"{OBJECT}?tagging",
        "https://host.example/bucket?prefix=a&list-type=2",
    ],
)
def test_a_stock_url_is_taken(house: House, url: str) -> None:
    call = house.authenticate(presigned(url), "s3")
    assert call.caller.principal.arn == "arn:aws:iam::123456789012:user/mateojackson"
    assert (call.caller.signing, call.region) == ("query", "us-east-1")
    context = request_context(call)
    assert (context["s3:authType"], context["s3:signatureversion"]) == ("REST-QUERY-STRING", "AWS")
    assert "s3:signatureAge" not in context


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "DELETE"},
        {"raw_path": "/bucket/other"},
        {"query": "&acl"},
        {"query": "&encryption"},
        {"query": "&%61cl"},
        {"query": "&x-amz-acl=public-read"},
        {"query": "&versionId=v2"},
        {"query": "&Expires=9999999999"},
    ],
    ids=str,
)
def test_a_changed_url_is_refused(house: House, changes: dict[str, Any]) -> None:
    request = presigned()
    if "query" in changes:
        changes = {"query": request.query + changes["query"]}
    assert refused(house, changed(request, **changes)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("name", ["x-amz-acl", "content-md5", "content-type"])
def test_an_added_header_is_refused(house: House, name: str) -> None:
    assert refused(house, with_header(presigned(), name, "x")) == "SignatureDoesNotMatch"


def test_headers_are_signed_wherever_they_stand(house: House) -> None:
    headers = {"Content-Type": "text/plain", "x-amz-meta-a": "b"}
    request = presigned(method="PUT", headers=headers)
    assert house.authenticate(request, "s3").caller.access_key == KEY_ID
    assert refused(house, with_header(request, "x-amz-meta-a", "c")) == "SignatureDoesNotMatch"
    assert refused(house, with_header(request, "content-type", "text/html")) == "SignatureDoesNotMatch"


def test_its_time_runs_out(house: House) -> None:
    request = presigned(lives=60)
    house.now = NOW + 60
    assert house.authenticate(request, "s3").caller.access_key == KEY_ID
    house.now = NOW + 61
    assert refused(house, request) == "AccessDenied"


@pytest.mark.parametrize("name", ["Expires", "AWSAccessKeyId", "Signature"])
def test_each_part_must_be_there(house: House, name: str) -> None:
    parts = [part for part in presigned().query.split("&") if not part.startswith(f"{name}=")]
    assert refused(house, changed(presigned(), query="&".join([*parts, f"{name}="]))) == "AccessDenied"


@pytest.mark.parametrize("text", ["soon", "-1", "9" * 12, "\u0661"])
def test_expires_is_a_number(house: House, text: str) -> None:
    request = presigned()
    query = request.query.partition("Expires=")
    tail = query[2].partition("&")
    assert refused(house, changed(request, query=f"{query[0]}Expires={text}{tail[1]}{tail[2]}")) == "AccessDenied"


def test_a_wrong_secret_is_refused(house: House) -> None:
    request = presigned()
    broken = request.query.replace("Signature=", "Signature=A")
    assert refused(house, changed(request, query=broken)) == "SignatureDoesNotMatch"


def test_an_unknown_key_is_refused(house: House) -> None:
    request = presigned()
    assert refused(house, changed(request, query=request.query.replace(KEY_ID, "AKIAUNKNOWN"))) == "InvalidAccessKeyId"


def test_one_mechanism_alone(house: House) -> None:
    request = presigned()
    assert refused(house, with_header(request, "authorization", "AWS4-HMAC-SHA256 Credential=x")) == "InvalidArgument"
    assert refused(house, changed(request, query=f"{request.query}&X-Amz-Algorithm=x")) == "InvalidArgument"


def test_no_other_service_takes_it(house: House) -> None:
    with pytest.raises(AwsError) as caught:
        house.authenticate(presigned("https://host.example/?Action=ListUsers"), "iam")
    assert caught.value.code_in("query") == "IncompleteSignature"
