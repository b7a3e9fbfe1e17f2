"""The server's own pages below `/_trailwarden/`: health, metrics, certificates. They tell nothing of any account."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from trailwarden.app.front import Front
from trailwarden.services.sns.signing import CERTIFICATES, certificate
from trailwarden.storage import Storage
from trailwarden.wire import HttpRequest, HttpResponse

__all__ = ["Own"]


@dataclass(slots=True, eq=False)
class Counted(Collector):
    """The front's and the store's numbers as Prometheus metrics."""

    front: Front
    storage: Storage

    def collect(self) -> Iterator[Metric]:
        """Calls by service and error code, and the journal's newest position."""
        calls = CounterMetricFamily("trailwarden_calls", "Calls answered.", labels=["service", "code"])
        for (service, code), count in sorted(self.front.counts.items()):
            calls.add_metric([service, code], count)
        yield calls
        yield GaugeMetricFamily(
            "trailwarden_journal_position", "Position of the newest event.", value=self.storage.journal.newest()
        )


@dataclass(slots=True)
class Own:
    """Answers the paths below `/_trailwarden/`."""

    front: Front
    storage: Storage
    region: str

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """The page of that path, or 404."""
        if request.raw_path.startswith(CERTIFICATES) and request.method in {"GET", "HEAD"}:
            return self._certificate(request.raw_path)
        page = {"/_trailwarden/health": self._health, "/_trailwarden/metrics": self._metrics}.get(request.raw_path)
        if page is None or request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=404, headers=(("content-type", "text/plain"),), body=b"Not found\n")
        return page()

    def _certificate(self, path: str) -> HttpResponse:
        """The certificate that verifies what SNS signs; it is no secret."""
        found = certificate(self.storage.begin(), path.removeprefix(CERTIFICATES).removesuffix(".pem"))
        kind = "application/x-pem-file" if found else "text/plain"
        body = found or "Not found\n"
        return HttpResponse(status=200 if found else 404, headers=(("content-type", kind),), body=body.encode())

    def _health(self) -> HttpResponse:
        body = msgspec.json.encode({"status": "ok", "version": version("trailwarden"), "region": self.region})
        return HttpResponse(status=200, headers=(("content-type", "application/json"),), body=body)

    def _metrics(self) -> HttpResponse:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Counted(self.front, self.storage))
        return HttpResponse(
            status=200, headers=(("content-type", CONTENT_TYPE_LATEST),), body=generate_latest(registry)
        )
