"""The commands, one module a command: `trailwarden serve`, `env`, `diagnose`, `demo` and the others."""

import sys
from collections.abc import Iterable
from importlib import import_module

import typer

__all__ = ["COMMANDS", "commands", "main"]

COMMANDS = ("serve", "env", "diagnose", "undo", "replay", "query", "validate", "demo", "access", "account", "policy")
"""Each is the name of a module here, and in it of a function or of a group of commands."""


def commands(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands; only their modules are loaded."""
    line = typer.Typer(
        name="trailwarden",
        help="A CloudTrail you run yourself, with its whole identity-and-access side.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    line.callback()(_alone)
    for name in names:
        command = getattr(import_module(f"trailwarden.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            line.add_typer(command)
        else:
            line.command()(command)
    return line


def _alone() -> None:
    """Keeps a single command under its name."""


def main() -> None:
    """Run the command line. Loading every command takes seconds, so that only the one that is asked for is loaded."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    commands([asked] if asked in COMMANDS else COMMANDS)()
