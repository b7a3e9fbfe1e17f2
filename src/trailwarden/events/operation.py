"""What is known of an operation's records before it is called: compiled once, then looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trailwarden import catalog
from trailwarden.events.members import Plans, Render
from trailwarden.events.s3_members import answer_members, request_members
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.library import model
from trailwarden.wire.model import Shape

__all__ = ["Recorded", "recorded_operation"]

_OPERATIONS = 4_096
_SERVICES = 512

_ANSWERS = frozenset(
    {
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithSAML"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "AssumeRoot"),
        ("sts", "GetDelegatedAccessToken"),
        ("sts", "GetFederationToken"),
        ("sts", "GetScopedCredentials"),
        ("sts", "GetSessionToken"),
    }
)
"""Read-only calls whose answer is recorded nevertheless."""

_SILENT = frozenset({("iam", "ChangePassword")})
"""Calls whose parameters are never recorded."""

_KEEPS_PARAMETERS = frozenset({"ce", "ec2", "s3"})
"""Services that record the parameters of a call that was denied; all others record null.

https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html (Decrypt failed)
"""

_DEFAULTS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("cloudtrail", "DescribeTrails"): {"trailNameList": [], "includeShadowTrails": True},
    ("kms", "Decrypt"): {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
    ("kms", "Encrypt"): {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
}
"""What the service fills in before it records, by recorded name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Facts and renderers of one operation. `data_type` is the resource type of a data event, "" for management."""

    service: str
    operation: str
    source: str
    name: str
    api_version: str | None
    read_only: bool
    data_type: str
    everywhere: bool
    answers: bool
    silent: bool
    keeps_parameters: bool
    defaults: Mapping[str, object]
    input: Shape | None
    output: Shape | None
    asked: Render | None
    answered: Render | None

    def parameters(self, params: Mapping[str, Any], request: HttpRequest) -> dict[str, Any] | None:
        """requestParameters; None where there is nothing to tell."""
        if self.silent or self.input is None:
            return None
        if self.service == "s3":
            return request_members(self.input, params, request) or None
        told: dict[str, Any] = self.asked(params) if self.asked else {}
        return {**self.defaults, **told} or None

    def elements(self, result: Mapping[str, Any]) -> dict[str, Any] | None:
        """responseElements; None for calls that only read."""
        if not self.answers or self.output is None or not result:
            return None
        if self.service == "s3":
            return answer_members(self.output, result) or None
        return (self.answered(result) if self.answered else {}) or None


@lru_cache(maxsize=_OPERATIONS)
def recorded_operation(service: str, operation: str) -> Recorded:
    """The facts of an operation; one that no model knows is recorded without members."""
    found = model(service).operations.get(operation)
    plans = _plans(service)
    asked, answer = (found.input, found.output) if found else (None, None)
    read_only = catalog.read_only(service, operation)
    by_shape = service != "s3"
    return Recorded(
        service=service,
        operation=operation,
        source=catalog.event_source(service),
        name=catalog.event_name(service, operation),
        api_version=catalog.api_version(service, operation),
        read_only=read_only,
        data_type=catalog.data_event(service, operation) or "",
        everywhere=catalog.is_global(service),
        answers=not read_only or (service, operation) in _ANSWERS,
        silent=(service, operation) in _SILENT,
        keeps_parameters=service in _KEEPS_PARAMETERS,
        defaults=_DEFAULTS.get((service, operation), {}),
        input=asked,
        output=answer,
        asked=plans.render(asked) if asked and by_shape else None,
        answered=plans.render(answer) if answer and by_shape else None,
    )


@lru_cache(maxsize=_SERVICES)
def _plans(service: str) -> Plans:
    return Plans(service)
