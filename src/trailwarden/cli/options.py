"""Options that several commands share: where account data and history come from."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Account", "Aws", "Data", "Json", "Logs", "Organization", "Profile", "ResourcePolicy", "SessionPolicy"]

Data = Annotated[Path, typer.Option(help="The folder of the server to ask.")]
Account = Annotated[
    Path | None,
    typer.Option(
        help="Output of aws iam get-account-authorization-details, or iam-collect's folder, instead of a server."
    ),
]
Organization = Annotated[Path | None, typer.Option(help="Exported service and resource control policies, root first.")]
ResourcePolicy = Annotated[
    list[str] | None, typer.Option(help="ARN=FILE: a resource-based policy; may be given several times.")
]
SessionPolicy = Annotated[
    list[str] | None,
    typer.Option(help="ARN=FILE: the policy that a session was made with; may be given several times."),
]
Logs = Annotated[
    list[str] | None,
    typer.Option(help="A log file, a folder of them, or s3://bucket/prefix, instead of a server's event history."),
]
Aws = Annotated[bool, typer.Option("--aws", help="Ask AWS itself, with read-only calls.")]
Profile = Annotated[str | None, typer.Option(help="Profile to ask with.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as data.")]
