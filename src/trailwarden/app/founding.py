"""The first start: the sealing key, the first account with its root key, and the files that point stock clients at it."""

import configparser
import io
import re
from dataclasses import dataclass
from pathlib import Path

from trailwarden.app.config import Config
from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, AccessKey, Account
from trailwarden.auth.sealing import Vault, secret_purpose
from trailwarden.clock import Chance
from trailwarden.private import write_private
from trailwarden.services.accounts import create_account
from trailwarden.storage import Reader, Storage

__all__ = ["Founded", "Unusable", "found", "open_vault", "write_client_files"]

_KEY_BYTES = 32
_ACCOUNT_ID = re.compile(r"\d{12}\Z")
_SMALLEST = 10**11


class Unusable(Exception):
    """The configuration cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Founded:
    """The first account and the root key that its clients sign with ("" where the root has no active key)."""

    account: str
    access_key: str
    secret: str


def open_vault(data: Path, chance: Chance) -> Vault:
    """The vault whose key lies in the data folder, made at the first start. Several nodes share one file."""
    path = data / "vault.key"
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = chance.bytes(_KEY_BYTES)
        write_private(path, key)
    if len(key) != _KEY_BYTES:
        raise Unusable(f"{path} is not a key of {_KEY_BYTES} bytes")
    return Vault(key)


def found(config: Config, storage: Storage, vault: Vault, chance: Chance, *, now: float) -> Founded:
    """The first account, made where there is none. Later starts keep what stands, whatever is configured."""
    reader = storage.begin()
    standing = [document.body for document in reader.list(ACCOUNT)]
    if standing:
        return _standing(min(standing, key=lambda account: account.created), reader, vault)
    account = config.account_id or _made_up_account(chance)
    if not _ACCOUNT_ID.match(account):
        raise Unusable("an account id has 12 digits")
    transaction = storage.begin()
    access_key, secret = create_account(
        transaction,
        account_id=account,
        name="Trailwarden",
        email="",
        vault=vault,
        chance=chance,
        now=now,
        root_access_key=config.root_access_key,
        root_secret_key=config.root_secret_key,
    )
    storage.commit(transaction).result()
    return Founded(account, access_key, secret)


def _made_up_account(chance: Chance) -> str:
    """Twelve digits, the first of them not 0."""
    return str(_SMALLEST + int.from_bytes(chance.bytes(8)) % (9 * _SMALLEST))


def _standing(account: Account, reader: Reader, vault: Vault) -> Founded:
    keys = [document.body for document in reader.list(ACCESS_KEY, "", "") if _is_root_key(document.body, account.id)]
    if not keys:
        return Founded(account.id, "", "")
    key = min(keys, key=lambda each: each.created)
    secret = vault.open(key.secret, secret_purpose(key.id))
    if secret is None:
        raise Unusable("vault.key is not the key that this database was sealed with")
    return Founded(account.id, key.id, secret.decode())


def _is_root_key(key: AccessKey, account: str) -> bool:
    return key.account == account and not key.user and key.status == "Active"


def write_client_files(config: Config, founded: Founded, region: str) -> None:
    """`aws/config` and `aws/credentials` in the data folder, profile `default`; other profiles there are kept.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
    """
    folder = config.data / "aws"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _update(folder / "config", {"region": region, "endpoint_url": config.endpoint, "output": "json"}, every=True)
    if founded.access_key:
        keys = {"aws_access_key_id": founded.access_key, "aws_secret_access_key": founded.secret}
        _update(folder / "credentials", keys, every=False)


def _update(path: Path, settings: dict[str, str], *, every: bool) -> None:
    """Put settings into the default section; `every` section that names an endpoint gets the present one."""
    parser = configparser.RawConfigParser()
    parser.read(path)
    if not parser.has_section("default"):
        parser.add_section("default")
    for name, value in settings.items():
        parser.set("default", name, value)
        if every and name == "endpoint_url":
            for section in parser.sections():
                parser.set(section, name, value)
    written = io.StringIO()
    parser.write(written)
    write_private(path, written.getvalue().encode())
