"""What the policies above an account amount to, for types that merge: tag, backup, opt-out and the like.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.auth.organization import ORGANIZATION_POLICY, Organization, membership
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import own, read_by_delegates
from trailwarden.services.organizations.errors import TargetNotFoundException
from trailwarden.services.organizations.finding import root_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "Contribution",
    "EffectivePolicyNotFoundException",
    "contributions",
    "describe_effective_policy",
    "enabled",
    "merged",
]

_ALLOWED = "@@operators_allowed_for_child_policies"
_ASSIGN, _APPEND, _REMOVE = "@@assign", "@@append", "@@remove"
_ALL = "@@all"
_EVERY = frozenset({_ASSIGN, _APPEND, _REMOVE})
_DEEPEST = 64


class EffectivePolicyNotFoundException(AwsError):
    """No policy of the type is above the account, or the type is not enabled.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
    """

    message = "The account doesn't have an effective policy of this type."


@dataclass(frozen=True, slots=True)
class _Node:
    """A key of the merged document: its value or its children, and what lower policies may do with it."""

    value: object = None
    children: Mapping[str, "_Node"] = field(default_factory=dict)
    allowed: frozenset[str] = _EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One policy that bears on an account: its id and its document."""

    policy: str
    document: Mapping[str, Any]


@operation("organizations:DescribeEffectivePolicy")
def describe_effective_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Merge the policies of a type from the root down to an account, the caller's own unless another is named.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
    """
    target = call.params.get("TargetId", call.account)
    organization = own(call, world) if target == call.account else read_by_delegates(call, world)
    kind = call.params["PolicyType"]
    documents = [each.document for each in contributions(world, organization, target, kind)]
    if not documents:
        raise EffectivePolicyNotFoundException
    return {
        "EffectivePolicy": {
            "PolicyContent": msgspec.json.encode(merged(documents)).decode(),
            "LastUpdatedTimestamp": datetime.fromtimestamp(call.now, UTC),
            "TargetId": target,
            "PolicyType": kind,
        }
    }


def merged(documents: list[Mapping[str, Any]]) -> Any:
    """The documents, root first, as one without inheritance operators.

    https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
    """
    node = _Node()
    for document in documents:
        node = _merge(node, document, 0)
    return _plain(node)


def enabled(world: World, organization: Organization, kind: str) -> bool:
    """Whether the type is enabled in the root."""
    return kind in root_of(world, organization).policy_types


def contributions(world: World, organization: Organization, target: str, kind: str) -> list[Contribution]:
    """The policies of a type that bear on an account, root first; none where the type is not enabled."""
    place = membership(target, world.transaction)
    if place is None or place.organization.id != organization.id:
        raise TargetNotFoundException
    if not enabled(world, organization, kind):
        return []
    attached = (
        world.find(ORGANIZATION_POLICY, organization.id, "", name) for each in place.line for name in each.attached
    )
    return [
        Contribution(policy=policy.id, document=msgspec.json.decode(policy.content))
        for policy in attached
        if policy is not None and policy.type == kind
    ]


def _merge(node: _Node, document: Mapping[str, Any], depth: int) -> _Node:
    """The node with a lower policy laid over it. What a policy allows its children counts from the next policy on."""
    value, allowed, children = node.value, node.allowed, dict(node.children)
    for key, given in document.items():
        if key == _ALLOWED:
            allowed &= _EVERY if _ALL in _list(given) else frozenset(_list(given))
        elif key in _EVERY:
            value = _operated(value, key, given) if key in node.allowed else value
        elif depth < _DEEPEST:
            below = given if isinstance(given, Mapping) else {_ASSIGN: given}
            children[key] = _merge(children.get(key, _Node(allowed=node.allowed)), below, depth + 1)
    if allowed != node.allowed:
        children = {key: _limited(child, allowed) for key, child in children.items()}
    return _Node(value, children, allowed)


def _limited(node: _Node, allowed: frozenset[str]) -> _Node:
    """What a policy does not allow at a key, it does not allow anywhere below."""
    children = {key: _limited(child, allowed) for key, child in node.children.items()}
    return _Node(node.value, children, node.allowed & allowed)


def _operated(value: object, operator: str, given: object) -> object:
    if operator == _ASSIGN:
        return given
    standing, named = _list(value), _list(given)
    if operator == _APPEND:
        return [*standing, *(each for each in named if each not in standing)]
    return [each for each in standing if each not in named]


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _plain(node: _Node) -> Any:
    if node.value is not None:
        return node.value
    return {key: _plain(child) for key, child in node.children.items()}
