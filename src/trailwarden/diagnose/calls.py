"""From a CloudTrail event back to the call: service, operation, members, and the permissions it needs.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationNotFoundError, ServiceModel, Shape, StructureShape

from trailwarden import catalog
from trailwarden.catalog import Check
from trailwarden.diagnose.account import Account, IdentityKind

__all__ = ["EventCall", "action_of_event", "call_of"]

_SERVICES: Mapping[str, str] = {
    "access-analyzer": "accessanalyzer",
    "aoss": "opensearchserverless",
    "airflow": "mwaa",
    "apigateway": "apigateway",
    "cloudcontrolapi": "cloudcontrol",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "elasticmapreduce": "emr",
    "email": "sesv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "sso": "sso-admin",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}
"""botocore's directory where it is not named as the event source."""

_RENAMED: Mapping[str, str] = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
}
_VERSIONED = re.compile(r"(?P<name>[A-Za-z]+)20\d{2}_?\d{2}_?\d{2}(?:v\d)?\Z")
"""lambda.amazonaws.com: GetFunction20150331v2."""

_SPECIAL: Mapping[str, str] = {"bucketname": "Bucket"}
_DEPTH_MAX = 12
_MEMBERS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCall:
    """A call read back from its event. `filled` are the condition keys that its members would fill, in lower case."""

    service: str
    operation: str
    params: Mapping[str, Any]
    checks: tuple[Check, ...] = ()
    filled: frozenset[str] = field(default=frozenset())


def call_of(event: Mapping[str, Any], account: Account | None, *, owner: str, region: str) -> EventCall | None:
    """The call behind an event; None for an operation that is not known. `owner` is the account that the caller belongs to."""
    source, name = _text(event.get("eventSource")).partition(".")[0], _text(event.get("eventName"))
    service, operation = _SERVICES.get(source, source), _plain(name)
    model = _operation(service, operation)
    if model is None:
        return None
    asked = event.get("requestParameters")
    told = isinstance(asked, Mapping)
    params = _structure(model, _special(operation, asked), _DEPTH_MAX) if isinstance(asked, Mapping) else {}
    try:
        checks = catalog.checks_of(
            service, operation, params, account=owner, region=region, lookup=lambda kind, of: _look(account, kind, of)
        )
    except catalog.UnknownAction:
        checks = ()
    filled = catalog.filled_keys(service, operation) if told else frozenset()
    return EventCall(service=service, operation=operation, params=params, checks=checks, filled=filled)


def action_of_event(event: Mapping[str, Any]) -> str:
    """The IAM action of an event (`s3:ListAllMyBuckets` for ListBuckets, no version); "" where it names none."""
    source, name = _text(event.get("eventSource")).partition(".")[0], _text(event.get("eventName"))
    if not source or not name:
        return ""
    call = call_of({**event, "requestParameters": None}, None, owner="*", region="*")
    if call is not None and call.checks:
        return call.checks[0].action
    plain = _plain(name)
    known = (
        catalog.action(f"{source}:{_RENAMED.get(plain, plain)}")
        if source == "s3"
        else catalog.action(f"{source}:{plain}")
    )
    return known.name if known else f"{source}:{plain}"


def _plain(name: str) -> str:
    versioned = _VERSIONED.match(name)
    return versioned["name"] if versioned else name


@lru_cache(maxsize=64)
def _model(service: str) -> ServiceModel | None:
    try:
        return ServiceModel(Loader().load_service_model(service, "service-2"), service)
    except UnknownServiceError:
        return None


@lru_cache(maxsize=1024)
def _operation(service: str, operation: str) -> Any:
    """The input shape; an empty structure for an operation without one, None for one that is not known."""
    model = _model(service) if re.fullmatch(r"[a-z0-9-]+", service) else None
    if model is None:
        return None
    try:
        return model.operation_model(operation).input_shape or StructureShape(
            "Nothing", {"type": "structure", "members": {}}
        )
    except OperationNotFoundError:
        return None


def _special(operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """EC2 puts what RunInstances is asked for into a set."""
    items = list(_items(asked.get("instancesSet"))) if operation == "RunInstances" else []
    first = items[0] if items and isinstance(items[0], Mapping) else {}
    return {**first, **asked}


def _structure(shape: Any, given: Mapping[str, Any], depth: int) -> dict[str, Any]:
    names = _names(shape)
    found: dict[str, Any] = {}
    for key, value in list(given.items())[:_MEMBERS_MAX]:
        member = names.get(_folded(str(key)))
        if member is not None and value is not None and depth:
            read = _read(shape.members[member], value, depth - 1)
            if read is not None:
                found[member] = read
    return found


@lru_cache(maxsize=4096)
def _names(shape: Any) -> Mapping[str, str]:
    """How events may spell a structure's members: as the model, as on the wire, EC2's lists as sets."""
    names: dict[str, str] = {}
    for member, of in shape.members.items():
        for spelt in (member, of.serialization.get("name", member), of.serialization.get("queryName", member)):
            names.setdefault(_folded(spelt), member)
    return names | {special: member for special, member in _SPECIAL.items() if member in shape.members}


def _folded(name: str) -> str:
    return re.sub(r"(?:set|s)\Z", "", name.lower()) if name.lower() not in _SPECIAL else name.lower()


def _read(shape: Shape, value: Any, depth: int) -> Any:
    """A value in the model's shape; None where it is of another kind, as a mark of redaction is."""
    reader = _READERS.get(shape.type_name)
    return reader(shape, value, depth) if reader else _scalar(shape, value)


def _scalar(shape: Shape, value: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        return None
    if shape.type_name == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    return value


def _list(shape: Any, value: Any, depth: int) -> list[Any] | None:
    items = list(_items(value))
    if not items and not isinstance(value, list):
        return None
    return [read for read in (_item(shape.member, each, depth) for each in items[:_MEMBERS_MAX]) if read is not None]


def _item(member: Shape, value: Any, depth: int) -> Any:
    """EC2 wraps a text of a list into an object of one member."""
    if isinstance(value, Mapping) and member.type_name == "string":
        return next((each for each in value.values() if isinstance(each, str)), None)
    return _read(member, value, depth)


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = value.get("items")
    if isinstance(value, list):
        yield from value


def _map(shape: Any, value: Any, depth: int) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    return {str(key): _read(shape.value, each, depth) for key, each in list(value.items())[:_MEMBERS_MAX]}


def _of_structure(shape: Any, value: Any, depth: int) -> dict[str, Any] | None:
    return _structure(shape, value, depth) if isinstance(value, Mapping) and depth else None


_READERS: Mapping[str, Any] = {"structure": _of_structure, "list": _list, "map": _map}

_KINDS: Mapping[str, IdentityKind] = {"iam.user": "user", "iam.role": "role", "iam.group": "group"}


def _look(account: Account | None, kind: str, name: str) -> str | None:
    """What only the account's data tells: ARNs of identities, whose paths no name tells; the role in an instance profile."""
    if account is None:
        return None
    if kind == "iam.instance-profile.role":
        return next((each.arn for each in account.identities.values() if name in each.profiles), None)
    if kind.endswith(".boundary"):
        of = _KINDS.get(kind.removesuffix(".boundary"))
        holder = account.find(of, name) if of else None
        return (holder.boundary or None) if holder else None
    of = _KINDS.get(kind)
    identity = account.find(of, name) if of else None
    return identity.arn if identity else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
