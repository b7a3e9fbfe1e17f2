"""From how a call ended to its CloudTrail record, in the transaction of the call itself.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

Not recorded: a call whose caller was never proved (unknown key, wrong or expired signature or session token), since
there is no account to record it for; and an unsigned call that concerns no account's resource.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from trailwarden import catalog
from trailwarden.auth.errors import AccessDenied
from trailwarden.auth.identities import ACCOUNT, Account
from trailwarden.auth.record import decided_body
from trailwarden.auth.stages import Authenticated, Authorized, Caller, Judged, Resolved
from trailwarden.clock import Chance, Clock, iso
from trailwarden.events.bearers import with_bearer
from trailwarden.events.cut import bounded, shortened
from trailwarden.events.identity import foreign_identity, user_identity, user_name
from trailwarden.events.operation import Recorded, recorded_operation
from trailwarden.events.outcome import Outcome, Stage
from trailwarden.events.resources import looked_up, record_resources
from trailwarden.policy.request import PrincipalKind
from trailwarden.storage.ports import Decided, Entry, Reader, Transaction
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Parsed

__all__ = ["Recorder"]

_VERSION = "1.11"
_GLOBAL_REGION = "us-east-1"
_WITHOUT_ACCOUNT = frozenset(
    {PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS, PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML}
)
_SERVER_FAULT = 500
_SIGNATURES: Mapping[str, str] = {"AWS": "SigV2", "AWS4-HMAC-SHA256": "SigV4", "AWS4-ECDSA-P256-SHA256": "SigV4A"}


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What all copies of a record tell of the call's own members."""

    parameters: Mapping[str, Any] | None
    elements: Mapping[str, Any] | None
    resources: Sequence[Mapping[str, str]]


class _Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What one account's copy of a record has of its own."""

    identity: Mapping[str, Any]
    event_id: str
    account: str
    shared_id: str


class _Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome laid out for its records: what all copies share."""

    operation: Recorded
    authenticated: Authenticated
    judged: tuple[Judged, ...]
    result: Mapping[str, Any]
    error: tuple[str, str] | None
    denied: bool
    time: float

    @property
    def caller(self) -> Caller:
        return self.authenticated.caller

    @property
    def request(self) -> HttpRequest:
        return self.authenticated.parsed.request

    @property
    def region(self) -> str:
        return _GLOBAL_REGION if self.operation.everywhere else self.authenticated.region


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records outcomes; `clock` gives eventTime (when the call was completed), `chance` the ids."""

    chance: Chance
    clock: Clock

    def record(self, outcome: Outcome, transaction: Transaction) -> None:
        """Append the call's event, one for each account that it concerns, and keep the decision behind a denial."""
        authenticated = _authenticated(outcome.reached)
        if authenticated is None:
            return
        ended = _ended(outcome, with_bearer(authenticated, outcome), self.clock())
        entries = self._entries(ended, transaction)
        for entry in entries:
            transaction.append(entry)
        if isinstance(outcome.error, AccessDenied):
            self._keep(outcome.error, ended, entries[0].event_id if entries else "", transaction)

    def _entries(self, ended: _Ended, reader: Reader) -> list[Entry]:
        recipients = _recipients(ended)
        if not recipients:
            return []
        told = _told(ended)
        shared = len(recipients) > 1 or _by_service(ended)
        shared_id = self.chance.uuid() if shared else ""
        return [self._entry(ended, told, account, shared_id, reader) for account in recipients]

    def _entry(self, ended: _Ended, told: _Told, account: str, shared_id: str, reader: Reader) -> Entry:
        caller, operation = ended.caller, ended.operation
        own = account == caller.principal.account or caller.principal.kind in _WITHOUT_ACCOUNT
        owner = _account(reader, account)
        alias = owner.alias if owner else ""
        event_id = self.chance.timely_uuid(ended.time)
        copy = _Copy(
            identity=user_identity(caller, alias=alias) if own else foreign_identity(caller),
            event_id=event_id,
            account=account,
            shared_id=shared_id,
        )
        return Entry(
            event_id=event_id,
            time=ended.time,
            account=account,
            region=ended.region,
            category=_category(operation),
            source=operation.source,
            name=operation.name,
            read_only=operation.read_only,
            record=bounded(_record(ended, told, copy)),
            username=user_name(caller) if own else "",
            access_key=caller.access_key if own else "",
            request_id=ended.authenticated.parsed.request_id,
            organization=owner.organization if owner else "",
            resources=looked_up(operation.service, (told.parameters, told.elements), told.resources),
        )

    def _keep(self, error: AccessDenied, ended: _Ended, event_id: str, transaction: Transaction) -> None:
        transaction.keep(
            Decided(
                authorization_id=error.authorization_id,
                event_id=event_id,
                request_id=ended.authenticated.parsed.request_id,
                account=ended.authenticated.account,
                region=ended.region,
                time=ended.time,
                body=decided_body(
                    error.judged,
                    operation=f"{ended.operation.service}:{ended.operation.operation}",
                    message=error.text,
                ),
            )
        )


def _authenticated(reached: Stage) -> Authenticated | None:
    """The stage at which the caller was proved; None where it was not reached."""
    if isinstance(reached, Parsed):
        return None
    if isinstance(reached, Authenticated):
        return reached
    return reached.authenticated if isinstance(reached, Resolved) else reached.resolved.authenticated


