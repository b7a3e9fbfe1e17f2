"""Whatever a stranger sends, the wire answers with an AWS error or with members, and with nothing else."""

import gzip
import json
from collections.abc import Callable

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trailwarden import wire
from trailwarden.errors import AwsError
from trailwarden.wire import HttpRequest, Route

ID = "11111111-2222-3333-4444-555555555555"
SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{}/aws4_request, Signature=0"
FORM = ("content-type", "application/x-www-form-urlencoded")


def _request(
    signing: str, body: bytes, *headers: tuple[str, str], method: str = "POST", path: str = "/", query: str = ""
) -> HttpRequest:
    return HttpRequest(
        method=method,
        raw_path=path,
        query=query,
        headers=(("host", "127.0.0.1:4566"), ("authorization", SCOPE.format(signing)), *headers),
        body=body,
        client="127.0.0.1",
    )


def _json(body: bytes) -> HttpRequest:
    return _request("cloudtrail", body, ("x-amz-target", "CloudTrail_20131101.PutEventSelectors"))


def _document(body: bytes) -> HttpRequest:
    return _request("dynamodb", body, ("x-amz-target", "DynamoDB_20120810.PutItem"))


def _query(body: bytes) -> HttpRequest:
    return _request("iam", b"Action=CreateRole&Version=2010-05-08&" + body, FORM)


def _ec2(body: bytes) -> HttpRequest:
    return _request("ec2", b"Action=RunInstances&Version=2016-11-15&" + body, FORM)


def _rest_json(body: bytes) -> HttpRequest:
    return _request("lambda", body, path="/2015-03-31/functions")


def _rest_xml(body: bytes) -> HttpRequest:
    return _request("s3", body, method="PUT", path="/bucket", query="lifecycle")


def _cbor(body: bytes) -> HttpRequest:
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    return _request("monitoring", body, ("smithy-protocol", "rpc-v2-cbor"), path=path)


PROTOCOLS: dict[str, Callable[[bytes], HttpRequest]] = {
    "json": _json,
    "json-recursive": _document,
    "query": _query,
    "ec2": _ec2,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
    "cbor": _cbor,
}


def outcome(request: HttpRequest) -> str:
    """The code of the answered error, or "" where members were read; anything else than an AwsError escapes."""
    route: Route | None = None
    try:
        route = wire.route(request)
        parsed = wire.read(request, route, ID)
        wire.validate(parsed)
    except AwsError as error:
        response = wire.write_error(route, error, request, ID)
        assert 400 <= response.status < 500
        assert response.body or request.method == "HEAD"
        return error.code_in(route.family if route else "json")
    return ""


def json_like() -> st.SearchStrategy[object]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    names = st.sampled_from(
        ["TrailName", "EventSelectors", "Item", "S", "L", "M", "FunctionName", "Code", "Tags"]
    ) | st.text(max_size=5)
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))


def bodies(protocol: str) -> st.SearchStrategy[bytes]:
    noise = st.binary(max_size=200)
    if protocol == "cbor":
        return noise | json_like().map(cbor2.dumps)
    if protocol in ("query", "ec2"):
        names = st.sampled_from(
            ["RoleName", "Tags.member.1.Key", "Tags.member", "Tags", "MaxSessionDuration", "a..b", ".", "%ff"]
        )
        return noise | st.lists(st.tuples(names, st.text(max_size=9)), max_size=9).map(_form)
    if protocol == "rest-xml":
        return noise | st.lists(
            st.sampled_from(["<Rule>", "</Rule>", "<Days>", "</Days>", "x", "&amp;", "&x;", "<!--", "<Filter/>"]),
            max_size=20,
        ).map(lambda parts: f"<LifecycleConfiguration>{''.join(parts)}</LifecycleConfiguration>".encode())
    return noise | json_like().map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))


def _form(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_body_is_read_or_refused(protocol: str) -> None:
    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(bodies(protocol))
    def holds(body: bytes) -> None:
        outcome(PROTOCOLS[protocol](body))

    holds()


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE", "PATCH", "OPTIONS", "x"]),
    st.text("/%abAB{}+.~:\x00ÿ0", max_size=30),
    st.text("&=%abA?-typelistX.Action+ÿ", max_size=40),
    st.sampled_from(["s3", "iam", "lambda", "sts", "nobody", "", "s3/../../.."]),
    st.lists(
        st.tuples(st.sampled_from(["x-amz-target", "host", "smithy-protocol", "content-type"]), st.text(max_size=20)),
        max_size=4,
    ),
)
def test_any_head_is_routed_or_refused(
    method: str, path: str, query: str, signing: str, headers: list[tuple[str, str]]
) -> None:
    request = _request(signing, b"", method=method, path="/" + path, query=query)
    outcome(request)
    outcome(HttpRequest(method=method, raw_path="/" + path, query=query, headers=tuple(headers), body=b"", client=""))


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><LifecycleConfiguration>&b;</LifecycleConfiguration>'
OUTSIDE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><LifecycleConfiguration>&a;</LifecycleConfiguration>'
WIDE = b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff"  # an array that says to have 2**40 elements
LONG = b"\x5b\x00\x00\x00\xff\xff\xff\xff\xff"  # a byte string likewise

