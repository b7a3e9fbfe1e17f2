"""AWS's protocols both ways, compiled from botocore's models: route, read, validate, write."""

from trailwarden.wire.failing import write_error
from trailwarden.wire.http import HttpRequest, HttpResponse
from trailwarden.wire.library import OWN_MODELS, model, operations, service_of
from trailwarden.wire.parsed import Parsed, Route
from trailwarden.wire.reading import read
from trailwarden.wire.routing import route
from trailwarden.wire.validation import validate
from trailwarden.wire.writing import write

__all__ = [
    "OWN_MODELS",
    "HttpRequest",
    "HttpResponse",
    "Parsed",
    "Route",
    "model",
    "operations",
    "read",
    "route",
    "service_of",
    "validate",
    "write",
    "write_error",
]
