"""Constraints of the models, in the words recorded from AWS."""

import pytest
from tests.unit.wire.asking import form, parsed, targeted

from trailwarden import wire
from trailwarden.errors import AwsError
from trailwarden.wire import HttpRequest, library
from trailwarden.wire.patterns import compiled


def kms(operation: str, body: str) -> HttpRequest:
    return targeted(f"TrentService.{operation}", body.encode(), "kms")


def events(operation: str, body: str) -> HttpRequest:
    return targeted(f"AWSEvents.{operation}", body.encode(), "events")


ONE = "1 validation error detected: "
BROKEN = [
    (kms("GenerateRandom", '{"NumberOfBytes":1025}'), ONE + "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024"),
    (kms("GenerateRandom", '{"NumberOfBytes":0}'), ONE + "Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1"),
    (kms("Encrypt", f'{{"KeyId":"k","Plaintext":"{"A" * 8000}"}}'), ONE + "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096"),
    (events("PutTargets", '{"Rule":"r","Targets":[{"Id":"!@#$@!#$","Arn":"a"}]}'), ONE + "Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"),
    (
        events("CreateConnection", '{"Name":"This should fail with two errors 123467890123412341234123412341234","AuthorizationType":"INVALID","AuthParameters":{}}'),
        (
        "3 validation errors detected: Value 'This should fail with two errors 123467890123412341234123412341234' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+; "
        "Value 'This should fail with two errors 123467890123412341234123412341234' at 'name' failed to satisfy constraint: Member must have length less than or equal to 64; "
        "Value 'INVALID' at 'authorizationType' failed to satisfy constraint: Member must satisfy enum value set: [BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]"
        ),
    ),
    (form("sns", "Action=SetSubscriptionAttributes&SubscriptionArn=a"), ONE + "Value null at 'attributeName' failed to satisfy constraint: Member must not be null"),
    (
        form("sns", "Action=Publish&Message=m&MessageAttributes.entry.1.Name=attr1&MessageAttributes.entry.1.Value.StringValue=x"),
        ONE + "Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be null",
    ),
    (form("iam", "Action=TagUser&UserName=mateojackson&Tags.member.1.Key=a"), ONE + "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"),
    (form("iam", "Action=UpdateServiceSpecificCredential&ServiceSpecificCredentialId=ACCAEXAMPLE123EXAMPLE&Status=x"), ONE + "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"),
    (targeted("CloudTrail_20131101.GetTrail"), ONE + "Value null at 'name' failed to satisfy constraint: Member must not be null"),
    (form("ec2", "Action=TerminateInstances"), "The request must contain the parameter InstanceId"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "text"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_constraint_is_told_in_awss_words(asked: HttpRequest, text: str) -> None:
    with pytest.raises(AwsError) as refused:
        wire.validate(parsed(asked))
    assert refused.value.text == text


ORGANIZATIONS = [
    (
        "DescribePolicy",
        '{"PolicyId":"x"}',
        "INVALID_PATTERN",
        "You provided a value that does not match the required pattern.",
    ),
    ("DescribePolicy", "{}", "INPUT_REQUIRED", "You must include a value for all required parameters."),
    (
        "ListPolicies",
        '{"Filter":"MUST NOT BE NULL: must not be null"}',
        "INVALID_ENUM",
        "You specified an invalid value.",
    ),
    ("ListRoots", '{"MaxResults":21}', "MAX_VALUE_EXCEEDED", "You provided a value that is larger than allowed."),
    ("ListRoots", '{"MaxResults":0}', "MIN_VALUE_EXCEEDED", "You provided a value that is smaller than required."),
    (
        "CreateOrganizationalUnit",
        f'{{"ParentId":"r-exam","Name":"{"a" * 129}"}}',
        "MAX_LENGTH_EXCEEDED",
        "You provided a value that is longer than allowed.",
    ),
    (
        "CreateOrganizationalUnit",
        '{"ParentId":"r-exam","Name":""}',
        "MIN_LENGTH_EXCEEDED",
        "You provided a value that is shorter than required.",
    ),
]


@pytest.mark.parametrize(("operation", "body", "reason", "text"), ORGANIZATIONS)
def test_organizations_has_words_of_its_own(operation: str, body: str, reason: str, text: str) -> None:
    with pytest.raises(AwsError) as refused:
        wire.validate(parsed(targeted(f"AWSOrganizationsV20161128.{operation}", body.encode(), "organizations")))
    assert type(refused.value).__name__ == "InvalidInputException"
    assert (refused.value.members, refused.value.text) == ({"Reason": reason}, text)


KEPT = [
    targeted("CloudTrail_20131101.GetTrail", b'{"Name":""}'),  # CloudTrail has errors of its own for its members
    form("iam", "Action=CreateUser&UserName=mateojackson&Tags.member.1.Key=Größe&Tags.member.1.Value="),
    form("sts", "Action=GetCallerIdentity"),
    kms("GenerateRandom", '{"NumberOfBytes":1024}'),
]


@pytest.mark.parametrize("asked", KEPT, ids=range(len(KEPT)))
def test_what_keeps_the_constraints_passes(asked: HttpRequest) -> None:
    wire.validate(parsed(asked))


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "Größe 1", "a;b"),
        (r"\p{Lu}+", "ÄB", "äb"),
        (r"[\p{ASCII}]+", "abc", "é"),
        (r"[\u0020-\uD7FF\x{10000}-\x{10FFFF}]+", "a\U0001f600", "\n"),
        (r"\d+", "12", "\u0661\u0662"),
        ("^a$", "a", "a\n"),
    ],
)
def test_javas_patterns_are_read(pattern: str, good: str, bad: str) -> None:
    found = compiled(pattern)
    assert found is not None
    assert found.fullmatch(good)
    assert not found.fullmatch(bad)


@pytest.mark.parametrize(
    "service", ["cloudtrail", "iam", "sts", "s3", "kms", "organizations", "logs", "sns", "sqs", "events", "config"]
)
def test_no_pattern_of_the_services_we_serve_is_out_of_reach(service: str) -> None:
    patterns = {shape.pattern for shape in library.model(service).raw.shapes.values() if shape.pattern}
    assert [pattern for pattern in patterns if compiled(pattern) is None] == []
