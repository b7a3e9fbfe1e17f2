"""`trailwarden validate`: whether delivered log files are what was delivered, in a bucket or a copied folder.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-cli.html
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trailwarden.arn import Arn
from trailwarden.cli.options import Aws, Data, Json, Profile
from trailwarden.clock import system_clock
from trailwarden.validation import (
    Asked,
    Folder,
    Keys,
    KeysUnreadable,
    Mistaken,
    Report,
    listed_keys,
    report_data,
    report_text,
)
from trailwarden.validation import validate as validated

__all__ = ["validate"]

_VALID, _INVALID, _UNREADABLE = 0, 1, 2
_READERS = 32


def validate(  # noqa: PLR0913, PLR0917 — each is an option of the command
    where: Annotated[
        str,
        typer.Argument(
            help="A folder that log files were copied into, or s3://BUCKET/PREFIX; else the trail's bucket."
        ),
    ] = "",
    trail_arn: Annotated[str, typer.Option(help="The trail; without it every trail that is found.")] = "",
    start_time: Annotated[str, typer.Option(help="From then on, as 2026-01-08T05:21:42Z.")] = "1970-01-01T00:00:00Z",
    end_time: Annotated[str, typer.Option(help="Until then; else until now.")] = "",
    account_id: Annotated[str, typer.Option(help="One account of an organization's trail.")] = "",
    keys: Annotated[
        list[Path] | None, typer.Option(help="Output of aws cloudtrail list-public-keys, instead of asking.")
    ] = None,
    allow_unlisted: Annotated[
        bool, typer.Option("--allow-unlisted", help="Other trails, without digests, deliver there too.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name valid files too.")] = False,
    aws: Aws = False,
    data: Data = Path("data"),
    profile: Profile = None,
    region: Annotated[str | None, typer.Option(help="Region to ask in; else that of the trail or the profile.")] = None,
    as_json: Json = False,
) -> None:
    """Check digests and log files: altered, missing, moved, added ones are named; nothing is repaired.

    Exit 0: all that was found is valid; 1: something is not; 2: it could not be validated.
    """
    asking = _Asking(data=data, profile=profile, region=region, aws=aws)
    try:
        asked = _asked(trail_arn, start_time, end_time, account=account_id, unlisted=not allow_unlisted)
        with _progress() as progress:
            report = asking.validated(where, trail_arn, keys, asked, progress)
    except (Mistaken, KeysUnreadable, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNREADABLE) from None
    typer.echo(json.dumps(report_data(report), indent=2) if as_json else report_text(report, verbose=verbose))
    raise typer.Exit(_INVALID if report.faults else _VALID if report.findings else _UNREADABLE)


def _asked(trail_arn: str, start: str, end: str, *, account: str, unlisted: bool) -> Asked:
    """Raises ValueError, Mistaken."""
    trail = Arn.parse(trail_arn) if trail_arn else None
    if trail_arn and (trail is None or trail.service != "cloudtrail" or not trail.resource.startswith("trail/")):
        raise Mistaken(f"{trail_arn} is no ARN of a trail")
    until = _moment(end) if end else system_clock()
    since = _moment(start)
    if until < since:
        raise Mistaken("Invalid time range specified: start-time must occur before end-time")
    name, home = (trail.resource.removeprefix("trail/"), trail.region) if trail is not None else ("", "")
    return Asked(since=since, until=until, trail=name, home=home, account=account, unlisted=unlisted, workers=_READERS)


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Whom to ask for what a folder and files of keys do not hold."""

    data: Path
    profile: str | None
    region: str | None
    aws: bool

    def validated(
        self, where: str, trail_arn: str, key_files: list[Path] | None, asked: Asked, progress: "_Bar"
    ) -> Report:
        """Raises Mistaken, KeysUnreadable, OSError."""
        keys = Keys(listed_keys(path.read_bytes() for path in key_files)) if key_files else None
        folder = Folder(Path(where)) if where and not where.startswith("s3://") else None
        if folder is not None and keys is not None:
            return validated(folder, keys, asked, progress)
        # Whatever talks to AWS takes a second to load, which a folder with its keys does not need.
        from trailwarden.cli import served  # noqa: PLC0415

        connection = served.connected(self.data, self.profile, self.region, aws=self.aws)
        if folder is not None:
            return validated(folder, served.keys_served(connection), asked, progress)
        return served.validate_served(connection, where, trail_arn, asked, keys, progress)


@contextmanager
def _progress() -> Iterator["_Bar"]:
    """A progress bar on standard error, where that is a terminal."""
    columns = (TextColumn("validating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Bar(progress)


class _Bar:
    """Shows how many files are done: digests first, then the log files that they list."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("validate", total=None)

    def __call__(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._progress.update(self._task, completed=done, total=total)
