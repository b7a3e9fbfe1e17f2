"""Whatever is wrong with a request: AWS's error of its protocol, the server alive, no traceback."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.conformance.raw import FORM, JSON, Answer, Shot, send, signed
from tests.live import Live

from trailwarden.cli.env import client_environment

IDENTITY = Shot(service="sts", body=b"Action=GetCallerIdentity&Version=2011-06-15", headers=FORM)
STATUS = Shot(
    service="cloudtrail",
    body=b'{"Name": "My-Trail"}',
    headers={**JSON, "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrailStatus"},
)
BUCKETS = Shot(service="s3", method="GET")
FAMILIES = {"query": IDENTITY, "json": STATUS, "s3": BUCKETS}
ALIVE = 200


def keys(live: Live) -> tuple[str, str]:
    variables = client_environment(live.server.data)
    return variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]


def code_of(answer: Answer) -> str:
    """The code in the body, which is JSON or XML."""
    assert "Traceback" not in answer.body
    if answer.body.startswith("{"):
        return str(json.loads(answer.body)["__type"]).rpartition("#")[2]
    return answer.body.partition("<Code>")[2].partition("</Code>")[0]


def is_alive(live: Live) -> bool:
    key, secret = keys(live)
    return send(IDENTITY, live.endpoint, signed(IDENTITY, live.endpoint, key, secret)).status == ALIVE


@pytest.mark.parametrize(
    ("family", "code"),
    [("query", "SignatureDoesNotMatch"), ("json", "InvalidSignatureException"), ("s3", "SignatureDoesNotMatch")],
)
def test_wrong_secret(live: Live, family: str, code: str) -> None:
    key, _ = keys(live)
    shot = FAMILIES[family]
    answer = send(shot, live.endpoint, signed(shot, live.endpoint, key, "wrong" * 8))
    assert (code_of(answer), answer.status) == (code, 400 if family == "json" else 403)
    assert is_alive(live)


@pytest.mark.parametrize(
    ("family", "code"),
    [("query", "InvalidClientTokenId"), ("json", "UnrecognizedClientException"), ("s3", "InvalidAccessKeyId")],
)
def test_unknown_key(live: Live, family: str, code: str) -> None:
    shot = FAMILIES[family]
    answer = send(shot, live.endpoint, signed(shot, live.endpoint, "AKIAIOSFODNN7NOTHERE", "x" * 40))
    assert code_of(answer) == code


@pytest.mark.parametrize(
    ("family", "code"),
    [("query", "SignatureDoesNotMatch"), ("json", "InvalidSignatureException"), ("s3", "RequestTimeTooSkewed")],
)
@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_skewed_clock(live: Live, family: str, code: str, skew: float) -> None:
    key, secret = keys(live)
    shot = FAMILIES[family]
    answer = send(shot, live.endpoint, signed(shot, live.endpoint, key, secret, skew=skew))
    assert code_of(answer) == code


@pytest.mark.parametrize("family", FAMILIES)
def test_unsigned(live: Live, family: str) -> None:
    shot = FAMILIES[family]
    answer = send(shot, live.endpoint, dict(shot.headers))
    wanted = {
        "query": "MissingAuthenticationToken",
        "json": "MissingAuthenticationTokenException",
        "s3": "AccessDenied",
    }
    assert code_of(answer) == wanted[family]


@pytest.mark.parametrize("family", ["query", "json"])
def test_tampered_body(live: Live, family: str) -> None:
    key, secret = keys(live)
    shot = FAMILIES[family]
    headers = signed(shot, live.endpoint, key, secret)
    answer = send(replace(shot, body=shot.body + b" "), live.endpoint, headers)
    assert answer.status in {400, 403}
    assert code_of(answer) in {"SignatureDoesNotMatch", "InvalidSignatureException"}


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: headers.update({"X-Amz-Date": "20200101T000000Z"}),
        lambda headers: headers.update(
            {"X-Amz-Target": STATUS.headers["X-Amz-Target"].replace("GetTrailStatus", "StopLogging")}
        ),
        lambda headers: headers.update({"Authorization": headers["Authorization"][:-1]}),
        lambda headers: headers.update({"Authorization": "AWS4-HMAC-SHA256 nonsense"}),
        lambda headers: headers.pop("X-Amz-Date"),
    ],
)
def test_tampered_header(live: Live, change: Callable[[dict[str, str]], object]) -> None:
    key, secret = keys(live)
    answer = send(STATUS, live.endpoint, signed(STATUS, live.endpoint, key, secret), change)
    assert answer.status in {400, 403}
    assert code_of(answer)
    assert is_alive(live)


def test_broken_token(live: Live) -> None:
    credentials = live.client("sts").get_session_token()["Credentials"]
    token = credentials["SessionToken"]
    headers = signed(
        STATUS, live.endpoint, credentials["AccessKeyId"], credentials["SecretAccessKey"], token=token[:-6] + "AAAAAA"
    )
    answer = send(STATUS, live.endpoint, headers)
    assert code_of(answer) == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("shot", "codes"),
    [
        (replace(STATUS, body=b'{"Name": '), {"SerializationException"}),
        (replace(STATUS, body=b'{"Name": 5}'), {"SerializationException"}),
        (replace(STATUS, body=b"\xff\xfe"), {"SerializationException"}),
        (replace(STATUS, body=b"[" * 100_000), {"SerializationException"}),
        (
            replace(STATUS, headers={**JSON, "X-Amz-Target": "CloudTrail_20131101.NoSuchOperation"}),
            {"UnknownOperationException"},
        ),
        (replace(IDENTITY, body=b"Action=NoSuchAction&Version=2011-06-15"), {"InvalidAction"}),
        (
            Shot(service="s3", method="PUT", path="/amzn-s3-demo-none?tagging", body=b"<Tagging><TagSet>"),
            {"MalformedXML"},
        ),
    ],
)
def test_broken_input(live: Live, shot: Shot, codes: set[str]) -> None:
    key, secret = keys(live)
    answer = send(shot, live.endpoint, signed(shot, live.endpoint, key, secret))
    assert code_of(answer) in codes
    assert is_alive(live)


def test_oversize_body(live: Live) -> None:
    key, secret = keys(live)
    shot = replace(STATUS, body=b"x" * (9 * 1024 * 1024))
    try:
        answer = send(shot, live.endpoint, signed(shot, live.endpoint, key, secret))
    except (BrokenPipeError, ConnectionResetError):
        answer = None
    assert answer is None or answer.status == 413
    assert is_alive(live)
