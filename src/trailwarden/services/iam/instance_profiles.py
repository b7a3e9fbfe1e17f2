"""Instance profiles: the container through which an EC2 instance gets its one role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.auth.identities import ROLE, Role
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import DeleteConflict, EntityAlreadyExists, NoSuchEntity, QuotaExceeded
from trailwarden.services.iam.finding import entity_arn, modifiable_role, role_named
from trailwarden.services.iam.paging import page, page_of_documents
from trailwarden.services.iam.principals import with_arns
from trailwarden.services.iam.quotas import check_account_quota
from trailwarden.services.iam.shape import role_shown, tags_shown
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["PROFILE", "InstanceProfile", "ProfileAlreadyExists", "ProfileNotFound", "add_role_to_instance_profile",
           "create_instance_profile", "delete_instance_profile", "get_instance_profile", "list_instance_profiles",
           "list_instance_profiles_for_role", "profile_named", "profile_shown", "profiles_by_role", "profiles_of",
           "remove_role_from_instance_profile"]  # fmt: skip


class InstanceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """An instance profile. Key: (account, "", lower-case name). `role` is its role's name or ""."""

    name: str
    id: str
    arn: str
    path: str = "/"
    created: float
    role: str = ""
    tags: dict[str, str] = {}


PROFILE = Kind("iam.instance-profile", InstanceProfile)


class ProfileNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetInstanceProfile.html."""

    message = "Instance Profile {name} cannot be found."


class ProfileAlreadyExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html."""

    message = "Instance Profile {name} already exists."


class RoleNotInProfile(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html."""

    message = "Role {role} not found in profile {name}"


@operation("iam:CreateInstanceProfile")
def create_instance_profile(call: Call, world: World) -> Mapping[str, Any]:
    """Create an instance profile, without a role as yet.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
    """
    name, path = call.params["InstanceProfileName"], call.params.get("Path", "/")
    if world.find(PROFILE, call.account, "", name.lower()) is not None:
        raise ProfileAlreadyExists(name=name)
    check_account_quota(world, PROFILE, call.account, "InstanceProfiles")
    profile = InstanceProfile(
        name=name,
        id=world.chance.unique_id("AIPA"),
        arn=entity_arn(call.account, "instance-profile", path, name),
        path=path,
        created=call.now,
        tags=checked_tags({}, call.params.get("Tags", ())),
    )
    _keep(call, world, profile)
    return {"InstanceProfile": profile_shown(call, world, profile)}


@operation("iam:GetInstanceProfile")
def get_instance_profile(call: Call, world: World) -> Mapping[str, Any]:
    """Show an instance profile with its role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetInstanceProfile.html
    """
    profile = profile_named(call, world, call.params["InstanceProfileName"])
    return {"InstanceProfile": profile_shown(call, world, profile)}


@operation("iam:DeleteInstanceProfile")
def delete_instance_profile(call: Call, world: World) -> None:
    """Delete an instance profile that has no role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteInstanceProfile.html
    """
    profile = profile_named(call, world, call.params["InstanceProfileName"])
    if profile.role:
        raise DeleteConflict(reason="must remove roles from instance profile")
    world.delete(PROFILE, call.account, "", profile.name.lower())


@operation("iam:AddRoleToInstanceProfile")
def add_role_to_instance_profile(call: Call, world: World) -> None:
    """Put a role into an instance profile, which holds one at most.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
    """
    profile = profile_named(call, world, call.params["InstanceProfileName"])
    role = modifiable_role(call, world, call.params["RoleName"])
    if profile.role:
        raise QuotaExceeded(quota="InstanceSessionsPerInstanceProfile", limit=1)
    _keep(call, world, msgspec.structs.replace(profile, role=role.name))


@operation("iam:RemoveRoleFromInstanceProfile")
def remove_role_from_instance_profile(call: Call, world: World) -> None:
    """Take the role out of an instance profile.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html
    """
    profile = profile_named(call, world, call.params["InstanceProfileName"])
    role = role_named(call, world, call.params["RoleName"])
    if profile.role != role.name:
        raise RoleNotInProfile(role=role.name, name=profile.name)
    _keep(call, world, msgspec.structs.replace(profile, role=""))


@operation("iam:ListInstanceProfiles")
def list_instance_profiles(call: Call, world: World) -> Mapping[str, Any]:
    """List instance profiles below a path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfiles.html
    """
    prefix = call.params.get("PathPrefix", "/")
    found = page_of_documents(
        call, world, PROFILE, lambda profile: profile.path.startswith(prefix), name=lambda profile: profile.name.lower()
    )
    shown = [profile_shown(call, world, profile, whole=False) for profile in found.items]
    return {"InstanceProfiles": shown, **found.rest}


@operation("iam:ListInstanceProfilesForRole")
def list_instance_profiles_for_role(call: Call, world: World) -> Mapping[str, Any]:
    """List the instance profiles that hold a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html
    """
    role = role_named(call, world, call.params["RoleName"])
    found = page(call, profiles_of(call, world, role), lambda profile: profile.name.lower())
    shown = [profile_shown(call, world, profile, whole=False) for profile in found.items]
    return {"InstanceProfiles": shown, **found.rest}


def profile_named(call: Call, world: World, name: str) -> InstanceProfile:
    """The instance profile, or ProfileNotFound."""
    profile = world.find(PROFILE, call.account, "", name.lower())
    if profile is None:
        raise ProfileNotFound(name=name)
    return profile


def profiles_of(call: Call, world: World, role: Role) -> list[InstanceProfile]:
    """The instance profiles that hold the role."""
    found = (document.body for document in world.list(PROFILE, call.account, ""))
    return [profile for profile in found if profile.role == role.name]


def profiles_by_role(call: Call, world: World) -> Mapping[str, Sequence[InstanceProfile]]:
    """The instance profiles by the names of the roles that they hold."""
    held: defaultdict[str, list[InstanceProfile]] = defaultdict(list)
    for document in world.list(PROFILE, call.account, ""):
        held[document.body.role].append(document.body)
    return held


def profile_shown(call: Call, world: World, profile: InstanceProfile, *, whole: bool = True) -> dict[str, Any]:
    """An instance profile with its role; `whole` adds tags, which lists leave out."""
    role = world.find(ROLE, call.account, "", profile.role.lower()) if profile.role else None
    shown: dict[str, Any] = {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.created,
        "Roles": [role_shown(role, with_arns(world, role.trust), whole=False)] if role else [],
    }
    if whole and profile.tags:
        shown["Tags"] = tags_shown(profile.tags)
    return shown


def _keep(call: Call, world: World, profile: InstanceProfile) -> None:
    world.put(PROFILE, call.account, "", profile.name.lower(), profile)
