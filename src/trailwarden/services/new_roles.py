"""Roles that come into being outside of IAM's own operations: of linked services, and of new accounts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
"""

import json
from collections.abc import Mapping

import msgspec

from trailwarden.auth.identities import ROLE, Role
from trailwarden.catalog.checks import Check
from trailwarden.services.linked_services import DESCRIPTIONS, LINKED
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "UNIQUE_ID",
    "UniqueId",
    "drop_linked_role",
    "ensure_linked_role",
    "linked_role_arn",
    "linked_role_of",
    "linking",
    "new_role",
    "trusting",
]


class UniqueId(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a unique id is. Key: ("", "", the id). Trust and resource policies keep principals by it."""

    arn: str


UNIQUE_ID = Kind("iam.unique-id", UniqueId)


def new_role(  # noqa: PLR0913 — a role is all of this
    world: World,
    account: str,
    name: str,
    *,
    trust: str,
    policy: str,
    path: str = "/",
    description: str = "",
    service: str = "",
) -> Role:
    """Write a role with one managed policy."""
    role = Role(
        name=name,
        id=world.chance.unique_id("AROA"),
        arn=f"arn:aws:iam::{account}:role{path}{name}",
        path=path,
        created=world.now,
        trust=trust,
        description=description,
        attached=(policy,),
        service=service,
    )
    world.put(ROLE, account, "", name.lower(), role)
    world.put(UNIQUE_ID, "", "", role.id, UniqueId(arn=role.arn))
    return role


def trusting(principal: Mapping[str, str]) -> str:
    """A trust policy that lets one principal assume the role."""
    statement = {"Effect": "Allow", "Principal": dict(principal), "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def linked_role_arn(account: str, service: str) -> str:
    """The ARN that the role of a service has or would have."""
    return f"arn:aws:iam::{account}:role/aws-service-role/{service}/{LINKED[service][0]}"


def linking(account: str, service: str) -> Check:
    """The permission to make the role of a service.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    return Check(
        action="iam:CreateServiceLinkedRole",
        resource=linked_role_arn(account, service),
        context={"iam:AWSServiceName": service},
    )


def linked_role_of(world: World, account: str, service: str) -> Role | None:
    """The role of a service in an account, or None."""
    role = world.find(ROLE, account, "", LINKED[service][0].lower())
    return role if role is not None and role.service == service else None


def ensure_linked_role(world: World, account: str, service: str) -> Role:
    """The role of a service, made where the account has none: services make their own."""
    name, policy = LINKED[service]
    return linked_role_of(world, account, service) or new_role(
        world,
        account,
        name,
        trust=trusting({"Service": service}),
        policy=f"arn:aws:iam::aws:policy/aws-service-role/{policy}",
        path=f"/aws-service-role/{service}/",
        description=DESCRIPTIONS.get(service, ""),
        service=service,
    )


def drop_linked_role(world: World, account: str, service: str) -> None:
    """Remove the role of a service that no longer has anything to do in the account."""
    role = linked_role_of(world, account, service)
    if role is not None:
        world.delete(ROLE, account, "", role.name.lower())
        world.delete(UNIQUE_ID, "", "", role.id)
