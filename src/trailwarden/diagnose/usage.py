"""What a principal has used: its recorded calls as permissions.

Conditions are kept only where every recorded call agrees on a value that keeps its meaning.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from trailwarden.catalog import Check
from trailwarden.diagnose.account import Account
from trailwarden.diagnose.data import Unreadable
from trailwarden.diagnose.history import Event, Portion, events_of
from trailwarden.diagnose.past import asked_of, caller_of, circumstances, issuer_of, outcome_of

__all__ = ["Usage", "Used", "usage_of"]

_KEPT_MAX = 100_000


@dataclass(slots=True)
class Used:
    """One action on one resource: how often, when last, and each kept condition key's values (None: a call without it)."""

    count: int = 0
    last: str = ""
    values: dict[str, set[str | None]] = field(default_factory=dict)


@dataclass(slots=True)
class Usage:
    """All of a principal's. `denied` calls are left out; `unknown` are operations of which nobody knows what they need.

    `vague` are actions whose events do not name the resource.
    """

    used: dict[tuple[str, str], Used] = field(default_factory=dict)
    calls: int = 0
    denied: int = 0
    unknown: set[str] = field(default_factory=set)
    vague: set[str] = field(default_factory=set)

    @property
    def actions(self) -> frozenset[str]:
        """Every action used."""
        return frozenset(action for action, _ in self.used)


def usage_of(
    portions: Iterable[Portion],
    account: Account,
    principal: str,
    progress: Callable[[int], None] | None = None,
) -> Usage:
    """What the principal (a user's or role's ARN) has used. Raises Unreadable."""
    usage = Usage()
    for portion in portions:
        events, wrong = events_of(portion)
        for event in events:
            if _is_of(event, principal):
                _add(usage, event, account)
        if progress is not None:
            progress(len(events) + wrong)
    return usage


def _is_of(event: Event, principal: str) -> bool:
    """Sessions are their role's; where an event lacks the role's ARN, its name tells."""
    if issuer_of(event) == principal:
        return True
    parts = caller_of(event).split("/")
    return len(parts) > 1 and parts[0].endswith(":assumed-role") and _role(parts) == principal


def _role(parts: list[str]) -> str:
    account = parts[0].split(":")[4]
    return f"arn:{parts[0].split(':')[1]}:iam::{account}:role/{parts[1]}"


def _add(usage: Usage, event: Event, account: Account) -> None:
    outcome = outcome_of(event)
    if outcome is None:
        return
    if outcome.denied:
        usage.denied += 1
        return
    usage.calls += 1
    asked = asked_of(event, account)
    if not asked.checks:
        usage.unknown.add(asked.action)
    for check in asked.checks:
        _use(usage, event, check)
        if asked.vague:
            usage.vague.add(check.action)


def _use(usage: Usage, event: Event, check: Check) -> None:
    used = usage.used.get((check.action, check.resource))
    if used is None:
        if len(usage.used) >= _KEPT_MAX:
            raise Unreadable(f"the principal has used more than {_KEPT_MAX:,} different resources: give fewer logs")
        used = usage.used[check.action, check.resource] = Used()
    used.count += 1
    used.last = max(used.last, event.event_time)
    for key, value in _conditions(event, check).items():
        used.values.setdefault(key, set()).add(value)


def _conditions(event: Event, check: Check) -> Mapping[str, str | None]:
    """The keys that may be kept for an action, with this call's value.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
    """
    if check.action == "iam:PassRole":
        told = check.context.get("iam:PassedToService")
        elsewhere = event.event_source if event.event_source != "iam.amazonaws.com" else None
        return {"iam:PassedToService": told if isinstance(told, str) else elsewhere}
    if check.action.startswith("kms:"):
        (via,) = circumstances(event, ("kms:viaservice",))
        return {"kms:ViaService": via if isinstance(via, str) else None}
    if check.action in {"s3:ListBucket", "s3:ListBucketVersions"}:
        prefix = check.context.get("s3:prefix")
        return {"s3:prefix": prefix if isinstance(prefix, str) and prefix else None}
    return {}
