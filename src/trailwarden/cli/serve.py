"""`trailwarden serve`: the server in the foreground."""

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvicorn

from trailwarden.app import Config, Server, build
from trailwarden.app.founding import Unusable
from trailwarden.app.holding import hold
from trailwarden.events.insights import Rules

__all__ = ["Announcing", "serve"]

_BACKLOG = 1024


class Announcing(uvicorn.Server):
    """A server that prints the contract's `ready` line once it answers."""

    def __init__(self, config: uvicorn.Config, ready: str, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready
        self.ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets)
        if self.started:
            typer.echo(self.ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nothing wait any longer, then end."""
        self.ending()
        await super().shutdown(sockets)


_AccountId = Annotated[
    str, typer.Option(help="The first account's id (12 digits); made up at the first start if not given.")
]
_RootAccessKey = Annotated[
    str, typer.Option(help="Access key id of the first account's root user, at the first start.")
]
_Database = Annotated[
    str,
    typer.Option(help="SQLAlchemy URL of the database, such as postgresql+pg8000://…; SQLite in DIR by default."),
]
_Blobs = Annotated[
    str,
    typer.Option(
        help="URL of the object store for large objects (s3://…, gs://…, az://…); a folder in DIR by default."
    ),
]
_Lake = Annotated[
    str,
    typer.Option(help="Folder of event data stores, shared by all nodes; in DIR or beside shared blobs by default."),
]
_SealInterval = Annotated[
    float, typer.Option(min=0.1, help="Seconds between commits into event data stores; queries see events at once.")
]
_Insights = Annotated[
    str,
    typer.Option(
        help="When a rate of calls or errors is unusual, where not as usual: least=5,deviations=4,quiet=5 and, in seconds, slot=60,baseline=604800,learning=129600."
    ),
]
_Retention = Annotated[float, typer.Option(min=0, help="Days that decided access requests are kept; 0: for ever.")]


def serve(  # noqa: PLR0913, PLR0917 — each is an option of the command
    data: Annotated[Path, typer.Option(help="Everything the server keeps lies here.")] = Path("data"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 4566,
    account_id: _AccountId = "",
    root_access_key: _RootAccessKey = "",
    root_secret_key: Annotated[str, typer.Option(help="Its secret.", envvar="TRAILWARDEN_ROOT_SECRET_KEY")] = "",
    database: _Database = "",
    blobs: _Blobs = "",
    lake: _Lake = "",
    seal_interval: _SealInterval = 60.0,
    tls_cert: Annotated[Path | None, typer.Option(help="TLS certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    delivery_interval: Annotated[float, typer.Option(min=0.1, help="Seconds between deliveries of log files.")] = 300.0,
    digest_interval: Annotated[float, typer.Option(min=0.2, help="Seconds that a digest file spans.")] = 3600.0,
    access_request_retention: _Retention = 90.0,
    authorization_tail: Annotated[
        bool, typer.Option(help="End denials with their authorization id, as AWS's newer texts do.")
    ] = False,
    enforce_rates: Annotated[bool, typer.Option(help="Enforce AWS's request rates.")] = False,
    insights: _Insights = "",
) -> None:
    """Start the server. It prints `ready http://HOST:PORT account=… region=us-east-1` when it answers."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    rules = _rules(insights)
    listening = socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG
    )
    config = Config(
        data=data,
        host=host,
        port=listening.getsockname()[1],
        account_id=account_id,
        root_access_key=root_access_key,
        root_secret_key=root_secret_key,
        database=database,
        blobs=blobs,
        lake=lake,
        seal_interval=seal_interval,
        delivery_interval=delivery_interval,
        digest_interval=digest_interval,
        access_request_retention=access_request_retention * 86_400,
        authorization_tail=authorization_tail,
        enforce_rates=enforce_rates,
        tls=tls_cert is not None,
        insights=rules,
    )
    try:
        with hold(data):
            asyncio_run(build(config), listening, tls_cert, tls_key)
    except Unusable as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None


def _rules(given: str) -> Rules:
    """Insights' rules with the settings given changed. typer.BadParameter."""
    pairs = dict(pair.partition("=")[::2] for pair in given.split(",") if pair)
    try:
        return msgspec.convert(pairs, Rules, strict=False)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error), param_hint="--insights") from None


def asyncio_run(server: Server, listening: socket.socket, certificate: Path | None, key: Path | None) -> None:
    """Serve on a bound socket until a signal ends it."""
    config = uvicorn.Config(
        server.asgi,
        http="httptools",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # whoever connects is the source address; nobody may name another
        date_header=True,
        timeout_graceful_shutdown=10,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    ready = f"ready {server.config.endpoint} account={server.account} region={server.region}"
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(Announcing(config, ready, server.ending).serve(sockets=[listening]))
