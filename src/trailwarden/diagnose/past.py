"""From a recorded event to what it asked for: who, which permissions, under which circumstances.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.catalog import Check
from trailwarden.diagnose.account import Account
from trailwarden.diagnose.calls import action_of_event, call_of
from trailwarden.diagnose.circumstances import Supposed
from trailwarden.diagnose.history import Event
from trailwarden.diagnose.message import read_message
from trailwarden.diagnose.naming import resource_arn
from trailwarden.policy import UNKNOWN, ContextValue, Layer

__all__ = [
    "Asked",
    "Outcome",
    "Recorded",
    "asked_of",
    "caller_of",
    "circumstances",
    "issuer_of",
    "outcome_of",
    "settled_by",
]

_REFUSED = re.compile(
    r"AccessDenied|UnauthorizedOperation|UnauthorizedAccess|AuthorizationError|Forbidden|NotAuthorized|AuthFailure"
)
_JUDGED = frozenset({"IAMUser", "AssumedRole", "Root", "AWSService"})
_CALLS = frozenset({"", "AwsApiCall"})
_NULL = (b"null", b"{}", b"")
_SERVICE_ENDING = ".amazonaws.com"
_CHECKS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended as its event tells. `beyond` is the blamed layer where its policies are in no account data."""

    denied: bool = False
    beyond: Layer | None = None


