"""Signatures made by stock signers are taken; whatever is changed behind them is refused with the family's own code."""

import datetime as dt
from collections.abc import Callable

import awscrt.auth
import awscrt.http
import pytest
from tests.unit.auth.house import KEY_ID, NOW, SECRET, House, changed, signed, with_header

from trailwarden.auth.claim import headers_of, read_claim
from trailwarden.auth.scope import signing_scope
from trailwarden.auth.sigv4 import signing_key
from trailwarden.errors import AwsError
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Route

ROUTE = Route(service="s3", operation="PutObject", protocol="rest-xml", family="s3")
SERVICES = ("cloudtrail", "iam", "sts", "ec2", "s3", "lambda", "sns")
URLS = (
    "https://host.example/",
    "https://host.example:4566/?Action=ListUsers&Version=2010-05-08",
    "https://host.example/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/policy",
    "https://host.example/bucket/a%20b/c//d/../e%2Bf?list-type=2&prefix=a%2Fb%20c&delimiter=%2F&acl&b=2&b=1",
    "https://host.example/bucket/%E3%81%82~_-.!?x=~",
)

MISMATCH = {
    "cloudtrail": ("InvalidSignatureException", 400),
    "iam": ("SignatureDoesNotMatch", 403),
    "sts": ("SignatureDoesNotMatch", 403),
    "ec2": ("AuthFailure", 401),
    "s3": ("SignatureDoesNotMatch", 403),
    "lambda": ("InvalidSignatureException", 403),
    "sns": ("SignatureDoesNotMatch", 403),
}
FAMILY = {
    "cloudtrail": "json",
    "iam": "query",
    "sts": "query",
    "ec2": "ec2",
    "s3": "s3",
    "lambda": "rest-json",
    "sns": "query",
}


def refusal(house: House, request: HttpRequest, service: str) -> tuple[AwsError, str, int]:
    with pytest.raises(AwsError) as caught:
        house.authenticate(request, service)
    error = caught.value
    return error, error.code_in(FAMILY[service]), error.status_in(FAMILY[service])


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("presigned", [0, 900])
def test_a_stock_signature_is_taken(house: House, service: str, url: str, presigned: int) -> None:
    body = b"" if presigned else b'{"Name": "\xc3\xa4"}'
    request = signed(service, "GET" if presigned else "POST", url, body=body, presigned=presigned)
    call = house.authenticate(request, service)
    assert call.caller.principal.arn == "arn:aws:iam::123456789012:user/mateojackson"
    assert call.caller.signing == ("query" if presigned else "header")
    assert (call.body, call.account, call.caller.access_key) == (body, "123456789012", KEY_ID)
    assert (call.caller.signed_at, call.caller.signature_version) == (NOW, "AWS4-HMAC-SHA256")


