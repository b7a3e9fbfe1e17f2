"""What policies hang on: attach, detach, list both ways."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.organization import (
    MemberAccount,
    Organization,
    OrganizationPolicy,
    Root,
    targets_of,
)
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import changed_by_delegates, read_by_delegates
from trailwarden.services.organizations.errors import (
    ConstraintViolationException,
    InvalidInputException,
    PolicyTypeNotEnabledException,
)
from trailwarden.services.organizations.finding import Target, keep, policy_of, root_of, target_of
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.policies import summary
from trailwarden.services.organizations.policy_types import limits_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "DuplicatePolicyAttachmentException",
    "PolicyNotAttachedException",
    "attach_policy",
    "detach_policy",
    "list_policies_for_target",
    "list_targets_for_policy",
]

_FIXED = "p-RCPFullAWSAccess"


class DuplicatePolicyAttachmentException(AwsError):
    """The policy hangs there.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
    """

    message = "A policy with the specified name and type is already attached to the specified target."


class PolicyNotAttachedException(AwsError):
    """The policy does not hang there.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
    """

    message = "The policy isn't attached to the specified target in the specified root."


@operation("organizations:AttachPolicy")
def attach_policy(call: Call, world: World) -> None:
    """Attach a policy to the root, a unit or an account.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
    """
    organization, policy, target = _asked(call, world)
    if policy.id in target.attached:
        raise DuplicatePolicyAttachmentException
    if len(_of_type(world, organization, target, policy.type)) >= limits_of(policy.type).attached:
        raise ConstraintViolationException("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    keep(world, organization, msgspec.structs.replace(target, attached=(*target.attached, policy.id)))


@operation("organizations:DetachPolicy")
def detach_policy(call: Call, world: World) -> None:
    """Detach a policy. One SCP must stay on everything; RCPFullAWSAccess always stays.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
    """
    organization, policy, target = _asked(call, world)
    if policy.id not in target.attached:
        raise PolicyNotAttachedException
    if policy.id == _FIXED:
        raise InvalidInputException("NON_DETACHABLE_POLICY")
    if len(_of_type(world, organization, target, policy.type)) <= limits_of(policy.type).least:
        raise ConstraintViolationException("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    left = tuple(name for name in target.attached if name != policy.id)
    keep(world, organization, msgspec.structs.replace(target, attached=left))


@operation("organizations:ListPoliciesForTarget")
def list_policies_for_target(call: Call, world: World) -> Mapping[str, Any]:
    """List the policies of a type that hang on a target itself; none where the type is not enabled.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html
    """
    organization = read_by_delegates(call, world)
    target = target_of(world, organization, call.params["TargetId"])
    kind = call.params["Filter"]
    enabled = kind in root_of(world, organization).policy_types
    attached = _of_type(world, organization, target, kind) if enabled else []
    return page(call, "Policies", attached, key=lambda policy: policy.id, shown=summary)


@operation("organizations:ListTargetsForPolicy")
def list_targets_for_policy(call: Call, world: World) -> Mapping[str, Any]:
    """List everything that a policy is attached to.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTargetsForPolicy.html
    """
    organization = read_by_delegates(call, world)
    policy = policy_of(world, organization, call.params["PolicyId"])
    enabled = policy.type in root_of(world, organization).policy_types
    targets = targets_of(policy.id, organization.id, world.transaction) if enabled else []
    return page(call, "Targets", targets, key=lambda target: target.id, shown=_target_shown)


def _asked(call: Call, world: World) -> tuple[Organization, OrganizationPolicy, Target]:
    """PolicyNotFoundException, TargetNotFoundException, PolicyTypeNotEnabledException."""
    organization = changed_by_delegates(call, world)
    policy = policy_of(world, organization, call.params["PolicyId"])
    target = target_of(world, organization, call.params["TargetId"])
    if policy.type not in root_of(world, organization).policy_types:
        raise PolicyTypeNotEnabledException
    return organization, policy, target


def _of_type(world: World, organization: Organization, target: Target, kind: str) -> list[OrganizationPolicy]:
    every = (policy_of(world, organization, name) for name in target.attached)
    return [policy for policy in every if policy.type == kind]


def _target_shown(target: Target) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicyTargetSummary.html."""
    if isinstance(target, Root):
        kind = "ROOT"
    else:
        kind = "ACCOUNT" if isinstance(target, MemberAccount) else "ORGANIZATIONAL_UNIT"
    return {"TargetId": target.id, "Arn": target.arn, "Name": target.name, "Type": kind}
