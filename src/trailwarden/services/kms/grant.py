"""A grant as it is stored, and what it amounts to as statements.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.storage.ports import Kind, Reader

__all__ = ["GRANT", "Grant", "grants_of", "statements"]

_UNCONSTRAINED = frozenset({"DescribeKey", "GetPublicKey", "RetireGrant", "CreateGrant"})
"""Operations without an encryption context, on which constraints say nothing.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
"""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A grant on a key. Key: (account, region, `key id/grant id`), all of the key.

    `equals` and `subset` are its encryption context constraints, `by` the ARN of who issued it, `nonce` what its token
    proves.
    """

    id: str
    account: str
    region: str
    key: str
    grantee: str
    operations: tuple[str, ...]
    created: float
    by: str
    nonce: str
    retiring: str = ""
    name: str = ""
    equals: dict[str, str] | None = None
    subset: dict[str, str] | None = None


GRANT = Kind("kms.grant", Grant)


def grants_of(reader: Reader, account: str, region: str, key: str) -> Sequence[Grant]:
    """The grants on a key."""
    return [document.body for document in reader.list(GRANT, account, region, prefix=f"{key}/")]


def statements(grant: Grant, arn: str) -> Iterator[str]:
    """Policy documents that let through what the grant does.

    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#grant-concepts
    """
    free = [name for name in grant.operations if name in _UNCONSTRAINED or not _conditions(grant)]
    bound = [name for name in grant.operations if name not in free]
    if free:
        yield _document(grant.grantee, free, arn, {})
    if bound:
        yield _document(grant.grantee, bound, arn, _conditions(grant))
    if grant.retiring:
        yield _document(grant.retiring, ["RetireGrant"], arn, {})


def _conditions(grant: Grant) -> dict[str, Any]:
    wanted = grant.equals if grant.equals is not None else grant.subset
    if not wanted:
        return {}
    conditions: dict[str, Any] = {
        "StringEquals": {f"kms:EncryptionContext:{name}": value for name, value in wanted.items()}
    }
    if grant.equals is not None:
        conditions["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(wanted)}
    return conditions


def _document(principal: str, operations: Sequence[str], arn: str, conditions: Mapping[str, Any]) -> str:
    kind = "AWS" if principal.startswith("arn:") else "Service"
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {kind: principal},
        "Action": [f"kms:{name}" for name in operations],
        "Resource": arn,
    }
    if conditions:
        statement["Condition"] = conditions
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