def _ended(outcome: Outcome, authenticated: Authenticated, time: float) -> _Ended:
    route = authenticated.parsed.route
    judged = outcome.reached.judged if isinstance(outcome.reached, Authorized) else ()
    denied = isinstance(outcome.error, AccessDenied)
    if isinstance(outcome.error, AccessDenied):
        judged = (*judged, outcome.error.judged)
    return _Ended(
        operation=recorded_operation(route.service, route.operation),
        authenticated=authenticated,
        judged=judged,
        result=outcome.result or {},
        error=_error(outcome, route.family),
        denied=denied,
        time=time,
    )


def _error(outcome: Outcome, family: str) -> tuple[str, str] | None:
    """ErrorCode and errorMessage; EC2's codes say whose fault it is.

    https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
    """
    error = outcome.error
    if error is None:
        return None
    code = catalog.recorded_code(error.code_in(family))
    if family == "ec2" and not code.startswith(("Client.", "Server.")):
        code = f"{'Server' if error.status_in(family) >= _SERVER_FAULT else 'Client'}.{code}"
    return code, shortened(error.text)


def _recipients(ended: _Ended) -> tuple[str, ...]:
    """The accounts that get a copy: the caller's, and for shared resources their owner's.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html (sharedEventID)
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
    """
    account = ended.authenticated.account
    if ended.caller.principal.kind in _WITHOUT_ACCOUNT:
        found = _owners(ended) or [account]
        return tuple(found[:1]) if found[0] else ()
    return tuple(dict.fromkeys([account, *_owners(ended)])) if _delivered_twice(ended) else (account,)


def _owners(ended: _Ended) -> list[str]:
    return [each.request.resource_account for each in ended.judged if each.request.resource_account.isdigit()]


def _delivered_twice(ended: _Ended) -> bool:
    service, operation = ended.operation.service, ended.operation.operation
    if service == "s3":
        return True
    if ended.denied:
        return False
    return service == "kms" or (service, operation) == ("sts", "AssumeRole") or bool(ended.operation.data_type)


def _by_service(ended: _Ended) -> bool:
    """A service that assumes a role has a copy too, out of reach."""
    return ended.operation.service == "sts" and ended.caller.principal.kind is PrincipalKind.SERVICE


def _told(ended: _Ended) -> _Told:
    operation = ended.operation
    unlisted = ended.denied and operation.service == "sts"
    return _Told(
        parameters=_parameters(ended),
        elements=None if ended.error else operation.elements(ended.result),
        resources=() if unlisted else _resources(ended),
    )


def _record(ended: _Ended, told: _Told, copy: _Copy) -> dict[str, Any]:
    """The record, its fields in the order that real log files have."""
    operation, origin = ended.operation, _origin(ended.caller)
    record: dict[str, Any] = {
        "eventVersion": _VERSION,
        "userIdentity": copy.identity,
        "eventTime": _moment(int(ended.time)),
        "eventSource": operation.source,
        "eventName": operation.name,
        "awsRegion": ended.region,
        "sourceIPAddress": origin or ended.request.client,
        "userAgent": origin or _agent(ended),
    }
    if ended.error:
        record["errorCode"], record["errorMessage"] = ended.error
    record["requestParameters"] = told.parameters
    record["responseElements"] = told.elements
    if operation.service == "s3":
        record["additionalEventData"] = _transfer(ended)
    record["requestID"] = ended.authenticated.parsed.request_id
    record["eventID"] = copy.event_id
    record["readOnly"] = operation.read_only
    if told.resources:
        record["resources"] = told.resources
    record["eventType"] = "AwsApiCall"
    if operation.api_version:
        record["apiVersion"] = operation.api_version
    record["managementEvent"] = not operation.data_type
    record["recipientAccountId"] = copy.account
    if copy.shared_id:
        record["sharedEventID"] = copy.shared_id
    record["eventCategory"] = _category(operation)
    if ended.request.scheme == "https" and not origin:
        record["tlsDetails"] = {"clientProvidedHostHeader": ended.request.header("host") or ""}
    return record


def _category(operation: Recorded) -> str:
    return "Data" if operation.data_type else "Management"


@lru_cache(maxsize=16)
def _moment(second: int) -> str:
    """The same for all calls of a second."""
    return iso(second)


def _parameters(ended: _Ended) -> dict[str, Any] | None:
    if ended.denied and not ended.operation.keeps_parameters:
        return None
    return ended.operation.parameters(ended.authenticated.parsed.params, ended.request)


def _resources(ended: _Ended) -> Sequence[Mapping[str, str]]:
    operation = ended.operation
    return record_resources(operation.service, operation.operation, ended.authenticated.parsed.params, ended.judged)


def _transfer(ended: _Ended) -> dict[str, Any]:
    """AdditionalEventData of S3.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
    """
    told: dict[str, Any] = {}
    caller = ended.caller
    if caller.signing:
        told["SignatureVersion"] = _SIGNATURES.get(caller.signature_version, "SigV4")
        told["AuthenticationMethod"] = "QueryString" if caller.signing == "query" else "AuthHeader"
    told["bytesTransferredIn"] = len(ended.authenticated.body)
    body = ended.result.get("Body")
    if isinstance(body, bytes):
        told["bytesTransferredOut"] = len(body)
    return told


def _origin(caller: Caller) -> str:
    """The service that makes the call, or makes it for the caller."""
    return caller.invoked_by or (caller.principal.arn if caller.principal.kind is PrincipalKind.SERVICE else "")


def _agent(ended: _Ended) -> str:
    agent = shortened(ended.request.header("user-agent") or "-")
    return f"[{agent}]" if ended.operation.service == "s3" else agent


def _account(reader: Reader, account: str) -> Account | None:
    found = reader.get(ACCOUNT, account, "", account)
    return found.body if found else None
