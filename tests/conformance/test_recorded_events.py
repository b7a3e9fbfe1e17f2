"""EventBridge and SNS's filters as AWS itself has answered: recorded calls made again, each answer held against the recorded one.

The requests were rebuilt from what the answers tell. How many hold is printed; run with `-s` to see it. Recorded tests
that need what is not built here (Lambda, Kinesis, Firehose, API destinations, S3 notifications) are not played.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.recorded import Play, recorded
from tests.live import Live

COMMAND = "core.update-account-command"
PAYLOAD = {"acc_id": "0a787ecb-4015", "sf_id": "baz"}
DETAIL = {"command": "update-account", "payload": PAYLOAD}
SPECIAL = {**DETAIL, "listsingle": ["HIGH"], "listmulti": ["ACTIVE", "INACTIVE"], "valid": True}
PATTERN = {"source": [COMMAND], "detail-type": [COMMAND], "detail": {"command": ["update-account"]}}
TARGET = "target-1"


@dataclass(slots=True, kw_only=True)
class Stage:
    """What a play has: clients, the recorded answers, a name of its own, and what stands in brackets behind the test's."""

    live: Live
    play: Play
    events: Any
    sqs: Any
    name: str
    parameter: str
    made: list[str] = field(default_factory=list)

    @property
    def bus(self) -> str:
        """The default bus, or one made for the play where the test asks for another."""
        if "default" in self.parameter:
            return "default"
        if self.name not in self.made:
            self.events.create_event_bus(Name=self.name)
            self.made.append(self.name)
        return self.name

    def arn(self, resource: str) -> str:
        return f"arn:aws:events:us-east-1:{self.live.account}:{resource}"

    def rule(self, suffix: str = "", **more: Any) -> str:
        settings = {"EventPattern": json.dumps(PATTERN), "EventBusName": self.bus, **more}
        self.events.put_rule(Name=self.name + suffix, **settings)
        return self.name + suffix

    def queue(self, suffix: str = "") -> str:
        """A queue that lets all rules in; gives its ARN."""
        arn = f"arn:aws:sqs:us-east-1:{self.live.account}:{self.name}{suffix}"
        statement = {
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn,
        }  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.create_queue(QueueName=self.name + suffix, Attributes={"Policy": policy})
        return arn

    def aim(self, arn: str, **more: Any) -> str:
        rule = self.rule()
        self.events.put_targets(Rule=rule, EventBusName=self.bus, Targets=[{"Id": TARGET, "Arn": arn, **more}])
        return rule

    def put(self, detail: Any = None, **more: Any) -> Any:
        entry = {"Source": COMMAND, "DetailType": COMMAND, "Detail": json.dumps(detail or DETAIL), **more}
        return self.events.put_events(Entries=[{"EventBusName": self.bus, **entry}])

    def bodies(self, count: int = 1, suffix: str = "") -> list[Any]:
        """What came into the queue, JSON where it is an object."""
        url = self.sqs.get_queue_url(QueueName=self.name + suffix)["QueueUrl"]
        found: list[Any] = []
        for _ in range(10):
            told = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            found += [message["Body"] for message in told.get("Messages", [])]
            if len(found) >= count:
                break
        return [json.loads(body) if body.startswith("{") else body for body in found]

    def heard(self, label: str, bodies: list[Any]) -> None:
        """What came is what AWS sent: the bodies alone, times aside."""
        wanted = [message["Body"] for message in self.play.answers[label]]
        self.play.hold(label, [untimed(body) for body in wanted], [untimed(body) for body in bodies])


def untimed(body: Any) -> Any:
    """An event without what differs from run to run."""
    if not isinstance(body, dict):
        return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\bdate\b", "date", body)
    return {
        key: untimed(value) if isinstance(value, dict) and "detail" in value else value
        for key, value in body.items()
        if key not in {"time", "id", "account", "region", "originalEvent"}
    }


