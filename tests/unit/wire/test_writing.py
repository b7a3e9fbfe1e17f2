"""Answers in the protocol of the call."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import cbor2
import pytest
from tests.unit.wire.asking import ID, form, request, targeted

from trailwarden import wire
from trailwarden.wire import HttpRequest, HttpResponse

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def written(asked: HttpRequest, result: Mapping[str, object]) -> HttpResponse:
    return wire.write(wire.route(asked), result, asked, ID)


def test_json_leaves_out_what_the_model_has_not_and_writes_times_as_seconds() -> None:
    answer = written(
        targeted("CloudTrail_20131101.GetTrailStatus"), {"IsLogging": True, "StartLoggingTime": NOON, "Zork": 1}
    )
    assert json.loads(answer.body) == {"IsLogging": True, "StartLoggingTime": 1709208000}
    assert dict(answer.headers) == {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": ID}


@pytest.mark.parametrize(
    ("moment", "shown"), [(NOON, 1709208000), (1709208000.0, 1709208000), (1709208000.1239, 1709208000.124)]
)
def test_times_come_as_datetimes_or_seconds(moment: object, shown: float) -> None:
    answer = written(targeted("CloudTrail_20131101.GetTrailStatus"), {"StartLoggingTime": moment})
    assert json.loads(answer.body) == {"StartLoggingTime": shown}


def test_query_wraps_the_result_and_iam_writes_whole_seconds() -> None:
    answer = written(
        form("iam", "Action=GetUser&Version=2010-05-08"), {"User": {"UserName": "a<&>b", "CreateDate": 1709208000.9}}
    )
    assert answer.body.decode() == (
        '<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User>'
        "<UserName>a&lt;&amp;&gt;b</UserName><CreateDate>2024-02-29T12:00:00Z</CreateDate></User></GetUserResult>"
        f"<ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata></GetUserResponse>"
    )


def test_ec2_has_its_own_envelope() -> None:
    answer = written(
        form("ec2", "Action=DescribeRegions&Version=2016-11-15"), {"Regions": [{"RegionName": "eu-west-1"}]}
    )
    assert answer.body.decode().endswith(
        f'<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>{ID}</requestId>'
        "<regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo></DescribeRegionsResponse>"
    )


def test_s3_names_its_roots_and_writes_milliseconds() -> None:
    answer = written(
        request("GET", "/bucket", "list-type=2", signing="s3"),
        {"Name": "bucket", "Contents": [{"Key": "a"}, {"Key": "b", "LastModified": NOON}]},
    )
    assert answer.body.decode().endswith(
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Contents><Key>a</Key></Contents>'
        "<Contents><Key>b</Key><LastModified>2024-02-29T12:00:00.000Z</LastModified></Contents></ListBucketResult>"
    )
    assert dict(answer.headers)["x-amz-request-id"] == ID
    assert "x-amz-id-2" in dict(answer.headers)


@pytest.mark.parametrize(
    ("region", "body"),
    [
        (None, b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>'),
        (
            "eu-west-1",
            b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>',
        ),
    ],
)
def test_a_buckets_location_is_a_bare_text(region: str | None, body: bytes) -> None:
    asked = request("GET", "/bucket", "location", signing="s3")
    assert written(asked, {"LocationConstraint": region}).body.endswith(body)


def test_grantees_bear_their_type_as_an_attribute_both_ways() -> None:
    grants = {"Grants": [{"Grantee": {"ID": "x", "Type": "CanonicalUser"}, "Permission": "READ"}]}
    body = written(request("GET", "/bucket", "acl", signing="s3"), grants).body
    assert (
        b'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>x</ID></Grantee>'
        in body
    )
    asked = request("PUT", "/bucket", "acl", body=body, signing="s3")
    assert wire.read(asked, wire.route(asked), ID).params["AccessControlPolicy"] == grants


def test_an_object_is_its_bytes_with_its_facts_in_headers() -> None:
    result = {
        "Body": b"\x00\xff",
        "ContentType": "text/plain",
        "ContentLength": 2,
        "ETag": '"e"',
        "LastModified": NOON,
        "Metadata": {"Colour": "blue\r\nx: y"},
    }
    answer = written(request("GET", "/bucket/k", signing="s3"), result)
    headers = dict(answer.headers)
    assert answer.body == b"\x00\xff"
    assert headers["content-type"] == "text/plain"
    assert headers["last-modified"] == "Thu, 29 Feb 2024 12:00:00 GMT"
    assert headers["x-amz-meta-colour"] == "bluex: y"
    assert "content-length" not in headers


def test_head_keeps_the_length_and_sends_nothing() -> None:
    answer = written(request("HEAD", "/bucket/k", signing="s3"), {"ContentLength": 7, "ETag": '"e"'})
    assert (answer.body, dict(answer.headers)["content-length"]) == (b"", "7")


def test_a_result_may_override_status_and_headers() -> None:
    answer = written(
        request("GET", "/bucket/k", signing="s3"),
        {"Body": b"x", "ETag": '"a"', "__status": 206, "__headers": {"ETag": '"b"'}},
    )
    assert answer.status == 206
    assert [value for name, value in answer.headers if name == "etag"] == ['"b"']


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request("DELETE", "/bucket/k", signing="s3"), 204),
        (request("PUT", "/bucket/k", signing="s3"), 200),
        (request("POST", "/2015-03-31/functions", signing="lambda"), 201),
    ],
)
def test_the_status_is_the_models(asked: HttpRequest, status: int) -> None:
    assert written(asked, {}).status == status


def test_cbor_tags_times() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/GetMetricStatistics"
    asked = request("POST", path, "", ("smithy-protocol", "rpc-v2-cbor"), body=b"\xa0")
    answer = written(asked, {"Datapoints": [{"Timestamp": NOON, "Sum": 3}]})
    assert cbor2.loads(answer.body) == {"Datapoints": [{"Timestamp": NOON, "Sum": 3.0}]}
    assert dict(answer.headers)["smithy-protocol"] == "rpc-v2-cbor"


def test_old_clients_of_sqs_find_the_names_that_they_know() -> None:
    asked = form(
        "sqs",
        "Action=SetQueueAttributes&Version=2012-11-05&QueueUrl=u&Attribute.1.Name=DelaySeconds&Attribute.1.Value=1",
    )
    assert wire.read(asked, wire.route(asked), ID).params == {"QueueUrl": "u", "Attributes": {"DelaySeconds": "1"}}
    answer = written(form("sqs", "Action=ListQueues&Version=2012-11-05"), {"QueueUrls": ["a", "b"]})
    assert b"<ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl></ListQueuesResult>" in answer.body
    batch = form(
        "sqs",
        "Action=SendMessageBatch&Version=2012-11-05&QueueUrl=u&SendMessageBatchRequestEntry.1.Id=i&SendMessageBatchRequestEntry.1.MessageBody=m",
    )
    assert wire.read(batch, wire.route(batch), ID).params["Entries"] == [{"Id": "i", "MessageBody": "m"}]


def test_characters_that_xml_cannot_hold_do_not_break_the_answer() -> None:
    answer = written(request("GET", "/bucket", signing="s3"), {"Contents": [{"Key": "a\x00\x1b\ud800\r\n"}]})
    assert "<Key>a���&#13;\n</Key>".encode() in answer.body
