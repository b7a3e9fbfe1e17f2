"""`trailwarden diagnose`: why a call was refused, and the smallest change that lets it through."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trailwarden.cli.connection import Connection, aws_connection, server_connection
from trailwarden.cli.options import Account, Aws, Json, Organization, Profile, ResourcePolicy, SessionPolicy
from trailwarden.cli.policy_files import policy_files
from trailwarden.cli.recording import Recording
from trailwarden.cli.undo import apply_recorded, undo_file
from trailwarden.diagnose import (
    AccountData,
    Diagnosis,
    FileData,
    Group,
    LiveData,
    LogFile,
    LogFiles,
    Mend,
    Refusal,
    Unreadable,
    as_data,
    as_markdown,
    as_text,
    count_denials,
    group_denials,
    groups_as_data,
    groups_as_markdown,
    groups_as_text,
    read_files,
    read_input,
)
from trailwarden.diagnose import diagnose as find_cause

__all__ = ["diagnose"]

_FOUND, _UNREADABLE, _MORE_NEEDED = 0, 2, 3
_INPUT_MAX = 256 * 1024 * 1024
_NAME_MAX = 1024
_UNREAD_SHOWN = 5


def diagnose(  # noqa: PLR0913, PLR0917 — each is an option of the command
    refusal: Annotated[
        str, typer.Argument(help="The error text, a file with it, an event or log file, an id, or - for stdin.")
    ] = "-",
    data: Annotated[Path, typer.Option(help="The folder of the server to ask for account data.")] = Path("data"),
    profile: Profile = None,
    region: Annotated[str | None, typer.Option(help="Region that bare names are completed with.")] = None,
    account: Account = None,
    organization: Organization = None,
    resource_policy: ResourcePolicy = None,
    session_policy: SessionPolicy = None,
    resources: Annotated[Path | None, typer.Option(help="ARNs of what exists, one a line, with --account.")] = None,
    logs: Annotated[
        str | None, typer.Option(help="Diagnose all denials in the log files of a folder, or below s3://bucket/prefix.")
    ] = None,
    aws: Aws = False,
    policy: Annotated[
        bool, typer.Option("--policy", help="Print the least policy that the calls made for this need.")
    ] = False,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The answer for a ticket.")] = False,
    apply: Annotated[int, typer.Option(help="Make the change of that number, after asking.", show_default=False)] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    undo: Annotated[
        Path | None,
        typer.Option(help="Where --apply writes what `trailwarden undo` needs; undo-….json here by default."),
    ] = None,
) -> None:
    """Tell why a call was refused. Exit 0: cause found; 2: input unreadable; 3: more data needed."""
    recording: Recording | None = None
    try:
        refusals = () if logs else _read(refusal)
        if account is None or (logs or "").startswith("s3://"):
            recording = Recording(_connection(data, profile, region, aws=aws))
        known: AccountData = (
            LiveData(clients=recording, region=region or recording.connection.region)
            if recording and account is None
            else _of_files(account or data, organization, resource_policy, session_policy, region, resources)
        )
        groups = _grouped(LogFiles(given=(logs,), clients=recording), known) if logs else ()
        found = [find_cause(each, known) for each in refusals]
    except (Unreadable, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        if policy and recording:
            _print_policy(recording)
        raise typer.Exit(_UNREADABLE) from None
    if policy:
        _print_policy(recording)
    elif logs:
        _print_groups(groups, as_json=as_json, markdown=markdown)
    else:
        _print(found, as_json=as_json, markdown=markdown)
    if apply and recording and account is None and found:
        _apply(found[0], apply, recording.connection, yes=yes, undo=undo)
    causes = [each.diagnosis for each in groups] if logs else found
    raise typer.Exit(_FOUND if all(each.found for each in causes) else _MORE_NEEDED)


def _of_files(
    account: Path,
    organization: Path | None,
    resource_policy: list[str] | None,
    session_policy: list[str] | None,
    region: str | None,
    resources: Path | None,
) -> FileData:
    return read_files(
        account,
        organization,
        policy_files(resource_policy),
        region or "us-east-1",
        resources=resources,
        sessions=policy_files(session_policy, "--session-policy"),
    )


def _print_policy(recording: Recording | None) -> None:
    """What the calls made here need; an answer from files makes none."""
    if recording is None:
        raise typer.BadParameter("with --account no calls are made, so no policy is needed: leave one of the two out")
    arn = "*"
    try:
        arn = recording.connection.client("sts").get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        typer.echo(f"the account is not known ({error}); * stands for it", err=True)
    typer.echo(json.dumps(recording.policy(arn), indent=2))


def _grouped(files: LogFiles, known: AccountData) -> tuple[Group, ...]:
    """Every denial in the files by cause, with progress on stderr."""
    unread: list[str] = []
    with _progress() as progress:
        reading = progress.add_task("reading log files", total=files.total)

        def done(file: LogFile, why: str) -> None:
            progress.advance(reading)
            unread.extend([f"{file.name}: {why}"] if why else [])

        recurrences = count_denials(files, done)
        diagnosing = progress.add_task("diagnosing", total=len(recurrences))
        found = group_denials(recurrences.values(), known, lambda: progress.advance(diagnosing))
    _tell_unread(unread, files.beside)
    return found


def _tell_unread(unread: list[str], others: int) -> None:
    if others:
        typer.echo(f"{others} digest and Insight files hold no denials and were passed over", err=True)
    for line in unread[:_UNREAD_SHOWN]:
        typer.echo(f"not read: {line}", err=True)
    if len(unread) > _UNREAD_SHOWN:
        typer.echo(f"not read: {len(unread) - _UNREAD_SHOWN} more files", err=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress


def _read(given: str) -> tuple[Refusal, ...]:
    """The refusals in the argument: a file's name, `-`, or the text itself."""
    path = Path(given)
    if given == "-":
        if sys.stdin.isatty():
            typer.echo("paste the error text, then end the input (Ctrl-D)", err=True)
        raw = sys.stdin.buffer.read(_INPUT_MAX)
    elif len(given) < _NAME_MAX and "\n" not in given and path.is_file():
        raw = path.read_bytes()[:_INPUT_MAX]
    elif " " not in given and path.suffix in {".json", ".gz", ".txt", ".zip", ".log"}:
        raise Unreadable(f"there is no file {given}; an error text is given in quotes, standard input as -")
    else:
        raw = given.encode()
    try:
        refusals = read_input(raw)
    except UnicodeDecodeError:
        raise Unreadable("the input is no text, and neither a gzip nor a zip file") from None
    if not refusals or not any((each.text or each.authorization_id or each.event_id) for each in refusals):
        raise Unreadable(
            "there is no refusal in this input: give an error text, or a CloudTrail event with an errorCode"
        )
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