REFUSED = [
    ("json", b"[" * 100_000, "SerializationException"),
    ("json", b'{"TrailName":' * 100_000, "SerializationException"),
    ("json", b'{"TrailName": "a"', "SerializationException"),
    ("json", b'{"a":' * 101 + b"1" + b"}" * 101, "SerializationException"),
    ("json", b'{"Name":"' + b"[{" * 500 + b'"}', "ValidationException"),  # brackets in a text are no nesting
    ("json", b"[1]", "SerializationException"),
    ("json", b'"x"', "SerializationException"),
    ("json", b"\xff\xfe", "SerializationException"),
    ("json", b'{"TrailName": 1}', "SerializationException"),
    ("json", b'{"TrailName": {"a": 1}}', "SerializationException"),
    ("json", b'{"EventSelectors": {"a": 1}}', "SerializationException"),
    ("json", b'{"EventSelectors": [1]}', "SerializationException"),
    ("json", b'{"TrailName": "\\ud800"}', "SerializationException"),
    ("json", gzip.compress(b"{}"), "SerializationException"),
    (
        "json-recursive",
        b'{"TableName":"t","Item":{"a":' + b'{"L":[' * 400 + b"]}" * 400 + b"}}",
        "SerializationException",
    ),
    ("rest-json", b'{"Timeout": ' + b"9" * 5000 + b"}", "SerializationException"),
    ("rest-json", b'{"Timeout": 1e400}', "SerializationException"),
    ("rest-json", b'{"Timeout": 99999999999}', "SerializationException"),
    ("rest-json", b'{"Publish": "yes"}', "SerializationException"),
    ("rest-json", b'{"Code": {"ZipFile": "***"}}', "SerializationException"),
    ("rest-xml", LAUGHS, "MalformedXML"),
    ("rest-xml", OUTSIDE, "MalformedXML"),
    ("rest-xml", b"<a>" * 50_000 + b"</a>" * 50_000, "MalformedXML"),
    ("rest-xml", b"<a>" + b"<b/>" * 2_100_000 + b"</a>", "MaxMessageLengthExceeded"),
    ("rest-xml", b"<a><b></a></b>", "MalformedXML"),
    ("rest-xml", b"\xff\xff", "MalformedXML"),
    (
        "rest-xml",
        b"<LifecycleConfiguration><Rule><Expiration><Days>x</Days></Expiration></Rule></LifecycleConfiguration>",
        "MalformedXML",
    ),
    ("query", b"RoleName=%ff", "MalformedQueryString"),
    ("query", b"\xff=1", "MalformedQueryString"),
    ("query", b"a=1&" * 100_000, "MalformedQueryString"),
    ("query", b"a" + b".a" * 10_000 + b"=1", "MalformedQueryString"),
    ("query", b"RoleName=" + b"%z" * 100_000, "MalformedQueryString"),  # a percent sign without digits
    ("query", b"RoleName=" + "é".encode() * 200_000, "MalformedQueryString"),
    ("query", b"MaxSessionDuration=" + b"9" * 100_000, "MalformedInput"),
    ("query", b"MaxSessionDuration=x", "MalformedInput"),
    ("ec2", b"MaxCount=1.5", "InvalidParameterValue"),
    ("cbor", b"\x81" * 100_000, "SerializationException"),
    ("cbor", WIDE, "SerializationException"),
    ("cbor", LONG, "SerializationException"),
    ("cbor", b"\xa1\x69Namespace\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "SerializationException"),
    ("cbor", b"\xd8\x1c\x81\xd8\x1d\x00", "SerializationException"),
    ("cbor", b"\xc4\x82\x1a\x3b\x9a\xca\x00\x01", "SerializationException"),
    ("cbor", b"\xd8\x23\x68((a+)+)+", "SerializationException"),
    ("cbor", b"\xff", "SerializationException"),
    ("cbor", b"\xa1\x69Namespace", "SerializationException"),
]


@pytest.mark.parametrize(("protocol", "body", "code"), REFUSED, ids=range(len(REFUSED)))
def test_bombs_and_broken_bodies_get_the_error_of_their_protocol(protocol: str, body: bytes, code: str) -> None:
    assert outcome(PROTOCOLS[protocol](body)) == code
