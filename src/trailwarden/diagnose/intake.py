"""Every kind of input becomes refusals: pasted texts, CloudTrail events, log files, ids.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trailwarden.diagnose.calls import action_of_event
from trailwarden.diagnose.containers import events_in
from trailwarden.diagnose.message import MAX_TEXT, read_message, read_messages
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.unpacking import parts_of

__all__ = ["is_denied", "read_denials", "read_event", "read_input"]

_AUTHORIZATION_ID = re.compile(r"[0-9a-z]{20,40}\Z")
_EVENT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_REFUSED = re.compile(
    r"AccessDenied|UnauthorizedOperation|UnauthorizedAccess|AuthorizationError|Forbidden|NotAuthorized|AuthFailure"
)


def read_input(data: bytes) -> tuple[Refusal, ...]:
    """The refusals in an input of any kind; empty where a file of events holds none.

    One that is neither JSON nor an id is read as text. ValueError for what cannot be unpacked or is no text.
    """
    return tuple(refusal for part in parts_of(data) for refusal in _read_part(part))


def _read_part(data: bytes) -> tuple[Refusal, ...]:
    text = data.decode("utf-8-sig")
    bare = text.strip()
    if _AUTHORIZATION_ID.match(bare):
        return (Refusal(text="", authorization_id=bare),)
    if _EVENT_ID.match(bare):
        return (Refusal(text="", event_id=bare),)
    records = events_in(bare)
    if records is not None:
        return tuple(refusal for record in records for refusal in _of_record(record))
    return tuple(read_messages(text))


def read_denials(data: bytes) -> Iterator[Refusal]:
    """The denials among a log file's events; other errors, as of what does not exist, are none. ValueError as `read_input`."""
    for part in parts_of(data):
        records = events_in(part.decode("utf-8-sig").strip())
        if records is None:
            raise ValueError("it holds no CloudTrail events")
        yield from (read_event(record) for record in records if is_denied(record))


def is_denied(record: Mapping[str, Any]) -> bool:
    """Whether an event tells of a denial."""
    code, message = _text(record.get("errorCode")), _text(record.get("errorMessage"))
    return bool(_REFUSED.search(code)) or "not authorized" in message or code in _DENYING


_DENYING = frozenset(
    {
        "ChannelInsufficientPermission",
        "CloudTrailAccessNotEnabledException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InsufficientDependencyServiceAccessPermissionException",
        "InsufficientEncryptionPolicyException",
        "InsufficientIAMAccessPermissionException",
        "InsufficientS3BucketPolicyException",
        "InsufficientSnsTopicPolicyException",
        "InvalidClientTokenId",
        "InvalidCloudWatchLogsLogGroupArnException",
        "InvalidCloudWatchLogsRoleArnException",
        "NotOrganizationMasterAccountException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def read_event(record: Mapping[str, Any]) -> Refusal:
    """The refusal of one CloudTrail event: its message where that tells, else what the event itself says."""
    message, code = _text(record.get("errorMessage")), _text(record.get("errorCode"))
    refusal = read_message(message) if message else Refusal(text="")
    identity = _mapping(record.get("userIdentity"))
    operation = _text(record.get("eventName"))
    action = refusal.action or action_of_event(record)
    return replace(
        refusal,
        text=refusal.text or code,
        code=code or refusal.code,
        operation=operation,
        principal=refusal.principal or _text(identity.get("arn")),
        action=action,
        performed=refusal.performed or action,
        request_id=_text(record.get("requestID") or record.get("requestId")),
        event_id=_text(record.get("eventID") or record.get("eventId")),
        event=dict(record),
    )


def _of_record(record: Mapping[str, Any]) -> Iterator[Refusal]:
    if _is_refused(record):
        yield read_event(record)


def _is_refused(record: Mapping[str, Any]) -> bool:
    code, message = _text(record.get("errorCode")), _text(record.get("errorMessage"))
    return bool(_REFUSED.search(code)) or "not authorized" in message or (bool(code) and bool(message))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
