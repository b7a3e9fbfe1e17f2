"""The account's alias, which stands in its sign-in address.

https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import ACCOUNT, Account
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["AliasNotFound", "AliasTaken", "create_account_alias", "delete_account_alias", "list_account_aliases"]


class AliasHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an alias is. Key: ("", "", alias), since aliases are unique over all accounts."""

    account: str


ALIAS = Kind("iam.account-alias", AliasHolder)


class AliasTaken(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html."""

    message = "The account alias {alias} already exists."


class AliasNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html."""

    message = "The account alias with name {alias} cannot be found."


@operation("iam:CreateAccountAlias")
def create_account_alias(call: Call, world: World) -> None:
    """Set the account's one alias, in place of the one before.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
    """
    alias = call.params["AccountAlias"]
    account = _account(call, world)
    holder = world.find(ALIAS, "", "", alias)
    if holder is not None and holder.account != call.account:
        raise AliasTaken(alias=alias)
    if account.alias:
        world.delete(ALIAS, "", "", account.alias)
    world.put(ALIAS, "", "", alias, AliasHolder(account=call.account))
    world.put(ACCOUNT, call.account, "", call.account, msgspec.structs.replace(account, alias=alias))


@operation("iam:DeleteAccountAlias")
def delete_account_alias(call: Call, world: World) -> None:
    """Give the alias up.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html
    """
    alias = call.params["AccountAlias"]
    account = _account(call, world)
    if account.alias != alias:
        raise AliasNotFound(alias=alias)
    world.delete(ALIAS, "", "", alias)
    world.put(ACCOUNT, call.account, "", call.account, msgspec.structs.replace(account, alias=""))


@operation("iam:ListAccountAliases")
def list_account_aliases(call: Call, world: World) -> Mapping[str, Any]:
    """Show the alias.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
    """
    alias = _account(call, world).alias
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


def _account(call: Call, world: World) -> Account:
    return world.find(ACCOUNT, call.account, "", call.account) or Account(id=call.account, created=call.now)
