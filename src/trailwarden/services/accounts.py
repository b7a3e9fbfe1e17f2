"""How an account comes into being, and what an access key is made of."""

import base64

from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, AccessKey, Account
from trailwarden.auth.sealing import Vault, secret_purpose
from trailwarden.clock import Chance
from trailwarden.services.world import World
from trailwarden.storage.ports import Transaction

__all__ = ["create_account", "new_access_key"]

_KEY_LETTERS = 16
_SECRET_BYTES = 30


def create_account(  # noqa: PLR0913 — an account is all of this
    into: World | Transaction,
    *,
    account_id: str,
    name: str,
    email: str,
    vault: Vault,
    chance: Chance,
    now: float,
    root_access_key: str = "",
    root_secret_key: str = "",
) -> tuple[str, str]:
    """Write the account and an access key of its root user; gives the key's id and secret.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
    """
    into.put(ACCOUNT, account_id, "", account_id, Account(id=account_id, created=now, name=name, email=email))
    key, secret = new_access_key(
        account_id, "", vault=vault, chance=chance, now=now, key_id=root_access_key, secret=root_secret_key
    )
    into.put(ACCESS_KEY, "", "", key.id, key)
    return key.id, secret


def new_access_key(  # noqa: PLR0913 — a key is all of this
    account: str, user: str, *, vault: Vault, chance: Chance, now: float, key_id: str = "", secret: str = ""
) -> tuple[AccessKey, str]:
    """A key of a user (lower-case name, "" for root) with its secret sealed, and the secret; ids and secrets not given are drawn."""
    key_id = key_id or f"AKIA{chance.letters(_KEY_LETTERS)}"
    secret = secret or base64.b64encode(chance.bytes(_SECRET_BYTES)).decode()
    sealed = vault.seal(secret.encode(), secret_purpose(key_id), chance=chance)
    return AccessKey(id=key_id, account=account, user=user, secret=sealed, created=now), secret
