"""`trailwarden env`: the variables that point a stock AWS client at the server."""

import configparser
import shlex
from pathlib import Path
from typing import Annotated

import typer

from trailwarden import wire

__all__ = ["client_environment", "env"]


def client_environment(data: Path, profile: str = "default") -> dict[str, str]:
    """The variables for a profile of the data folder's AWS configuration.

    FileNotFoundError where the server has never been started on that folder; KeyError for an unknown profile.

    https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
    """
    folder = data.resolve() / "aws"
    config, credentials = configparser.RawConfigParser(), configparser.RawConfigParser()
    if not config.read(folder / "config") or not credentials.read(folder / "credentials"):
        raise FileNotFoundError(folder / "config")
    settings = config[profile if profile == "default" else f"profile {profile}"]
    keys = credentials[profile]
    return {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_ENDPOINT_URL": settings["endpoint_url"],
        "AWS_REGION": settings["region"],
        "AWS_DEFAULT_REGION": settings["region"],
        "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
        "AWS_DATA_PATH": str(wire.OWN_MODELS),
    }


def env(
    data: Annotated[Path, typer.Option(help="The folder that `serve` keeps everything in.")] = Path("data"),
    profile: Annotated[str, typer.Option(help="A profile of its AWS configuration.")] = "default",
) -> None:
    """Print `export AWS_…` lines for a stock client: eval "$(trailwarden env)"."""
    try:
        variables = client_environment(data, profile)
    except FileNotFoundError:
        typer.echo(f"{data} holds no server yet: start `trailwarden serve --data {data}` first", err=True)
        raise typer.Exit(2) from None
    except KeyError as missing:
        typer.echo(f"{data} has no profile {missing}", err=True)
        raise typer.Exit(2) from None
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    typer.echo("unset AWS_SESSION_TOKEN AWS_PROFILE")
