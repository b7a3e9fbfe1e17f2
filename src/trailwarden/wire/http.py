"""One HTTP request and one HTTP response, as values."""

import msgspec

__all__ = ["HttpRequest", "HttpResponse"]


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose body has arrived whole.

    `raw_path` and `query` are percent-encoded as they came (SigV4 needs them so), `query` without its "?".
    `headers` keep order and duplicates; names are lower case, values are stripped.
    """

    method: str
    raw_path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client: str
    scheme: str = "http"

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response; `body` is sent whole, or left out for HEAD with its length kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
