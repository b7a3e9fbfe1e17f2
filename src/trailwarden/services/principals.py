"""Whether the users and roles that a resource-based policy names are there."""

from collections.abc import Iterator

from trailwarden.arn import Arn
from trailwarden.auth.identities import ACCOUNT, ROLE, USER
from trailwarden.policy import Statement
from trailwarden.services.world import World

__all__ = ["unknown_principals"]


def unknown_principals(world: World, statement: Statement) -> Iterator[str]:
    """The users and roles of a statement that do not exist; of accounts that are not of this server nothing can be said.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    for kind, name in statement.principals.written if statement.principals is not None else ():
        if kind == "AWS" and not _may_exist(world, name):
            yield name


def _may_exist(world: World, name: str) -> bool:
    arn = Arn.parse(name)
    if arn is None or arn.service != "iam" or arn.type not in {"user", "role"}:
        return True
    if world.find(ACCOUNT, arn.account, "", arn.account) is None:
        return True
    if arn.type == "user":
        user = world.find(USER, arn.account, "", arn.name.lower())
        return user is not None and user.arn == name
    role = world.find(ROLE, arn.account, "", arn.name.lower())
    return role is not None and role.arn == name
