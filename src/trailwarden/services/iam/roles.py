"""IAM roles: create, show, change, delete, list."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.identities import ROLE, Role
from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.iam.boundaries import count_boundary
from trailwarden.services.iam.documents import checked_trust
from trailwarden.services.iam.errors import DeleteConflict, EntityAlreadyExists
from trailwarden.services.iam.finding import UNIQUE_ID, UniqueId, entity_arn, keep_role, modifiable_role, role_named
from trailwarden.services.iam.instance_profiles import profiles_of
from trailwarden.services.iam.paging import page_of_documents
from trailwarden.services.iam.principals import with_arns
from trailwarden.services.iam.quotas import check_account_quota
from trailwarden.services.iam.shape import encoded, role_shown
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreateRoleRequestTypeDef

__all__ = ["RoleAlreadyExists", "create_role", "delete_role", "get_role", "list_roles", "update_assume_role_policy",
           "update_role", "update_role_description", "write_new_role"]  # fmt: skip

_SHORTEST_SESSION, _LONGEST_SESSION = 3600, 43200


class RoleAlreadyExists(EntityAlreadyExists):
    """Role names are unique in an account, whatever their case and path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """

    message = "Role with name {name} already exists."


@operation("iam:CreateRole")
def create_role(call: Call, world: World) -> Mapping[str, Any]:
    """Create a role with its trust policy.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    asked: CreateRoleRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    name, path = asked["RoleName"], asked.get("Path", "/")
    role = Role(
        name=name,
        id=world.chance.unique_id("AROA"),
        arn=entity_arn(call.account, "role", path, name),
        path=path,
        created=call.now,
        trust=checked_trust(world, asked["AssumeRolePolicyDocument"]),
        description=asked.get("Description", ""),
        max_session_duration=_session_duration(asked.get("MaxSessionDuration", _SHORTEST_SESSION)),
        tags=checked_tags({}, asked.get("Tags", ())),
        boundary=asked.get("PermissionsBoundary", ""),
    )
    write_new_role(call, world, role)
    return {"Role": _created(call, role)}


@operation("iam:GetRole")
def get_role(call: Call, world: World) -> Mapping[str, Any]:
    """Show a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """
    role = role_named(call, world, call.params["RoleName"])
    return {"Role": role_shown(role, with_arns(world, role.trust))}


@operation("iam:ListRoles")
def list_roles(call: Call, world: World) -> Mapping[str, Any]:
    """List roles below a path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
    """
    prefix = call.params.get("PathPrefix", "/")
    page = page_of_documents(
        call, world, ROLE, lambda role: role.path.startswith(prefix), name=lambda role: role.name.lower()
    )
    roles = [role_shown(role, with_arns(world, role.trust), whole=False) for role in page.items]
    return {"Roles": roles, **page.rest}


@operation("iam:UpdateAssumeRolePolicy")
def update_assume_role_policy(call: Call, world: World) -> None:
    """Change who may assume a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
    """
    role = modifiable_role(call, world, call.params["RoleName"])
    trust = checked_trust(world, call.params["PolicyDocument"])
    keep_role(call, world, msgspec.structs.replace(role, trust=trust))


@operation("iam:UpdateRole")
def update_role(call: Call, world: World) -> Mapping[str, Any]:
    """Change a role's description and its longest session; absent members keep theirs.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
    """
    role = modifiable_role(call, world, call.params["RoleName"])
    longest = _session_duration(call.params.get("MaxSessionDuration", role.max_session_duration))
    description = call.params.get("Description", role.description)
    keep_role(call, world, msgspec.structs.replace(role, description=description, max_session_duration=longest))
    return {}


@operation("iam:UpdateRoleDescription")
def update_role_description(call: Call, world: World) -> Mapping[str, Any]:
    """Change a role's description; service-linked roles allow it too.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html
    """
    role = role_named(call, world, call.params["RoleName"])
    described = msgspec.structs.replace(role, description=call.params["Description"])
    keep_role(call, world, described)
    return {"Role": role_shown(described, with_arns(world, role.trust))}


@operation("iam:DeleteRole")
def delete_role(call: Call, world: World) -> None:
    """Delete a role without policies and instance profiles.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
    """
    role = modifiable_role(call, world, call.params["RoleName"])
    present = {
        "must remove roles from instance profile": profiles_of(call, world, role),
        "must detach all policies": role.attached,
        "must delete policies": role.inline,
    }
    for reason, found in present.items():
        if found:
            raise DeleteConflict(reason=reason)
    count_boundary(call, world, before=role.boundary, after="")
    world.delete(ROLE, call.account, "", role.name.lower())
    world.delete(UNIQUE_ID, "", "", role.id)


def write_new_role(call: Call, world: World, role: Role) -> None:
    """Write a role that is new. RoleAlreadyExists, QuotaExceeded, NotAttachable."""
    if world.find(ROLE, call.account, "", role.name.lower()) is not None:
        raise RoleAlreadyExists(name=role.name)
    check_account_quota(world, ROLE, call.account, "Roles")
    count_boundary(call, world, before="", after=role.boundary)
    keep_role(call, world, role)
    world.put(UNIQUE_ID, "", "", role.id, UniqueId(arn=role.arn))


def _created(call: Call, role: Role) -> dict[str, Any]:
    """The answer of CreateRole: the trust policy as it came, no last use, the session's length only where asked."""
    shown = role_shown(role, role.trust)
    del shown["RoleLastUsed"]
    if "MaxSessionDuration" not in call.params:
        del shown["MaxSessionDuration"]
    return {**shown, "AssumeRolePolicyDocument": encoded(call.params["AssumeRolePolicyDocument"])}


def _session_duration(seconds: int) -> int:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html (MaxSessionDuration)."""
    if not _SHORTEST_SESSION <= seconds <= _LONGEST_SESSION:
        raise ValidationException(
            reason=f"The MaxSessionDuration must be from {_SHORTEST_SESSION} to {_LONGEST_SESSION}."
        )
    return seconds