TAMPERINGS: dict[str, Callable[[HttpRequest], HttpRequest]] = {
    "method": lambda request: changed(request, method="PUT"),
    "path": lambda request: changed(request, raw_path=request.raw_path + "x"),
    "query value": lambda request: changed(request, query=request.query.replace("ListUsers", "ListRoles")),
    "query added": lambda request: changed(request, query=request.query + "&Z=1"),
    "signed header": lambda request: with_header(request, "content-type", "text/plain"),
    "host": lambda request: with_header(request, "host", "other.example"),
    "signed header left out": lambda request: with_header(request, "content-type", None),
    "signature": lambda request: with_header(
        request, "authorization", (request.header("authorization") or "")[:-1] + "g"
    ),
    "time": lambda request: with_header(request, "x-amz-date", "20150830T123601Z"),
    "empty signature list": lambda request: with_header(
        request, "authorization", (request.header("authorization") or "").replace("Signature=", "Signature=0")
    ),
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("what", TAMPERINGS)
def test_one_change_is_enough_to_be_refused(house: House, service: str, what: str) -> None:
    request = signed(
        service, "POST", "https://host.example/a?Action=ListUsers", body=b"abc", headers={"Content-Type": "a/b"}
    )
    assert house.authenticate(request, service).body == b"abc"
    _, code, status = refusal(house, TAMPERINGS[what](request), service)
    assert (code, status) == MISMATCH[service]


@pytest.mark.parametrize("service", SERVICES)
def test_another_body_is_refused(house: House, service: str) -> None:
    request = changed(signed(service, body=b"abc"), body=b"abd")
    _, code, status = refusal(house, request, service)
    assert (code, status) == (("XAmzContentSHA256Mismatch", 400) if service == "s3" else MISMATCH[service])


@pytest.mark.parametrize("service", SERVICES)
def test_a_header_of_aws_must_be_signed(house: House, service: str) -> None:
    request = with_header(signed(service), "x-amz-meta-wrong", "1")
    error, code, status = refusal(house, request, service)
    assert (code, status) == (("AccessDenied", 403) if service == "s3" else MISMATCH[service])
    if service == "s3":
        assert error.text == "There were headers present in the request which were not signed"
        assert error.members == {"HeadersNotSigned": "x-amz-meta-wrong"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_scope_must_be_of_this_service_and_day(house: House, service: str) -> None:
    other = signed(service, signing_name="glue")
    error, code, _ = refusal(house, other, service)
    if service == "s3":
        assert code == "AuthorizationHeaderMalformed"
        assert 'incorrect service "glue". This endpoint belongs to "s3".' in error.text
    else:
        assert code == MISMATCH[service][0]
    authorization = signed(service).header("authorization") or ""
    for old, new in (("20150830", "20150829"), ("aws4_request", "aws5_request")):
        request = with_header(signed(service), "authorization", authorization.replace(old, new))
        assert refusal(house, request, service)[1] in {MISMATCH[service][0], "AuthorizationHeaderMalformed"}


def test_scope_texts_are_those_of_aws(house: House) -> None:
    error, _, _ = refusal(house, signed("sts", signing_name="iam"), "sts")
    assert error.text == "Credential should be scoped to correct service: 'sts'."
    request = signed("iam")
    yesterday = (request.header("authorization") or "").replace("20150830", "20150829")
    error, _, _ = refusal(house, with_header(request, "authorization", yesterday), "iam")
    assert error.text == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20150829' != '20150830', from '20150830T123600Z'."
    )


@pytest.mark.parametrize(
    ("service", "late", "code", "status"),
    [
        ("cloudtrail", 301, "InvalidSignatureException", 400),
        ("iam", 301, "SignatureDoesNotMatch", 403),
        ("ec2", 301, "RequestExpired", 400),
        ("s3", 901, "RequestTimeTooSkewed", 403),
        ("lambda", 301, "InvalidSignatureException", 403),
    ],
)
def test_a_signature_is_good_for_minutes(house: House, service: str, late: int, code: str, status: int) -> None:
    request = signed(service)
    for away in (late - 2, 2 - late):
        house.now = NOW + away
        house.authenticate(request, service)
    for away in (late, -late):
        house.now = NOW + away
        assert refusal(house, request, service)[1:] == (code, status)


def test_texts_of_time(house: House) -> None:
    request = signed("iam")
    house.now = NOW + 400
    assert refusal(house, request, "iam")[0].text == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123740Z (20150830T124240Z - 5 min.)"
    )
    house.now = NOW - 400
    assert refusal(house, request, "iam")[0].text == (
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123420Z (20150830T122920Z + 5 min.)"
    )
    house.now = NOW + 2000
    error = refusal(house, signed("s3"), "s3")[0]
    assert error.members == {
        "RequestTime": "20150830T123600Z", "ServerTime": "2015-08-30T13:09:20Z", "MaxAllowedSkewMilliseconds": "900000",
    }  # fmt: skip


@pytest.mark.parametrize("service", ["s3", "sts", "cloudtrail"])
def test_a_presigned_url_lives_as_long_as_it_says(house: House, service: str) -> None:
    request = signed(service, "GET", "https://host.example/b/k", presigned=60)
    house.now = NOW + 59
    house.authenticate(request, service)
    house.now = NOW + 61
    error, code, status = refusal(house, request, service)
    if service == "s3":
        assert (code, status, error.text) == ("AccessDenied", 403, "Request has expired")
        assert error.members["X-Amz-Expires"] == "60"
    else:
        assert code == MISMATCH[service][0]


@pytest.mark.parametrize("expires", [604_801, -1])
def test_a_presigned_url_lives_a_week_at_most(house: House, expires: int) -> None:
    request = signed("s3", "GET", "https://host.example/b/k", presigned=expires)
    _, code, status = refusal(house, request, "s3")
    assert (code, status) == ("AuthorizationQueryParametersError", 400)


@pytest.mark.parametrize(
    "left_out",
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires", "X-Amz-Signature"],
)
def test_a_presigned_url_has_six_parameters(house: House, left_out: str) -> None:
    request = signed("s3", "GET", "https://host.example/b/k", presigned=60)
    query = "&".join(part for part in request.query.split("&") if not part.startswith(left_out))
    error, code, _ = refusal(house, changed(request, query=query), "s3")
    assert code == "AuthorizationQueryParametersError"
    assert "requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature" in error.text


def test_a_presigned_url_cannot_be_prolonged(house: House) -> None:
    request = signed("s3", "GET", "https://host.example/b/k", presigned=60)
    longer = changed(request, query=request.query.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))
    assert refusal(house, longer, "s3")[1] == "SignatureDoesNotMatch"
    twice = changed(request, query=request.query + "&X-Amz-Expires=6000")
    assert refusal(house, twice, "s3")[1] == "AuthorizationQueryParametersError"


