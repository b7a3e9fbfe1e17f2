"""Roles that belong to an AWS service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import ACCOUNT, ROLE, Role
from trailwarden.delivery.trail import TRAIL
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import InvalidInput, NoSuchEntity
from trailwarden.services.iam.finding import UNIQUE_ID, role_named
from trailwarden.services.iam.shape import role_shown
from trailwarden.services.linked_services import DESCRIPTIONS, LINKED, SUFFIXED
from trailwarden.services.new_roles import new_role, trusting
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["DeletionTaskNotFound", "create_linked_role", "create_service_linked_role", "delete_service_linked_role",
           "get_service_linked_role_deletion_status"]  # fmt: skip


class DeletionTask(msgspec.Struct, frozen=True, kw_only=True):
    """How a deletion ended. Key: (account, "", task id). `usage` maps Regions to ARNs that still need the role."""

    status: str
    reason: str = ""
    usage: dict[str, tuple[str, ...]] = {}


DELETION = Kind("iam.service-linked-role-deletion", DeletionTask)


class DeletionTaskNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html."""

    message = "Deletion task with id {id} cannot be found."


@operation("iam:CreateServiceLinkedRole")
def create_service_linked_role(call: Call, world: World) -> Mapping[str, Any]:
    """Create the role of a service, with the trust and the policy that the service has set.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
    """
    role = create_linked_role(
        world,
        call.account,
        call.params["AWSServiceName"],
        suffix=call.params.get("CustomSuffix", ""),
        description=call.params.get("Description", ""),
    )
    shown = role_shown(role, role.trust)
    del shown["RoleLastUsed"], shown["MaxSessionDuration"]
    return {"Role": shown}


@operation("iam:DeleteServiceLinkedRole")
def delete_service_linked_role(call: Call, world: World) -> Mapping[str, Any]:
    """Delete the role of a service, unless something still needs it; the task's status tells.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html
    """
    role = role_named(call, world, call.params["RoleName"])
    if not role.service:
        raise InvalidInput(reason=f"The role {role.name} is not a service-linked role.")
    task_id = f"task{role.path}{role.name}/{world.chance.uuid()}"
    usage = _usage(world, call.account, role)
    if usage:
        reason = "A service-linked role is required for one or more resources."
        task = DeletionTask(status="FAILED", reason=reason, usage=usage)
    else:
        task = DeletionTask(status="SUCCEEDED")
        world.delete(ROLE, call.account, "", role.name.lower())
        world.delete(UNIQUE_ID, "", "", role.id)
    world.put(DELETION, call.account, "", task_id, task)
    return {"DeletionTaskId": task_id}


@operation("iam:GetServiceLinkedRoleDeletionStatus")
def get_service_linked_role_deletion_status(call: Call, world: World) -> Mapping[str, Any]:
    """Tell how a deletion ended.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html
    """
    task = world.find(DELETION, call.account, "", call.params["DeletionTaskId"])
    if task is None:
        raise DeletionTaskNotFound(id=call.params["DeletionTaskId"])
    if not task.reason:
        return {"Status": task.status}
    usage = [{"Region": region, "Resources": list(arns)} for region, arns in task.usage.items()]
    return {"Status": task.status, "Reason": {"Reason": task.reason, "RoleUsageList": usage}}


def create_linked_role(world: World, account: str, service: str, *, suffix: str = "", description: str = "") -> Role:
    """Create the role of a service; InvalidInput for an unknown service, a suffix not allowed, or a name taken.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/create-service-linked-role.html
    """
    if service not in LINKED:
        raise InvalidInput(reason=f"Service Linked Roles are not supported for {service}")
    if suffix and service not in SUFFIXED:
        raise InvalidInput(reason=f"Custom suffix is not allowed for {service}")
    base, policy = LINKED[service]
    name, path = f"{base}_{suffix}" if suffix else base, f"/aws-service-role/{service}/"
    if world.find(ROLE, account, "", name.lower()) is not None:
        reason = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise InvalidInput(reason=reason)
    return new_role(
        world,
        account,
        name,
        trust=trusting({"Service": service}),
        policy=f"arn:aws:iam::aws:policy/aws-service-role/{policy}",
        path=path,
        description=description or DESCRIPTIONS.get(service, ""),
        service=service,
    )


def _usage(world: World, account: str, role: Role) -> dict[str, tuple[str, ...]]:
    """What still needs the role: for CloudTrail, the organization's trails.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/using-service-linked-roles.html
    """
    holder = world.find(ACCOUNT, account, "", account)
    if role.service != "cloudtrail.amazonaws.com" or holder is None or not holder.organization:
        return {}
    usage: dict[str, tuple[str, ...]] = {}
    for document in world.list(TRAIL):
        trail = document.body
        if trail.organization == holder.organization:
            usage[trail.home_region] = (*usage.get(trail.home_region, ()), trail.arn)
    return usage
