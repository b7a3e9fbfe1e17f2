"""`trailwarden undo`: takes back what `diagnose --apply` changed, as long as nothing has touched it since."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from botocore.exceptions import BotoCoreError, ClientError

from trailwarden.cli.connection import Connection, aws_connection, server_connection
from trailwarden.diagnose import Edit, Unreadable
from trailwarden.diagnose.applying import Made, Moved, made_from, made_text, make, take_back
from trailwarden.private import write_private

__all__ = ["apply_recorded", "undo", "undo_file"]

_FORMAT = 1
_FILE_MAX = 16 * 1024 * 1024
_FAILED, _UNREADABLE = 1, 2


class _Undo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: in which account what was changed; `changes` as `made_text` writes them."""

    format: int
    account: str
    changes: msgspec.Raw


def undo_file(edits: Iterable[Edit]) -> Path:
    """A name for the undo file of these edits, where none was given."""
    told = "\n".join(edit.call.command for edit in edits)
    return Path(f"undo-{hashlib.sha256(told.encode()).hexdigest()[:8]}.json")


def apply_recorded(edits: Iterable[Edit], connection: Connection, path: Path) -> None:
    """Make the changes, writing after each what undoing those so far needs. Raises what the clients raise, OSError."""
    account = connection.client("sts").get_caller_identity()["Account"]
    made: tuple[Made, ...] = ()
    for edit in edits:
        made = (*made, *make([edit], connection))
        kept = {"format": _FORMAT, "account": account, "changes": json.loads(made_text(made))}
        write_private(path, f"{json.dumps(kept, indent=2)}\n".encode())


def undo(
    file: Annotated[Path, typer.Argument(help="The file that `diagnose --apply` wrote.")],
    data: Annotated[Path, typer.Option(help="The folder of the server where it was applied.")] = Path("data"),
    profile: Annotated[str | None, typer.Option(help="Profile to do it with.")] = None,
    region: Annotated[str | None, typer.Option(help="Region to do it in.")] = None,
    aws: Annotated[bool, typer.Option("--aws", help="It was applied at AWS itself.")] = False,
) -> None:
    """Restore what stood before, unless it has been changed since. Exit 0: undone; 1: not undone; 2: file unreadable."""
    try:
        found = _read(file)
        made = made_from(found.changes)
        connection = aws_connection(profile, region) if aws else server_connection(data, profile or "default")
    except (Unreadable, OSError, KeyError) as error:
        typer.echo(f"{file} cannot be undone: {error}", err=True)
        raise typer.Exit(_UNREADABLE) from None
    try:
        if connection.client("sts").get_caller_identity()["Account"] != found.account:
            typer.echo(f"not undone: this is not account {found.account}", err=True)
            raise typer.Exit(_FAILED)
        take_back(made, connection)
    except Moved as moved:
        typer.echo(f"not undone: {moved} has been changed since", err=True)
        raise typer.Exit(_FAILED) from None
    except (ClientError, BotoCoreError, Unreadable) as error:
        typer.echo(f"not undone: {error}", err=True)
        raise typer.Exit(_FAILED) from None
    typer.echo("Undone: " + ", ".join(each.place for each in made) + ".")


def _read(path: Path) -> _Undo:
    if path.stat().st_size > _FILE_MAX:
        raise Unreadable("it is too large")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Undo)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"it is no undo file: {error}") from error
    if found.format != _FORMAT:
        raise Unreadable(f"it is of format {found.format}")
    return found
