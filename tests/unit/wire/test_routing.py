"""Whom a request is for."""

import pytest
from tests.unit.wire.asking import form, parsed, refused, request, targeted

from trailwarden import wire
from trailwarden.wire import HttpRequest
from trailwarden.wire.hosts import bucket_in_host

CBOR = ("smithy-protocol", "rpc-v2-cbor")
CLOUDWATCH = "/service/GraniteServiceVersion20100801/operation/ListMetrics"

ROUTES: list[tuple[HttpRequest, str, str]] = [
    (targeted("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrail"), "cloudtrail:GetTrail", "json"),
    (targeted("CloudTrail_20131101.GetTrail"), "cloudtrail:GetTrail", "json"),
    (targeted("AWSOrganizationsV20161128.ListRoots"), "organizations:ListRoots", "json"),
    (targeted("Timestream_20181101.WriteRecords"), "timestream-write:WriteRecords", "json"),
    (targeted("GraniteServiceVersion20100801.ListMetrics"), "cloudwatch:ListMetrics", "json"),
    (request("POST", CLOUDWATCH, "", CBOR, body=b"\xa0"), "cloudwatch:ListMetrics", "smithy-rpc-v2-cbor"),
    (form("monitoring", "Action=ListMetrics&Version=2010-08-01"), "cloudwatch:ListMetrics", "query"),
    (form("iam", "Action=ListUsers&Version=2010-05-08"), "iam:ListUsers", "query"),
    (form("iam", "Version=2010-05-08&Action=ListUsers"), "iam:ListUsers", "query"),
    (form("ec2", "Action=DescribeRegions&Version=2016-11-15"), "ec2:DescribeRegions", "ec2"),
    (
        form("elasticloadbalancing", "Action=DescribeLoadBalancers&Version=2012-06-01"),
        "elb:DescribeLoadBalancers",
        "query",
    ),
    (
        form("elasticloadbalancing", "Action=DescribeLoadBalancers&Version=2015-12-01"),
        "elbv2:DescribeLoadBalancers",
        "query",
    ),
    (form("sqs", "Action=ListQueues&Version=2012-11-05"), "sqs:ListQueues", "query"),
    (form("", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), "sts:AssumeRoleWithWebIdentity", "query"),
    (form("", "Action=AssumeRoleWithSAML"), "sts:AssumeRoleWithSAML", "query"),
    (
        request("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", signing="sts"),
        "sts:GetCallerIdentity",
        "query",
    ),
    (
        request(
            "GET",
            "/",
            "Action=GetCallerIdentity&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260101%2Fus-east-1%2Fsts%2Faws4_request",
        ),
        "sts:GetCallerIdentity",
        "query",
    ),
    (request("GET", "/", signing="s3"), "s3:ListBuckets", "rest-xml"),
    (request("GET", "/"), "s3:ListBuckets", "rest-xml"),
    (request("GET", "/bucket", signing="s3"), "s3:ListObjects", "rest-xml"),
    (request("GET", "/bucket/", signing="s3"), "s3:ListObjects", "rest-xml"),
    (request("GET", "/bucket", "list-type=2", signing="s3"), "s3:ListObjectsV2", "rest-xml"),
    (request("GET", "/bucket", "location", signing="s3"), "s3:GetBucketLocation", "rest-xml"),
    (request("GET", "/bucket", "location=", signing="s3"), "s3:GetBucketLocation", "rest-xml"),
    (request("GET", "/bucket", "analytics", signing="s3"), "s3:ListBucketAnalyticsConfigurations", "rest-xml"),
    (request("GET", "/bucket", "analytics&id=a", signing="s3"), "s3:GetBucketAnalyticsConfiguration", "rest-xml"),
    (request("GET", "/bucket", "lifecycle", signing="s3"), "s3:GetBucketLifecycleConfiguration", "rest-xml"),
    (request("GET", "/bucket/a//b", signing="s3"), "s3:GetObject", "rest-xml"),
    (request("GET", "/bucket/acl", signing="s3"), "s3:GetObject", "rest-xml"),
    (request("GET", "/bucket/k", "acl", signing="s3"), "s3:GetObjectAcl", "rest-xml"),
    (request("GET", "/bucket/k", "uploadId=u", signing="s3"), "s3:ListParts", "rest-xml"),
    (request("PUT", "/bucket/k", signing="s3"), "s3:PutObject", "rest-xml"),
    (request("PUT", "/bucket/k", "x-id=PutObject", signing="s3"), "s3:PutObject", "rest-xml"),
    (request("PUT", "/bucket/k", "", ("x-amz-copy-source", "/a/b"), signing="s3"), "s3:CopyObject", "rest-xml"),
    (request("PUT", "/bucket/k", "partNumber=1&uploadId=u", signing="s3"), "s3:UploadPart", "rest-xml"),
    (
        request("PUT", "/bucket/k", "partNumber=1&uploadId=u", ("x-amz-copy-source", "/a/b"), signing="s3"),
        "s3:UploadPartCopy",
        "rest-xml",
    ),
    (request("POST", "/bucket/k", "uploads", signing="s3"), "s3:CreateMultipartUpload", "rest-xml"),
    (request("POST", "/bucket", "delete", signing="s3"), "s3:DeleteObjects", "rest-xml"),
    (request("HEAD", "/bucket", signing="s3"), "s3:HeadBucket", "rest-xml"),
    (request("GET", "/", signing="s3", host="bucket.s3.amazonaws.com"), "s3:ListObjects", "rest-xml"),
    (request("GET", "/k", signing="s3", host="bucket.s3.localhost:4566"), "s3:GetObject", "rest-xml"),
    (request("GET", "/k", "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=1"), "s3:ListObjects", "rest-xml"),
    (
        request("GET", "/v20180820/configuration/publicAccessBlock", signing="s3", host="123456789012.localhost:4566"),
        "s3control:GetPublicAccessBlock",
        "rest-xml",
    ),
    (request("GET", "/v20180820/configuration", signing="s3"), "s3:GetObject", "rest-xml"),
    (request("GET", "/2015-03-31/functions/", signing="lambda"), "lambda:ListFunctions", "rest-json"),
    (request("GET", "/2015-03-31/functions", signing="lambda"), "lambda:ListFunctions", "rest-json"),
    (request("GET", "/2015-03-31/functions/f", signing="lambda"), "lambda:GetFunction", "rest-json"),
    (
        request("POST", "/2020-05-31/tagging", "Operation=Tag", signing="cloudfront"),
        "cloudfront:TagResource",
        "rest-xml",
    ),
    (
        request("POST", "/2020-05-31/tagging", "Operation=Untag", signing="cloudfront"),
        "cloudfront:UntagResource",
        "rest-xml",
    ),
    (
        request("POST", "/PutAuditEvents", "channelArn=a", signing="cloudtrail-data"),
        "cloudtrail-data:PutAuditEvents",
        "rest-json",
    ),
]