def bus_life(on: Stage) -> None:
    described = {"Description": "test bus"} if on.parameter.startswith("True") else {}
    on.play.answer("create-custom-event-bus-us-east-1", on.events.create_event_bus, Name=on.name, **described)
    on.play.answer("list-event-buses-after-create-us-east-1", on.events.list_event_buses, NamePrefix=on.name)
    if not described:
        on.play.answer("describe-custom-event-bus-us-east-1", on.events.describe_event_bus, Name=on.name)
    on.play.answer("delete-custom-event-bus-us-east-1", on.events.delete_event_bus, Name=on.name)
    on.play.answer("list-event-buses-after-delete-us-east-1", on.events.list_event_buses, NamePrefix=on.name)


def bus_twice(on: Stage) -> None:
    on.play.answer("create-multiple-event-buses-same-name", on.events.create_event_bus, Name=on.bus)


def bus_unknown(on: Stage) -> None:
    on.play.answer("describe-not-existing-event-bus-error", on.events.describe_event_bus, Name=on.name)


def bus_default(on: Stage) -> None:
    on.play.answer("delete-default-event-bus-error", on.events.delete_event_bus, Name="default")


def bus_prefix(on: Stage) -> None:
    for label, prefix in (("list-event-buses-prefix-complete-name", on.bus), ("list-event-buses-prefix", on.bus[:-1])):
        on.play.answer(label, on.events.list_event_buses, NamePrefix=prefix)


def bus_pages(on: Stage) -> None:
    for number in range(6):
        on.events.create_event_bus(Name=f"{on.name}-{number}")
    listing = on.events.list_event_buses
    first = on.play.answer("list-event-buses-limit", listing, Limit=3, NamePrefix=on.name)
    label = "list-event-buses-limit-next-token"
    on.play.answer(label, listing, Limit=3, NamePrefix=on.name, NextToken=first["NextToken"])


def permission_of_no_bus(on: Stage) -> None:
    on.play.answer(
        "remove-permission-non-existing-sid-error", on.events.put_permission,
        EventBusName=on.name, Action="events:PutEvents", Principal="*", StatementId="statement",
    )  # fmt: skip


def rule_life(on: Stage) -> None:
    named = {"Name": on.name, "EventBusName": on.bus}
    on.play.answer("put-rule", on.events.put_rule, **named, EventPattern=json.dumps(PATTERN))
    on.play.answer("list-rules", on.events.list_rules, NamePrefix=on.name, EventBusName=on.bus)
    on.play.answer("describe-rule", on.events.describe_rule, **named)
    on.play.answer("delete-rule", on.events.delete_rule, **named)
    on.play.answer("list-rules-after-delete", on.events.list_rules, NamePrefix=on.name, EventBusName=on.bus)


def rule_twice(on: Stage) -> None:
    for label in ("put-rule", "re-put-rule"):
        on.play.answer(label, on.events.put_rule, Name="r", EventBusName=on.bus, EventPattern=json.dumps(PATTERN))
    on.play.answer("list-rules", on.events.list_rules, EventBusName=on.bus)


def rule_pages(on: Stage) -> None:
    for number in range(6):
        on.rule(f"-{number}")
    first = on.play.answer("list-rules-limit", on.events.list_rules, Limit=3, EventBusName=on.bus)
    label = "list-rules-limit-next-token"
    on.play.answer(label, on.events.list_rules, Limit=3, EventBusName=on.bus, NextToken=first["NextToken"])


def rule_unknown(on: Stage) -> None:
    on.play.answer("describe-not-existing-rule-error", on.events.describe_rule, Name=on.name)


def rule_switched(on: Stage) -> None:
    named = {"Name": on.rule(), "EventBusName": on.bus}
    on.play.answer("disable-rule", on.events.disable_rule, **named)
    on.play.answer("describe-rule-disabled", on.events.describe_rule, **named)
    on.play.answer("enable-rule", on.events.enable_rule, **named)
    on.play.answer("describe-rule-enabled", on.events.describe_rule, **named)


def rule_with_targets(on: Stage) -> None:
    rule = on.aim(on.queue())
    on.play.answer("delete-rule-with-targets-error", on.events.delete_rule, Name=rule, EventBusName=on.bus)


