"""`trailwarden diagnose`: why a call was refused, and the smallest change that lets it through."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from trailwarden.cli.connection import Connection, aws_connection, server_connection
from trailwarden.diagnose import (
    AccountData,
    Diagnosis,
    LiveData,
    Mend,
    Refusal,
    Unreadable,
    as_data,
    as_text,
    read_files,
    read_input,
)
from trailwarden.diagnose import diagnose as find_cause

__all__ = ["diagnose"]

_FOUND, _UNREADABLE, _MORE_NEEDED = 0, 2, 3
_INPUT_MAX = 256 * 1024 * 1024


def diagnose(  # noqa: PLR0913, PLR0917 — each is an option of the command
    refusal: Annotated[
        str, typer.Argument(help="The error text, a file with it, an event or log file, an id, or - for stdin.")
    ] = "-",
    data: Annotated[Path, typer.Option(help="The folder of the server to ask for account data.")] = Path("data"),
    profile: Annotated[str | None, typer.Option(help="Profile to ask with.")] = None,
    region: Annotated[str | None, typer.Option(help="Region that bare names are completed with.")] = None,
    account: Annotated[
        Path | None, typer.Option(help="Output of aws iam get-account-authorization-details, instead of a server.")
    ] = None,
    organization: Annotated[
        Path | None, typer.Option(help="Exported service and resource control policies, root first.")
    ] = None,
    resource_policy: Annotated[
        list[str] | None, typer.Option(help="ARN=FILE: a resource-based policy; may be given several times.")
    ] = None,
    aws: Annotated[bool, typer.Option("--aws", help="Ask AWS itself, with read-only calls.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as data.")] = False,
    apply: Annotated[int, typer.Option(help="Make the change of that number, after asking.", show_default=False)] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Tell why a call was refused. Exit 0: cause found; 2: input unreadable; 3: more data needed."""
    try:
        refusals = _read(refusal)
        connection = None if account else _connection(data, profile, region, aws=aws)
        known: AccountData = (
            LiveData(clients=connection, region=region or connection.region)
            if connection
            else read_files(account or data, organization, _policies(resource_policy), region or "us-east-1")
        )
        found = [find_cause(each, known) for each in refusals]
    except (Unreadable, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNREADABLE) from None
    _print(found, as_json=as_json)
    if apply and connection:
        _apply(found[0], apply, connection, yes=yes)
    raise typer.Exit(_FOUND if all(each.found for each in found) else _MORE_NEEDED)


def _read(given: str) -> tuple[Refusal, ...]:
    """The refusals in the argument: a file's name, `-`, or the text itself."""
    path = Path(given)
    if given == "-":
        raw = sys.stdin.buffer.read(_INPUT_MAX)
    elif len(given) < 1024 and "\n" not in given and path.is_file():  # noqa: PLR2004 — no file name is longer
        raw = path.read_bytes()[:_INPUT_MAX]
    else:
        raw = given.encode()
    refusals = read_input(raw)
    if not refusals or not any((each.text or each.authorization_id or each.event_id) for each in refusals):
        raise Unreadable("there is no refusal in this input")
    return refusals


def _connection(data: Path, profile: str | None, region: str | None, *, aws: bool) -> Connection:
    if aws:
        return aws_connection(profile, region)
    try:
        return server_connection(data, profile or "default")
    except (FileNotFoundError, KeyError) as missing:
        raise Unreadable(
            f"{data} holds no server to ask ({missing}): name one with --data, a file with --account, or AWS with --aws"
        ) from None


def _policies(given: list[str] | None) -> dict[str, Path]:
    pairs = [each.rpartition("=") for each in given or ()]
    return {arn: Path(path) for arn, _, path in pairs}


def _print(found: list[Diagnosis], *, as_json: bool) -> None:
    if as_json:
        answers = [as_data(each) for each in found]
        typer.echo(json.dumps(answers[0] if len(answers) == 1 else answers, indent=2))
        return
    typer.echo(f"\n{'-' * 100}\n".join(as_text(each) for each in found))


def _apply(diagnosis: Diagnosis, number: int, connection: Connection, *, yes: bool) -> None:
    """Make exactly the change shown, then evaluate the refused call again with what stands now."""
    mend = _chosen(diagnosis, number)
    commands = "\n".join(f"  {edit.call.command}" for edit in mend.edits)
    if not yes and not typer.confirm(f"\nRun this?\n{commands}\n", default=False):
        raise typer.Exit(_FOUND)
    try:
        _unchanged(diagnosis, mend, connection)
        for edit in mend.edits:
            getattr(connection.client(edit.call.service), edit.call.method)(**edit.call.params)
    except (ClientError, BotoCoreError) as error:
        typer.echo(f"not applied: {error}", err=True)
        raise typer.Exit(1) from None
    again = find_cause(diagnosis.refusal, LiveData(clients=connection, region=connection.region))
    allowed = again.case is not None and again.case.decision.allowed
    typer.echo("Applied. Evaluated again: the call is " + ("allowed." if allowed else f"still refused: {again.cause}."))
    if not allowed:
        raise typer.Exit(1)


def _chosen(diagnosis: Diagnosis, number: int) -> Mend:
    if not 1 <= number <= len(diagnosis.mends) or not diagnosis.mends[number - 1].edits:
        typer.echo(f"there is no change of number {number} to apply", err=True)
        raise typer.Exit(1)
    return diagnosis.mends[number - 1]


def _unchanged(diagnosis: Diagnosis, mend: Mend, connection: Connection) -> None:
    """Refuse where the policies have changed since the mend was found."""
    now = find_cause(diagnosis.refusal, LiveData(clients=connection, region=connection.region))
    if mend.edits not in [each.edits for each in now.mends]:
        typer.echo("not applied: the policies have changed since; diagnose again", err=True)
        raise typer.Exit(1)
