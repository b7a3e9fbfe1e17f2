"""Every operation of the models that is not built answers AWS's error, and is recorded like any other call."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import cbor2
import msgspec
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.conformance.test_round_trip import Samples, calls, loader, sent

from trailwarden.app import Config, build
from trailwarden.auth.scope import signing_scope
from trailwarden.services.registry import HANDLERS
from trailwarden.wire import HttpRequest, HttpResponse

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
URL = "http://127.0.0.1:4566"
CLEAN = {
    "UnknownOperationException",
    "InvalidAction",
    "NotImplemented",
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
}
"""Not known, or no permission for it known: both are AWS's answers. S3 says NotImplemented, with status 501."""


ELSEWHERE = {
    "codeartifact:PublishPackageVersion": "its member assetSHA256 is the header of the payload's hash, and the sample is no hash",
    "lexv2-models:TagResource": "TagResource of lex-models has its URI and its signing name",
    "s3:GetBucketLifecycle": "has the URI of GetBucketLifecycleConfiguration, which is built",
    "s3:GetBucketNotification": "has the URI of GetBucketNotificationConfiguration, which is built",
    "s3:ListDirectoryBuckets": "is ListBuckets, which is built, at another host",
    "s3:PutBucketLifecycle": "has the URI of PutBucketLifecycleConfiguration, which is built",
    "s3:PutBucketNotification": "has the URI of PutBucketNotificationConfiguration, which is built",
}
"""Operations whose request is another one's, with the reason."""


def unbuilt() -> Iterator[tuple[str, Any, str]]:
    for service in loader().list_available_services("service-2"):
        seen: set[str] = set()
        for operation, protocol in calls(service):
            name = f"{service}:{operation.name}"
            if operation.name not in seen and name not in HANDLERS and name not in ELSEWHERE:
                seen.add(operation.name)
                yield service, operation, protocol


def signed(request: HttpRequest, service: str, name: str) -> HttpRequest:
    """The request with a signature of the root user's in place of the scope alone."""
    kept = [(key, value) for key, value in request.headers if key not in {"authorization", "host"}]
    query = f"?{request.query}" if request.query else ""
    bare = AWSRequest(
        method=request.method, url=f"{URL}{request.raw_path}{query}", data=request.body, headers=dict(kept)
    )
    signer = S3SigV4Auth if signing_scope(service).like_s3 else SigV4Auth
    signer(Credentials(KEY, SECRET), name, "us-east-1").add_auth(bare)
    headers = [(key.lower(), str(value)) for key, value in bare.headers.items()]
    return msgspec.structs.replace(request, headers=(*headers, ("host", "127.0.0.1:4566")))


def code_of(response: HttpResponse) -> str:
    """The code, wherever the protocol has it; a body is never a traceback."""
    assert b"Traceback" not in response.body
    kind = dict(response.headers).get("content-type", "")
    told = dict(response.headers).get("x-amzn-errortype")
    if told:
        return told.rpartition("#")[2].partition(":")[0]
    if "cbor" in kind:
        return str(cbor2.loads(response.body)["__type"]).rpartition("#")[2]
    if response.body.startswith(b"{"):
        return str(msgspec.json.decode(response.body)["__type"]).rpartition("#")[2]
    if response.body:
        tree = ET.fromstring(response.body)
        return next((each.text or "" for each in tree.iter() if each.tag.rpartition("}")[2] == "Code"), "")
    return str(response.status)


@pytest.mark.slow
def test_every_operation_that_is_not_built_says_so(tmp_path: Path) -> None:
    server = build(Config(data=tmp_path, root_access_key=KEY, root_secret_key=SECRET))
    codes: Counter[str] = Counter()
    wrong: list[str] = []

    async def ask() -> None:
        for service, operation, protocol in unbuilt():
            params = Samples().of(operation.input_shape) if operation.input_shape else {}
            request = sent(operation, protocol, params)
            response = await server.asgi.answer(signed(request, service, operation.service_model.signing_name))
            code = code_of(response)
            codes[code] += 1
            if code not in CLEAN or (response.status >= 500 and code != "NotImplemented"):
                wrong.append(f"{service}:{operation.name} {protocol} {response.status} {code} {response.body[:160]!r}")

    try:
        asyncio.run(ask())
        print(f"\n{sum(codes.values())} operations asked: {dict(codes.most_common())}")
        assert wrong == [], "\n".join(wrong)
        assert server.storage.journal.newest() > sum(codes.values()) // 2
    finally:
        server.storage.close()
