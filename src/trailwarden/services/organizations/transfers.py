"""Responsibility transfers as stored: one management account answers for another organization's bills.

The *source* is the organization whose bills are paid by the *target*, which invites it.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ResponsibilityTransfer.html
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing.html
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import msgspec

from trailwarden.services.organizations.errors import InvalidInputException
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "MOST_INBOUND",
    "MOST_OUTBOUND",
    "TRANSFER",
    "Side",
    "Transfer",
    "check_end",
    "check_start",
    "month_end",
    "standing_transfers",
    "transfers_of",
]

MOST_INBOUND = 1_000
"""What AWS grants on request; a new organization there begins with none.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing-quotas.html
"""
MOST_OUTBOUND = 1
_NOTICE = timedelta(hours=24)
_SECOND = timedelta(seconds=1)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two management accounts, with its organization."""

    account: str
    email: str
    organization: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer, begun by an invitation. Key: ("", "", its id). Times are seconds since the epoch.

    `handshake` is the invitation's id; until the transfer is withdrawn its state tells the transfer's.
    """

    id: str
    name: str
    type: str
    source: Side
    target: Side
    start: float
    end: float | None = None
    withdrawn: bool = False
    handshake: str
    tags: dict[str, str] = {}

    def over(self, now: float) -> bool:
        """Whether it has ended."""
        return self.end is not None and self.end <= now


TRANSFER = Kind("organizations.responsibility-transfer", Transfer)


def transfers_of(world: World) -> list[Transfer]:
    """Every transfer, invitations too."""
    return [document.body for document in world.list(TRANSFER, "", "")]


def standing_transfers(world: World, accepted: frozenset[str]) -> list[Transfer]:
    """Transfers whose invitation is among those accepted and that have not ended."""
    return [each for each in transfers_of(world) if each.handshake in accepted and not each.over(world.now)]


def check_start(start: float, now: float) -> None:
    """A transfer starts with a month, at 00:00:00 UTC, and can be accepted until 24 hours before.

    InvalidInputException.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing-send-invitation.html
    """
    moment = _moment(start)
    if moment.day != 1:
        raise InvalidInputException("START_DATE_NOT_BEGINNING_OF_MONTH")
    if moment.timetz() != datetime.min.replace(tzinfo=UTC).timetz():
        raise InvalidInputException("START_DATE_NOT_BEGINNING_OF_DAY")
    if moment - _NOTICE <= _moment(now):
        raise InvalidInputException("START_DATE_TOO_EARLY")


def check_end(end: float, transfer: Transfer, now: float) -> None:
    """A transfer ends with a month, at 23:59:59 UTC of its last day.

    InvalidInputException.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing-stop-transfer.html
    """
    if int(end) != int(month_end(end)):
        raise InvalidInputException("END_DATE_NOT_END_OF_MONTH")
    if end < max(now, transfer.start - 1):
        raise InvalidInputException("END_DATE_TOO_EARLY")


def month_end(moment: float) -> float:
    """23:59:59 UTC on the last day of the month."""
    day = _moment(moment)
    first = datetime(day.year, day.month, 1, tzinfo=UTC)
    return (first + timedelta(days=monthrange(day.year, day.month)[1]) - _SECOND).timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
