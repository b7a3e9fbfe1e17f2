"""The commands: `trailwarden serve`, `account`, `env`, `diagnose`, `undo`, `access`, `demo`. One module a command."""

import typer

from trailwarden.cli.access import access
from trailwarden.cli.account import account
from trailwarden.cli.demo import demo
from trailwarden.cli.diagnose import diagnose
from trailwarden.cli.env import env
from trailwarden.cli.policy import policy
from trailwarden.cli.replay import replay
from trailwarden.cli.serve import serve
from trailwarden.cli.undo import undo

__all__ = ["app", "main"]

app = typer.Typer(
    name="trailwarden",
    help="A CloudTrail you run yourself, with its whole identity-and-access side.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, env, diagnose, undo, replay, demo):
    app.command()(command)
app.add_typer(access)
app.add_typer(account)
app.add_typer(policy)


def main() -> None:
    """Run the command line."""
    app()
