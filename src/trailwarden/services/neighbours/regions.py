"""ec2:DescribeRegions, by which tools find out where to look.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["describe_regions"]

_FILTERS = {"region-name": "RegionName", "endpoint": "Endpoint", "opt-in-status": "OptInStatus"}


class InvalidParameterValue(AwsError):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""

    message = "{reason}"


@operation("ec2:DescribeRegions")
def describe_regions(call: Call, world: World) -> Mapping[str, Any]:
    """The Regions of this server; none of them needs opting in.

    InvalidParameterValue for a Region or a filter that there is not.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    asked: tuple[str, ...] = tuple(call.params.get("RegionNames") or ())
    unknown = [name for name in asked if name not in world.settings.regions]
    if unknown:
        raise InvalidParameterValue(reason=f"Invalid region names: {unknown}")
    shown = [_shown(name) for name in world.settings.regions if not asked or name in asked]
    for wanted in call.params.get("Filters") or ():
        shown = list(_filtered(shown, wanted))
    return {"Regions": shown}


def _shown(name: str) -> dict[str, str]:
    return {
        "RegionName": name,
        "Endpoint": f"ec2.{name}.amazonaws.com",
        "OptInStatus": "opt-in-not-required",
    }


def _filtered(regions: Iterable[dict[str, str]], wanted: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    """Values of one filter are alternatives, and may hold wildcards.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
    """
    member = _FILTERS.get(str(wanted.get("Name")))
    if member is None:
        raise InvalidParameterValue(reason=f"The filter '{wanted.get('Name')}' is invalid")
    values = [str(value).replace("[", "[[]") for value in wanted.get("Values") or ()]
    return (region for region in regions if any(fnmatchcase(region[member], value) for value in values))