def test_a_header_signature_cannot_be_prolonged(house: House) -> None:
    request = signed("s3")
    longer = with_header(request, "authorization", (request.header("authorization") or "") + ", Expires=604800")
    house.now = NOW + 2000
    assert refusal(house, longer, "s3")[1] == "RequestTimeTooSkewed"


def test_header_and_query_together_are_refused(house: House) -> None:
    url = signed("s3", "GET", "https://host.example/b/k", presigned=60)
    both = changed(url, headers=(*url.headers, ("authorization", signed("s3").header("authorization") or "")))
    assert refusal(house, both, "s3")[1] == "InvalidArgument"


@pytest.mark.parametrize("name", ["authorization", "x-amz-date", "host", "x-amz-content-sha256"])
def test_deciding_headers_stand_once(house: House, name: str) -> None:
    request = signed("s3")
    twice = changed(request, headers=(*request.headers, (name, request.header(name) or "")))
    assert refusal(house, twice, "s3")[1] == "AuthorizationHeaderMalformed"


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("cloudtrail", "MissingAuthenticationTokenException", 400),
        ("iam", "MissingAuthenticationToken", 403),
        ("ec2", "MissingParameter", 400),
        ("lambda", "MissingAuthenticationTokenException", 403),
    ],
)
def test_unsigned_calls_are_refused(house: House, service: str, code: str, status: int) -> None:
    request = with_header(signed(service), "authorization", None)
    assert refusal(house, request, service)[1:] == (code, status)


