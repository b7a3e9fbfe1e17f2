"""From what a client gives to the key it means: a key id, a key ARN, an alias, an alias ARN.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

import re

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import (
    DisabledException,
    DryRunOperationException,
    InvalidArnException,
    InvalidKeyUsageException,
    KMSInvalidStateException,
    NotFoundException,
)
from trailwarden.services.kms.key import KEY, Key, key_arn
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "ALIAS",
    "Alias",
    "alterable_key",
    "check_dry_run",
    "check_usable",
    "find_key",
    "own_key",
    "usable_key",
]

_KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z|mrk-[0-9a-f]{32}\Z")


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """A friendly name of a key. Key: (account, region, `alias/…`)."""

    name: str
    account: str
    region: str
    key: str
    created: float
    updated: float

    @property
    def arn(self) -> str:
        """`arn:aws:kms:us-east-1:123456789012:alias/…`."""
        return str(Arn(service="kms", region=self.region, account=self.account, resource=self.name))


ALIAS = Kind("kms.alias", Alias)


def find_key(call: Call, world: World, given: str, *, aliases: bool = False) -> Key:
    """The key meant, of this account or, by ARN, of another one; `aliases`: whether the operation takes them.

    NotFoundException, InvalidArnException.
    """
    arn = Arn.parse(given)
    if arn is None:
        if given.startswith("arn:"):
            raise InvalidArnException(arn=given[:2048])
        resource = given if given.startswith("alias/") else f"key/{given}"
        arn = Arn(service="kms", region=call.region, account=call.account, resource=resource)
        if arn.type == "key" and not _KEY_ID.match(given):
            raise NotFoundException(reason=f"Invalid keyId '{given}'")
    elif arn.region != call.region:
        raise NotFoundException(reason=f"Invalid arn {arn.region}")
    if arn.type == "alias" and not aliases:
        raise NotFoundException(reason=f"Invalid keyId '{given}'")
    return _named(call, world, arn)


def _named(call: Call, world: World, arn: Arn) -> Key:
    if arn.service != "kms" or arn.type not in {"key", "alias"}:
        raise InvalidArnException(arn=str(arn)[:2048])
    key_id = arn.resource.removeprefix("key/")
    if arn.type == "alias":
        alias = world.find(ALIAS, arn.account, arn.region, arn.resource)
        if alias is None:
            raise NotFoundException(reason=f"Alias {arn} is not found.")
        key_id = alias.key
    key = world.find(KEY, arn.account, arn.region, key_id)
    if key is None or (key.deletion is not None and key.deletion <= call.now):
        missing = key_arn(account=arn.account, region=arn.region, key_id=key_id)
        raise NotFoundException(reason=f"Key '{missing}' does not exist")
    return key


def own_key(call: Call, world: World, given: str) -> Key:
    """A key of the caller's own account, for operations that reach no other. NotFoundException."""
    key = find_key(call, world, given)
    if key.account != call.account:
        raise NotFoundException(reason=f"Key '{key.arn}' does not exist")
    return key


def alterable_key(call: Call, world: World, given: str) -> Key:
    """`own_key`, if it is not about to be deleted. KMSInvalidStateException.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html#key-state-table
    """
    key = own_key(call, world, given)
    if key.deletion is not None:
        raise KMSInvalidStateException(reason=f"{key.arn} is pending deletion.")
    return key


def usable_key(call: Call, world: World, given: str, *, usage: str) -> Key:
    """The key for a cryptographic operation, enabled and for that use.

    InvalidKeyUsageException, DisabledException, KMSInvalidStateException.
    """
    key = find_key(call, world, given, aliases=True)
    if key.usage != usage:
        name = call.authorized.resolved.authenticated.parsed.route.operation
        raise InvalidKeyUsageException(reason=f"{key.arn} key usage is {key.usage} which is not valid for {name}.")
    check_usable(key)
    return key


def check_usable(key: Key) -> None:
    """DisabledException, KMSInvalidStateException unless the key is enabled."""
    if key.deletion is not None:
        raise KMSInvalidStateException(reason=f"{key.arn} is pending deletion.")
    if not key.enabled:
        raise DisabledException(arn=key.arn)


def check_dry_run(call: Call) -> None:
    """DryRunOperationException where the caller asked only whether the call would succeed.

    https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
    """
    if call.params.get("DryRun"):
        raise DryRunOperationException
