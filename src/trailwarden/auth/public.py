"""When a bucket policy is public, in the sense of S3 Block Public Access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

import ipaddress

from trailwarden.policy import Condition, Policy, Statement
from trailwarden.policy.condition import Qualifier

__all__ = ["everyone_named", "is_public"]

_WIDEST_V4 = 8
_WIDEST_V6 = 32

_FIXING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpcsourceip",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
"""Condition keys that can make a statement for everyone non-public, if their values are fixed."""

_POSITIVE = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"})

_ADDRESSES = frozenset({"aws:sourceip", "aws:vpcsourceip"})
_ARN_HEAD = 5
_LOOSE = frozenset("*?$")


def is_public(policy: Policy) -> bool:
    """Whether an allowing statement names everyone and no condition with fixed values narrows it."""
    return any(_grants_to_public(statement) for statement in policy.statements)


def everyone_named(statement: Statement) -> bool:
    """Whether the Principal takes in everybody: `*`, or a NotPrincipal."""
    principals = statement.principals
    return principals is not None and (principals.everyone or principals.negated)


def _grants_to_public(statement: Statement) -> bool:
    return statement.allows and everyone_named(statement) and not any(map(_fixes, statement.conditions))


def _fixes(condition: Condition) -> bool:
    """Whether the condition holds the grant to values without wildcards and variables.

    A condition that also holds where its key is absent fixes nothing.
    """
    name = condition.operator.rpartition(":")[2].lower()
    if condition.folded_key not in _FIXING or name not in _POSITIVE or condition.qualifier is Qualifier.ALL:
        return False
    if condition.folded_key in _ADDRESSES:
        return all(map(_narrow_network, condition.values))
    return bool(condition.values) and all(map(_fixed, condition.values))


def _fixed(value: str) -> bool:
    """An ARN may have wildcards behind its account."""
    if value.startswith("arn:"):
        head = value.split(":", _ARN_HEAD)[:_ARN_HEAD]
        return len(head) == _ARN_HEAD and bool(head[-1]) and not any(set(part) & _LOOSE for part in head)
    return bool(value) and not set(value) & _LOOSE


def _narrow_network(value: str) -> bool:
    """A range of addresses counts as fixed down from /8 for IPv4 and /32 for IPv6."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (_WIDEST_V4 if network.version == 4 else _WIDEST_V6)  # noqa: PLR2004 — IP versions
