"""Trail names and trail ARNs as clients give them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.errors import AwsError

__all__ = [
    "CloudTrailARNInvalidException",
    "InvalidTrailNameException",
    "TrailReference",
    "check_trail_name",
    "trail_arn",
    "trail_reference",
]

_SHORTEST, _LONGEST = 3, 128
_ALLOWED = re.compile(r"[A-Za-z0-9._-]+\Z")
_ADJACENT = re.compile(r"[._-]{2}")
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}\Z")
_ACCOUNT = re.compile(r"\d{12}\Z")


class InvalidTrailNameException(AwsError):
    """The trail name breaks one of the naming rules.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
    """

    message = "{reason}"


class CloudTrailARNInvalidException(AwsError):
    """The ARN is not one of a trail, event data store, dashboard or channel of this account.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html
    """

    message = "{reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReference:
    """Which trail is meant: `region` is its home region, and `by_arn` tells whether the client named it so."""

    account: str
    region: str
    name: str
    by_arn: bool

    @property
    def arn(self) -> str:
        """The ARN of the trail meant."""
        return trail_arn(account=self.account, region=self.region, name=self.name)


def trail_arn(*, account: str, region: str, name: str) -> str:
    """The ARN of a trail: `arn:aws:cloudtrail:us-east-1:123456789012:trail/My-Trail`."""
    return str(Arn(service="cloudtrail", region=region, account=account, resource=f"trail/{name}"))


_BROKEN: tuple[tuple[Callable[[str], object], str], ...] = (
    (
        lambda name: len(name) < _SHORTEST,
        "Trail name too short. Minimum allowed length: {shortest} characters. Specified name length: {length} characters.",
    ),
    (
        lambda name: len(name) > _LONGEST,
        "Trail name too long. Maximum allowed length: {longest} characters. Specified name length: {length} characters.",
    ),
    (
        lambda name: not _ALLOWED.match(name),
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
    ),
    (lambda name: not name[:1].isalnum(), "Trail name must starts with a letter or number."),
    (lambda name: not name[-1:].isalnum(), "Trail name must ends with a letter or number."),
    (_ADJACENT.search, "Trail name must not have adjacent periods, hyphens or underscores."),
    (_IPV4.match, "Trail name must not be in IP address format."),
)
"""What breaks a naming rule, and how AWS says so, in the order in which AWS names what is wrong."""


def check_trail_name(name: str) -> None:
    """Hold a trail's name to the naming rules. InvalidTrailNameException."""
    for broken, reason in _BROKEN:
        if broken(name):
            told = reason.format(shortest=_SHORTEST, longest=_LONGEST, length=len(name))
            raise InvalidTrailNameException(reason=told)


def trail_reference(given: str, *, account: str, region: str) -> TrailReference:
    """The trail that a name or an ARN means to this caller: a bare name is completed with the caller's account and region.

    InvalidTrailNameException, CloudTrailARNInvalidException.
    """
    if not given.startswith("arn:"):
        check_trail_name(given)
        return TrailReference(account=account, region=region, name=given, by_arn=False)
    arn = Arn.parse(given)
    if (
        arn is None
        or arn.service != "cloudtrail"
        or not arn.resource.startswith("trail/")
        or not arn.region
        or not _ACCOUNT.match(arn.account)
    ):
        raise CloudTrailARNInvalidException(reason=f"CloudTrail ARN is invalid: {given}")
    name = arn.resource.removeprefix("trail/")
    check_trail_name(name)
    return TrailReference(account=arn.account, region=arn.region, name=name, by_arn=True)
