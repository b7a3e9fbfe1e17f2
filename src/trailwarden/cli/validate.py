"""`trailwarden validate`: whether delivered log files are what was delivered, in a bucket or a copied folder.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-cli.html
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trailwarden.arn import Arn
from trailwarden.cli.connection import Connection, aws_connection, server_connection
from trailwarden.cli.options import Data, Json
from trailwarden.clock import system_clock
from trailwarden.validation import (
    Asked,
    Bucket,
    Folder,
    Keys,
    KeysUnreadable,
    Mistaken,
    Place,
    listed_keys,
    report_data,
    report_text,
)
from trailwarden.validation import validate as validated

__all__ = ["validate"]

_VALID, _INVALID, _UNREADABLE = 0, 1, 2
_DAY = 86_400.0
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
    aws: Annotated[bool, typer.Option("--aws", help="Ask AWS itself, with read-only calls.")] = False,
    data: Data = Path("data"),
    profile: Annotated[str | None, typer.Option(help="Profile to ask with.")] = None,
    region: Annotated[str | None, typer.Option(help="Region to ask in; else that of the trail or the profile.")] = None,
    as_json: Json = False,
) -> None:
    """Check digests and log files: altered, missing, moved, added ones are named; nothing is repaired.

    Exit 0: all that was found is valid; 1: something is not; 2: it could not be validated.
    """
    try:
        asked = _asked(trail_arn, start_time, end_time)
        connection = _connection(data, profile, region, aws=aws, needed=not where or not keys)
        trail = _trail(connection, trail_arn)
        asking = _Asking(where=where, trail_arn=trail_arn, key_files=keys, connection=connection, trail=trail)
        asked = replace(
            asked, account=account_id or asking.account, unlisted=not allow_unlisted, newest=asking.newest()
        )
        with _progress() as progress:
            report = validated(asking.place(), asking.keys(), asked, progress)
    except (Mistaken, KeysUnreadable, ValueError, OSError, ClientError, BotoCoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNREADABLE) from None
    typer.echo(json.dumps(report_data(report), indent=2) if as_json else report_text(report, verbose=verbose))
    raise typer.Exit(_INVALID if report.faults else _VALID if report.findings else _UNREADABLE)


def _asked(trail_arn: str, start: str, end: str) -> Asked:
    """Raises ValueError, Mistaken."""
    trail = Arn.parse(trail_arn) if trail_arn else None
    if trail_arn and (trail is None or trail.service != "cloudtrail" or not trail.resource.startswith("trail/")):
        raise Mistaken(f"{trail_arn} is no ARN of a trail")
    until = _moment(end) if end else system_clock()
    since = _moment(start)
    if until < since:
        raise Mistaken("Invalid time range specified: start-time must occur before end-time")
    name, home = (trail.resource.removeprefix("trail/"), trail.region) if trail is not None else ("", "")
    return Asked(since=since, until=until, trail=name, home=home, workers=_READERS)


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _connection(data: Path, profile: str | None, region: str | None, *, aws: bool, needed: bool) -> Connection | None:
    """Whom to ask, None where nobody has to be. Raises Mistaken."""
    if aws:
        return aws_connection(profile, region)
    try:
        found = server_connection(data, profile or "default")
    except (FileNotFoundError, KeyError) as missing:
        if not needed:
            return None
        raise Mistaken(
            f"{data} holds no server to ask ({missing}): name one with --data, AWS with --aws, or a folder and --keys"
        ) from None
    return replace(found, region=region) if region else found


def _trail(connection: Connection | None, trail_arn: str) -> Mapping[str, Any]:
    """As DescribeTrails tells it, empty where nobody can be asked or there is none. Raises ClientError, BotoCoreError."""
    arn = Arn.parse(trail_arn)
    if arn is None or connection is None:
        return {}
    client = replace(connection, region=arn.region).client("cloudtrail")
    found: list[Mapping[str, Any]] = client.describe_trails(trailNameList=[trail_arn])["trailList"]
    return found[0] if found else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Where the files are, and who tells of the trail and the keys."""

    where: str
    trail_arn: str
    key_files: list[Path] | None
    connection: Connection | None
    trail: Mapping[str, Any]

    @property
    def account(self) -> str:
        """The trail's own account, where the trail is of one account alone."""
        arn = Arn.parse(self.trail_arn)
        return arn.account if arn is not None and self.trail and not self.trail.get("IsOrganizationTrail") else ""

    def place(self) -> Place:
        """Raises Mistaken, ClientError, BotoCoreError."""
        if self.where and not self.where.startswith("s3://"):
            return Folder(Path(self.where))
        if self.connection is None:
            raise Mistaken("a bucket needs a server or AWS to be read from: give --data or --aws")
        if self.where:
            name, _, prefix = self.where.removeprefix("s3://").partition("/")
            return Bucket(name, prefix.rpartition("AWSLogs")[0] or prefix, self._opened)
        trail = self.trail
        if not trail:
            raise Mistaken(
                f"there is no trail {self.trail_arn}" if self.trail_arn else "name a folder, a bucket or --trail-arn"
            )
        return Bucket(trail["S3BucketName"], trail.get("S3KeyPrefix", ""), self._opened)

    def keys(self) -> Keys:
        """Raises KeysUnreadable, OSError."""
        if self.key_files:
            return Keys(listed_keys(path.read_bytes() for path in self.key_files))
        return Keys({}, self._more)

    def _more(self, region: str, time: float) -> Mapping[str, bytes]:
        if self.connection is None:
            return {}
        client = replace(self.connection, region=region).client("cloudtrail")
        span = {
            "StartTime": datetime.fromtimestamp(time - 31 * _DAY, UTC),
            "EndTime": datetime.fromtimestamp(time + 31 * _DAY, UTC),
        }
        try:
            return listed_keys([client.list_public_keys(**span)])
        except (ClientError, BotoCoreError) as error:
            raise KeysUnreadable(f"the public keys of {region} cannot be asked for: {error}") from None

    def newest(self) -> Mapping[tuple[str, str], float]:
        """When the trail delivered its newest digest, by account and Region, where it is asked for and stands."""
        arn, trail = Arn.parse(self.trail_arn), self.trail
        if arn is None or not trail or self.connection is None:
            return {}
        names = (
            self.connection.session.get_available_regions("cloudtrail") if trail["IsMultiRegionTrail"] else [arn.region]
        )
        found = {}
        for name in names:
            try:
                status = (
                    replace(self.connection, region=name).client("cloudtrail").get_trail_status(Name=self.trail_arn)
                )
            except (ClientError, BotoCoreError):
                continue
            if "LatestDigestDeliveryTime" in status:
                found[arn.account, name] = status["LatestDigestDeliveryTime"].timestamp()
        return found

    def _opened(self, bucket: str) -> S3Store:
        """The bucket where it is. Raises ClientError, BotoCoreError."""
        connection = self.connection
        if connection is None:
            raise Mistaken("a bucket needs a server or AWS to be read from: give --data or --aws")
        located = connection.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
        return S3Store(
            bucket,
            region={"EU": "eu-west-1"}.get(located, located),
            endpoint=connection.endpoint,
            virtual_hosted_style_request=connection.endpoint is None,
            credential_provider=Boto3CredentialProvider(connection.session),
            client_options={"allow_http": connection.endpoint is not None},
        )


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
