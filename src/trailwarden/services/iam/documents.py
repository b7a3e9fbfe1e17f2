"""Policy documents as callers hand them in: checked, measured, and trust policies with principals by unique id.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Mapping
from dataclasses import replace

from trailwarden.errors import AwsError
from trailwarden.policy import (
    IDENTITY,
    TRUST,
    Grammar,
    Layer,
    MalformedPolicy,
    Policy,
    PolicyTooLarge,
    Source,
    compile_policy,
    policy_size,
)
from trailwarden.services.iam.errors import LimitExceeded, MalformedPolicyDocument
from trailwarden.services.iam.principals import with_unique_ids
from trailwarden.services.iam.quotas import INLINE_SIZE
from trailwarden.services.world import World

__all__ = [
    "DocumentTooLarge",
    "InlineTooLarge",
    "check_inline_policy",
    "check_inline_size",
    "check_managed_policy",
    "checked_trust",
    "compiled",
]

_INLINE = replace(IDENTITY, size_max=0)
"""Inline policies are measured together, not one by one."""


class DocumentTooLarge(LimitExceeded):
    """A managed or trust policy is too large.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
    """

    message = "{reason}"


class InlineTooLarge(LimitExceeded):
    """All inline policies of one entity together are too large.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
    """

    message = "Maximum policy size of {limit} bytes exceeded for {noun} {name}"


def compiled(document: str, source: Source, grammar: Grammar) -> Policy:
    """The document compiled; MalformedPolicyDocument or DocumentTooLarge in AWS's words."""
    try:
        return compile_policy(document, source, grammar=grammar)
    except MalformedPolicy as fault:
        raise _refusal(fault) from fault


def _refusal(fault: MalformedPolicy) -> AwsError:
    if isinstance(fault, PolicyTooLarge):
        return DocumentTooLarge(reason=fault.text)
    return MalformedPolicyDocument(reason=fault.text)


def check_managed_policy(document: str) -> None:
    """MalformedPolicyDocument or DocumentTooLarge unless the document can be a managed policy."""
    compiled(document, Source(layer=Layer.IDENTITY, id=""), IDENTITY)


def check_inline_policy(document: str) -> None:
    """MalformedPolicyDocument unless the document can be an inline policy of a user, group or role."""
    compiled(document, Source(layer=Layer.IDENTITY, id=""), _INLINE)


def check_inline_size(noun: str, name: str, inline: Mapping[str, str]) -> None:
    """InlineTooLarge where the entity's inline policies together are."""
    limit = INLINE_SIZE[noun]
    if sum(map(policy_size, inline.values())) > limit:
        raise InlineTooLarge(limit=limit, noun=noun.lower(), name=name)


def checked_trust(world: World, document: str) -> str:
    """The trust policy as it is kept: users and roles of known accounts by unique id, so that a namesake is not trusted.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    compiled(document, Source(layer=Layer.TRUST, id=""), TRUST)
    return with_unique_ids(world, document)
