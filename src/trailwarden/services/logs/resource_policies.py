"""Resource policies: of an account and Region, and of single log groups.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.policy import RESOURCE, Layer, MalformedPolicy, Source, compile_policy
from trailwarden.services.call import Call
from trailwarden.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from trailwarden.services.logs.group import ResourcePolicy, group_of_arn, keep_group, milliseconds
from trailwarden.services.logs.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["POLICY", "delete_resource_policy", "describe_resource_policies", "put_resource_policy"]

POLICY = Kind("logs.resource-policy", ResourcePolicy)
"""Key: (account, region, the policy's name)."""

_MOST = 10


@operation("logs:PutResourcePolicy")
def put_resource_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Let other services (or accounts) write into the account's log groups; up to 10 policies a Region.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
    """
    asked = call.params
    document = _checked(asked.get("policyDocument"))
    if asked.get("resourceArn"):
        return _put_on_group(call, world, document)
    name = asked.get("policyName")
    if not name:
        raise InvalidParameterException(reason="Policy name must not be empty.")
    standing = world.list(POLICY, call.account, call.region)
    if len(standing) >= _MOST and all(each.name != name for each in standing):
        raise LimitExceededException
    policy = ResourcePolicy(name=name, document=document, updated=call.now)
    world.put(POLICY, call.account, call.region, name, policy)
    return {"resourcePolicy": _shown(policy)}


@operation("logs:DescribeResourcePolicies")
def describe_resource_policies(call: Call, world: World) -> Mapping[str, Any]:
    """Show the account's policies in this Region, or the one of a log group.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeResourcePolicies.html
    """
    resource = call.params.get("resourceArn")
    if resource:
        policy = group_of_arn(world, resource).policy
        return {"resourcePolicies": [_shown(policy, resource)] if policy else []}
    found = [] if call.params.get("policyScope") == "RESOURCE" else world.list(POLICY, call.account, call.region)
    return page(call, "resourcePolicies", found, key=lambda each: each.name, shown=lambda each: _shown(each.body))


@operation("logs:DeleteResourcePolicy")
def delete_resource_policy(call: Call, world: World) -> None:
    """Delete a policy.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteResourcePolicy.html
    """
    name, resource = call.params.get("policyName"), call.params.get("resourceArn")
    if resource:
        group = group_of_arn(world, resource)
        if group.policy is None:
            raise ResourceNotFoundException(reason=f"Policy for resource [{resource}] does not exist.")
        _check_revision(call, group.policy)
        keep_group(world, group, policy=None)
    elif not name or world.find(POLICY, call.account, call.region, name) is None:
        raise ResourceNotFoundException(reason=f"Policy with name [{name or ''}] does not exist.")
    else:
        world.delete(POLICY, call.account, call.region, name)


def _put_on_group(call: Call, world: World, document: str) -> Mapping[str, Any]:
    group = group_of_arn(world, call.params["resourceArn"])
    _check_revision(call, group.policy)
    policy = ResourcePolicy(
        name=call.params.get("policyName") or "", document=document, updated=call.now, revision=world.chance.uuid()
    )
    keep_group(world, group, policy=policy)
    return {"resourcePolicy": _shown(policy, group.arn), "revisionId": policy.revision}


def _check_revision(call: Call, standing: ResourcePolicy | None) -> None:
    if call.params.get("expectedRevisionId", "") != (standing.revision if standing else ""):
        raise InvalidParameterException(reason="The expected revision ID does not match the current revision.")


def _checked(document: str | None) -> str:
    """The document, if it is a resource-based policy. InvalidParameterException."""
    if not document:
        raise InvalidParameterException(reason="Policy document must not be empty.")
    try:
        compile_policy(document, Source(layer=Layer.RESOURCE, id=""), grammar=RESOURCE)
    except MalformedPolicy as fault:
        raise InvalidParameterException(reason=fault.text) from None
    return document


def _shown(policy: ResourcePolicy, resource: str = "") -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "policyDocument": policy.document,
        "lastUpdatedTime": milliseconds(policy.updated),
        "policyScope": "RESOURCE" if resource else "ACCOUNT",
    }
    if policy.name:
        told["policyName"] = policy.name
    if resource:
        told |= {"resourceArn": resource, "revisionId": policy.revision}
    return told
