"""How a server is to run."""

from dataclasses import dataclass, field
from pathlib import Path

from trailwarden.events.insights import Rules

__all__ = ["Config"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one server. `database`, `blobs` and `lake` default to files below `data`; intervals are in seconds."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 4566
    account_id: str = ""
    root_access_key: str = ""
    root_secret_key: str = ""
    database: str = ""
    blobs: str = ""
    lake: str = ""
    seal_interval: float = 60.0
    delivery_interval: float = 300.0
    digest_interval: float = 3600.0
    access_request_retention: float = 90 * 86_400.0
    authorization_tail: bool = False
    enforce_rates: bool = False
    tls: bool = False
    insights: Rules = field(default_factory=Rules)

    @property
    def endpoint(self) -> str:
        """Where clients find the server; an address that means every interface is reached over loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 — told apart, not bound
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def database_url(self) -> str:
        """The database's URL."""
        return self.database or f"sqlite:///{self.data.resolve() / 'trailwarden.db'}"

    @property
    def blobs_url(self) -> str:
        """The blob store's URL or folder."""
        return self.blobs or str(self.data.resolve() / "blobs")

    @property
    def lake_folder(self) -> Path:
        """The folder of event data stores: with a shared database beside shared blobs, so that all nodes have the same."""
        if self.lake:
            return Path(self.lake).resolve()
        shared = self.database and self.blobs and "://" not in self.blobs
        return Path(self.blobs).resolve() / "lake" if shared else self.data.resolve() / "lake"

    @property
    def lake_catalog(self) -> str:
        """The URL of the event data stores' catalog: the database, or a file of its own beside an SQLite database."""
        return self.database if self.database.startswith("postgresql") else f"sqlite:///{self.lake_folder}/catalog.db"