@pytest.mark.parametrize(("asked", "operation", "protocol"), ROUTES, ids=[row[1] for row in ROUTES])
def test_the_request_tells_service_operation_and_protocol(asked: HttpRequest, operation: str, protocol: str) -> None:
    route = wire.route(asked)
    assert (f"{route.service}:{route.operation}", route.protocol) == (operation, protocol)


UNKNOWN = [
    (targeted("CloudTrail_20131101.Nope"), 404, b'"__type":"UnknownOperationException"'),
    (targeted("Nope"), 404, b'"__type":"UnknownOperationException"'),
    (
        form("iam", "Action=Nope&Version=2010-05-08"),
        400,
        b"<Message>Could not find operation Nope for version 2010-05-08<",
    ),
    (form("iam", "Version=2010-05-08"), 400, b"<Code>MissingAction</Code>"),
    (form("ec2", "Action=Nope&Version=2016-11-15"), 400, b"<Errors><Error><Code>InvalidAction</Code>"),
    (form("", "Action=Nope"), 403, b"<Code>MissingAuthenticationToken</Code>"),
    (request("PATCH", "/bucket/k", signing="s3"), 405, b"<Code>MethodNotAllowed</Code>"),
    (request("POST", "/bucket/k", signing="s3"), 405, b"<Code>MethodNotAllowed</Code>"),
    (request("GET", "/nope", signing="lambda"), 404, b'"message":"The requested operation'),
    (request("POST", "/service/X/operation/Y", "", CBOR), 404, b"UnknownOperationException"),
    (
        request("POST", "/nope", "", ("content-type", "application/json")),
        403,
        b'{"message":"Missing Authentication Token"}',
    ),
    (request("POST", "/nope"), 403, b"<Error><Code>AccessDenied</Code>"),
    (request("GET", "/", signing="nobody"), 404, b'{"message":"The requested operation'),
]


@pytest.mark.parametrize(("asked", "status", "text"), UNKNOWN, ids=range(len(UNKNOWN)))
def test_what_is_unknown_is_refused_in_its_own_protocol(asked: HttpRequest, status: int, text: bytes) -> None:
    answer = refused(asked)
    assert answer.status == status
    assert text in answer.body


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("bucket.s3.amazonaws.com", "bucket"),
        ("my.dotted.bucket.s3.eu-west-1.amazonaws.com", "my.dotted.bucket"),
        ("bucket.s3-eu-west-1.amazonaws.com", "bucket"),
        ("bucket.s3.dualstack.us-east-2.amazonaws.com", "bucket"),
        ("bucket.s3.cn-north-1.amazonaws.com.cn", "bucket"),
        ("bucket.s3.localhost:4566", "bucket"),
        ("bucket.s3.us-east-1.localhost", "bucket"),
        ("bucket.localhost:4566", "bucket"),
        ("Bucket.LOCALHOST", "bucket"),
        ("s3.amazonaws.com", ""),
        ("s3.eu-west-1.amazonaws.com", ""),
        ("s3.localhost:4566", ""),
        ("s3.us-east-1.localhost", ""),
        ("localhost:4566", ""),
        ("127.0.0.1:4566", ""),
        ("[::1]:4566", ""),
        ("123456789012.localhost", ""),
        ("", ""),
        ("a" * 300 + ".localhost", ""),
    ],
)
def test_a_bucket_may_stand_in_the_host(host: str, bucket: str) -> None:
    assert bucket_in_host(host) == bucket


def test_labels_are_decoded_and_greedy_ones_keep_their_slashes() -> None:
    found = parsed(request("GET", "/k%2Fa/b%20c//d/", signing="s3", host="bucket.localhost"))
    assert found.params == {"Bucket": "bucket", "Key": "k/a/b c//d/"}


def test_every_service_is_found_by_its_signing_name() -> None:
    assert wire.service_of("monitoring") == "cloudwatch"
    assert wire.service_of("s3") == "s3"
    assert wire.service_of("nobody") is None
