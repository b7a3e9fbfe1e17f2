from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, Desk

from trailwarden.auth.authorize import Authorizer
from trailwarden.catalog.checks import Check
from trailwarden.errors import ValidationException
from trailwarden.services.kms.errors import InvalidArnException, NotFoundException
from trailwarden.services.kms.grants import InvalidGrantTokenException

MATEO = f"arn:aws:iam::{ACCOUNT}:user/mateojackson"


@pytest.fixture(autouse=True)
def mateo(kms: Desk) -> None:
    kms.call("iam:CreateUser", {"UserName": "mateojackson"})


def may(kms: Desk, key: str, action: str, **pairs: str) -> bool:
    context: dict[str, Any] = {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}
    if pairs:
        context["kms:EncryptionContextKeys"] = tuple(pairs)
    check = Check(action=action, resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{key}", context=context)
    authorizer = Authorizer(kms.facts, chance=kms.chance)
    transaction = kms.storage.begin()
    judged = authorizer.judge(kms.as_user("mateojackson"), check, transaction, now=kms.now, region="us-east-1")
    return judged.decision.allowed


def grant(kms: Desk, key: str, **more: Any) -> Any:
    return kms.call("kms:CreateGrant", {"KeyId": key, "GranteePrincipal": MATEO, **more})


def test_a_grant_lets_its_grantee_do_its_operations_alone(kms: Desk, key: str) -> None:
    assert not may(kms, key, "kms:Decrypt")
    given = grant(kms, key, Operations=["Decrypt"])
    assert may(kms, key, "kms:Decrypt")
    assert not may(kms, key, "kms:Encrypt")
    kms.call("kms:RevokeGrant", {"KeyId": key, "GrantId": given["GrantId"]})
    assert not may(kms, key, "kms:Decrypt")


@pytest.mark.parametrize(
    ("constraint", "exact", "more", "other"),
    [
        ("EncryptionContextEquals", True, False, False),
        ("EncryptionContextSubset", True, True, False),
    ],
)
def test_constraints(kms: Desk, key: str, constraint: str, *, exact: bool, more: bool, other: bool) -> None:
    grant(kms, key, Operations=["Decrypt", "DescribeKey"], Constraints={constraint: {"team": "audit"}})
    assert may(kms, key, "kms:Decrypt", team="audit") is exact
    assert may(kms, key, "kms:Decrypt", team="audit", shift="night") is more
    assert may(kms, key, "kms:Decrypt", team="sales") is other
    assert not may(kms, key, "kms:Decrypt")
    assert may(kms, key, "kms:DescribeKey")


def test_grants_are_listed_and_retired(kms: Desk, key: str) -> None:
    first = grant(kms, key, Operations=["Encrypt"], RetiringPrincipal=MATEO, Name="once")
    assert grant(kms, key, Operations=["Encrypt"], RetiringPrincipal=MATEO, Name="once")["GrantId"] == first["GrantId"]
    assert may(kms, key, "kms:RetireGrant")
    listed = kms.call("kms:ListRetirableGrants", {"RetiringPrincipal": MATEO})["Grants"]
    assert [each["GrantId"] for each in listed] == [first["GrantId"]]
    assert len(kms.call("kms:ListGrants", {"KeyId": key, "GranteePrincipal": MATEO})["Grants"]) == 1
    with pytest.raises(InvalidGrantTokenException):
        kms.call("kms:RetireGrant", {"GrantToken": "bm90aGluZw=="})
    kms.call("kms:RetireGrant", {"GrantToken": first["GrantToken"]})
    assert kms.call("kms:ListGrants", {"KeyId": key})["Grants"] == []
    with pytest.raises(NotFoundException):
        kms.call("kms:RevokeGrant", {"KeyId": key, "GrantId": first["GrantId"]})


def test_what_cannot_be_granted(kms: Desk, key: str) -> None:
    with pytest.raises(ValidationException):
        grant(kms, key, Operations=["Sign"])
    with pytest.raises(InvalidArnException):
        kms.call("kms:CreateGrant", {"KeyId": key, "GranteePrincipal": "mateojackson", "Operations": ["Decrypt"]})