_ALLOWED = Outcome()
_DENIED = Outcome(denied=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The permissions that an event's call needed; `owners` maps resources to the accounts that the event names as theirs.

    `filled` are condition keys that the call's members would fill, in lower case. `vague` tells that the event does
    not say which resource it was. `action` names the call where `checks` is empty: nobody knows what it needs.
    """

    action: str
    checks: tuple[Check, ...] = ()
    filled: frozenset[str] = frozenset()
    vague: bool = False
    owners: Mapping[str, str]


def outcome_of(event: Event) -> Outcome | None:
    """None for what tells nothing of permissions: a failure of another kind, or no call of an API."""
    if event.event_type not in _CALLS:
        return None
    code = event.error_code
    if not code:
        return _ALLOWED
    if not _REFUSED.search(code):
        return None
    return _denial(event.error_message or "")


@lru_cache(maxsize=4096)
def _denial(message: str) -> Outcome:
    layer = read_message(message).layer
    return Outcome(denied=True, beyond=layer) if layer in {Layer.SESSION, Layer.ENDPOINT} else _DENIED


def caller_of(event: Event) -> str:
    """The ARN of the caller, or a service's principal; "" where the event does not tell or policies do not tell its rights."""
    identity = event.user_identity
    if identity.type not in _JUDGED:
        return ""
    return identity.invoked_by if identity.type == "AWSService" else identity.arn


def issuer_of(event: Event) -> str:
    """Whose permissions these are: the user, the role of a session, the service."""
    return event.user_identity.session_context.session_issuer.arn or caller_of(event)


def asked_of(event: Event, account: Account, denied: str = "") -> Asked:
    """What the call needed. `denied` is the message of a denial, which names what the parameters do not."""
    owner = event.user_identity.account_id or account.id
    named = _resources(bytes(event.resources))
    parameters = bytes(event.request_parameters)
    told = parameters not in _NULL
    record = {
        "eventSource": event.event_source,
        "eventName": event.event_name,
        "requestParameters": msgspec.json.decode(parameters) if told else None,
    }
    call = call_of(record, account, owner=owner, region=event.aws_region)
    checks = call.checks[:_CHECKS_MAX] if call else ()
    if denied and not told:
        checks = _of_message(denied, checks, account, event.aws_region)
    if not checks:
        checks = _by_resources(record, named)
    exact = tuple(each for check in checks for each in _named(check, tuple(named), told=told))
    return Asked(
        action=exact[0].action if exact else action_of_event(record),
        checks=exact,
        filled=call.filled if call else frozenset(),
        vague=not told and any(_open(check.resource) for check in exact),
        owners={arn: owner for arn, owner in named.items() if owner},
    )


def _resources(raw: bytes) -> dict[str, str]:
    """The ARNs of the event's resources, each with its account."""
    if raw in _NULL:
        return {}
    listed = msgspec.json.decode(raw)
    found: dict[str, str] = {}
    for each in listed if isinstance(listed, list) else ():
        arn = (each.get("ARN") or each.get("arn")) if isinstance(each, dict) else None
        if isinstance(arn, str):
            account = each.get("accountId")
            found[arn] = account if isinstance(account, str) else ""
    return found


def _of_message(message: str, checks: tuple[Check, ...], account: Account, region: str) -> tuple[Check, ...]:
    """The check that a denial names; the parameters of denied calls are often left out."""
    refusal = read_message(message)
    if not refusal.action:
        return checks
    resource = resource_arn(refusal.resource, refusal.action, account=account.id, region=region, found=account)
    same = next((check for check in checks if check.action.lower() == refusal.action.lower()), None)
    return (replace(same, resource=resource) if same else Check(action=refusal.action, resource=resource),)


def _by_resources(record: Mapping[str, Any], named: Mapping[str, str]) -> tuple[Check, ...]:
    """For an operation that the models lack: the action of its name, on what the event lists, or on everything."""
    known = catalog.action(action_of_event(record))
    if known is None:
        return ()
    if not known.resource_types:
        return (Check(action=known.name, resource="*"),)
    fitting = [arn for arn in named if any(_of_type(arn, kind.arn) for kind in known.resource_types)]
    return tuple(Check(action=known.name, resource=arn) for arn in fitting)


def _of_type(arn: str, template: str) -> bool:
    return re.fullmatch(_pattern(template), arn) is not None


@lru_cache(maxsize=1024)
def _pattern(template: str) -> str:
    pieces = re.split(r"\$\{\w+\}", template)
    return ".*".join(map(re.escape, pieces))


def _named(check: Check, named: tuple[str, ...], *, told: bool) -> Iterable[Check]:
    """The check on the resource that the event lists, where the call's own members name it by half or by an alias."""
    arn = Arn.parse(check.resource)
    if arn is None or (told and not _open(check.resource) and arn.type != "alias"):
        return (check,)
    wanted = "key" if arn.type == "alias" else arn.type
    same = [
        text
        for text in named
        if (found := Arn.parse(text)) is not None and found.service == arn.service and found.type == wanted
    ]
    return (replace(check, resource=text) for text in same) if same else (check,)


def _open(resource: str) -> bool:
    """Whether an ARN leaves open which resource of its type it is."""
    arn = Arn.parse(resource)
    return arn is not None and arn.resource.replace(":", "/").partition("/")[2][:1] == "*"


_Told = Callable[[Event], ContextValue | None]


def _invoked_by(event: Event) -> str | None:
    """The service that made the call with the caller's permissions."""
    identity = event.user_identity
    return identity.invoked_by or None if identity.type != "AWSService" else None


def _address(event: Event) -> ContextValue | None:
    """Calls of services come from addresses that no event tells."""
    given = event.source_ip_address
    if given.endswith(_SERVICE_ENDING) or given == "AWS Internal":
        return UNKNOWN
    return given or UNKNOWN


def _through(event: Event) -> ContextValue | None:
    by = _invoked_by(event)
    return (by,) if by and by.endswith(_SERVICE_ENDING) else UNKNOWN if by else None


def _last(event: Event) -> ContextValue | None:
    through = _through(event)
    return through[0] if isinstance(through, tuple) else through


def _via_service(event: Event) -> ContextValue | None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service."""
    last = _last(event)
    if event.event_source != "kms.amazonaws.com" or not isinstance(last, str):
        return UNKNOWN if last else None
    return f"{last.removesuffix(_SERVICE_ENDING)}.{event.aws_region}{_SERVICE_ENDING}"


def _secure(event: Event) -> ContextValue | None:
    return "true" if event.tls_details is not UNSET else UNKNOWN


def _behind_endpoint(event: Event) -> ContextValue | None:
    return UNKNOWN if event.vpc_endpoint_id else None


def _of_service(event: Event) -> ContextValue | None:
    return UNKNOWN if event.user_identity.type == "AWSService" else None


def _attribute(name: str) -> _Told:
    return lambda event: event.user_identity.session_context.attributes.get(name) or None


def _mfa_age(event: Event) -> ContextValue | None:
    used = event.user_identity.session_context.attributes.get("mfaAuthenticated")
    return UNKNOWN if used == "true" else None


_TOLD: Mapping[str, _Told] = {
    "aws:sourceip": _address,
    "aws:useragent": lambda event: event.user_agent or None,
    "aws:currenttime": lambda event: event.event_time or UNKNOWN,
    "aws:requestedregion": lambda event: event.aws_region or UNKNOWN,
    "aws:sourcevpce": lambda event: event.vpc_endpoint_id or None,
    "aws:sourcevpc": _behind_endpoint,
    "aws:vpcsourceip": _behind_endpoint,
    "aws:tokenissuetime": _attribute("creationDate"),
    "aws:multifactorauthpresent": _attribute("mfaAuthenticated"),
    "aws:multifactorauthage": _mfa_age,
    "aws:sourceidentity": lambda event: event.user_identity.session_context.source_identity or None,
    "aws:viaawsservice": lambda event: "true" if _invoked_by(event) else "false",
    "aws:calledvia": _through,
    "aws:calledviafirst": lambda event: UNKNOWN if _invoked_by(event) else None,
    "aws:calledvialast": _last,
    "aws:securetransport": _secure,
    "aws:sourcearn": _of_service,
    "aws:sourceaccount": _of_service,
    "aws:sourceorgid": _of_service,
    "aws:sourceorgpaths": _of_service,
    "kms:viaservice": _via_service,
}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""


def settled_by() -> frozenset[str]:
    """The keys of which an event tells whether its request had them."""
    return frozenset(_TOLD)


_SETTLED = settled_by()


class Recorded(Supposed):
    """The context of one permission of a recorded call: what the permission tells, then the event, then who the caller is.

    Keys that none of them tells, and that the call may have carried, are UNKNOWN.
    """

    __slots__ = ("_caller", "_event")

    def __init__(
        self,
        event: Event,
        check: Check,
        caller: Mapping[str, ContextValue],
        possible: frozenset[str],
        filled: frozenset[str],
    ) -> None:
        """`caller` has its keys in lower case. A passed role goes to the service that the call is made to."""
        passed = check.action == "iam:PassRole" and event.event_source != "iam.amazonaws.com"
        own = {"iam:PassedToService": event.event_source, **check.context} if passed else check.context
        super().__init__(own, possible, filled)
        self._event, self._caller = event, caller

    def value(self, key: str) -> ContextValue | None:
        """The value of a key in lower case; UNKNOWN for one that may have been there, None for one that was not."""
        found = self._entries.get(key)
        if found is None and key in _TOLD:
            found = _TOLD[key](self._event)
        if found is None:
            found = self._caller.get(key)
        if found is not None:
            return found  # type: ignore[return-value]  # no entry is a function here
        return None if key in _SETTLED else super().value(key)


def circumstances(event: Event, keys: Iterable[str]) -> tuple[ContextValue | None, ...]:
    """The values of these keys, of those of `settled_by`; None for one that the request did not have."""
    return tuple([_TOLD[key](event) for key in keys])