@pytest.mark.parametrize(
    "header", ["AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "Bearer x", "AWS4-HMAC-SHA256"]
)
@pytest.mark.parametrize("service", SERVICES)
def test_what_is_no_signature_is_refused(house: House, header: str, service: str) -> None:
    assert refusal(house, with_header(signed(service), "authorization", header), service)[2] in {400, 401, 403}


def test_missing_parts_are_named(house: House) -> None:
    request = signed("iam")
    broken = with_header(request, "authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host")
    error, code, _ = refusal(house, broken, "iam")
    assert code == "IncompleteSignature"
    assert error.text.startswith("Authorization header requires 'Signature' parameter. (Hashed with SHA-256")
    undated = with_header(request, "x-amz-date", None)
    assert "requires existence of either a 'X-Amz-Date' or a 'Date' header" in refusal(house, undated, "iam")[0].text
    wrong = with_header(request, "authorization", (request.header("authorization") or "").replace("/iam/", "/"))
    assert "exactly 5 slash-delimited elements" in refusal(house, wrong, "iam")[0].text


def test_s3_needs_a_payload_hash(house: House) -> None:
    assert refusal(house, with_header(signed("s3"), "x-amz-content-sha256", None), "s3")[1] == "InvalidRequest"


def test_s3_takes_an_unsigned_payload_and_others_do_not(house: House) -> None:
    for service, taken in (("s3", True), ("cloudtrail", False)):
        request = crt_signed(service, payload="UNSIGNED-PAYLOAD", body=b"any")
        if taken:
            assert house.authenticate(request, service).body == b"any"
        else:
            assert refusal(house, request, service)[1] == "InvalidSignatureException"


def test_a_mismatch_at_s3_tells_what_was_signed(house: House) -> None:
    request = changed(signed("s3", "PUT", "https://host.example/b/k"), method="POST")
    members = refusal(house, request, "s3")[0].members
    assert members["AWSAccessKeyId"] == KEY_ID
    assert str(members["CanonicalRequest"]).startswith("POST\n/b/k\n\nhost:host.example\n")
    assert str(members["StringToSign"]).startswith(
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/s3/aws4_request\n"
    )
    assert SECRET not in str(members)


def test_the_signing_key_is_that_of_the_documentation() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""
    key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_global_services_are_asked_in_one_region(house: House) -> None:
    assert house.authenticate(signed("iam", region="eu-west-1"), "iam").region == "us-east-1"
    assert house.authenticate(signed("sts", region="eu-west-1"), "sts").region == "eu-west-1"
    assert signing_scope("organizations").region == "us-east-1"


def crt_signed(
    service: str,
    *,
    asymmetric: bool = False,
    payload: str | None = None,
    body: bytes = b"",
    query: bool = False,
    region: str = "us-east-1",
) -> HttpRequest:
    """A request as the AWS common runtime signs it."""
    headers = awscrt.http.HttpHeaders([("host", "host.example"), ("content-length", str(len(body)))])
    request = awscrt.http.HttpRequest("PUT", "/b/a%20b?x=1&a", headers, None)
    like_s3 = service == "s3"
    algorithm = awscrt.auth.AwsSigningAlgorithm
    config = awscrt.auth.AwsSigningConfig(
        algorithm=algorithm.V4_ASYMMETRIC if asymmetric else algorithm.V4,
        signature_type=awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS
        if query
        else awscrt.auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=awscrt.auth.AwsCredentialsProvider.new_static(KEY_ID, SECRET),
        region=region,
        service=service,
        date=dt.datetime.fromtimestamp(NOW, dt.UTC),
        use_double_uri_encode=not like_s3,
        should_normalize_uri_path=not like_s3,
        signed_body_value=payload,
        signed_body_header_type=awscrt.auth.AwsSignedBodyHeaderType.NONE
        if query
        else awscrt.auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
        expiration_in_seconds=300 if query else None,
    )
    awscrt.auth.aws_sign_request(request, config).result(10)
    path, _, parameters = request.path.partition("?")
    pairs = tuple((name.lower(), value) for name, value in request.headers)
    return HttpRequest(method="PUT", raw_path=path, query=parameters, headers=pairs, body=body, client="203.0.113.7")


@pytest.mark.parametrize("service", ["s3", "cloudtrail"])
@pytest.mark.parametrize("query", [False, True])
@pytest.mark.parametrize("asymmetric", [False, True])
def test_the_common_runtime_signs_alike(house: House, service: str, query: bool, asymmetric: bool) -> None:
    request = crt_signed(
        service,
        asymmetric=asymmetric,
        query=query,
        region="*" if asymmetric else "eu-west-1",
        payload="UNSIGNED-PAYLOAD" if query and service == "s3" else None,
    )
    call = house.authenticate(request, service)
    assert call.region == ("us-east-1" if asymmetric else "eu-west-1")
    assert call.caller.signature_version == ("AWS4-ECDSA-P256-SHA256" if asymmetric else "AWS4-HMAC-SHA256")
    assert refusal(house, changed(request, raw_path="/b/c"), service)[1] == MISMATCH[service][0]


def test_a_region_set_is_signed(house: House) -> None:
    request = crt_signed("s3", asymmetric=True, region="eu-*,eu-west-1")
    assert house.authenticate(request, "s3").region == "eu-west-1"
    assert refusal(house, with_header(request, "x-amz-region-set", "us-east-1"), "s3")[1] == "SignatureDoesNotMatch"


def test_a_plus_in_a_query_is_a_space_or_itself(house: House) -> None:
    request = signed("s3", "GET", "https://host.example/b?prefix=a%20b")
    assert house.authenticate(changed(request, query="prefix=a+b"), "s3").account
    request = signed("s3", "GET", "https://host.example/b?prefix=a%2Bb")
    assert house.authenticate(changed(request, query="prefix=a+b"), "s3").account


def test_a_claim_is_read_without_being_believed() -> None:
    request = signed("iam")
    claim = read_claim(request, headers_of(request), "query")
    assert claim is not None
    assert (claim.access_key, claim.scope, claim.expires) == (KEY_ID, "20150830/us-east-1/iam/aws4_request", None)
    assert read_claim(with_header(request, "authorization", None), {}, "query") is None


UPLOAD = "https://host.example/bucket/key"


def test_an_upload_is_admitted_by_its_head(house: House) -> None:
    request = signed("s3", "PUT", UPLOAD, body=b"large")
    house.authenticator.admit(changed(request, body=b""), ROUTE, house.begin())
    presigned = signed("s3", "PUT", UPLOAD, presigned=900)
    house.authenticator.admit(presigned, ROUTE, house.begin())


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (with_header(signed("s3", "PUT", UPLOAD), "authorization", None), "EntityTooLarge"),
        (changed(signed("s3", "PUT", UPLOAD), raw_path="/bucket/other"), "SignatureDoesNotMatch"),
        (with_header(signed("s3", "PUT", UPLOAD), "x-amz-content-sha256", "0" * 64), "SignatureDoesNotMatch"),
        (with_header(signed("s3", "PUT", UPLOAD), "x-amz-content-sha256", None), "InvalidRequest"),
        (signed("s3", "PUT", UPLOAD, at=NOW - 3600), "RequestTimeTooSkewed"),
        (signed("s3", "PUT", UPLOAD, signing_name="iam"), "AuthorizationHeaderMalformed"),
    ],
)
def test_a_head_that_proves_nobody_is_not_admitted(house: House, request_: HttpRequest, code: str) -> None:
    with pytest.raises(AwsError) as caught:
        house.authenticator.admit(request_, ROUTE, house.begin())
    assert caught.value.code_in("s3") == code
