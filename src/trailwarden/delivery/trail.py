"""A trail as its owner set it up, and what delivery has to tell of it.

The CloudTrail service writes `TRAIL` (and moves it to `RETIRED` through `retire`); only delivery writes the rest.
So neither waits for the other: a trail says what is wanted, its statuses say what has happened.
"""

import msgspec

from trailwarden.arn import Arn
from trailwarden.events.selectors import AdvancedSelector, EventSelector
from trailwarden.storage.ports import Kind, Reader, Transaction

__all__ = [
    "RETIRED",
    "STATUS",
    "TRAIL",
    "InsightSelector",
    "Trail",
    "TrailStatus",
    "retire",
    "start_logging",
    "status_of",
    "stop_logging",
]


class InsightSelector(msgspec.Struct, frozen=True, kw_only=True):
    """A type of Insights events that a trail collects.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_InsightSelector.html
    """

    type: str
    event_categories: tuple[str, ...] = ("Management",)


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """A trail. Key: (account, home region, name). Times are seconds since the epoch; "" stands for a setting not made.

    With neither `event_selectors` nor `advanced_selectors` the default selector holds: all management events.
    `position` is the journal's newest position when logging began: what was committed behind it is delivered.
    `organization` is the organization's id for an organization trail, else "".
    """

    account: str
    home_region: str
    name: str
    created: float
    bucket: str
    prefix: str = ""
    topic_arn: str = ""
    include_global_service_events: bool = True
    multi_region: bool = False
    log_file_validation: bool = False
    log_group_arn: str = ""
    log_role_arn: str = ""
    kms_key_id: str = ""
    organization: str = ""
    recursive_logging: bool = True
    event_selectors: tuple[EventSelector, ...] = ()
    advanced_selectors: tuple[AdvancedSelector, ...] = ()
    insight_selectors: tuple[InsightSelector, ...] = ()
    aggregations: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    logging: bool = False
    started: float | None = None
    stopped: float | None = None
    position: int = 0

    @property
    def arn(self) -> str:
        """`arn:aws:cloudtrail:us-east-1:123456789012:trail/My-Trail`."""
        return str(
            Arn(service="cloudtrail", region=self.home_region, account=self.account, resource=f"trail/{self.name}")
        )

    @property
    def handle(self) -> str:
        """What tells this trail from a later one of the same name."""
        return f"{self.arn}@{self.created:.6f}"

    @property
    def has_custom_event_selectors(self) -> bool:
        """Whether PutEventSelectors has been called.

        https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
        """
        return bool(self.event_selectors or self.advanced_selectors)


class TrailStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What delivery did for a trail in one account and region. Key: (account, region, the trail's handle).

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html

    Times are seconds since the epoch, None where nothing was tried yet; an error is the destination's code
    (`AccessDenied`, `NoSuchBucket`), "" after a success. `digest_start` and `digest_due` bound the digest that is open
    (None: no chain), `previous_*` describe the last digest of the chain ("" before the first).
    """

    latest_delivery_time: float | None = None
    latest_delivery_attempt_time: float | None = None
    latest_delivery_error: str = ""
    latest_notification_time: float | None = None
    latest_notification_attempt_time: float | None = None
    latest_notification_error: str = ""
    latest_logs_delivery_time: float | None = None
    latest_logs_delivery_error: str = ""
    latest_digest_delivery_time: float | None = None
    latest_digest_delivery_error: str = ""
    digest_start: float | None = None
    digest_due: float | None = None
    previous_bucket: str = ""
    previous_key: str = ""
    previous_hash: str = ""
    previous_signature: str = ""


TRAIL = Kind("cloudtrail.trail", Trail)
RETIRED = Kind("cloudtrail.trail-retired", Trail)
"""Deleted trails that still owe deliveries or their last digest. Key: (account, home region, handle)."""
STATUS = Kind("cloudtrail.trail-status", TrailStatus)


def start_logging(trail: Trail, *, now: float, position: int) -> Trail:
    """The trail with logging on from `position`, the journal's newest one. One that logs already is left as it is."""
    if trail.logging:
        return trail
    return msgspec.structs.replace(trail, logging=True, started=now, position=position)


def stop_logging(trail: Trail, *, now: float) -> Trail:
    """The trail with logging off; delivery brings what came before `now`, then closes the digest chain."""
    if not trail.logging:
        return trail
    return msgspec.structs.replace(trail, logging=False, stopped=now)


def retire(transaction: Transaction, trail: Trail, *, now: float) -> None:
    """Delete the trail; what it still owes is delivered, as AWS does, before it is forgotten."""
    transaction.delete(TRAIL, trail.account, trail.home_region, trail.name)
    if trail.started is not None:
        transaction.put(RETIRED, trail.account, trail.home_region, trail.handle, stop_logging(trail, now=now))


def status_of(reader: Reader, trail: Trail, *, region: str, account: str = "") -> TrailStatus:
    """How delivery fares for the trail in a region; `account` is a member's id for an organization trail."""
    document = reader.get(STATUS, account or trail.account, region, trail.handle)
    return document.body if document else TrailStatus()