def rule_updated(on: Stage) -> None:
    on.parameter = "default"
    rule = on.aim(on.queue())
    named = {"Rule": rule, "EventBusName": on.bus}
    on.play.answer("list-targets", on.events.list_targets_by_rule, **named)
    on.play.answer("update-rule", on.events.put_rule, Name=rule, EventPattern=json.dumps(PATTERN))
    on.play.answer("list-targets-after-update", on.events.list_targets_by_rule, **named)


def rules_by_target(on: Stage) -> None:
    queue = on.queue()
    for number in range(3):
        rule = on.rule(str(number))
        on.events.put_targets(Rule=rule, EventBusName=on.bus, Targets=[{"Id": TARGET, "Arn": queue}])
    by_target = on.events.list_rule_names_by_target
    on.play.answer("list_rule_names_by_target", by_target, TargetArn=queue, EventBusName=on.bus)


def rules_by_no_target(on: Stage) -> None:
    on.rule()
    by_target = on.events.list_rule_names_by_target
    on.play.answer("list_rule_names_by_target_no_matches", by_target, TargetArn=on.queue(), EventBusName=on.bus)


def target_life(on: Stage) -> None:
    named, queue = {"Rule": on.rule(), "EventBusName": on.bus}, on.queue()
    on.play.answer("put-target", on.events.put_targets, **named, Targets=[{"Id": TARGET, "Arn": queue}])
    on.play.answer("list-targets", on.events.list_targets_by_rule, **named)
    on.play.answer("remove-target", on.events.remove_targets, **named, Ids=[TARGET])
    on.play.answer("list-targets-after-delete", on.events.list_targets_by_rule, **named)


def six_targets(on: Stage) -> None:
    targets = [{"Id": str(number), "Arn": on.queue(str(number))} for number in range(6)]
    named = {"Rule": on.rule(), "EventBusName": on.bus}
    on.play.answer("put-targets-client-error", on.events.put_targets, **named, Targets=targets)


def target_pages(on: Stage) -> None:
    queue, named = on.queue(), {"Rule": on.rule(), "EventBusName": on.bus}
    targets = [{"Id": f"id{number}", "Arn": queue} for number in range(5)]
    on.events.put_targets(**named, Targets=targets)
    first = on.play.answer("list-targets-limit", on.events.list_targets_by_rule, **named, Limit=3)
    label = "list-targets-limit-next-token"
    on.play.answer(label, on.events.list_targets_by_rule, **named, Limit=3, NextToken=first["NextToken"])


def target_ids(on: Stage) -> None:
    queue, named = on.queue(), {"Rule": on.rule(), "EventBusName": on.bus}
    targets = [{"Id": "!@#$@!#$", "Arn": queue}]
    on.play.answer("put-targets-invalid-id-error", on.events.put_targets, **named, Targets=targets)


def entry_without(member: str) -> Callable[[Stage], None]:
    def played(on: Stage) -> None:
        entry = {"Source": COMMAND, "DetailType": COMMAND, "Detail": json.dumps(DETAIL), member: ""}
        on.play.answer("put-events", on.events.put_events, Entries=[entry])

    return played


def malformed_detail(on: Stage) -> None:
    given = {
        "STRING": "string", "ARRAY": '["array"]', "MALFORMED_JSON": '{"json": "detail"', "SERIALIZED_STRING": '"text"',
    }[on.parameter]  # fmt: skip
    entry = {"Source": COMMAND, "DetailType": COMMAND, "Detail": given}
    on.play.answer("put-events", on.events.put_events, Entries=[entry])


def big_detail(on: Stage) -> None:
    entry = {"Source": COMMAND, "DetailType": COMMAND, "Detail": json.dumps({"x": "x" * 1_048_576})}
    on.play.answer("put-events-too-big-detail-error", on.events.put_events, Entries=[entry])


def nobody_listens(on: Stage) -> None:
    on.play.answer(
        "put-events-response", on.events.put_events,
        Entries=[{"Source": COMMAND, "DetailType": COMMAND, "Detail": json.dumps(DETAIL)}],
    )  # fmt: skip


