"""Policies: create, change, delete, show, list."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.organization import (
    FULL_ACCESS,
    ORGANIZATION_POLICY,
    Organization,
    OrganizationPolicy,
    targets_of,
)
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.access import changed_by_delegates, read_by_delegates, with_all_features
from trailwarden.services.organizations.errors import (
    ConstraintViolationException,
    InvalidInputException,
    PolicyTypeNotAvailableForOrganizationException,
)
from trailwarden.services.organizations.finding import policy_of
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.policy_types import check_document, limits_of
from trailwarden.services.organizations.tags import tagged
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import CreatePolicyRequestTypeDef

__all__ = [
    "DuplicatePolicyException",
    "PolicyInUseException",
    "create_policy",
    "delete_policy",
    "describe_policy",
    "list_policies",
    "policies_of",
    "summary",
    "update_policy",
]


class DuplicatePolicyException(AwsError):
    """Names are unique within a type.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
    """

    message = "A policy with the same name already exists."


class PolicyInUseException(AwsError):
    """The policy is attached.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeletePolicy.html
    """

    message = "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation."


@operation("organizations:CreatePolicy")
def create_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Create a policy; it takes effect where it is attached, once its type is enabled.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
    """
    asked: CreatePolicyRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    organization = with_all_features(changed_by_delegates(call, world), PolicyTypeNotAvailableForOrganizationException)
    kind = asked["Type"]
    check_document(kind, asked["Content"])
    others = policies_of(world, organization, kind)
    _check_name(others, asked["Name"])
    if len(others) >= limits_of(kind).policies:
        raise ConstraintViolationException("POLICY_NUMBER_LIMIT_EXCEEDED")
    name = ids.policy_id(world.chance)
    policy = OrganizationPolicy(
        id=name,
        arn=ids.part_arn(organization, f"policy/{kind.lower()}", name),
        name=asked["Name"],
        type=kind,
        content=asked["Content"],
        description=asked["Description"],
        tags=tagged({}, call.params.get("Tags", ())),
    )
    world.put(ORGANIZATION_POLICY, organization.id, "", name, policy)
    return {"Policy": _shown(policy)}


@operation("organizations:UpdatePolicy")
def update_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Change name, description or content; absent members keep theirs. AWS's own policies cannot be changed.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdatePolicy.html
    """
    organization = changed_by_delegates(call, world)
    policy = _changeable(world, organization, call.params["PolicyId"])
    changed = msgspec.structs.replace(
        policy,
        name=call.params.get("Name", policy.name),
        description=call.params.get("Description", policy.description),
        content=call.params.get("Content", policy.content),
    )
    if changed.name != policy.name:
        _check_name(policies_of(world, organization, policy.type), changed.name)
    check_document(changed.type, changed.content)
    world.put(ORGANIZATION_POLICY, organization.id, "", policy.id, changed)
    return {"Policy": _shown(changed)}


@operation("organizations:DeletePolicy")
def delete_policy(call: Call, world: World) -> None:
    """Delete a policy that is attached nowhere.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeletePolicy.html
    """
    organization = changed_by_delegates(call, world)
    policy = _changeable(world, organization, call.params["PolicyId"])
    if targets_of(policy.id, organization.id, world.transaction):
        raise PolicyInUseException
    world.delete(ORGANIZATION_POLICY, organization.id, "", policy.id)


@operation("organizations:DescribePolicy")
def describe_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show a policy with its document.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html
    """
    organization = read_by_delegates(call, world)
    return {"Policy": _shown(policy_of(world, organization, call.params["PolicyId"]))}


@operation("organizations:ListPolicies")
def list_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the policies of a type, AWS's own too.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPolicies.html
    """
    organization = read_by_delegates(call, world)
    kind = call.params["Filter"]
    full = [policy for policy in FULL_ACCESS.values() if policy.type == kind and organization.feature_set == "ALL"]
    every = [*full, *policies_of(world, organization, kind)]
    return page(call, "Policies", every, key=lambda policy: policy.id, shown=summary)


def policies_of(world: World, organization: Organization, kind: str) -> list[OrganizationPolicy]:
    """The organization's own policies of a type."""
    every = (document.body for document in world.list(ORGANIZATION_POLICY, organization.id, ""))
    return [policy for policy in every if policy.type == kind]


def summary(policy: OrganizationPolicy) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicySummary.html."""
    return {
        "Id": policy.id,
        "Arn": policy.arn,
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.id in FULL_ACCESS,
    }


def _shown(policy: OrganizationPolicy) -> dict[str, Any]:
    return {"PolicySummary": summary(policy), "Content": policy.content}


def _changeable(world: World, organization: Organization, name: str) -> OrganizationPolicy:
    policy = policy_of(world, organization, name)
    if policy.id in FULL_ACCESS:
        raise InvalidInputException("IMMUTABLE_POLICY")
    return policy


def _check_name(others: list[OrganizationPolicy], name: str) -> None:
    if any(other.name == name for other in (*others, *FULL_ACCESS.values())):
        raise DuplicatePolicyException
