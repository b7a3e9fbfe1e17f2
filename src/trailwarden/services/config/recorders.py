"""Configuration recorders: put, show, start, stop, delete; and their tags."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.config.errors import (
    InvalidConfigurationRecorderNameException,
    InvalidRecordingGroupException,
    InvalidRoleException,
    MaxNumberOfConfigurationRecordersExceededException,
    NoAvailableDeliveryChannelException,
    NoSuchConfigurationRecorderException,
    ResourceNotFoundException,
    TooManyTagsException,
)
from trailwarden.services.config.recorder import (
    CHANNEL,
    RECORDER,
    Period,
    Recorder,
    find_recorder,
    keep_recorder,
    only_recorder,
)
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "delete_configuration_recorder",
    "describe_configuration_recorder_status",
    "describe_configuration_recorders",
    "list_configuration_recorders",
    "list_tags_for_resource",
    "put_configuration_recorder",
    "start_configuration_recorder",
    "stop_configuration_recorder",
    "tag_resource",
    "untag_resource",
]

_DEFAULT = "default"
_ID_LETTERS = 8
_TAGS = 50
_ALL, _SOME, _ALL_BUT = "ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES", "EXCLUSION_BY_RESOURCE_TYPES"


@operation("config:PutConfigurationRecorder")
def put_configuration_recorder(call: Call, world: World) -> None:
    """Make the account's recorder in this Region, or change it; it does not record before it is started.

    https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html
    """
    asked = call.params["ConfigurationRecorder"]
    name = asked.get("name", _DEFAULT)
    if not name:
        raise InvalidConfigurationRecorderNameException(name=name)
    standing = only_recorder(world.transaction, call.account, call.region)
    if standing is not None and standing.name != name:
        raise MaxNumberOfConfigurationRecordersExceededException(name=name)
    _check_role(world, asked.get("roleARN", ""))
    group, mode = (
        _group(asked.get("recordingGroup")),
        asked.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"},
    )
    if standing is not None:
        periods = _regrouped(standing, group, call.now)
        keep_recorder(world, standing, role=asked["roleARN"], group=group, mode=mode, periods=periods)
        return
    recorder = Recorder(
        account=call.account,
        region=call.region,
        name=name,
        id=world.chance.base36(_ID_LETTERS),
        role=asked["roleARN"],
        group=group,
        mode=mode,
        tags=_added({}, call.params.get("Tags") or ()),
    )
    keep_recorder(world, recorder)


@operation("config:DescribeConfigurationRecorders")
def describe_configuration_recorders(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationRecorders.html."""
    return {"ConfigurationRecorders": [_shown(recorder) for recorder in _named(call, world)]}