def archive_unknown(on: Stage) -> None:
    bus = on.arn(f"event-bus/{on.name}")
    for label, call, arguments in (
        ("create-archive-unknown-event-bus-error", "create_archive", {"ArchiveName": on.name, "EventSourceArn": bus}),
        ("list-archives-unknown-event-bus-error", "list_archives", {"EventSourceArn": bus}),
        ("describe-archive-unknown-archive-error", "describe_archive", {"ArchiveName": on.name}),
        ("update-archive-unknown-archive-error", "update_archive", {"ArchiveName": on.name}),
        ("delete-archive-unknown-archive-error", "delete_archive", {"ArchiveName": on.name}),
    ):
        if label in on.play.answers:
            on.play.answer(label, getattr(on.events, call), **arguments)


def archive_life(on: Stage) -> None:
    bus = on.arn(f"event-bus/{on.bus}")
    settings = {
        "EventSourceArn": bus, "Description": "description of the archive", "RetentionDays": 1,
        "EventPattern": json.dumps(PATTERN),
    }  # fmt: skip
    on.play.answer("create-archive", on.events.create_archive, ArchiveName=on.name, **settings)
    on.play.answer("list-archives", on.events.list_archives, NamePrefix=on.name)
    on.play.answer("describe-archive", on.events.describe_archive, ArchiveName=on.name)
    on.play.answer("update-archive", on.events.update_archive, ArchiveName=on.name, Description="other")
    on.play.answer("delete-archive", on.events.delete_archive, ArchiveName=on.name)


def archive_listed(on: Stage) -> None:
    bus = on.arn(f"event-bus/{on.bus}")
    pattern = json.dumps(PATTERN)
    on.events.create_archive(ArchiveName=on.name, EventSourceArn=bus, RetentionDays=1, EventPattern=pattern)
    for label, arguments in (
        ("list-archives-with-name-prefix", {"NamePrefix": on.name[:-1]}),
        ("list-archives-with-full-name", {"NamePrefix": on.name}),
        ("list-archives-not-existing-archive", {"NamePrefix": "doesnotexist"}),
        ("list-archives-with-source-arn", {"EventSourceArn": bus, "NamePrefix": on.name}),
        ("list-archives-state-enabled", {"State": "ENABLED"}),
    ):
        if label in on.play.answers:
            on.play.answer(label, on.events.list_archives, **arguments)
    label = "create-archive-duplicate-error"
    if label in on.play.answers:
        on.play.answer(label, on.events.create_archive, ArchiveName=on.name, EventSourceArn=bus)
    on.events.delete_archive(ArchiveName=on.name)


def replaying(on: Stage) -> dict[str, Any]:
    bus = on.arn(f"event-bus/{on.bus}")
    archive = on.events.create_archive(ArchiveName=on.name, EventSourceArn=bus, RetentionDays=1)["ArchiveArn"]
    now = datetime.now(UTC)
    return {
        "ReplayName": on.name, "EventSourceArn": archive, "EventStartTime": now - timedelta(minutes=1),
        "EventEndTime": now, "Destination": {"Arn": bus},
    }  # fmt: skip


def replay_errors(on: Stage) -> None:
    asked, start = replaying(on), on.events.start_replay
    changes: Mapping[str, Mapping[str, Any]] = {
        "start-replay-unknown-event-bus-error": {"Destination": {"Arn": on.arn("event-bus/none")}},
        "start-replay-wrong-event-bus-error": {"Destination": {"Arn": on.arn("event-bus/default")}},
        "start-replay-unknown-archive-error": {"EventSourceArn": on.arn("archive/none")},
        "start-replay-invalid-end-time-error": {"EventEndTime": asked["EventStartTime"]},
    }
    for label, change in changes.items():
        if label in on.play.answers:
            on.play.answer(label, start, **{**asked, **change})
    if "start-replay-duplicate-error" in on.play.answers:
        start(**asked)
        on.play.answer("start-replay-duplicate-error", start, **asked)


