"""Whether a bucket policy is public.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

import ipaddress
from functools import lru_cache

from trailwarden.policy import Condition, Layer, MalformedPolicy, Policy, Source, Statement, compile_policy

__all__ = ["is_public_policy", "names_everyone", "read_policy"]

_FIXING_KEYS = frozenset(
    {
        "aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
        "aws:sourceorgid", "aws:sourceorgpaths", "aws:userid", "aws:principalorgid", "aws:principalorgpaths",
        "aws:principalarn", "aws:principalaccount", "aws:vpcsourceip", "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)  # fmt: skip
_WIDEST = {4: 8, 6: 32}
"""Prefix lengths; a wider range of addresses is as good as everybody."""


def read_policy(text: str, arn: str) -> Policy | None:
    """The bucket policy compiled, or None where it cannot be read any more."""
    try:
        return compile_policy(text, Source(layer=Layer.RESOURCE, id=arn, attached_to=arn))
    except MalformedPolicy:
        return None


@lru_cache(maxsize=1024)
def is_public_policy(text: str) -> bool:
    """Whether some Allow statement is open to everybody, with no condition that fixes who or from where."""
    policy = read_policy(text, "")
    return policy is not None and any(map(_is_public, policy.statements))


@lru_cache(maxsize=1024)
def names_everyone(text: str) -> bool:
    """Whether some Allow statement could let an unsigned caller in."""
    policy = read_policy(text, "")
    return policy is not None and any(statement.allows and _open(statement) for statement in policy.statements)


def _open(statement: Statement) -> bool:
    principals = statement.principals
    return principals is not None and (principals.everyone or principals.negated)


def _is_public(statement: Statement) -> bool:
    return statement.allows and _open(statement) and not any(map(_fixes, statement.conditions))


def _fixes(condition: Condition) -> bool:
    """Whether the condition holds only for callers or places that are spelt out."""
    operator = condition.operator.lower()
    if condition.folded_key not in _FIXING_KEYS or "not" in operator or "ifexists" in operator or "null" in operator:
        return False
    return all(_fixed(condition.folded_key, value) for value in condition.values)


def _fixed(key: str, value: str) -> bool:
    if "${" in value:
        return False
    if key in {"aws:sourceip", "aws:vpcsourceip"}:
        return _narrow(value)
    if key == "aws:userid":
        return "*" not in value.partition(":")[0]
    if key in {"s3:dataaccesspointarn", "aws:sourcearn", "aws:principalarn"} and value.count(":") >= _ARN_COLONS:
        account = value.split(":")[4]
        return bool(account) and "*" not in account and "?" not in account
    return "*" not in value and "?" not in value


_ARN_COLONS = 5


def _narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.is_private or network.prefixlen >= _WIDEST[network.version]
