"""`trailwarden account …`: accounts and their root keys, in the store of a server that is stopped."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from trailwarden.app import Config
from trailwarden.app.founding import Unusable, open_vault
from trailwarden.app.holding import hold
from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, AccessKey
from trailwarden.auth.sealing import Vault
from trailwarden.clock import Chance, system_clock
from trailwarden.services.accounts import create_account, new_access_key
from trailwarden.storage import Reader, Storage, StorageUnavailable, open_storage

__all__ = ["account"]

_ID = re.compile(r"[1-9]\d{11}\Z")
_FAILED = 2

account = typer.Typer(
    name="account", help="Accounts and their root keys, while the server is stopped.", no_args_is_help=True
)

Data = Annotated[Path, typer.Option(help="The folder that `serve` keeps everything in.")]
Database = Annotated[str, typer.Option(help="The database's URL, where `serve` is given one.")]


@account.command("create")
def create(
    account_id: Annotated[str, typer.Argument(help="The account's id, 12 digits.")],
    name: Annotated[str, typer.Option(help="Its name.")] = "",
    email: Annotated[str, typer.Option(help="Its root user's address.")] = "",
    data: Data = Path("data"),
    database: Database = "",
) -> None:
    """Create an account and print its root user's access key, which is shown this once."""
    if not _ID.match(account_id):
        _fail("an account id has 12 digits, the first of them not 0")
    with _store(data, database) as (storage, vault):
        transaction = storage.begin()
        if transaction.get(ACCOUNT, account_id, "", account_id) is not None:
            _fail(f"account {account_id} exists already")
        key, secret = create_account(
            transaction,
            account_id=account_id,
            name=name,
            email=email,
            vault=vault,
            chance=Chance(),
            now=system_clock(),
        )
        storage.commit(transaction).result()
    _tell(account_id, key, secret)


@account.command("list")
def list_accounts(data: Data = Path("data"), database: Database = "") -> None:
    """List the accounts, each with the ids of its root user's keys."""
    with _store(data, database) as (storage, _):
        reader = storage.begin()
        standing = sorted((document.body for document in reader.list(ACCOUNT)), key=lambda each: each.created)
        for each in standing:
            keys = ",".join(key.id for key in _root_keys(reader, each.id)) or "-"
            typer.echo(f"{each.id}\t{keys}\t{each.name or '-'}\t{each.email or '-'}")


@account.command("rotate-root-key")
def rotate_root_key(
    account_id: Annotated[str, typer.Argument(help="The account's id.")],
    data: Data = Path("data"),
    database: Database = "",
) -> None:
    """Replace the root user's access keys by a new one and print it; the old ones are good for nothing from then on."""
    with _store(data, database) as (storage, vault):
        transaction = storage.begin()
        if transaction.get(ACCOUNT, account_id, "", account_id) is None:
            _fail(f"there is no account {account_id}")
        for old in list(_root_keys(transaction, account_id)):
            transaction.delete(ACCESS_KEY, "", "", old.id)
        key, secret = new_access_key(account_id, "", vault=vault, chance=Chance(), now=system_clock())
        transaction.put(ACCESS_KEY, "", "", key.id, key)
        storage.commit(transaction).result()
    _tell(account_id, key.id, secret)


@contextmanager
def _store(data: Path, database: str) -> Iterator[tuple[Storage, Vault]]:
    """The store of a server that is stopped; ends the command where there is none, or the server runs."""
    if not (data / "vault.key").exists():
        _fail(f"{data} holds no server yet: start `trailwarden serve --data {data}` first")
    config = Config(data=data, database=database)
    try:
        with hold(data):
            vault = open_vault(data, Chance())
            storage = open_storage(config.database_url, blobs=config.blobs_url)
            try:
                yield storage, vault
            finally:
                storage.close()
    except (Unusable, StorageUnavailable) as fault:
        _fail(str(fault))


def _root_keys(reader: Reader, account_id: str) -> Iterator[AccessKey]:
    keys = (document.body for document in reader.list(ACCESS_KEY, "", ""))
    return (key for key in keys if key.account == account_id and not key.user)


def _tell(account_id: str, key: str, secret: str) -> None:
    for line in (f"account={account_id}", f"aws_access_key_id={key}", f"aws_secret_access_key={secret}"):
        typer.echo(line)


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(_FAILED)