def replay_unknown(on: Stage) -> None:
    on.play.answer("describe-replay-unknown-replay-error", on.events.describe_replay, ReplayName=on.name)


def scheduled(on: Stage, otherwise: str = "rate(1 minute)") -> None:
    on.parameter, expression = "default", on.parameter or otherwise
    on.play.answer("put-rule", on.events.put_rule, Name=on.name, ScheduleExpression=expression)
    on.play.answer("list-rules", on.events.list_rules, NamePrefix=on.name)


def scheduled_by_cron(on: Stage) -> None:
    scheduled(on, "cron(0 20 * * ? *)")


def badly_scheduled(on: Stage) -> None:
    on.play.answer("invalid-put-rule", on.events.put_rule, Name=on.name, ScheduleExpression=on.parameter)


def scheduled_elsewhere(on: Stage) -> None:
    label, expression = "put-rule-with-custom-event-bus-error", "rate(1 minute)"
    on.play.answer(label, on.events.put_rule, Name=on.name, EventBusName=on.bus, ScheduleExpression=expression)


def tags_of_nothing(on: Stage) -> None:
    kind = "rule" if "rule" in on.parameter else "event-bus"
    named = {"ResourceARN": on.arn(f"{kind}/{on.name}")}
    on.play.answer(
        "tag_not_existing_resource_error", on.events.tag_resource, **named, Tags=[{"Key": "tag1", "Value": "value1"}]
    )
    on.play.answer("list_tags_for_not_existing_resource_error", on.events.list_tags_for_resource, **named)
    on.play.answer("untag_not_existing_resource_error", on.events.untag_resource, **named, TagKeys=["tag1"])


def tagged(on: Stage) -> None:
    kind = on.parameter.partition("-")[0]
    bus = on.bus
    rule = f"rule/{on.name}" if bus == "default" else f"rule/{bus}/{on.name}"
    if kind == "rule":
        on.rule()
    named = {"ResourceARN": on.arn(rule if kind == "rule" else f"event-bus/{bus}")}
    tags = [{"Key": f"tag{number}", "Value": f"value{number}"} for number in (1, 2)]
    on.play.answer("tag_resource", on.events.tag_resource, **named, Tags=tags)
    on.play.answer("list_tags_for_resource", on.events.list_tags_for_resource, **named)
    on.play.answer("untag_resource", on.events.untag_resource, **named, TagKeys=["tag2"])
    on.play.answer("list_tags_for_untagged_resource", on.events.list_tags_for_resource, **named)
    if "untag_resource_not_existing_tag" in on.play.answers:
        on.play.answer("untag_resource_not_existing_tag", on.events.untag_resource, **named, TagKeys=["none"])
    on.events.untag_resource(**named, TagKeys=["tag1"])


