"""`trailwarden policy generate`: the smallest policy for what a principal has been seen to do."""

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trailwarden.cli.options import Account, Aws, Data, Logs, Profile
from trailwarden.cli.replay import asked_for, connection_of, history_of, known_data, running
from trailwarden.diagnose.data import Unreadable
from trailwarden.diagnose.generate import Generated
from trailwarden.diagnose.generate import generate as make_policy
from trailwarden.diagnose.usage import usage_of

__all__ = ["policy"]

_DONE, _NOTHING, _UNREADABLE = 0, 1, 2
_FEW = 8
_WIDTH = 100

policy = typer.Typer(name="policy", help="Policies made from what was recorded.", no_args_is_help=True)


class Form(StrEnum):
    """What is printed."""

    REPORT = "report"
    POLICY = "policy"
    AWS = "aws"
    TERRAFORM = "terraform"
    JSON = "json"


@policy.callback()
def _policy() -> None:
    """Policies made from what was recorded."""


@policy.command()
def generate(  # noqa: PLR0913, PLR0917 — each is an option of the command
    principal: Annotated[str, typer.Option(help="The ARN of a user or role.")],
    logs: Logs = None,
    data: Data = Path("data"),
    account: Account = None,
    aws: Aws = False,
    profile: Profile = None,
    threshold: Annotated[int, typer.Option(min=2, help="So many resources below one prefix become the prefix.")] = 10,
    output: Annotated[Form, typer.Option(help="What to print.")] = Form.REPORT,
) -> None:
    """Make the policy that allows what was recorded and no more. Exit 0: made; 1: nothing was recorded; 2: input unreadable."""
    try:
        connection = connection_of(data, profile, aws=aws, needed=account is None or asked_for(logs))
        known = known_data(connection, account, None, None)
        portions, total = history_of(logs, connection)
        with running(total) as advance:
            usage = usage_of(portions, known.details, principal, advance)
        made = make_policy(usage, known.details, principal, threshold=threshold)
    except (Unreadable, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNREADABLE) from None
    if not usage.used:
        typer.echo(f"no call of {principal} is recorded that succeeded and needs a permission", err=True)
        raise typer.Exit(_NOTHING)
    typer.echo(_FORMS[output](made))
    raise typer.Exit(_DONE)


def _report(made: Generated) -> str:
    return "\n".join(_lines(made))


def _lines(made: Generated) -> Iterator[str]:
    used = made.usage.actions
    held = made.granted - len(made.unused)
    yield textwrap.fill(
        f"{len(used):,} actions cover {made.usage.calls:,} recorded calls of {made.kind} {made.name}; "
        f"it has {made.granted:,}, of which {len(made.unused):,} were not used and {held:,} were.",
        _WIDTH,
        break_on_hyphens=False,
    )
    yield _policies(made)
    yield from _unused(made)
    yield from _notes(made)
    yield "\nTo put it in place:"
    yield from (f"  {command}" for command in made.commands)


def _unused(made: Generated) -> Iterator[str]:
    services = Counter(action.partition(":")[0] for action in made.unused)
    if services:
        yield "\nNot used, by service:"
        yield from (f"  {count:>6,}  {service}" for service, count in services.most_common(_FEW))
    if len(services) > _FEW:
        yield f"          … and {len(services) - _FEW:,} more services; --output json lists all actions"


def _notes(made: Generated) -> Iterator[str]:
    usage = made.usage
    if usage.denied:
        yield f"\n{usage.denied:,} denied calls are left out."
    if usage.vague:
        yield f"\nEvents do not name the resource of: {', '.join(sorted(usage.vague))}."
    if usage.unknown:
        yield f"\nNobody knows which permission these need, so that none is given: {', '.join(sorted(usage.unknown))}."
    if made.uncovered:
        yield f"\n{len(made.uncovered):,} recorded permissions are not allowed by it; the first is {made.uncovered[0]}."


def _policies(made: Generated) -> str:
    return "\n".join(json.dumps(document, indent=2) for document in made.documents)


def _data(made: Generated) -> str:
    usage = made.usage
    answer = {
        "principal": made.principal,
        "policies": made.documents,
        "calls": usage.calls,
        "denied": usage.denied,
        "used": [
            {"action": action, "resource": resource, "count": seen.count, "last": seen.last}
            for (action, resource), seen in sorted(usage.used.items())
        ],
        "granted": made.granted,
        "unused": made.unused,
        "uncovered": made.uncovered,
        "vague": sorted(usage.vague),
        "unknown": sorted(usage.unknown),
        "commands": made.commands,
        "terraform": made.terraform,
    }
    return json.dumps(answer, indent=2)


_FORMS: Mapping[Form, Callable[[Generated], str]] = {
    Form.REPORT: _report,
    Form.POLICY: _policies,
    Form.AWS: lambda made: "\n".join(made.commands),
    Form.TERRAFORM: lambda made: made.terraform,
    Form.JSON: _data,
}