def _print_groups(groups: tuple[Group, ...], *, as_json: bool, markdown: bool) -> None:
    if as_json:
        typer.echo(json.dumps(groups_as_data(groups), indent=2))
    elif not groups:
        typer.echo("There are no denials in these log files.")
    else:
        typer.echo(groups_as_markdown(groups) if markdown else groups_as_text(groups))


def _print(found: list[Diagnosis], *, as_json: bool, markdown: bool) -> None:
    if as_json:
        answers = [as_data(each) for each in found]
        typer.echo(json.dumps(answers[0] if len(answers) == 1 else answers, indent=2))
        return
    if markdown:
        typer.echo("\n\n---\n\n".join(map(as_markdown, found)))
        return
    typer.echo(f"\n{'-' * 100}\n".join(map(as_text, found)))


def _apply(diagnosis: Diagnosis, number: int, connection: Connection, *, yes: bool, undo: Path | None) -> None:
    """Make exactly the change shown, keep what undoing it needs, then evaluate the refused call again with what stands now."""
    mend = _chosen(diagnosis, number)
    kept = undo or undo_file(mend.edits)
    commands = "\n".join(f"  {edit.call.command}" for edit in mend.edits)
    if not yes and not typer.confirm(f"\nRun this?\n{commands}\n", default=False):
        raise typer.Exit(_FOUND)
    try:
        _unchanged(diagnosis, mend, connection)
        apply_recorded(mend.edits, connection, kept)
    except (ClientError, BotoCoreError, OSError) as error:
        typer.echo(f"not applied: {error}", err=True)
        raise typer.Exit(1) from None
    again = find_cause(diagnosis.refusal, LiveData(clients=connection, region=connection.region))
    allowed = again.case is not None and again.case.decision.allowed
    typer.echo("Applied. Evaluated again: the call is " + ("allowed." if allowed else f"still refused: {again.cause}."))
    typer.echo(f"To take it back: trailwarden undo {kept}")
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