def transformed(on: Stage) -> None:
    label = "input-transformed-messages"
    if label not in on.play.answers:
        return
    paths = {
        "userId": "$.detail.payload.acc_id", "payload": "$.detail.payload", "systemstring": "$.detail.awsAccountId",
        "listsingle": "$.detail.listsingle", "listmulti": "$.detail.listmulti", "valid": "$.detail.valid",
    }  # fmt: skip
    template = on.parameter.replace("\\n", "\n")
    on.parameter = ""
    on.aim(on.queue(), InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    on.put(SPECIAL)
    on.heard(label, on.bodies())


def predefined(on: Stage) -> None:
    template, on.parameter = on.parameter, ""
    on.aim(on.queue(), InputTransformer={"InputTemplate": template})
    on.put()
    rule = on.arn(f"rule/{on.name}/{on.name}")
    wanted = json.loads(
        json.dumps(on.play.answers["messages"])
        .replace("arn:<partition>:events:<region>:111111111111:rule/<bus-name>/<rule-name>", rule)
        .replace("<rule-name>", on.name)
    )
    on.play.answers = {"messages": wanted}
    on.heard("messages", on.bodies())


def by_path(on: Stage) -> None:
    on.parameter = ""
    on.aim(on.queue(), InputPath="$.detail")
    on.put()
    on.heard("message", on.bodies())


def by_deepest_path(on: Stage) -> None:
    on.aim(on.queue(), InputPath="$.detail.payload.sf_id")
    on.put()
    on.heard("message", on.bodies())


def two_ways(on: Stage) -> None:
    target = {
        "Id": TARGET, "Arn": on.queue(), "InputPath": "$.detail",
        "InputTransformer": {"InputPathsMap": {}, "InputTemplate": '"x"'},
    }  # fmt: skip
    named = {"Rule": on.rule(), "EventBusName": on.bus}
    on.play.answer("duplicated-input-operations-error", on.events.put_targets, **named, Targets=[target])


def missing_key(on: Stage) -> None:
    transformer = {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": '"<notdefinedkey>"'}
    target = {"Id": TARGET, "Arn": on.queue(), "InputTransformer": transformer}
    named = {"Rule": on.rule(), "EventBusName": on.bus}
    on.play.answer("missing-key-exception-error", on.events.put_targets, **named, Targets=[target])


def to_queue(on: Stage) -> None:
    on.aim(on.queue())
    on.put()
    on.heard("message", on.bodies())


def pattern_fault(on: Stage) -> None:
    """The pattern stands in the answer itself, where the answer quotes it."""
    told = on.play.answers.get(on.parameter) or on.play.answers.get("invalid-pattern")
    if not isinstance(told, dict):
        return
    error = told.get("exception_message", told)["Error"]
    text = error.get("MessageRaw", error["Message"]).replace("<partition>", "aws").replace("<region>", "us-east-1")
    quoted = re.search(r'Source: \(String\)"(.*)"; line', text)
    if quoted is None:
        return
    label = next(iter(on.play.answers))
    try:
        on.events.test_event_pattern(EventPattern=quoted[1], Event="{}")
        got = "no fault"
    except on.events.exceptions.InvalidEventPatternException as fault:
        got = fault.response["Error"]["Message"]
    on.play.hold(label, text, got)


PLAYS: Mapping[str, Callable[[Stage], None]] = {
    "test_create_list_describe_delete_custom_event_buses": bus_life,
    "test_create_multiple_event_buses_same_name": bus_twice,
    "test_describe_delete_not_existing_event_bus": bus_unknown,
    "test_delete_default_event_bus": bus_default,
    "test_list_event_buses_with_prefix": bus_prefix,
    "test_list_event_buses_with_limit": bus_pages,
    "test_put_permission_non_existing_event_bus": permission_of_no_bus,
    "test_put_list_with_prefix_describe_delete_rule": rule_life,
    "test_put_multiple_rules_with_same_name": rule_twice,
    "test_list_rule_with_limit": rule_pages,
    "test_describe_nonexistent_rule": rule_unknown,
    "test_disable_re_enable_rule": rule_switched,
    "test_delete_rule_with_targets": rule_with_targets,
    "test_update_rule_with_targets": rule_updated,
    "test_list_rule_names_by_target": rules_by_target,
    "test_list_rule_names_by_target_no_matches": rules_by_no_target,
    "test_put_list_remove_target": target_life,
    "test_add_exceed_fife_targets_per_rule": six_targets,
    "test_list_target_by_rule_limit": target_pages,
    "test_put_target_id_validation": target_ids,
    "test_put_events_without_source": entry_without("Source"),
    "test_put_event_without_detail": entry_without("Detail"),
    "test_put_event_without_detail_type": entry_without("DetailType"),
    "test_put_event_malformed_detail": malformed_detail,
    "test_put_event_with_too_big_detail": big_detail,
    "test_put_events_with_target_delivery_failure": nobody_listens,
    "test_create_archive_error_unknown_event_bus": archive_unknown,
    "test_describe_archive_error_unknown_archive": archive_unknown,
    "test_list_archive_error_unknown_source_arn": archive_unknown,
    "test_update_archive_error_unknown_archive": archive_unknown,
    "test_delete_archive_error_unknown_archive": archive_unknown,
    "test_create_list_describe_update_delete_archive": archive_life,
    "test_list_archive_with_name_prefix": archive_listed,
    "test_list_archive_with_source_arn": archive_listed,
    "test_list_archive_state_enabled": archive_listed,
    "test_create_archive_error_duplicate": archive_listed,
    "test_start_replay_error_unknown_event_bus": replay_errors,
    "test_start_replay_error_unknown_archive": replay_errors,
    "test_start_replay_error_invalid_end_time": replay_errors,
    "test_start_replay_error_duplicate_name_same_archive": replay_errors,
    "test_describe_replay_error_unknown_replay": replay_unknown,
    "test_put_rule_with_schedule_rate": scheduled,
    "tests_put_rule_with_schedule_cron": scheduled_by_cron,
    "tests_put_rule_with_invalid_schedule_cron": badly_scheduled,
    "tests_put_rule_with_schedule_custom_event_bus": scheduled_elsewhere,
    "tests_tag_list_untag_not_existing_resource": tags_of_nothing,
    "tests_tag_untag_resource": tagged,
    "test_input_transformer_nested_keys_replacement": transformed,
    "test_input_transformer_predefined_variables": predefined,
    "test_put_events_with_input_path": by_path,
    "test_put_events_with_input_path_max_level_depth": by_deepest_path,
    "test_put_event_input_path_and_input_transformer": two_ways,
    "test_put_events_with_input_transformer_missing_keys": missing_key,
    "test_put_events_with_target_sqs": to_queue,
    "test_event_pattern": pattern_fault,
    "test_invalid_json_event_pattern": pattern_fault,
}
FILES = (
    "test_events",
    "test_archive_and_replay",
    "test_events_schedule",
    "test_events_tags",
    "test_events_inputs",
    "test_events_targets",
    "test_events_patterns",
)


def played(live: Live) -> Iterator[tuple[str, Play]]:
    events, sqs = live.client("events"), live.client("sqs")
    number = 0
    for file in FILES:
        for name, answers in recorded("events", file).items():
            title, _, parameter = name.rpartition("::")[2].partition("[")
            if title not in PLAYS or not answers or "regions1" in parameter:
                continue
            number += 1
            play = Play(account=live.account, answers=answers)
            stage = Stage(
                live=live, play=play, events=events, sqs=sqs, name=f"p{number}-played", parameter=parameter[:-1]
            )
            PLAYS[title](stage)
            yield name, play


def test_answers_are_those_of_aws(live: Live) -> None:
    begun = time.monotonic()
    plays = list(played(live))
    answers, held = sum(len(play.seen) for _, play in plays), sum(play.held for _, play in plays)
    print(f"\nevents: {held} of {answers} recorded answers hold, in {time.monotonic() - begun:.0f} s")
    faults = [f"{name}: {fault}" for name, play in plays for fault in play.failures]
    assert not faults, "\n".join(faults)


def errors_in(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        if isinstance(told.get("Error"), dict):
            yield told["Error"]["Message"]
        else:
            for each in told.values():
                yield from errors_in(each)


def test_filter_policies_are_refused_as_aws_refuses_them(live: Live) -> None:
    sns = live.client("sns")
    topic = sns.create_topic(Name="filters")["TopicArn"]
    endpoint = f"arn:aws:sqs:us-east-1:{live.account}:filters"
    texts = [text for answers in recorded("sns", "test_sns_filter_policy").values() for text in errors_in(answers)]
    played = held = 0
    faults = []
    for text in texts:
        quoted = re.search(r'Source: \(String\)"(.*)"; line', text)
        if quoted is None or "Attributes Reason" not in text:
            continue
        played += 1
        attributes = {"FilterPolicy": quoted[1]}
        try:
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes=attributes)
            got = "no fault"
        except sns.exceptions.InvalidParameterException as fault:
            got = fault.response["Error"]["Message"]
        held += got == text
        faults += [f"{got!r} where AWS answers {text!r}"] if got != text else []
    print(f"\nsns filter policies: {held} of {played} recorded refusals hold")
    assert not faults, "\n".join(faults)
