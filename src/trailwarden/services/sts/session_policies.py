"""Session policies: inline and managed, and how much of a session they take.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.identities import POLICY
from trailwarden.errors import ValidationException
from trailwarden.policy import SESSION, Layer, MalformedPolicy, Source, compile_policy
from trailwarden.services.sts.errors import MalformedPolicyDocument, PackedPolicyTooLarge
from trailwarden.services.world import World

__all__ = ["SessionPolicies", "session_policies"]

_MANAGED = 10
_PACKED = 2048
_PLAIN = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicies:
    """What a session is limited to. `packed` is the percentage of the packed size that policies and tags take."""

    policies: tuple[str, ...]
    arns: tuple[str, ...]
    packed: int


def session_policies(world: World, account: str, asked: Mapping[str, Any], tags: Mapping[str, str]) -> SessionPolicies:
    """The session policies that the call passes, checked; managed ones must stand in the role's account.

    MalformedPolicyDocument, PackedPolicyTooLarge or ValidationException.
    """
    document = asked.get("Policy", "")
    arns = tuple(each["arn"] for each in asked.get("PolicyArns", ()))
    if document:
        _check(document)
    if len(arns) > _MANAGED:
        raise PackedPolicyTooLarge
    for arn in arns:
        _check_arn(world, account, arn)
    packed = _packed(document, arns, tags)
    return SessionPolicies(policies=(document,) if document else (), arns=arns, packed=packed)


def _check(document: str) -> None:
    if len(document) > _PLAIN:
        raise PackedPolicyTooLarge
    try:
        compile_policy(document, Source(layer=Layer.SESSION, id="session-policy"), grammar=SESSION)
    except MalformedPolicy as fault:
        raise MalformedPolicyDocument(reason=fault.text) from fault


def _check_arn(world: World, account: str, arn: str) -> None:
    parsed = Arn.parse(arn)
    if parsed is None or parsed.service != "iam" or parsed.type != "policy":
        raise ValidationException(reason=f"{arn} is invalid")
    if parsed.account == "aws":
        known = catalog.managed_policy(arn) is not None
    else:
        known = parsed.account == account and world.find(POLICY, account, "", arn) is not None
    if not known:
        raise MalformedPolicyDocument(reason=f"Policy {arn} does not exist or is not attachable.")


def _packed(document: str, arns: Iterable[str], tags: Mapping[str, str]) -> int:
    """How full the session is, in percent. AWS keeps its packing to itself; ours is deflate over the same parts.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (PackedPolicySize)
    """
    text = "\n".join([document, *arns, *(f"{key}={value}" for key, value in tags.items())]).strip()
    size = len(zlib.compress(text.encode(), 9)) if text else 0
    if size > _PACKED:
        raise PackedPolicyTooLarge
    return -(-size * 100 // _PACKED)
