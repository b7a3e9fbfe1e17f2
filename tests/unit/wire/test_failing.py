"""Errors in the protocol of the call."""

import json
from collections.abc import Mapping
from typing import ClassVar

import cbor2
import pytest
from tests.unit.wire.asking import ID, form, request, targeted

from trailwarden import wire
from trailwarden.errors import AwsError, InternalFailure, ThrottlingException
from trailwarden.wire import HttpRequest, HttpResponse


class TrailNotFoundException(AwsError):
    message = "Unknown trail: {name}"


class NoSuchEntityException(AwsError):
    message = "The user with name {name} cannot be found."


class NoSuchKey(AwsError):
    message = "The specified key does not exist."


class QueueDoesNotExist(AwsError):
    codes: ClassVar[Mapping[str, str]] = {"query": "AWS.SimpleQueueService.NonExistentQueue"}
    message = "The specified queue does not exist."


class ResourceNotFoundException(AwsError):
    message = "Function not found: {name}"


def failed(asked: HttpRequest, error: AwsError) -> HttpResponse:
    return wire.write_error(wire.route(asked), error, asked, ID)


def test_cloudtrail_answers_400_with_a_capital_message() -> None:
    answer = failed(targeted("CloudTrail_20131101.GetTrail"), TrailNotFoundException(name="t", members={"Zone": 1.5}))
    assert answer.status == 400
    assert json.loads(answer.body) == {"__type": "TrailNotFoundException", "Message": "Unknown trail: t", "Zone": 1.5}
    assert dict(answer.headers)["x-amzn-requestid"] == ID


def test_query_errors_have_the_models_code_and_status() -> None:
    answer = failed(form("iam", "Action=GetUser&Version=2010-05-08"), NoSuchEntityException(name="<mateojackson>"))
    assert answer.status == 404
    assert answer.body.decode() == (
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>'
        "<Message>The user with name &lt;mateojackson&gt; cannot be found.</Message></Error>"
        f"<RequestId>{ID}</RequestId></ErrorResponse>"
    )


def test_a_fault_of_the_server_is_the_receivers() -> None:
    answer = failed(form("iam", "Action=GetUser&Version=2010-05-08"), InternalFailure())
    assert answer.status == 500
    assert b"<Type>Receiver</Type><Code>InternalFailure</Code>" in answer.body


def test_ec2_wraps_its_errors_twice() -> None:
    answer = failed(form("ec2", "Action=DescribeRegions&Version=2016-11-15"), ThrottlingException())
    assert answer.body.decode().endswith(
        "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Rate exceeded</Message></Error></Errors>"
        f"<RequestID>{ID}</RequestID></Response>"
    )


def test_s3_errors_name_resource_and_ids() -> None:
    answer = failed(request("GET", "/bucket/a%20b", signing="s3"), NoSuchKey(members={"Key": "a b"}))
    text = answer.body.decode()
    assert answer.status == 404
    assert "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a b</Key>" in text
    assert f"<Resource>/bucket/a%20b</Resource><RequestId>{ID}</RequestId><HostId>" in text


def test_head_has_no_error_body() -> None:
    answer = failed(request("HEAD", "/bucket/k", signing="s3"), NoSuchKey())
    assert (answer.status, answer.body) == (404, b"")


def test_rest_json_names_the_error_in_a_header() -> None:
    answer = failed(request("GET", "/2015-03-31/functions/f", signing="lambda"), ResourceNotFoundException(name="f"))
    assert answer.status == 404
    assert dict(answer.headers)["x-amzn-errortype"] == "ResourceNotFoundException"
    assert json.loads(answer.body) == {"Message": "Function not found: f"}


def test_other_rest_xml_services_wrap_the_error() -> None:
    asked = request("GET", "/2013-04-01/hostedzone/Z1", signing="route53")
    answer = failed(asked, ThrottlingException())
    assert (
        b'<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>'
        in answer.body
    )


def test_cbor_errors_bear_their_type() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    answer = failed(request("POST", path, "", ("smithy-protocol", "rpc-v2-cbor"), body=b"\xa0"), ThrottlingException())
    assert cbor2.loads(answer.body) == {"__type": "ThrottlingException", "message": "Rate exceeded"}
    assert dict(answer.headers)["content-type"] == "application/cbor"


@pytest.mark.parametrize(("target", "signing", "told"), [
    ("AmazonSQS.ListQueues", "sqs", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
    ("TrentService.ListKeys", "kms", None),
])  # fmt: skip
def test_services_that_left_query_still_tell_its_codes(target: str, signing: str, told: str | None) -> None:
    answer = failed(targeted(target, signing=signing), QueueDoesNotExist())
    assert dict(answer.headers).get("x-amzn-query-error") == told
    assert json.loads(answer.body)["__type"] == "QueueDoesNotExist"


def test_a_header_cannot_be_split() -> None:
    asked = request("POST", "/x", "", ("x-amz-target", "a.b"), ("content-type", "application/x-amz-json-1.1\r\nx: y"))
    answer = wire.write_error(None, ThrottlingException(), asked, ID)
    assert all(value.isprintable() for _, value in answer.headers)
