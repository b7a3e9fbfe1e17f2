"""Signed requests, made beforehand so that the load costs the client little."""

import json
from typing import Any

import boto3
from bench.servers import Running
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

__all__ = ["CALLS", "preparations", "prepare", "requests_for", "signed_form"]

_REGION = "us-east-1"
_BUCKET = "amzn-s3-demo-bucket"
_OBJECTS = 2000
CALLS = ("sts:GetCallerIdentity", "cloudtrail:GetTrailStatus", "iam:GetUser", "s3:PutObject")


def prepare(server: Running) -> None:
    """What the calls need: a bucket with CloudTrail's policy, a trail, a user."""

    def client(service: str) -> Any:
        connect: Any = boto3.client
        return connect(
            service,
            endpoint_url=f"http://127.0.0.1:{server.port}",
            region_name=_REGION,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
        )

    s3, trails, iam = client("s3"), client("cloudtrail"), client("iam")
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=_policy())
    trails.create_trail(Name="My-Trail", S3BucketName=_BUCKET)
    iam.create_user(UserName="mateojackson")


def preparations(server: Running) -> list[bytes]:
    """The same as requests."""
    trail = {
        "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.CreateTrail",
        "Content-Type": "application/x-amz-json-1.1",
    }
    named = json.dumps({"Name": "My-Trail", "S3BucketName": _BUCKET}).encode()
    return [
        _signed(server, "s3", "PUT", f"/{_BUCKET}", b"", {}),
        _signed(server, "s3", "PUT", f"/{_BUCKET}?policy", _policy().encode(), {}),
        _signed(server, "cloudtrail", "POST", "/", named, trail),
        signed_form(server, "iam", "Action=CreateUser&Version=2010-05-08&UserName=mateojackson"),
    ]


def _policy() -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {**statement, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{_BUCKET}"},
            {**statement, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{_BUCKET}/*"},
        ],
    }
    return json.dumps(policy)


def requests_for(call: str, server: Running) -> list[bytes]:
    """The bytes of the requests of one call."""
    return _MAKERS[call](server)


def _identity(server: Running) -> list[bytes]:
    return [signed_form(server, "sts", "Action=GetCallerIdentity&Version=2011-06-15")]


def _user(server: Running) -> list[bytes]:
    return [signed_form(server, "iam", "Action=GetUser&Version=2010-05-08&UserName=mateojackson")]


def _status(server: Running) -> list[bytes]:
    headers = {
        "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrailStatus",
        "Content-Type": "application/x-amz-json-1.1",
    }
    return [_signed(server, "cloudtrail", "POST", "/", b'{"Name": "My-Trail"}', headers)]


def _objects(server: Running) -> list[bytes]:
    body = b"x" * 1024
    return [_signed(server, "s3", "PUT", f"/{_BUCKET}/object-{number:05}", body, {}) for number in range(_OBJECTS)]


_MAKERS = dict(zip(CALLS, (_identity, _status, _user, _objects), strict=True))


def signed_form(server: Running, service: str, body: str) -> bytes:
    """A signed call of the query protocol."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return _signed(server, service, "POST", "/", body.encode(), headers)


def _signed(server: Running, service: str, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    request = AWSRequest(
        method=method,
        url=f"http://127.0.0.1:{server.port}{path}",
        data=body,
        headers={**headers, "User-Agent": "bench"},
    )
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    request.context["payload_signing_enabled"] = True
    signer(Credentials(server.access_key, server.secret_key), service, _REGION).add_auth(request)
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name.lower() != "host"]
    return "\r\n".join((*lines, "", "")).encode() + body
