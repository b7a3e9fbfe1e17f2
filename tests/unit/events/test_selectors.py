"""Which selectors CloudTrail refuses, with the words that tell why."""

import pytest

from trailwarden.events import AdvancedSelector, DataResource, EventSelector, FieldSelector, refusal

CATEGORY = FieldSelector(field="eventCategory", equals=("Data",))
TYPE = FieldSelector(field="resources.type", equals=("AWS::S3::Object",))


def advanced(*fields: FieldSelector, name: str = "") -> tuple[AdvancedSelector, ...]:
    return (AdvancedSelector(name=name, field_selectors=fields),)


def management(*fields: FieldSelector) -> tuple[AdvancedSelector, ...]:
    return advanced(FieldSelector(field="eventCategory", equals=("Management",)), *fields)


@pytest.mark.parametrize(
    ("selectors", "word"),
    [
        ((EventSelector(),), ""),
        ((EventSelector(),) * 6, "limit of 5"),
        ((EventSelector(read_write_type="Both"),), "ReadWriteType"),
        ((EventSelector(exclude_management_event_sources=("iam.amazonaws.com",)),), "cannot be excluded"),
        ((EventSelector(include_management_events=False),), "must include"),
        ((EventSelector(data_resources=(DataResource(type="AWS::SQS::Queue"),)),), "AWS::SQS::Queue"),
        ((EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3",)),)),), ""),
        ((EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:lambda",)),)),), "not valid for AWS::S3::Object"),
        ((EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3:::b/",) * 251),)),), "limit of 250"),
    ],
)  # fmt: skip
def test_basic(selectors: tuple[EventSelector, ...], word: str) -> None:
    reason = refusal(selectors)
    assert (word in reason) if word else reason == ""


@pytest.mark.parametrize(
    ("selectors", "word"),
    [
        (advanced(CATEGORY, TYPE), ""),
        (advanced(CATEGORY), "resources.type is required"),
        (advanced(TYPE), "exactly one eventCategory"),
        (advanced(CATEGORY, TYPE, TYPE), "more than once"),
        (advanced(FieldSelector(field="eventCategory", equals=("Insight",))), "Insight is not valid"),
        (advanced(CATEGORY, TYPE, FieldSelector(field="readOnly", equals=("maybe",))), "maybe"),
        (advanced(CATEGORY, TYPE, FieldSelector(field="readOnly", not_equals=("true",))), "NotEquals"),
        (advanced(CATEGORY, TYPE, FieldSelector(field="nonsense", equals=("x",))), "nonsense"),
        (advanced(CATEGORY, TYPE, FieldSelector(field="eventName")), "no operator"),
        (advanced(CATEGORY, TYPE, FieldSelector(field="eventName", equals=("x",) * 501)), "limit of 500"),
        (advanced(CATEGORY, TYPE, name="x" * 1001), "1000"),
        (management(FieldSelector(field="readOnly", equals=("true",))), ""),
        (management(FieldSelector(field="eventSource", not_equals=("kms.amazonaws.com",))), ""),
        (management(FieldSelector(field="eventSource", not_equals=("iam.amazonaws.com",))), "iam.amazonaws.com"),
        (management(FieldSelector(field="eventSource", equals=("kms.amazonaws.com",))), "Equals"),
    ],
)
def test_advanced(selectors: tuple[AdvancedSelector, ...], word: str) -> None:
    reason = refusal((), selectors)
    assert (word in reason) if word else reason == ""


def test_an_event_data_store_may_say_more_than_a_trail() -> None:
    selectors = management(FieldSelector(field="eventSource", equals=("iam.amazonaws.com",)))
    assert refusal((), selectors, scope="store") == ""
    assert refusal((), selectors) != ""


def test_one_kind_and_not_both() -> None:
    assert refusal() != ""
    assert refusal((EventSelector(),), advanced(CATEGORY, TYPE)) != ""
