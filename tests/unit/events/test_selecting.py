"""Which records selectors take."""

from typing import Any

import pytest

from trailwarden.events import AdvancedSelector, DataResource, EventSelector, FieldSelector, compile_selectors

MANAGEMENT: dict[str, Any] = {
    "eventCategory": "Management",
    "readOnly": False,
    "eventSource": "kms.amazonaws.com",
    "eventName": "CreateKey",
    "userIdentity": {"arn": "arn:aws:iam::123456789012:user/mateojackson"},
}
OBJECT: dict[str, Any] = {
    "eventCategory": "Data",
    "readOnly": True,
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "resources": [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/a/b.txt"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"},
    ],
}
LISTING = {**OBJECT, "resources": [{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::amzn-s3-demo-bucket/"}]}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:audit"
INVOCATION: dict[str, Any] = {
    "eventCategory": "Data",
    "readOnly": False,
    "resources": [{"type": "AWS::Lambda::Function", "ARN": FUNCTION}],
}


def data(kind: str, *values: str, read_write: str = "All") -> EventSelector:
    return EventSelector(
        read_write_type=read_write,
        include_management_events=False,
        data_resources=(DataResource(type=kind, values=values),),
    )


@pytest.mark.parametrize(
    ("selector", "record", "taken"),
    [
        (EventSelector(), MANAGEMENT, True),
        (EventSelector(), OBJECT, False),
        (EventSelector(read_write_type="ReadOnly"), MANAGEMENT, False),
        (EventSelector(read_write_type="WriteOnly"), MANAGEMENT, True),
        (EventSelector(exclude_management_event_sources=("kms.amazonaws.com",)), MANAGEMENT, False),
        (data("AWS::S3::Object", "arn:aws:s3"), OBJECT, True),
        (data("AWS::S3::Object", "arn:aws:s3"), MANAGEMENT, False),
        (data("AWS::S3::Object", "arn:aws:s3", read_write="WriteOnly"), OBJECT, False),
        (data("AWS::S3::Object", "arn:aws:s3:::amzn-s3-demo-bucket/"), OBJECT, True),
        (data("AWS::S3::Object", "arn:aws:s3:::amzn-s3-demo-bucket/"), LISTING, True),
        (data("AWS::S3::Object", "arn:aws:s3:::amzn-s3-demo-bucket/a/"), OBJECT, True),
        (data("AWS::S3::Object", "arn:aws:s3:::amzn-s3-demo-bucket/c/"), OBJECT, False),
        (data("AWS::S3::Object"), OBJECT, False),
        (data("AWS::Lambda::Function", "arn:aws:lambda"), INVOCATION, True),
        (data("AWS::Lambda::Function", FUNCTION), INVOCATION, True),
        (data("AWS::Lambda::Function", FUNCTION[:-1]), INVOCATION, False),
    ],
)
def test_basic(selector: EventSelector, record: dict[str, Any], taken: bool) -> None:
    assert compile_selectors((selector,))(record) is taken


def advanced(*fields: FieldSelector, category: str = "Data") -> AdvancedSelector:
    return AdvancedSelector(field_selectors=(FieldSelector(field="eventCategory", equals=(category,)), *fields))


OBJECTS = FieldSelector(field="resources.type", equals=("AWS::S3::Object",))


@pytest.mark.parametrize(
    ("selector", "record", "taken"),
    [
        (advanced(category="Management"), MANAGEMENT, True),
        (advanced(category="Management"), OBJECT, False),
        (advanced(FieldSelector(field="readOnly", equals=("false",)), category="Management"), MANAGEMENT, True),
        (advanced(FieldSelector(field="readOnly", equals=("true",)), category="Management"), MANAGEMENT, False),
        (
            advanced(FieldSelector(field="eventSource", not_equals=("kms.amazonaws.com",)), category="Management"),
            MANAGEMENT,
            False,
        ),
        (advanced(OBJECTS), OBJECT, True),
        (advanced(FieldSelector(field="resources.type", equals=("AWS::SQS::Queue",))), OBJECT, False),
        (advanced(OBJECTS, FieldSelector(field="eventName", starts_with=("Get", "Put"))), OBJECT, True),
        (advanced(OBJECTS, FieldSelector(field="eventName", ends_with=("Object",))), OBJECT, True),
        (advanced(OBJECTS, FieldSelector(field="eventName", not_ends_with=("Object",))), OBJECT, False),
        (
            advanced(OBJECTS, FieldSelector(field="eventName", starts_with=("Get",), not_equals=("GetObject",))),
            OBJECT,
            False,
        ),
        # The bucket's ARN must not slip past an exclusion of its objects.
        (
            advanced(
                OBJECTS, FieldSelector(field="resources.ARN", not_starts_with=("arn:aws:s3:::amzn-s3-demo-bucket/",))
            ),
            OBJECT,
            False,
        ),
        (
            advanced(
                OBJECTS, FieldSelector(field="resources.ARN", starts_with=("arn:aws:s3:::amzn-s3-demo-bucket/a",))
            ),
            OBJECT,
            True,
        ),
        (
            advanced(FieldSelector(field="userIdentity.arn", ends_with=("mateojackson",)), category="Management"),
            MANAGEMENT,
            True,
        ),
        # What is absent equals nothing, so it is not equal to "true".
        (
            advanced(FieldSelector(field="sessionCredentialFromConsole", equals=("true",)), category="Management"),
            MANAGEMENT,
            False,
        ),
        (
            advanced(FieldSelector(field="sessionCredentialFromConsole", not_equals=("true",)), category="Management"),
            MANAGEMENT,
            True,
        ),
    ],
)
def test_advanced(selector: AdvancedSelector, record: dict[str, Any], taken: bool) -> None:
    assert compile_selectors(advanced=(selector,))(record) is taken


def test_selectors_add_up() -> None:
    takes = compile_selectors((EventSelector(), data("AWS::S3::Object", "arn:aws:s3")))
    assert takes(MANAGEMENT)
    assert takes(OBJECT)
    assert not takes(INVOCATION)


def test_without_selectors_management_events_are_taken() -> None:
    assert compile_selectors()(MANAGEMENT)
    assert not compile_selectors()(OBJECT)
