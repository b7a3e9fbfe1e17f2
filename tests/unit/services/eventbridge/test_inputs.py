"""What targets are sent: events, parts of them, templates. Texts are those that AWS's buses were recorded to send."""

import json
from typing import Any

import pytest

from trailwarden.services.eventbridge.errors import Invalid
from trailwarden.services.eventbridge.inputs import Told, check_inputs, input_of

EVENT = {
    "version": "0", "id": "i", "detail-type": "t", "source": "s", "account": "123456789012",
    "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [],
    "detail": {"one": ["HIGH"], "two": ["ON", "OFF"], "who": {"id": "0a-1", "n": "baz"}, "yes": True},
}  # fmt: skip
PATHS = {
    "one": "$.detail.one", "two": "$.detail.two", "who": "$.detail.who", "id": "$.detail.who.id",
    "none": "$.detail.none", "yes": "$.detail.yes", "second": "$.detail.two[1]",
}  # fmt: skip


def told(target: dict[str, Any]) -> str | None:
    return input_of(target, Told(event=EVENT, rule_arn="arn:rule", rule_name="r", ingested=1_767_225_600.0))


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ('{"id": <id>}', '{"id": "0a-1"}'),
        ('{"id": "<id>"}', '{"id": "0a-1"}'),
        ('{"path": "users/<id>/x/<id>", "who": <who>}', '{"path": "users/0a-1/x/0a-1", "who": {"id":"0a-1","n":"baz"}}'),
        ('{"l": [<id>, "fixed"], "m": <one>}', '{"l": ["0a-1", "fixed"], "m": ["HIGH"]}'),
        ('{"none": <none>, "second": <second>}', '{"none": "", "second": "OFF"}'),
        ('"<one> and <two>"', '"[HIGH] and [ON,OFF]"'),
        ('"<who> of <none>!"', '"{id:0a-1,n:baz} of !"'),
        ('"is <yes>!"', '"is true!"'),
        ('"a <id>"\n"b <id>"', '"a 0a-1"\n"b 0a-1"'),
        ('"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"', '"arn:rule r 2026-01-01T00:00:00Z"'),
        ('"{[/<id>"', '"{[/0a-1"'),
        ('{"who": "<who>"}', None),
        ('{"one": "<one>"}', None),
        ("<one> unquoted", None),
    ],
)  # fmt: skip
def test_templates(template: str, wanted: str | None) -> None:
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}
    check_inputs({"Id": "x", "InputTransformer": transformer})
    assert told({"InputTransformer": transformer}) == wanted


def test_the_whole_event_in_a_template() -> None:
    template = '{"bare": <aws.events.event>, "whole": <aws.events.event.json>}'
    made = json.loads(told({"InputTransformer": {"InputTemplate": template}}) or "")
    assert made["whole"] == EVENT
    assert made["bare"]["detailType"] == "t"
    assert "detail" not in made["bare"]


def test_the_event_a_part_or_a_constant() -> None:
    assert json.loads(told({}) or "") == EVENT
    assert told({"InputPath": "$.detail.who"}) == '{"id":"0a-1","n":"baz"}'
    assert told({"InputPath": "$.detail.who.n"}) == '"baz"'
    assert told({"InputPath": "$.detail['who'].n"}) == '"baz"'
    assert told({"InputPath": "$.nothing"}) == "null"
    assert told({"Input": '{"x": 1}'}) == '{"x": 1}'


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Input": "{}", "InputPath": "$"}, "Only one of Input, InputPath, or InputTransformer must be provided for target x."),
        ({"Input": "{"}, "JSON syntax error in input for target x."),
        ({"InputPath": "detail"}, "Invalid InputPath for target x."),
        ({"InputPath": "$.a[*]"}, "Invalid InputPath for target x."),
        ({"InputTransformer": {"InputTemplate": '"<nope>"'}}, "InputTemplate for target x contains invalid placeholder nope."),
    ],
)  # fmt: skip
def test_inputs_that_cannot_be(target: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid) as error:
        check_inputs({"Id": "x", **target})
    assert error.value.text == text