@operation("config:DescribeConfigurationRecorderStatus")
def describe_configuration_recorder_status(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationRecorderStatus.html."""
    return {"ConfigurationRecordersStatus": [_status(recorder) for recorder in _named(call, world)]}


@operation("config:ListConfigurationRecorders")
def list_configuration_recorders(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_ListConfigurationRecorders.html."""
    found = only_recorder(world.transaction, call.account, call.region)
    summaries = [{"arn": found.arn, "name": found.name, "recordingScope": "PAID"}] if found else []
    return {"ConfigurationRecorderSummaries": summaries}


@operation("config:StartConfigurationRecorder")
def start_configuration_recorder(call: Call, world: World) -> None:
    """Begin to record; there must be a channel to deliver through.

    https://docs.aws.amazon.com/config/latest/APIReference/API_StartConfigurationRecorder.html
    """
    recorder = find_recorder(call, world, call.params["ConfigurationRecorderName"])
    if not world.list(CHANNEL, call.account, call.region, limit=1):
        raise NoAvailableDeliveryChannelException
    if not recorder.recording:
        periods = (*recorder.periods, Period(start=call.now, group=recorder.group))
        keep_recorder(world, recorder, periods=periods)


@operation("config:StopConfigurationRecorder")
def stop_configuration_recorder(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_StopConfigurationRecorder.html."""
    recorder = find_recorder(call, world, call.params["ConfigurationRecorderName"])
    if recorder.recording:
        keep_recorder(world, recorder, periods=_ended(recorder, call.now))


@operation("config:DeleteConfigurationRecorder")
def delete_configuration_recorder(call: Call, world: World) -> None:
    """Delete the recorder.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteConfigurationRecorder.html
    """
    recorder = find_recorder(call, world, call.params["ConfigurationRecorderName"])
    world.delete(RECORDER, recorder.account, recorder.region, recorder.name)


@operation("config:TagResource")
def tag_resource(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_TagResource.html."""
    recorder = _tagged(call, world)
    keep_recorder(world, recorder, tags=_added(recorder.tags, call.params["Tags"]))


@operation("config:UntagResource")
def untag_resource(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_UntagResource.html."""
    recorder, gone = _tagged(call, world), set(call.params["TagKeys"])
    keep_recorder(world, recorder, tags={key: value for key, value in recorder.tags.items() if key not in gone})


@operation("config:ListTagsForResource")
def list_tags_for_resource(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_ListTagsForResource.html."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(call, world).tags.items()]}


def _check_role(world: World, given: str) -> None:
    """The role must exist and be AWS Config's to assume.

    https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html
    """
    if not given:
        raise InvalidRoleException(reason="You have provided a null or empty role ARN.")
    arn = Arn.parse(given)
    if arn is None or arn.service != "iam" or arn.type != "role" or world.resource(arn) is None:
        raise InvalidRoleException(reason=f"The role ARN '{given[:256]}' is not valid.")
    context = {"aws:SourceAccount": arn.account}
    if not world.service_may("config.amazonaws.com", "sts:AssumeRole", given, context):
        raise InvalidRoleException(reason=f"AWS Config is not able to assume the role '{given}'.")


def _group(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The recording group with what it does not say filled in. InvalidRecordingGroupException.

    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
    """
    asked = given or {"allSupported": True}
    types = list(asked.get("resourceTypes") or ())
    excluded = list((asked.get("exclusionByResourceTypes") or {}).get("resourceTypes") or ())
    every = asked.get("allSupported", False)
    strategy = (asked.get("recordingStrategy") or {}).get("useOnly") or (
        _ALL if every else _ALL_BUT if excluded else _SOME
    )
    fits = {
        _ALL: every and not types and not excluded,
        _SOME: not every and bool(types) and not excluded and not asked.get("includeGlobalResourceTypes"),
        _ALL_BUT: not every and not types and bool(excluded),
    }
    if not fits.get(strategy, False):
        raise InvalidRecordingGroupException
    return {
        "allSupported": every,
        "includeGlobalResourceTypes": asked.get("includeGlobalResourceTypes", False),
        "resourceTypes": types,
        "exclusionByResourceTypes": {"resourceTypes": excluded},
        "recordingStrategy": {"useOnly": strategy},
    }


def _regrouped(recorder: Recorder, group: dict[str, Any], now: float) -> tuple[Period, ...]:
    """A running recorder records what it is told from now on."""
    if not recorder.recording or group == recorder.group:
        return recorder.periods
    return (*_ended(recorder, now), Period(start=now, group=group))


def _ended(recorder: Recorder, now: float) -> tuple[Period, ...]:
    return (*recorder.periods[:-1], msgspec.structs.replace(recorder.periods[-1], end=now))


def _named(call: Call, world: World) -> list[Recorder]:
    """The recorders that the call names, or all. NoSuchConfigurationRecorderException."""
    found = only_recorder(world.transaction, call.account, call.region)
    wanted = [*(call.params.get("ConfigurationRecorderNames") or ())]
    for name in wanted:
        find_recorder(call, world, name)
    given = call.params.get("Arn")
    if given and (found is None or found.arn != given):
        raise NoSuchConfigurationRecorderException(name=given)
    if call.params.get("ServicePrincipal"):
        raise NoSuchConfigurationRecorderException(name=call.params["ServicePrincipal"])
    return [found] if found else []


def _shown(recorder: Recorder) -> Mapping[str, Any]:
    return {
        "arn": recorder.arn,
        "name": recorder.name,
        "roleARN": recorder.role,
        "recordingGroup": recorder.group,
        "recordingMode": recorder.mode,
        "recordingScope": "PAID",
    }


def _status(recorder: Recorder) -> Mapping[str, Any]:
    told: dict[str, Any] = {"arn": recorder.arn, "name": recorder.name, "recording": recorder.recording}
    if not recorder.periods:
        return told
    last = recorder.periods[-1]
    ends = [period.end for period in recorder.periods if period.end is not None]
    told |= {
        "lastStartTime": _time(last.start),
        "lastStatus": "Success",
        "lastStatusChangeTime": _time(last.start if last.end is None else last.end),
    }
    return told | ({"lastStopTime": _time(ends[-1])} if ends else {})


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _tagged(call: Call, world: World) -> Recorder:
    found = only_recorder(world.transaction, call.account, call.region)
    if found is None or found.arn != call.params["ResourceArn"]:
        raise ResourceNotFoundException(arn=call.params["ResourceArn"])
    return found


def _added(standing: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    tags = {**standing, **{tag["Key"]: tag.get("Value", "") for tag in given}}
    if len(tags) > _TAGS:
        raise TooManyTagsException
    return tags
