"""Policy documents as callers hand them in: checked, measured, and trust policies with principals by unique id.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Mapping

from trailwarden.policy import Grammar, Layer, MalformedPolicy, Policy, Source, compile_policy
from trailwarden.services.iam.errors import LimitExceeded, MalformedPolicyDocument, QuotaExceeded
from trailwarden.services.iam.grammars import IDENTITY, TRUST
from trailwarden.services.iam.principals import with_unique_ids
from trailwarden.services.iam.quotas import INLINE_SIZE, POLICY_SIZE, TRUST_SIZE
from trailwarden.services.world import World

__all__ = [
    "InlineTooLarge",
    "check_identity_policy",
    "check_inline_size",
    "check_policy_size",
    "checked_trust",
    "compiled",
    "size_of",
]  # fmt: skip


class InlineTooLarge(LimitExceeded):
    """All inline policies of one entity together are too large.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
    """

    message = "Maximum policy size of {limit} bytes exceeded for {noun} {name}"


def compiled(document: str, layer: Layer, grammar: Grammar, name: str = "") -> Policy:
    """The document compiled, or MalformedPolicyDocument in AWS's words."""
    try:
        return compile_policy(document, Source(layer=layer, id=name), grammar=grammar)
    except MalformedPolicy as fault:
        raise MalformedPolicyDocument(reason=fault.text) from fault


def check_identity_policy(document: str) -> None:
    """MalformedPolicyDocument unless the document is an identity-based policy."""
    compiled(document, Layer.IDENTITY, IDENTITY)


def size_of(document: str) -> int:
    """Its size as IAM counts it: without white space."""
    return len("".join(document.split()))


def check_policy_size(document: str) -> None:
    """QuotaExceeded where a managed policy is too large."""
    if size_of(document) > POLICY_SIZE:
        raise QuotaExceeded(quota="PolicySize", limit=POLICY_SIZE)


def check_inline_size(noun: str, name: str, inline: Mapping[str, str]) -> None:
    """InlineTooLarge where the entity's inline policies together are."""
    limit = INLINE_SIZE[noun]
    if sum(map(size_of, inline.values())) > limit:
        raise InlineTooLarge(limit=limit, noun=noun.lower(), name=name)


def checked_trust(world: World, document: str) -> str:
    """The trust policy as it is kept: users and roles of known accounts by unique id, so that a namesake is not trusted.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    compiled(document, Layer.TRUST, TRUST)
    if size_of(document) > TRUST_SIZE:
        raise QuotaExceeded(quota="ACLSizePerRole", limit=TRUST_SIZE)
    return with_unique_ids(world, document)
