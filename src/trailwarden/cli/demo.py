"""`trailwarden demo`: the stories in the terminal, on a server of its own. Every step is real; one that fails ends it."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from trailwarden.cli.connection import server_connection
from trailwarden.cli.stories import STORIES, DemoFailed, Stage, validation
from trailwarden.cli.stories.stage import Person, bucket_policy
from trailwarden.cli.throwaway import Throwaway, throwaway_server

__all__ = ["demo"]

_DELIVERY, _DIGEST = 1.0, 4.0
_WIDTH = 100
_BUCKET, _TRAIL = "amzn-s3-demo-logging-bucket", "My-Trail"


def demo(
    story: Annotated[int, typer.Option(min=0, max=len(STORIES), help="Play one story alone; 0 plays all.")] = 0,
) -> None:
    """Play the stories: denied, told why, mended, retried, and the record of it all validated."""
    console = Console(width=_WIDTH)
    began = datetime.now(UTC)  # noqa: TID251 — the stock client is told since when to validate
    try:
        with throwaway_server("--delivery-interval", str(_DELIVERY), "--digest-interval", str(_DIGEST)) as server:
            _play(_set(console, server), story, began)
    except (DemoFailed, RuntimeError, ClientError, BotoCoreError, OSError) as failure:
        console.print(f"[bold red]The demonstration failed:[/bold red] {failure}", highlight=False, markup=True)
        raise typer.Exit(1) from None
    console.print("\n[bold green]Denied, explained, mended, retried, validated.[/bold green]")


def _play(stage: Stage, story: int, began: datetime) -> None:
    for number, (title, play) in enumerate(STORIES, 1):
        if story in {0, number}:
            stage.console.rule(f"[bold]Story {number}: {title}")
            play(stage)
    stage.console.rule("[bold]The record")
    validation(stage, began)


def _set(console: Console, server: Throwaway) -> Stage:
    """A bucket, and a trail that logs into it."""
    connection = server_connection(server.data)
    admin = Person("administrator", connection)
    account = admin.client("sts").get_caller_identity()["Account"]
    console.print(f"[dim]{server.ready}[/dim]", highlight=False)
    trail = f"arn:aws:cloudtrail:{connection.region}:{account}:trail/{_TRAIL}"
    s3, trails = admin.client("s3"), admin.client("cloudtrail")
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(bucket_policy(_BUCKET, account, trail)))
    trails.create_trail(Name=_TRAIL, S3BucketName=_BUCKET, EnableLogFileValidation=True)
    trails.start_logging(Name=_TRAIL)
    return Stage(console=console, server=server, account=account, admin=admin)
