"""Organizational units, and the tree they make."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.organization import MEMBER_ACCOUNT, UNIT, MemberAccount, Organization, Unit
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.access import managed, read_by_delegates
from trailwarden.services.organizations.errors import ConstraintViolationException
from trailwarden.services.organizations.finding import line_of, members_of, parent_of, unit_of, units_of
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.tags import tagged
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import CreateOrganizationalUnitRequestTypeDef

__all__ = [
    "ChildNotFoundException",
    "DuplicateOrganizationalUnitException",
    "OrganizationalUnitNotEmptyException",
    "create_organizational_unit",
    "delete_organizational_unit",
    "describe_organizational_unit",
    "list_children",
    "list_organizational_units_for_parent",
    "list_parents",
    "update_organizational_unit",
]

_DEEPEST = 5
_MOST = 2_000
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html."""


class DuplicateOrganizationalUnitException(AwsError):
    """Names are unique below one parent.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
    """

    message = "An OU with the same name already exists."


class OrganizationalUnitNotEmptyException(AwsError):
    """Units and accounts below it must go first.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
    """

    message = "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again."


class ChildNotFoundException(AwsError):
    """No account or unit of that id.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
    """

    message = "You specified a child that doesn't exist."


@operation("organizations:CreateOrganizationalUnit")
def create_organizational_unit(call: Call, world: World) -> Mapping[str, Any]:
    """Create a unit below the root or another unit, five deep at most.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
    """
    asked: CreateOrganizationalUnitRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    organization = managed(call, world)
    parent = parent_of(world, organization, asked["ParentId"])
    _check_name(world, organization, parent.id, asked["Name"])
    if len(line_of(world, organization, parent.id)) > _DEEPEST:
        raise ConstraintViolationException("OU_DEPTH_LIMIT_EXCEEDED")
    if len(units_of(world, organization)) >= _MOST:
        raise ConstraintViolationException("OU_NUMBER_LIMIT_EXCEEDED")
    name = ids.unit_id(world.chance, organization.root)
    unit = Unit(
        id=name,
        arn=ids.part_arn(organization, "ou", name),
        name=asked["Name"],
        parent=parent.id,
        tags=tagged({}, call.params.get("Tags", ())),
    )
    world.put(UNIT, organization.id, "", unit.id, unit)
    return {"OrganizationalUnit": _shown(world, organization, unit)}


@operation("organizations:UpdateOrganizationalUnit")
def update_organizational_unit(call: Call, world: World) -> Mapping[str, Any]:
    """Rename a unit; its id and what hangs on it stay.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateOrganizationalUnit.html
    """
    organization = managed(call, world)
    unit = unit_of(world, organization, call.params["OrganizationalUnitId"])
    name = call.params.get("Name", unit.name)
    if name != unit.name:
        _check_name(world, organization, unit.parent, name)
        unit = msgspec.structs.replace(unit, name=name)
        world.put(UNIT, organization.id, "", unit.id, unit)
    return {"OrganizationalUnit": _shown(world, organization, unit)}


@operation("organizations:DeleteOrganizationalUnit")
def delete_organizational_unit(call: Call, world: World) -> None:
    """Delete a unit that is empty.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
    """
    organization = managed(call, world)
    unit = unit_of(world, organization, call.params["OrganizationalUnitId"])
    below: tuple[Unit | MemberAccount, ...] = (*units_of(world, organization), *members_of(world, organization))
    if any(each.parent == unit.id for each in below):
        raise OrganizationalUnitNotEmptyException
    world.delete(UNIT, organization.id, "", unit.id)


@operation("organizations:DescribeOrganizationalUnit")
def describe_organizational_unit(call: Call, world: World) -> Mapping[str, Any]:
    """Show a unit.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganizationalUnit.html
    """
    organization = read_by_delegates(call, world)
    unit = unit_of(world, organization, call.params["OrganizationalUnitId"])
    return {"OrganizationalUnit": _shown(world, organization, unit)}


@operation("organizations:ListOrganizationalUnitsForParent")
def list_organizational_units_for_parent(call: Call, world: World) -> Mapping[str, Any]:
    """List the units right below a parent.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html
    """
    organization = read_by_delegates(call, world)
    parent = parent_of(world, organization, call.params["ParentId"])
    return page(
        call,
        "OrganizationalUnits",
        [unit for unit in units_of(world, organization) if unit.parent == parent.id],
        key=lambda unit: unit.id,
        shown=lambda unit: _shown(world, organization, unit),
    )


@operation("organizations:ListChildren")
def list_children(call: Call, world: World) -> Mapping[str, Any]:
    """List the units or the accounts right below a parent, by id.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListChildren.html
    """
    organization = read_by_delegates(call, world)
    parent = parent_of(world, organization, call.params["ParentId"])
    kind = call.params["ChildType"]
    every: list[Unit] | list[MemberAccount] = (
        members_of(world, organization) if kind == "ACCOUNT" else units_of(world, organization)
    )
    children = [child.id for child in every if child.parent == parent.id]
    return page(call, "Children", children, key=str, shown=lambda child: {"Id": child, "Type": kind})


@operation("organizations:ListParents")
def list_parents(call: Call, world: World) -> Mapping[str, Any]:
    """Tell the parent of a unit or an account; there is one.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
    """
    organization = read_by_delegates(call, world)
    name = call.params["ChildId"]
    child: Unit | MemberAccount | None = world.find(UNIT, organization.id, "", name) or world.find(
        MEMBER_ACCOUNT, organization.id, "", name
    )
    if child is None:
        raise ChildNotFoundException
    kind = "ROOT" if child.parent == organization.root else "ORGANIZATIONAL_UNIT"
    return page(call, "Parents", [child.parent], key=str, shown=lambda parent: {"Id": parent, "Type": kind})


def _check_name(world: World, organization: Organization, parent: str, name: str) -> None:
    if any(unit.parent == parent and unit.name == name for unit in units_of(world, organization)):
        raise DuplicateOrganizationalUnitException


def _shown(world: World, organization: Organization, unit: Unit) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html."""
    line = line_of(world, organization, unit.id)
    return {"Id": unit.id, "Arn": unit.arn, "Name": unit.name, "Path": "/".join((organization.id, *line, ""))}
