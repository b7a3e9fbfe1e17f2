"""`trailwarden replay`: which recorded calls changed policies would deny or allow."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from trailwarden.cli.connection import Connection, aws_connection, server_connection
from trailwarden.cli.options import Account, Aws, Data, Json, Logs, Organization, Profile, ResourcePolicy
from trailwarden.cli.policy_files import policy_files
from trailwarden.diagnose.changes import change_data, read_changes
from trailwarden.diagnose.data import FileData, LiveData, Unreadable, read_files
from trailwarden.diagnose.foreseen import foreseen_data, foreseen_text
from trailwarden.diagnose.history import Portion, portions_of_files, portions_of_server
from trailwarden.diagnose.logs import LogFiles
from trailwarden.diagnose.replay import replay as replay_history
from trailwarden.diagnose.snapshot import snapshot

__all__ = ["asked_for", "connection_of", "history_of", "known_data", "replay", "running"]

_SAME, _DENIED, _UNREADABLE = 0, 1, 2


def replay(  # noqa: PLR0913, PLR0917 — each is an option of the command
    change: Annotated[Path, typer.Option(help="The changes to try: JSON, a list of places and documents.")],
    logs: Logs = None,
    data: Data = Path("data"),
    account: Account = None,
    organization: Organization = None,
    resource_policy: ResourcePolicy = None,
    aws: Aws = False,
    profile: Profile = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one a core.")] = 0,
    as_json: Json = False,
) -> None:
    """Tell which recorded calls a change of policies would deny or allow. Exit 0: it denies none; 1: it denies some; 2: input unreadable."""
    try:
        connection = connection_of(data, profile, aws=aws, needed=account is None or asked_for(logs))
        before = known_data(connection, account, organization, resource_policy)
        changed = change_data(before, read_changes(change))
        portions, total = history_of(logs, connection)
        with running(total) as advance:
            tally = replay_history(portions, before, changed, workers=workers, progress=advance)
    except (Unreadable, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNREADABLE) from None
    typer.echo(json.dumps(foreseen_data(tally), indent=2) if as_json else foreseen_text(tally))
    raise typer.Exit(_DENIED if tally.total("denied") else _SAME)


def asked_for(logs: list[str] | None) -> bool:
    """Whether the history has to be asked for, as against files that are at hand."""
    return not logs or any(name.startswith("s3://") for name in logs)


def connection_of(data: Path, profile: str | None, *, aws: bool, needed: bool) -> Connection | None:
    """AWS, or the server below the folder. Raises Unreadable where one is needed and there is none."""
    if not needed:
        return None
    try:
        return aws_connection(profile, None) if aws else server_connection(data, profile or "default")
    except (FileNotFoundError, KeyError, BotoCoreError) as missing:
        raise Unreadable(
            f"{data} holds no server to ask ({missing}): name one with --data, files with --account and --logs, or AWS with --aws"
        ) from None


def known_data(
    connection: Connection | None, account: Path | None, organization: Path | None, policies: Iterable[str] | None
) -> FileData:
    """The account data of files, or all of the server's. Raises Unreadable."""
    if account is not None:
        return read_files(account, organization, policy_files(policies))
    if connection is None:
        raise Unreadable("there is no account data: give --account, or --data")
    return snapshot(LiveData(clients=connection, region=connection.region))


def history_of(logs: list[str] | None, connection: Connection | None) -> tuple[Iterator[Portion], int | None]:
    """The history in portions, and how many there are where that is known. Raises Unreadable."""
    if logs:
        files = LogFiles(given=tuple(logs), clients=connection)
        if files.total is None:
            return portions_of_files(files), None
        portions = tuple(portions_of_files(files))
        return iter(portions), len(portions)
    if connection is None:
        raise Unreadable("there is no history: give --logs, or --data")
    names = connection.session.get_available_regions("cloudtrail")
    return portions_of_server((name, replace(connection, region=name)) for name in names), None


@contextmanager
def running(total: int | None) -> Iterator["_Advance"]:
    """A progress bar on standard error, where that is a terminal. It has no thread, so that workers can be forked."""
    columns = (TextColumn("{task.fields[events]:,} events"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, auto_refresh=False, disable=not shown) as progress:
        yield _Advance(progress, total)


class _Advance:
    """Moves the bar by a portion."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress, self._events = progress, 0
        self._task = progress.add_task("replay", total=total, events=0)

    def __call__(self, events: int) -> None:
        """One more portion, of so many events."""
        self._events += events
        self._progress.update(self._task, advance=1, events=self._events, refresh=True)
