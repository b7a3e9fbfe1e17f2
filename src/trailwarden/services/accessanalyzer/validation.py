"""ValidatePolicy: what is wrong, or doubtful, in a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-validation.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trailwarden import catalog
from trailwarden.policy import (
    ANY,
    BUCKET,
    IDENTITY,
    RCP,
    SCP,
    TRUST,
    Finding,
    Grammar,
    Layer,
    MalformedPolicy,
    Source,
    compile_policy,
    findings,
)
from trailwarden.policy.spans import NotJson, read_json
from trailwarden.services.accessanalyzer.paging import page
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["validate_policy"]

_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
_KINDS: Mapping[str, tuple[Layer, Grammar]] = {
    "IDENTITY_POLICY": (Layer.IDENTITY, IDENTITY),
    "RESOURCE_POLICY": (Layer.RESOURCE, ANY),
    "SERVICE_CONTROL_POLICY": (Layer.SCP, SCP),
    "RESOURCE_CONTROL_POLICY": (Layer.RCP, RCP),
}
_RESOURCES: Mapping[str, tuple[Layer, Grammar]] = {
    "AWS::S3::Bucket": (Layer.RESOURCE, BUCKET),
    "AWS::IAM::AssumeRolePolicyDocument": (Layer.TRUST, TRUST),
}
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]$]+)")
_ERRORS = (
    (re.compile("(?i)quota|size|large"), "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"),
    (re.compile("(?i)principal"), "UNSUPPORTED_PRINCIPAL"),
    (re.compile("(?i)version"), "INVALID_VERSION"),
    (re.compile("(?i)effect"), "INVALID_EFFECT"),
    (re.compile("(?i)statement id|sid"), "INVALID_SID"),
    (re.compile("(?i)action|vendor"), "INVALID_ACTION"),
    (re.compile("(?i)resource"), "INVALID_RESOURCE"),
    (re.compile("(?i)condition|operator"), "INVALID_CONDITION_OPERATOR"),
)


@operation("accessanalyzer:ValidatePolicy")
def validate_policy(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — the input is all it needs
    """List findings: an error where IAM would refuse the document, else all that is doubtful.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ValidatePolicy.html
    """
    text = call.params["policyDocument"]
    layer, grammar = _KINDS[call.params["policyType"]]
    if call.params["policyType"] == "RESOURCE_POLICY":
        layer, grammar = _RESOURCES.get(call.params.get("validatePolicyResourceType", ""), (layer, grammar))
    try:
        policy = compile_policy(text, Source(layer=layer, id="policy"), grammar=grammar)
    except MalformedPolicy as fault:
        return page(call, "findings", [fault], lambda each: _refused(text, each))
    return page(call, "findings", findings(policy, catalog), lambda finding: _shown(text, finding))


def _refused(text: str, fault: MalformedPolicy) -> dict[str, Any]:
    told = fault.reason or fault.text
    code = next((code for pattern, code in _ERRORS if pattern.search(told)), "INVALID_POLICY_SYNTAX")
    if not _is_json(text):
        code = "JSON_SYNTAX_ERROR"
    steps = [int(number) if number else name for number, name in _STEP.findall(fault.path)]
    return {
        "findingType": "ERROR",
        "issueCode": code,
        "findingDetails": fault.text if fault.text.endswith(".") else f"{fault.text}.",
        "learnMoreLink": f"{_PAGE}#access-analyzer-reference-policy-checks-error-{code.lower().replace('_', '-')}",
        "locations": [{"path": list(_path(steps)), "span": _whole(text)}],
    }


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except NotJson:
        return False
    return True


def _shown(text: str, finding: Finding) -> dict[str, Any]:
    span = _whole(text)
    if finding.span is not None:
        start, end = finding.span.start, finding.span.end
        span = {
            "start": _position(text, start.line, start.column - 1),
            "end": _position(text, end.line, end.column),
        }
    return {
        "findingType": str(finding.type),
        "issueCode": finding.code,
        "findingDetails": finding.text,
        "learnMoreLink": finding.learn_more,
        "locations": [{"path": list(_path(finding.path)), "span": span}],
    }


def _path(steps: Any) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield {"index": step} if isinstance(step, int) else {"value": step}


def _whole(text: str) -> dict[str, Any]:
    lines = text.split("\n")
    return {
        "start": {"line": 1, "column": 0, "offset": 0},
        "end": {"line": len(lines), "column": len(lines[-1]), "offset": len(text)},
    }


def _position(text: str, line: int, column: int) -> dict[str, int]:
    """Lines count from 1, columns and offsets from 0.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Position.html
    """
    before = text.split("\n")[: line - 1]
    return {"line": line, "column": column, "offset": sum(len(each) + 1 for each in before) + column}
