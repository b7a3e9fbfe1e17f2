"""`trailwarden demo`: the story in the terminal, on a server of its own. Every step is real; one that fails ends it."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from trailwarden.cli.connection import Connection, server_connection
from trailwarden.cli.env import client_environment
from trailwarden.cli.throwaway import Throwaway, throwaway_server
from trailwarden.diagnose import Diagnosis, LiveData, Mend, SetDocument, as_text, diagnose, read_message

__all__ = ["DemoFailed", "demo"]

_DELIVERY, _DIGEST = 1.0, 4.0
_PERIODS = 3
_PATIENCE = 40.0
_WIDTH = 100
_BUCKET, _TRAIL = "amzn-s3-demo-logging-bucket", "My-Trail"


class DemoFailed(Exception):
    """A step did not happen as it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the steps share: the console, the administrator's connection and mateojackson's."""

    console: Console
    server: Throwaway
    account: str
    admin: Connection
    mateo: Connection

    def say(self, text: str) -> None:
        """A line of narration."""
        self.console.print(f"\n[bold]{text}[/bold]")

    def typed(self, who: str, command: str) -> None:
        """A command as it would be typed."""
        self.console.print(f"[green]{who}$[/green] {escape(command)}", highlight=False, soft_wrap=True)

    def shown(self, text: str, style: str = "") -> None:
        """What a command printed, unbroken so that it can be copied."""
        self.console.print(escape(text), style=style, highlight=False, soft_wrap=True)


def demo() -> None:
    """Play the story: denied, told why, mended, retried, and the record of it all validated."""
    console = Console(width=_WIDTH)
    began = datetime.now(UTC)  # noqa: TID251 — the stock client is told since when to validate
    try:
        with throwaway_server("--delivery-interval", str(_DELIVERY), "--digest-interval", str(_DIGEST)) as server:
            stage = _set(console, server)
            refused = _denied(stage)
            mend = _explained(stage, refused)
            _mended(stage, mend)
            _retried(stage)
            _fictional(stage)
            _validated(stage, began)
    except (DemoFailed, RuntimeError, ClientError, BotoCoreError, OSError) as failure:
        console.print(f"[bold red]The demonstration failed:[/bold red] {failure}", highlight=False)
        raise typer.Exit(1) from None
    console.print("\n[bold green]Denied, explained, mended, retried, validated.[/bold green]")


def _set(console: Console, server: Throwaway) -> Stage:
    """A bucket, a trail that logs into it, and a user without permissions."""
    admin = server_connection(server.data)
    account = admin.client("sts").get_caller_identity()["Account"]
    console.print(f"[dim]{server.ready}[/dim]", highlight=False)
    _make_trail(admin, account)
    iam = admin.client("iam")
    iam.create_user(UserName="mateojackson")
    key = iam.create_access_key(UserName="mateojackson")["AccessKey"]
    session = boto3.session.Session(
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], region_name=admin.region
    )
    mateo = Connection(session, admin.endpoint, admin.region)
    return Stage(console=console, server=server, account=account, admin=admin, mateo=mateo)


def _make_trail(admin: Connection, account: str) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    trail = f"arn:aws:cloudtrail:{admin.region}:{account}:trail/{_TRAIL}"
    s3, cloudtrail = admin.client("s3"), admin.client("cloudtrail")
    s3.create_bucket(Bucket=_BUCKET)
    common = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    sourced = {"aws:SourceArn": trail}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                **common,
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{_BUCKET}",
                "Condition": {"StringEquals": sourced},
            },
            {
                **common,
                "Sid": "AWSCloudTrailWrite20150319",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{_BUCKET}/AWSLogs/{account}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **sourced}},
            },
        ],
    }
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(policy))
    cloudtrail.create_trail(Name=_TRAIL, S3BucketName=_BUCKET, EnableLogFileValidation=True)
    cloudtrail.start_logging(Name=_TRAIL)


def _denied(stage: Stage) -> str:
    stage.say(f"1. mateojackson asks for the status of {_TRAIL}, and is denied.")
    stage.typed("mateojackson", f"aws cloudtrail get-trail-status --name {_TRAIL}")
    try:
        stage.mateo.client("cloudtrail").get_trail_status(Name=_TRAIL)
    except ClientError as error:
        wanted = (
            f"User: arn:aws:iam::{stage.account}:user/mateojackson is not authorized to perform: "
            f"cloudtrail:GetTrailStatus on resource: "
            f"arn:aws:cloudtrail:{stage.admin.region}:{stage.account}:trail/{_TRAIL} "
            "because no identity-based policy allows the cloudtrail:GetTrailStatus action"
        )
        if error.response["Error"]["Message"] != wanted:
            raise DemoFailed(f"the denial is not AWS's text: {error}") from None
        stage.shown(str(error), "red")
        return str(error)
    raise DemoFailed("the call was not denied")


def _explained(stage: Stage, refused: str) -> Mend:
    stage.say("2. An administrator pastes that text.")
    stage.typed("administrator", 'trailwarden diagnose "An error occurred (AccessDeniedException) when …"')
    found = diagnose(read_message(refused), LiveData(clients=stage.admin, region=stage.admin.region))
    _show(stage, found)
    mend = next((mend for mend in found.mends if mend.proved), None)
    if mend is None:
        raise DemoFailed("no mend was proved")
    return mend


def _show(stage: Stage, found: Diagnosis) -> None:
    """The first mend whole, the others by their titles."""
    text = as_text(found).split("\n\n2. ")[0]
    others = [f"{number}. {mend.title}." for number, mend in enumerate(found.mends, 1) if number > 1]
    stage.shown("\n".join((text, "", *others)))


def _mended(stage: Stage, mend: Mend) -> None:
    stage.say("3. The smallest mend is applied.")
    for edit in mend.edits:
        stage.typed("administrator", edit.call.command)
        getattr(stage.admin.client(edit.call.service), edit.call.method)(**edit.call.params)
        if isinstance(edit, SetDocument):
            _read_back(stage, edit)


def _read_back(stage: Stage, edit: SetDocument) -> None:
    """What stands is what was shown."""
    stands = stage.admin.client("iam").get_user_policy(UserName=edit.place.holder, PolicyName=edit.place.name)
    if stands["PolicyDocument"] != json.loads(edit.after):
        raise DemoFailed("another policy stands than the one shown")


def _retried(stage: Stage) -> None:
    stage.say("4. mateojackson tries again.")
    stage.typed("mateojackson", f"aws cloudtrail get-trail-status --name {_TRAIL}")
    status = stage.mateo.client("cloudtrail").get_trail_status(Name=_TRAIL)
    if not status["IsLogging"]:
        raise DemoFailed(f"{_TRAIL} does not log")
    shown = {name: str(status[name]) for name in ("IsLogging", "StartLoggingTime")}
    stage.console.print_json(json.dumps(shown))


def _fictional(stage: Stage) -> None:
    stage.say("5. AWS's page has a fictional denial too.")
    text = (
        f"User: arn:aws:iam::{stage.account}:user/mateojackson is not authorized to perform: "
        "cloudtrail:GetWidget on resource: my-example-widget"
    )
    stage.typed("administrator", f'trailwarden diagnose "{text}"')
    found = diagnose(read_message(text), LiveData(clients=stage.admin, region=stage.admin.region))
    if "no action" not in found.cause:
        raise DemoFailed("the fictional action was taken for a real one")
    stage.shown(as_text(found))


def _validated(stage: Stage, began: datetime) -> None:
    stage.say(f"6. All of it was recorded; the stock client validates the record over {_PERIODS} digest files.")
    _wait_for_digests(stage)
    arn = f"arn:aws:cloudtrail:{stage.admin.region}:{stage.account}:trail/{_TRAIL}"
    start = (began - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    arguments = ["cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time", start]
    stage.typed("administrator", f"aws {' '.join(arguments)}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(  # noqa: S603 — the stock client with our arguments
        [sys.executable, "-m", "awscli", *arguments],
        env={**environment, **client_environment(stage.server.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    stage.shown(done.stdout.strip())
    if done.returncode != 0 or "log files valid" not in done.stdout:
        raise DemoFailed(f"validate-logs: exit {done.returncode} {done.stderr.strip()}")


def _wait_for_digests(stage: Stage) -> None:
    s3, deadline = stage.admin.client("s3"), time.monotonic() + _PATIENCE
    prefix = f"AWSLogs/{stage.account}/CloudTrail-Digest/"
    while time.monotonic() < deadline:
        keys: list[Any] = s3.list_objects_v2(Bucket=_BUCKET, Prefix=prefix).get("Contents", [])
        if len(keys) >= _PERIODS:
            return
        time.sleep(0.5)
    raise DemoFailed(f"fewer than {_PERIODS} digest files after {_PATIENCE:.0f} seconds")
