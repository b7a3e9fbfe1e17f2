"""Customer managed policies: create, show, delete, list, together with AWS's."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.identities import POLICY, ManagedPolicy, PolicyVersion
from trailwarden.services.call import Call
from trailwarden.services.iam.documents import check_managed_policy
from trailwarden.services.iam.errors import DeleteConflict, EntityAlreadyExists
from trailwarden.services.iam.finding import entity_arn
from trailwarden.services.iam.managed import (
    aws_policies,
    own_policy,
    policy_named,
    usage_of_aws_policies,
    with_usage,
)
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.quotas import check_account_quota
from trailwarden.services.iam.shape import policy_shown, tags_shown
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreatePolicyRequestTypeDef

__all__ = ["PolicyAlreadyExists", "PolicyAttached", "PolicyHasVersions", "create_policy", "delete_policy",
           "get_policy", "list_policies"]  # fmt: skip


class PolicyAlreadyExists(EntityAlreadyExists):
    """Policy names are unique in an account, whatever their case and path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
    """

    message = "A policy called {name} already exists. Duplicate names are not allowed."


class PolicyAttached(DeleteConflict):
    """A policy in use is not deleted.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """

    message = "Cannot delete a policy attached to entities."


class PolicyHasVersions(DeleteConflict):
    """Versions besides the default one are deleted first.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """

    message = (
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy."
    )


class NameTaken(msgspec.Struct, frozen=True, kw_only=True):
    """Which policy has a name. Key: (account, "", the name in lower case)."""

    arn: str


NAME_TAKEN = Kind("iam.policy-name", NameTaken)


@operation("iam:CreatePolicy")
def create_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Create a managed policy with its first version, which is the default.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
    """
    asked: CreatePolicyRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    name, path = asked["PolicyName"], asked.get("Path", "/")
    if world.find(NAME_TAKEN, call.account, "", name.lower()) is not None:
        raise PolicyAlreadyExists(name=name)
    check_managed_policy(asked["PolicyDocument"])
    check_account_quota(world, POLICY, call.account, "Policies")
    policy = ManagedPolicy(
        name=name,
        id=world.chance.unique_id("ANPA"),
        arn=entity_arn(call.account, "policy", path, name),
        path=path,
        description=asked.get("Description", ""),
        created=call.now,
        updated=call.now,
        versions=(PolicyVersion(id="v1", document=asked["PolicyDocument"], created=call.now),),
        tags=checked_tags({}, asked.get("Tags", ())),
    )
    world.put(POLICY, call.account, "", policy.arn, policy)
    world.put(NAME_TAKEN, call.account, "", name.lower(), NameTaken(arn=policy.arn))
    return {"Policy": policy_shown(policy) | ({"Tags": tags_shown(policy.tags)} if policy.tags else {})}


@operation("iam:GetPolicy")
def get_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show a managed policy; its document is GetPolicyVersion's.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
    """
    policy = with_usage(call, world, policy_named(call, world, call.params["PolicyArn"]))
    shown = policy_shown(policy) | {"Tags": tags_shown(policy.tags)}
    if policy.description:
        shown["Description"] = policy.description
    return {"Policy": shown}


@operation("iam:DeletePolicy")
def delete_policy(call: Call, world: World) -> None:
    """Delete a policy that nothing uses and that has no other version left.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    policy = own_policy(call, world, call.params["PolicyArn"])
    if policy.attachments or policy.boundary_usage:
        raise PolicyAttached
    if len(policy.versions) > 1:
        raise PolicyHasVersions
    world.delete(POLICY, call.account, "", policy.arn)
    world.delete(NAME_TAKEN, call.account, "", policy.name.lower())


@operation("iam:ListPolicies")
def list_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List managed policies: all, AWS's, or the account's own; those in use; below a path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
    """
    wanted = [policy for policy in _in_scope(call, world) if _listed(call, policy)]
    shown = page(call, wanted, lambda policy: f"{policy.name.lower()} {policy.arn}")
    return {"Policies": [policy_shown(policy) for policy in shown.items], **shown.rest}


def _in_scope(call: Call, world: World) -> Iterable[ManagedPolicy]:
    scope = call.params.get("Scope", "All")
    if scope != "AWS":
        yield from (document.body for document in world.list(POLICY, call.account, ""))
    if scope != "Local":
        attached, bounding = usage_of_aws_policies(call, world)
        for policy in aws_policies():
            yield msgspec.structs.replace(policy, attachments=attached[policy.arn], boundary_usage=bounding[policy.arn])


def _listed(call: Call, policy: ManagedPolicy) -> bool:
    usage = call.params.get("PolicyUsageFilter")
    count = policy.boundary_usage if usage == "PermissionsBoundary" else policy.attachments
    if usage is None:
        count += policy.boundary_usage
    if call.params.get("OnlyAttached") and not count:
        return False
    if usage is not None and not count:
        return False
    return policy.path.startswith(call.params.get("PathPrefix", "/"))
