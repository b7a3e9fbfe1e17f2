"""How a record spells members."""

from datetime import UTC, datetime
from typing import Any

import pytest

from trailwarden.events.members import Plans, english, lower_first
from trailwarden.wire.library import model


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("TrailARN", "trailARN"),
        ("S3BucketName", "s3BucketName"),
        ("SAMLProviderArn", "sAMLProviderArn"),
        ("name", "name"),
    ],
)
def test_only_the_first_letter_changes(name: str, told: str) -> None:
    assert lower_first(name) == told


@pytest.mark.parametrize(
    ("hour", "told"), [(0, "12:05:09 AM"), (1, "1:05:09 AM"), (12, "12:05:09 PM"), (23, "11:05:09 PM")]
)
def test_dates_are_english(hour: int, told: str) -> None:
    moment = datetime(2024, 11, 3, hour, 5, 9, tzinfo=UTC)
    assert english(moment) == f"Nov 3, 2024, {told}"
    assert english(moment, comma=False) == f"Nov 3, 2024 {told}"


def told(service: str, operation: str, given: dict[str, Any], *, answer: bool = False) -> Any:
    found = model(service).operations[operation]
    shape = found.output if answer else found.input
    assert shape is not None
    return Plans(service).render(shape)(given)


def test_what_the_model_does_not_know_is_left_out() -> None:
    assert told("iam", "GetUser", {"UserName": "marymajor", "Extra": "x"}) == {"userName": "marymajor"}


def test_recursive_shapes_find_themselves() -> None:
    given = {"Item": {"a": {"L": [{"S": "deep"}]}}}
    assert told("dynamodb", "GetItem", given, answer=True) == {"item": {"a": {"l": [{"s": "deep"}]}}}


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("iam", "ChangePassword", {"OldPassword": "s3cr3t", "NewPassword": "s3cr3t"}),
        ("iam", "CreateLoginProfile", {"Password": "s3cr3t"}),
        ("iam", "EnableMFADevice", {"AuthenticationCode1": "s3cr3t", "AuthenticationCode2": "s3cr3t"}),
        ("kms", "Encrypt", {"Plaintext": b"s3cr3t"}),
        ("secretsmanager", "PutSecretValue", {"SecretString": "s3cr3t", "SecretBinary": b"s3cr3t"}),
        ("ssm", "PutParameter", {"Value": "s3cr3t"}),
        ("sts", "AssumeRoleWithSAML", {"SAMLAssertion": "s3cr3t"}),
        ("sts", "GetSessionToken", {"TokenCode": "s3cr3t"}),
        ("rds", "CreateDBInstance", {"MasterUserPassword": "s3cr3t"}),
        ("lambda", "CreateFunction", {"Environment": {"Variables": {"KEY": "s3cr3t"}}, "Code": {"ZipFile": b"s3cr3t"}}),
        ("organizations", "CreateAccount", {"Email": "s3cr3t", "AccountName": "s3cr3t"}),
    ],
)
def test_secrets_are_never_told(service: str, operation: str, given: dict[str, Any]) -> None:
    assert "s3cr3t" not in str(told(service, operation, given))
