"""`trailwarden access …`: ask for the change that lets a refused call through; look at what is asked for, and decide."""

import difflib
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from trailwarden.cli.connection import server_connection
from trailwarden.cli.options import Data, Json

__all__ = ["access"]

_WIDTH = 100
_FAILED, _UNREADABLE = 1, 2
_INPUT_MAX = 256 * 1024
_NAME_MAX = 1024
_SHOWN_ACTIONS = 8
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d{1,9})([smhd]?)\Z")
_IDS = re.compile(r"[0-9a-z]{25}\Z")

access = typer.Typer(
    name="access", help="Access requests: ask for what is missing; review, approve, reject.", no_args_is_help=True
)

Profile = Annotated[str, typer.Option(help="A profile of its AWS configuration: who calls.")]
Id = Annotated[str, typer.Argument(help="The id of an access request: ar-….")]


@access.command("request")
def request(
    refusal: Annotated[
        str,
        typer.Argument(help="The error text, a file with it or with the event, an authorization id, or - for stdin."),
    ],
    reason: Annotated[str, typer.Option(help="What the access is needed for.")] = "",
    data: Data = Path("data"),
    profile: Profile = "default",
    as_json: Json = False,
) -> None:
    """Ask an administrator for the smallest change that lets the refused call through."""
    found = _answered(
        data, profile, lambda client: client.create_access_request(**_members(refusal), **_given("Reason", reason))
    )
    _show(found["AccessRequest"], as_json=as_json)


@access.command("list")
def list_(
    own: Annotated[bool, typer.Option("--own", help="Only those that I made, which everybody may list.")] = False,
    state: Annotated[str, typer.Option(help="PENDING, APPROVED, REJECTED, EXPIRED, REVOKED or OVERDUE.")] = "",
    data: Data = Path("data"),
    profile: Profile = "default",
    as_json: Json = False,
) -> None:
    """List access requests, newest first."""
    found = _answered(
        data,
        profile,
        lambda client: (
            client.get_paginator("list_access_requests")
            .paginate(Own=own, **_given("State", state.upper()))
            .build_full_result()
        ),
    )["AccessRequests"]
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=str))
        return
    for each in found:
        who = each["Requester"].rpartition(":")[2]
        line = f"{each['AccessRequestId']}  {each['State']:8}  {who}  {each['Action']} on {each['Resource']}"
        typer.echo("\n".join(_wrapped(line)))


@access.command("show")
def show(name: Id, data: Data = Path("data"), profile: Profile = "default", as_json: Json = False) -> None:
    """Show an access request: who asks for what and why, the diff, and what else would become allowed."""
    found = _answered(data, profile, lambda client: client.get_access_request(AccessRequestId=name))
    _show(found["AccessRequest"], as_json=as_json)


@access.command("approve")
def approve(
    name: Id,
    for_: Annotated[str, typer.Option("--for", help="Take it back after that time: 30m, 2h, 7d.")] = "",
    data: Data = Path("data"),
    profile: Profile = "default",
    as_json: Json = False,
) -> None:
    """Make the change that is asked for, unless the policies have changed since; `--for` limits it in time."""
    limit = {"DurationSeconds": _seconds(for_)} if for_ else {}
    found = _answered(data, profile, lambda client: client.approve_access_request(AccessRequestId=name, **limit))
    _show(found["AccessRequest"], as_json=as_json)


@access.command("reject")
def reject(
    name: Id,
    reason: Annotated[str, typer.Option(help="Why; whoever asked reads it.")] = "",
    data: Data = Path("data"),
    profile: Profile = "default",
    as_json: Json = False,
) -> None:
    """Reject what is pending, or take back what is approved."""
    found = _answered(
        data,
        profile,
        lambda client: client.reject_access_request(AccessRequestId=name, **_given("Reason", reason)),
    )
    _show(found["AccessRequest"], as_json=as_json)


def _answered(data: Path, profile: str, call: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, Any]:
    """The answer; exit 1 with the server's own words where it refuses, 2 where there is none to ask."""
    try:
        return call(server_connection(data, profile).client("trailwarden"))
    except (FileNotFoundError, KeyError) as missing:
        typer.echo(f"{data} holds no server to ask ({missing}): name one with --data", err=True)
        raise typer.Exit(_UNREADABLE) from None
    except (ClientError, BotoCoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_FAILED) from None


def _given(member: str, value: str) -> dict[str, str]:
    return {member: value} if value else {}


def _members(given: str) -> dict[str, str]:
    """The refusal as the service takes it: as text, as event or by id."""
    if given == "-":
        text = sys.stdin.read(_INPUT_MAX)
    elif len(given) < _NAME_MAX and "\n" not in given and Path(given).is_file():
        text = _file(Path(given))
    else:
        text = given
    bare = text.strip()
    if not bare:
        typer.echo("there is no refusal in this input", err=True)
        raise typer.Exit(_UNREADABLE)
    member = "AuthorizationId" if _IDS.match(bare) else "Event" if bare.startswith(("{", "[")) else "Text"
    return {member: bare}


def _file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_INPUT_MAX)
    except (OSError, UnicodeError) as error:
        typer.echo(f"{path} cannot be read: {error}", err=True)
        raise typer.Exit(_UNREADABLE) from None


def _seconds(given: str) -> int:
    match = _SPAN.match(given)
    if match is None or not int(match[1]):
        typer.echo(f"{given} is no length of time: write 90s, 30m, 2h or 7d", err=True)
        raise typer.Exit(_UNREADABLE)
    return int(match[1]) * _UNITS[match[2] or "s"]


def _show(found: Mapping[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(found, indent=2, default=str) if as_json else "\n".join(_lines(found)))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['AccessRequestId']}  {found['State']}"
    yield from _wrapped(f"Who:      {found['Requester']}")
    yield from _wrapped(f"What:     {found['Action']} on {found['Resource']}")
    yield from _wrapped(f"Cause:    {found['Cause']}.")
    yield from _wrapped(f"Mend:     {found['Mend']['Title']}.")
    yield from _wrapped(f"Besides:  {_remainder(found['Mend']['NewlyAllowed'])}")
    if found["Mend"].get("AlsoGain"):
        yield from _wrapped(f"Gain too: {_few(found['Mend']['AlsoGain'])}")
    for label, member in (("Reason:", "Reason"), ("By:", "DecidedBy"), ("Note:", "Note"), ("Until:", "Expires")):
        if found.get(member):
            yield from _wrapped(f"{label:9} {_told(found[member])}")
    for edit in found["Mend"]["Edits"]:
        yield ""
        yield from _diff(edit)


def _told(value: object) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)


def _remainder(actions: list[str]) -> str:
    if not actions:
        return "nothing else becomes allowed"
    return f"{len(actions)} more actions become allowed: {_few(actions)}"


def _few(names: list[str]) -> str:
    more = len(names) - _SHOWN_ACTIONS
    return ", ".join(names[:_SHOWN_ACTIONS]) + (f" and {more} more" if more > 0 else "")


def _diff(edit: Mapping[str, Any]) -> Iterator[str]:
    """The change as a unified diff of the document, or as the command where it changes none."""
    if edit["Kind"] != "DOCUMENT":
        yield f"  {edit['Command']}"
        return
    before, after = (_pretty(edit.get(side, "")) for side in ("Before", "After"))
    for line in difflib.unified_diff(before, after, "before", edit["Place"], lineterm=""):
        yield f"  {line}"


def _pretty(text: str) -> list[str]:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines() if text else []


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=" " * 10, break_long_words=False, break_on_hyphens=False)
