"""Leaving policies out of a simulation.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyIdentifier.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import Layer, Policy, PolicySet
from trailwarden.services.iam.errors import InvalidInput

__all__ = ["without"]


def without(policies: PolicySet, entries: Iterable[Mapping[str, Any]]) -> PolicySet:
    """The policies that no entry of PolicyExclusionList means; InvalidInput for an entry that is no ARN."""
    excluded = tuple(entries)
    for entry in excluded:
        if "PolicyArn" in entry and (Arn.parse(entry["PolicyArn"]) is None or entry["PolicyArn"].count("*") > 1):
            raise InvalidInput(reason=f"Invalid policy ARN: {entry['PolicyArn']}")
    if not excluded:
        return policies
    kept = _kept(policies.boundary or (), excluded)
    return replace(
        policies,
        identity=_kept(policies.identity, excluded),
        boundary=kept or None,
        scps=tuple(_kept(level, excluded) for level in policies.scps) if not _all_scps(excluded) else (),
    )


def _kept(policies: Iterable[Policy], excluded: tuple[Mapping[str, Any], ...]) -> tuple[Policy, ...]:
    return tuple(policy for policy in policies if not any(_means(entry, policy) for entry in excluded))


def _all_scps(excluded: Iterable[Mapping[str, Any]]) -> bool:
    return any(entry.get("PolicyType") == "scp" for entry in excluded)


def _means(entry: Mapping[str, Any], policy: Policy) -> bool:
    source = policy.source
    if entry.get("PolicyType") == _type(policy):
        return True
    if "PolicyArn" in entry:
        return fnmatchcase(source.id, entry["PolicyArn"].replace("[", "[[]"))
    named: Mapping[str, Any] = entry.get("InlinePolicyIdentifier") or {}
    return source.inline and source.name == named.get("PolicyName") and _attached(named, policy)


def _type(policy: Policy) -> str:
    source = policy.source
    if source.layer is Layer.BOUNDARY:
        return "permission-boundary"
    if source.layer is Layer.SCP:
        return "scp"
    if source.inline:
        return "inline"
    return "aws-managed" if source.aws_managed else "user-managed"


def _attached(named: Mapping[str, Any], policy: Policy) -> bool:
    """Whether the policy hangs on the entity that the identifier names."""
    holder = Arn.parse(policy.source.attached_to)
    if holder is None:
        return False
    wanted = named.get("AttachmentName", "*").replace("[", "[[]")
    return named.get("AttachmentType", holder.type) == holder.type and fnmatchcase(holder.name, wanted)
