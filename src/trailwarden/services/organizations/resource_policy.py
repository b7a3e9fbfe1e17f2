"""The organization's resource policy, by which the management account lets members manage policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from trailwarden.auth.organization import RESOURCE_POLICY, OrganizationResourcePolicy
from trailwarden.errors import AwsError
from trailwarden.policy import Layer, MalformedPolicy, Source, compile_policy
from trailwarden.policy.grammar import RESOURCE
from trailwarden.services.call import Call
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.access import managed, own
from trailwarden.services.organizations.errors import InvalidInputException
from trailwarden.services.organizations.tags import tagged
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "ResourcePolicyNotFoundException",
    "delete_resource_policy",
    "describe_resource_policy",
    "put_resource_policy",
]

_GRAMMAR = replace(RESOURCE, size_max=40_000)
_PREFIX = "organizations:"


class ResourcePolicyNotFoundException(AwsError):
    """The organization has none.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResourcePolicy.html
    """

    message = "We can't find a resource policy request with the parameter that you specified."


@operation("organizations:PutResourcePolicy")
def put_resource_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Create or replace the resource policy; tags are those of the call that created it.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_PutResourcePolicy.html
    """
    organization = managed(call, world)
    content = call.params["Content"]
    _check(content)
    standing = world.find(RESOURCE_POLICY, organization.id, "", organization.id)
    if standing is None:
        name = ids.resource_policy_id(world.chance)
        policy = OrganizationResourcePolicy(
            id=name,
            arn=ids.part_arn(organization, "resourcepolicy", name),
            content=content,
            tags=tagged({}, call.params.get("Tags", ())),
        )
    else:
        policy = msgspec.structs.replace(standing, content=content)
    world.put(RESOURCE_POLICY, organization.id, "", organization.id, policy)
    return {"ResourcePolicy": _shown(policy)}


@operation("organizations:DescribeResourcePolicy")
def describe_resource_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show the resource policy to any member.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResourcePolicy.html
    """
    organization = own(call, world)
    policy = world.find(RESOURCE_POLICY, organization.id, "", organization.id)
    if policy is None:
        raise ResourcePolicyNotFoundException
    return {"ResourcePolicy": _shown(policy)}


@operation("organizations:DeleteResourcePolicy")
def delete_resource_policy(call: Call, world: World) -> None:
    """Delete the resource policy; members it let in are out.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteResourcePolicy.html
    """
    organization = managed(call, world)
    if world.find(RESOURCE_POLICY, organization.id, "", organization.id) is None:
        raise ResourcePolicyNotFoundException
    world.delete(RESOURCE_POLICY, organization.id, "", organization.id)


def _check(content: str) -> None:
    """InvalidInputException; only actions of Organizations can be delegated."""
    try:
        policy = compile_policy(content, Source(layer=Layer.RESOURCE, id="document"), grammar=_GRAMMAR)
    except MalformedPolicy:
        raise InvalidInputException("INVALID_RESOURCE_POLICY_JSON") from None
    actions = [action for statement in policy.statements for action in statement.actions]
    if not all(action.lower().startswith(_PREFIX) for action in actions):
        raise InvalidInputException("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY")


def _shown(policy: OrganizationResourcePolicy) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ResourcePolicy.html."""
    return {"ResourcePolicySummary": {"Id": policy.id, "Arn": policy.arn}, "Content": policy.content}
