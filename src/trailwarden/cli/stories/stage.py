"""What the stories share: the console, the server, whoever acts in them, and how a refusal is met."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.console import Console
from rich.markup import escape

from trailwarden.cli.connection import Connection
from trailwarden.cli.throwaway import Throwaway
from trailwarden.diagnose import Attach, Diagnosis, LiveData, Mend, SetDocument, as_text, diagnose, read_message

__all__ = ["DemoFailed", "Person", "Stage", "bucket_policy"]

_BRIEF = 24


class DemoFailed(Exception):
    """A step did not happen as it must."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with credentials of their own."""

    name: str
    connection: Connection

    def client(self, service: str) -> Any:
        """A stock client that signs as this person."""
        return self.connection.client(service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The running server, its first account's administrator, and the console."""

    console: Console
    server: Throwaway
    account: str
    admin: Person

    def say(self, text: str) -> None:
        """A line of narration."""
        self.console.print(f"\n[bold]{text}[/bold]", highlight=False)

    def typed(self, who: Person, command: str) -> None:
        """A command as it would be typed."""
        self.console.print(f"[green]{who.name}$[/green] {escape(command)}", highlight=False, soft_wrap=True)

    def shown(self, text: str, style: str = "") -> None:
        """What a command printed, unbroken so that it can be copied."""
        self.console.print(escape(text), style=style, highlight=False, soft_wrap=True)

    def person(self, name: str) -> Person:
        """A user of the first account, with an access key; made where there is none yet."""
        iam = self.admin.client("iam")
        try:
            iam.create_user(UserName=name)
        except iam.exceptions.EntityAlreadyExistsException:
            self.shown(f"({name} is here already)", "dim")
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.signing(name, key["AccessKeyId"], key["SecretAccessKey"])

    def signing(self, name: str, key: str, secret: str, token: str | None = None) -> Person:
        """Somebody who signs with these credentials."""
        session: Any = boto3.session.Session(
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            region_name=self.admin.connection.region,
        )
        return Person(name, Connection(session, self.admin.connection.endpoint, self.admin.connection.region))

    def assumed(self, name: str, who: Person, role: str, **more: Any) -> Person:
        """Somebody who has assumed a role."""
        given = who.client("sts").assume_role(RoleArn=role, RoleSessionName=name, **more)["Credentials"]
        return self.signing(name, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def refused(self, call: Callable[[], object], *, code: str, text: str) -> str:
        """Make a call that must be refused with this code and text; gives what the client prints."""
        try:
            call()
        except ClientError as error:
            found = error.response["Error"]
            if found["Code"] != code or text not in found["Message"]:
                raise DemoFailed(f"refused otherwise than AWS does it: {error}") from None
            self.shown(str(error), "red")
            return str(error)
        raise DemoFailed("the call was not refused")

    def explained(self, refused: str, by: Person | None = None, *, brief: bool = False) -> Diagnosis:
        """Diagnose what was refused, and show the answer; `brief` shows its head alone."""
        who = by or self.admin
        self.typed(who, f'trailwarden diagnose "{refused[:46]}…"')
        found = diagnose(read_message(refused), LiveData(clients=who.connection, region=who.connection.region))
        if not found.cause:
            raise DemoFailed(f"no cause was found for: {refused}")
        lines = as_text(found).split("\n\n2. ")[0].splitlines()
        kept = lines if len(lines) <= _BRIEF or not brief else [*lines[:_BRIEF], "…"]
        others = [f"{number}. {mend.title}." for number, mend in enumerate(found.mends, 1) if number > 1]
        self.shown("\n".join((*kept, *([""] if others else []), *others)), "cyan")
        return found

    def mended(self, mend: Mend, by: Person | None = None) -> None:
        """Make the change, as its commands say it, and read back what stands."""
        who = by or self.admin
        for edit in mend.edits:
            self.typed(who, edit.call.command)
            getattr(who.client(edit.call.service), edit.call.method)(**edit.call.params)
            if isinstance(edit, SetDocument):
                _read_back(who, edit)
            elif isinstance(edit, Attach):
                _attached(who, edit)


def _read_back(who: Person, edit: SetDocument) -> None:
    if edit.place.kind != "user":
        return
    stands = who.client("iam").get_user_policy(UserName=edit.place.holder, PolicyName=edit.place.name)
    if stands["PolicyDocument"] != json.loads(edit.after):
        raise DemoFailed("another policy stands than the one shown")


def _attached(who: Person, edit: Attach) -> None:
    if edit.kind != "user":
        return
    found = who.client("iam").list_attached_user_policies(UserName=edit.holder)["AttachedPolicies"]
    if edit.arn not in {each["PolicyArn"] for each in found}:
        raise DemoFailed(f"{edit.arn} is not attached")


def bucket_policy(bucket: str, account: str, trail: str) -> dict[str, Any]:
    """The policy that lets CloudTrail deliver a trail's files.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    common = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    sourced = {"aws:SourceArn": trail}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                **common,
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Condition": {"StringEquals": sourced},
            },
            {
                **common,
                "Sid": "AWSCloudTrailWrite20150319",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **sourced}},
            },
        ],
    }
