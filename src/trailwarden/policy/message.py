"""AWS's words for a denial.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from collections.abc import Mapping

from trailwarden.policy.decision import Block, Decision
from trailwarden.policy.request import Layer, Source

__all__ = ["denial_message"]

_ANONYMOUS = "anonymous"

_WITH_ARTICLE: Mapping[Layer, str] = {
    Layer.IDENTITY: "an identity-based policy",
    Layer.RESOURCE: "a resource-based policy",
    Layer.BOUNDARY: "a permissions boundary",
    Layer.SESSION: "a session policy",
    Layer.SCP: "a service control policy",
    Layer.RCP: "a resource control policy",
    Layer.ENDPOINT: "a VPC endpoint policy",
    Layer.TRUST: "the role trust policy",
}

_NAMED_BY_ARN = frozenset({Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION, Layer.SCP, Layer.RCP})
"""The layers whose policies are named since 2026, for explicit denials alone.

https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns/
"""


def denial_message(
    decision: Decision,
    *,
    action: str,
    resource_named: str | None,
    caller_arn: str,
    same_organization: bool = True,
    plain: bool = False,
) -> str:
    """The text that AWS puts into AccessDenied, AccessDeniedException and their kin.

    `action` is spelt as the service spells it (`cloudtrail:GetTrailStatus`, `SNS:Publish`). `resource_named` is the
    resource in the service's own form (S3 puts its ARN into quotes, IAM says `user marymajor`); "" stands for the ARN
    that was asked about, None leaves the resource out, as for actions without resource types. An empty `caller_arn` is
    an anonymous caller. `same_organization` counts only across accounts: the policy's ARN is told only within one
    organization. `plain` leaves the reason out.

    An undecided decision is worded as the denial it would be at worst; one that is allowed has no reason.
    """
    resource = decision.request.resource if resource_named == "" else resource_named
    words = [f"User: {caller_arn or _ANONYMOUS} is not authorized to perform: {action}"]
    if resource is not None:
        words.append(f"on resource: {resource}")
    block = None if plain else decision.first
    if block is not None:
        words.append(_reason(block, action, tells_arn=same_organization or not decision.evidence.crosses))
    return " ".join(words)


def _reason(block: Block, action: str, *, tells_arn: bool) -> str:
    if not block.explicit:
        return f"because no {block.layer} allows the {action} action"
    arn = _policy_arn(block) if tells_arn else ""
    return f"with an explicit deny in {_WITH_ARTICLE[block.layer]}{': ' if arn else ''}{arn}"


def _policy_arn(block: Block) -> str:
    """The ARN of the first denying policy that has one; inline policies stay anonymous."""
    if block.layer not in _NAMED_BY_ARN:
        return ""
    return next((found.policy.source.id for found in block.statements if _has_arn(found.policy.source)), "")


def _has_arn(source: Source) -> bool:
    return not source.inline and source.id.startswith("arn:")
