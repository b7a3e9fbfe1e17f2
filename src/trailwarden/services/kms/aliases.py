"""Aliases: friendly names of keys.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import KMSInvalidStateException, LimitExceededException, NotFoundException
from trailwarden.services.kms.finding import ALIAS, Alias, alterable_key, own_key
from trailwarden.services.kms.key import KEY
from trailwarden.services.kms.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["create_alias", "delete_alias", "list_aliases", "update_alias"]

_ALLOWED = re.compile(r"alias/[a-zA-Z0-9/_-]+\Z")
_RESERVED = "alias/aws/"
_PER_KEY = 50


class AlreadyExistsException(AwsError):
    """Alias names are unique in an account and Region.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    """

    message = "An alias with the name {arn} already exists"


class InvalidAliasNameException(AwsError):
    """The name cannot be an alias.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    """

    message = "{reason}"


@operation("kms:CreateAlias")
def create_alias(call: Call, world: World) -> None:
    """Name a key of this account and Region.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    """
    name = _checked_name(call)
    if world.find(ALIAS, call.account, call.region, name) is not None:
        raise AlreadyExistsException(arn=_arn(call, name))
    key = alterable_key(call, world, call.params["TargetKeyId"])
    standing = [document for document in world.list(ALIAS, call.account, call.region) if document.body.key == key.id]
    if len(standing) >= _PER_KEY:
        raise LimitExceededException(reason=f"The key {key.arn} has the maximum number of aliases, {_PER_KEY}.")
    alias = Alias(name=name, account=call.account, region=call.region, key=key.id, created=call.now, updated=call.now)
    world.put(ALIAS, call.account, call.region, name, alias)


@operation("kms:UpdateAlias")
def update_alias(call: Call, world: World) -> None:
    """Let an alias stand for another key of the same kind.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html
    """
    alias = _standing(call, world)
    key = alterable_key(call, world, call.params["TargetKeyId"])
    before = world.find(KEY, call.account, call.region, alias.key)
    if before is not None and (before.usage, before.symmetric) != (key.usage, key.symmetric):
        raise KMSInvalidStateException(
            reason=f"Alias {alias.arn} can only be associated with a key of the same type and usage."
        )
    world.put(
        ALIAS, call.account, call.region, alias.name, msgspec.structs.replace(alias, key=key.id, updated=call.now)
    )


@operation("kms:DeleteAlias")
def delete_alias(call: Call, world: World) -> None:
    """Take the name off; the key stays.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html
    """
    world.delete(ALIAS, call.account, call.region, _standing(call, world).name)


@operation("kms:ListAliases")
def list_aliases(call: Call, world: World) -> Mapping[str, Any]:
    """The aliases of this account and Region, or those of one key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
    """
    aliases = [document.body for document in world.list(ALIAS, call.account, call.region)]
    if "KeyId" in call.params:
        wanted = own_key(call, world, call.params["KeyId"]).id
        aliases = [alias for alias in aliases if alias.key == wanted]
    return page(call, "Aliases", aliases, key=lambda alias: alias.name, shown=_shown)


def _shown(alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.name,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.key,
        "CreationDate": alias.created,
        "LastUpdatedDate": alias.updated,
    }


def _checked_name(call: Call) -> str:
    """ValidationException, InvalidAliasNameException."""
    name: str = call.params["AliasName"]
    if not name.startswith("alias/"):
        raise ValidationException(
            reason='Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html'
        )
    if not _ALLOWED.match(name):
        raise InvalidAliasNameException(
            reason="Alias must only contain alphanumeric characters, forward slashes, underscores and dashes"
        )
    if name.startswith(_RESERVED):
        raise InvalidAliasNameException(reason=f"Alias {name} is reserved for AWS services.")
    return name


def _standing(call: Call, world: World) -> Alias:
    name = _checked_name(call)
    alias = world.find(ALIAS, call.account, call.region, name)
    if alias is None:
        raise NotFoundException(reason=f"Alias {_arn(call, name)} is not found.")
    return alias


def _arn(call: Call, name: str) -> str:
    return str(Arn(service="kms", region=call.region, account=call.account, resource=name))
