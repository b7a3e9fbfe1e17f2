"""The screens in the documents, made by running the commands: `python -m tools.screens` writes them anew.

A screen stands between `<!-- screen: NAME -->` and `<!-- end -->`. All are of one short story over a server of its own; what
differs from run to run (ids, times, the port) is written as examples.
"""

import contextlib
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from typer.testing import CliRunner

from trailwarden.cli import commands
from trailwarden.cli.connection import Connection, server_connection
from trailwarden.cli.throwaway import throwaway_server

__all__ = ["DOCUMENTS", "filled", "screens"]

DOCUMENTS = tuple(Path(__file__).parents[1] / name for name in ("README.md", "docs/guide.md"))
ACCOUNT = "123456789012"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/My-Trail"
_FEW = 3
_QUERY = "{Cause: Cause, Mend: Mends[0].Title, Besides: Mends[0].NewlyAllowed, AlsoGain: Mends[0].AlsoGain}"
_SCREEN = re.compile(r"<!-- screen: (?P<name>[a-z-]+) -->\n(?P<shown>.*?)<!-- end -->\n", re.DOTALL)

_CHANGING = (
    (re.compile(r"\bar-[0-9a-z]{16}\b"), "ar-g2m60svlszwbcka5"),
    (
        re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        "7f3a1c52-0b1e-4d3a-9c57-2f6a8e4b9d10",
    ),
    (re.compile(r"\b20\d\d-\d\d-\d\d([T ])\d\d:\d\d:\d\d"), r"2026-01-01\g<1>12:00:00"),
    (re.compile(r"\b(AIDA|AKIA|AROA|ASIA)[A-Z0-9]{12,17}\b"), r"\1IOSFODNN7EXAMPLE"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:4566"),
)
"""What differs from run to run, and the example that stands for it."""


def _steady(text: str) -> str:
    for pattern, example in _CHANGING:
        text = pattern.sub(example, text)
    return text


@dataclass(slots=True)
class _Story:
    """One user is refused a call; runs commands in the folder that holds the server's data, and keeps their screens."""

    admin: Connection
    found: dict[str, str] = field(default_factory=dict)
    event: str = ""
    line: Any = field(default_factory=commands)

    def run(self, words: str, *, answer: str = "") -> str:
        """What a command prints, both streams, as in a terminal 100 columns wide."""
        done = CliRunner().invoke(self.line, shlex.split(words), input=answer, env={"COLUMNS": "100"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    def show(self, name: str, words: str, *, answer: str = "", most: int = 46) -> str:
        """Run a command and keep its screen, or so many lines of it at most."""
        output = self.run(words, answer=answer)
        self.found[name] = _fenced(f"trailwarden {words}", output, most)
        return output

    def aws(self, name: str, words: str) -> None:
        """The same with the stock command line, as a profile of the data folder."""
        variables = {**os.environ, "COLUMNS": "100"}
        for line in self.run("env").splitlines():
            for each in shlex.split(line)[1:]:
                key, equals, value = each.partition("=")
                variables.pop(key, None)
                variables |= {key: value} if equals else {}
        command = [str(Path(sys.executable).with_name("aws")), *shlex.split(words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables, timeout=60)
        self.found[name] = _fenced(f"aws {words}", done.stdout + done.stderr)


def _fenced(command: str, output: str, most: int = 46) -> str:
    lines = _steady(output).strip().splitlines()
    shown = lines if len(lines) <= most else [*lines[:most], "…"]
    fence = "````" if "```" in output else "```"
    return "\n".join([f"{fence}console", f"$ {_steady(command)}", *(line.rstrip() for line in shown), fence, ""])


def screens() -> dict[str, str]:
    """Every screen by its name, from one run."""
    with throwaway_server("--account-id", ACCOUNT) as server, contextlib.chdir(server.data.parent):
        story = _Story(server_connection(server.data))
        _begin(story)
        for tell in (_diagnosed, _requested, _foreseen, _generated, _applied):
            tell(story)
        return story.found


def _begin(story: _Story) -> None:
    """A trail, a user who may do something else, and the refused call in all the forms that it leaves behind."""
    iam = story.admin.client("iam")
    iam.create_user(UserName="mateojackson")
    key = iam.create_access_key(UserName="mateojackson")["AccessKey"]
    _profile(Path("data/aws"), key)
    _put(iam, "trails", "cloudtrail:DescribeTrails", "*")
    _put(iam, "objects", "s3:GetObject", "arn:aws:s3:::amzn-s3-demo-bucket/*")
    mateo = server_connection(Path("data"), "mateojackson").client("cloudtrail")
    for _ in range(3):
        mateo.describe_trails()
    try:
        mateo.get_trail_status(Name="My-Trail")
    except ClientError as error:
        Path("denial.txt").write_text(f"\n{error}\n")
    events = story.admin.client("cloudtrail").lookup_events()["Events"]
    records = [json.loads(each["CloudTrailEvent"]) for each in events if each.get("Username") == "mateojackson"]
    denied = next(each for each in records if each.get("errorCode"))
    Path("event.json").write_text(json.dumps(denied, indent=2))
    Path("AWSLogs").mkdir()
    Path("AWSLogs/1.json.gz").write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    details = iam.get_account_authorization_details()
    exported = {name: value for name, value in details.items() if isinstance(value, list)}
    Path("account.json").write_text(json.dumps(exported, default=str))
    story.event = denied["eventID"]


def _profile(folder: Path, key: Mapping[str, str]) -> None:
    with (folder / "credentials").open("a") as file:
        file.write(
            f"[mateojackson]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
        )
    settings = (folder / "config").read_text().replace("[default]", "[profile mateojackson]")
    with (folder / "config").open("a") as file:
        file.write(settings)


def _put(iam: Any, name: str, action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="mateojackson", PolicyName=name, PolicyDocument=document)


def _diagnosed(story: _Story) -> None:
    story.show("diagnose", "diagnose denial.txt")
    story.show("diagnose-begin", "diagnose denial.txt", most=17)
    story.show("diagnose-event", "diagnose event.json", most=_FEW)
    story.show("diagnose-id", f"diagnose {story.event}", most=_FEW)
    story.show("diagnose-export", "diagnose AWSLogs/1.json.gz --account account.json", most=_FEW)
    story.show("diagnose-markdown", "diagnose denial.txt --markdown", most=21)
    story.show("diagnose-logs", "diagnose --logs AWSLogs")
    story.aws("api", f"trailwarden diagnose --text file://denial.txt --query '{_QUERY}'")


def _requested(story: _Story) -> None:
    asked = story.show("access-request", 'access request denial.txt --reason "quarterly check" --profile mateojackson')
    number = re.search(r"ar-[0-9a-z]{16}", asked)
    if number is None:
        raise RuntimeError(asked)
    story.show("access-list", "access list")
    story.show("access-show", f"access show {number[0]}")
    story.show("access-approve", f"access approve {number[0]} --for 2h")
    story.run(f"access reject {number[0]}")


def _foreseen(story: _Story) -> None:
    place = {"kind": "user", "holder": "mateojackson", "name": "trails"}
    Path("change.json").write_text(json.dumps([{"place": place, "document": None}]))
    story.show("replay", "replay --change change.json --logs AWSLogs")


def _generated(story: _Story) -> None:
    story.show("generate", f"policy generate --principal arn:aws:iam::{ACCOUNT}:user/mateojackson --logs AWSLogs")


def _applied(story: _Story) -> None:
    applied = story.show("apply", "diagnose denial.txt --apply 1", answer="y\n")
    tail = applied[applied.index("Run this?") :]
    story.found["apply"] = _fenced("trailwarden diagnose denial.txt --apply 1", f"…\n{tail}")
    file = re.search(r"undo-[0-9a-f]{8}\.json", applied)
    if file is None:
        raise RuntimeError(applied)
    story.show("undo", f"undo {file[0]}")


def filled(text: str, found: Mapping[str, str]) -> str:
    """The document with its screens as they are now. KeyError for a screen that is not made."""
    return _SCREEN.sub(lambda at: f"<!-- screen: {at['name']} -->\n{found[at['name']]}<!-- end -->\n", text)


def main() -> None:
    found = screens()
    for document in DOCUMENTS:
        document.write_text(filled(document.read_text(), found))


if __name__ == "__main__":
    main()
