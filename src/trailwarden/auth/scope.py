"""How calls of a service are signed: the name and the region in the credential scope, as botocore's models have them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader

from trailwarden.wire import library

__all__ = ["SigningScope", "signing_scope"]

_S3_LIKE = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})


@dataclass(frozen=True, slots=True)
class SigningScope:
    """`name` is what the credential scope calls the service. `region` is "" for regional services, else the only one.

    Services of S3's kind sign the path as it stands, send their payload's hash in a header, and may leave it out.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """

    name: str
    region: str = ""

    @property
    def like_s3(self) -> bool:
        """Whether S3's way of signing holds."""
        return self.name in _S3_LIKE


@lru_cache(maxsize=512)
def signing_scope(service: str) -> SigningScope:
    """The scope of a service, named as botocore's directory."""
    metadata = library.entries()[service].metadata
    prefix = metadata["endpointPrefix"]
    return SigningScope(metadata.get("signingName", prefix), _global_regions().get(prefix, ""))


@lru_cache(maxsize=1)
def _loader() -> Any:
    return Loader()


@lru_cache(maxsize=1)
def _global_regions() -> dict[str, str]:
    """Endpoint prefixes of services with one endpoint for all Regions, to the Region their calls are signed for."""
    services = _loader().load_data("endpoints")["partitions"][0]["services"]
    found: dict[str, str] = {}
    for prefix, service in services.items():
        if service.get("isRegionalized", True) is False:
            endpoint = service["endpoints"].get(service.get("partitionEndpoint"), {})
            found[prefix] = endpoint.get("credentialScope", {}).get("region", "us-east-1")
    return found
