"""A KMS key as it is stored and shown."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.sealing import Vault
from trailwarden.clock import Chance
from trailwarden.services.kms.specs import AGREE, ENCRYPT, MAC, SIGN, SPECS
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["KEY", "Key", "Material", "keep_key", "key_arn", "metadata", "new_material", "opened"]

_ID_BYTES = 32

_ALGORITHM_MEMBERS: Mapping[str, str] = {
    ENCRYPT: "EncryptionAlgorithms",
    SIGN: "SigningAlgorithms",
    MAC: "MacAlgorithms",
    AGREE: "KeyAgreementAlgorithms",
}


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """Key material, sealed. `id` is 64 hexadecimal digits; `on_demand` tells how it came by rotation."""

    id: str
    sealed: bytes
    created: float
    on_demand: bool = False


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A KMS key. Key: (account, region, key id). Times are seconds since the epoch.

    `materials` are in order, the last one current; older ones only decrypt. `deletion` is when a key pending deletion
    goes. `rotation_days` is 0 where rotation is off, `rotation_since` when it was turned on.
    """

    id: str
    account: str
    region: str
    created: float
    policy: str
    materials: tuple[Material, ...]
    description: str = ""
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = ENCRYPT
    multi_region: bool = False
    enabled: bool = True
    deletion: float | None = None
    tags: dict[str, str] = {}
    rotation_days: int = 0
    rotation_since: float = 0.0

    @property
    def arn(self) -> str:
        """`arn:aws:kms:us-east-1:123456789012:key/1234abcd-…`."""
        return key_arn(account=self.account, region=self.region, key_id=self.id)

    @property
    def state(self) -> str:
        """https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html."""
        if self.deletion is not None:
            return "PendingDeletion"
        return "Enabled" if self.enabled else "Disabled"

    @property
    def symmetric(self) -> bool:
        """Whether it is a symmetric encryption key."""
        return self.spec == "SYMMETRIC_DEFAULT"

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms of its one use."""
        return SPECS[self.spec].usages[self.usage]


KEY = Kind("kms.key", Key)


def key_arn(*, account: str, region: str, key_id: str) -> str:
    """The ARN of a key."""
    return str(Arn(service="kms", region=region, account=account, resource=f"key/{key_id}"))


def keep_key(world: World, key: Key) -> None:
    """Write the key."""
    world.put(KEY, key.account, key.region, key.id, key)


def new_material(vault: Vault, chance: Chance, *, arn: str, spec: str, now: float, on_demand: bool = False) -> Material:
    """Fresh material for a key, sealed for that key alone."""
    identity = chance.bytes(_ID_BYTES).hex()
    sealed = vault.seal(SPECS[spec].make(chance), _purpose(arn, identity), chance=chance)
    return Material(id=identity, sealed=sealed, created=now, on_demand=on_demand)


def opened(vault: Vault, key: Key, material: Material) -> bytes:
    """The material itself. RuntimeError where this vault did not seal it."""
    found = vault.open(material.sealed, _purpose(key.arn, material.id))
    if found is None:
        raise RuntimeError(f"the material of {key.arn} was sealed by another vault")
    return found


def _purpose(arn: str, material: str) -> str:
    return f"kms:{arn}:{material}"


def metadata(key: Key) -> dict[str, Any]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html."""
    shown: dict[str, Any] = {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        _ALGORITHM_MEMBERS[key.usage]: list(key.algorithms),
        "MultiRegion": key.multi_region,
    }
    if key.deletion is not None:
        shown["DeletionDate"] = key.deletion
    if key.symmetric:
        shown["CurrentKeyMaterialId"] = key.materials[-1].id
    if key.multi_region:
        primary = {"Arn": key.arn, "Region": key.region}
        shown["MultiRegionConfiguration"] = {
            "MultiRegionKeyType": "PRIMARY",
            "PrimaryKey": primary,
            "ReplicaKeys": [],
        }
    return shown
