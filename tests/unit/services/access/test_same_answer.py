"""Every case through the command and through the API: both tell the same facts.

`pytest -s` prints the table by kind. The command reads the case's account data from files, as exports hold it; the API is
the service's own operation over the same data, and its answer has the shape that the service's model says.
"""

import json
from collections import Counter as Count
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from tests.unit.diagnose import test_cases, test_field
from tests.unit.diagnose.field import Field
from tests.unit.diagnose.field import cases as field_cases
from tests.unit.services.access.counter import Counter
from typer.testing import CliRunner

from trailwarden import wire
from trailwarden.app.diagnosing import Diagnoser
from trailwarden.cli import commands
from trailwarden.diagnose import FileData
from trailwarden.services.diagnosing import Asked, Found, Place
from trailwarden.services.world import World

_RUNNER, _COMMAND = CliRunner(), commands(["diagnose"])


@dataclass(frozen=True)
class Told:
    """A refusal as bytes, and account data."""

    kind: str
    name: str
    given: bytes
    data: FileData


def told() -> Iterator[Told]:
    for path in sorted(test_cases.CASES.glob("*.json")):
        for case in json.loads(path.read_text()):
            given = case["refusal"] if isinstance(case["refusal"], str) else json.dumps(case["refusal"])
            yield Told(path.stem, case["name"], given.encode(), test_cases.data_of(case.get("account", {})))
    for case in field_cases():
        if case["id"] not in test_field.NO_TEXT:
            field = Field(case)
            event = field._event()
            raw = case["error"] if event is None else json.dumps(event)
            yield Told(f"field: {case['kind']}", case["id"], raw.encode(), field.data)


# Account data as files.


def _identity(each: Any) -> dict[str, Any]:
    prefix = each.kind.capitalize()
    return {
        f"{prefix}Name": each.name,
        f"{prefix}Id": each.id,
        "Arn": each.arn,
        f"{prefix}PolicyList": [{"PolicyName": name, "PolicyDocument": text} for name, text in each.inline.items()],
        "AttachedManagedPolicies": [{"PolicyArn": arn} for arn in each.attached],
        "GroupList": list(each.groups),
        "AssumeRolePolicyDocument": each.trust,
        "InstanceProfileList": [{"InstanceProfileName": name} for name in each.profiles],
        "Tags": [{"Key": key, "Value": value} for key, value in each.tags.items()],
        **({"PermissionsBoundary": {"PermissionsBoundaryArn": each.boundary}} if each.boundary else {}),
    }


def _collected(data: FileData, details: dict[str, Any], folder: Path) -> Path:
    """As iam-collect's store, which tells of resources whether they have a policy."""
    account = folder / "aws" / "aws" / "accounts" / data.details.id
    for prefix in ("User", "Group", "Role"):
        for number, each in enumerate(details[f"{prefix}DetailList"]):
            facts = {
                "metadata": {"name": each[f"{prefix}Name"], "id": each.get(f"{prefix}Id", ""), "arn": each["Arn"]},
                "inline-policies": each.get(f"{prefix}PolicyList", []),
                "managed-policies": [policy["PolicyArn"] for policy in each.get("AttachedManagedPolicies", [])],
            }
            _facts(account / "iam" / prefix.lower() / str(number), facts)
    for number, arn in enumerate(sorted({*(data.collected or ()), *data.policies})):
        policy = {"policy": json.loads(data.policies[arn])} if arn in data.policies else {}
        _facts(account / arn.split(":")[2] / str(number), {"metadata": {"arn": arn}, **policy})
    return account


def _facts(folder: Path, facts: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    for name, fact in facts.items():
        (folder / f"{name}.json").write_text(json.dumps(fact))


def exported(data: FileData, folder: Path) -> list[str]:
    """The options of the command that tell the same."""
    details: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": []}
    for each in data.details.identities.values():
        details[f"{each.kind.capitalize()}DetailList"].append(_identity(each))
    if not data.details.identities:  # an export without anybody does not tell whose it is
        arn = f"arn:aws:iam::{data.details.id}:group/nobody"
        details["GroupDetailList"].append({"GroupName": "nobody", "Arn": arn})
    details["Policies"] = [
        {"Arn": arn, "PolicyVersionList": [{"IsDefaultVersion": True, "Document": text}]}
        for arn, text in data.details.policies.items()
    ]
    organization = {
        "id": data.organization_named,
        **{
            name: [
                [{"arn": arn, "document": text} for arn, text in level]
                for level in (data.organization or {}).get(kind, ())
            ]
            for kind, name in (("SERVICE_CONTROL_POLICY", "scps"), ("RESOURCE_CONTROL_POLICY", "rcps"))
        },
    }
    account = folder / "account.json" if data.collected is None else _collected(data, details, folder)
    if data.collected is None:
        account.write_text(json.dumps(details))
    (folder / "organization.json").write_text(json.dumps(organization))
    options = ["--account", str(account), "--region", data.region]
    options += ["--organization", str(folder / "organization.json")]
    if data.existing is not None:
        (folder / "existing").write_text("\n".join(data.existing))
        options += ["--resources", str(folder / "existing")]
    for option, documents in (("--resource-policy", data.policies), ("--session-policy", data.sessions)):
        for number, (arn, text) in enumerate(documents.items()):
            path = folder / f"{option}{number}.json"
            path.write_text(text)
            options += [option, f"{arn}={path}"]
    return options


def by_command(case: Told, folder: Path) -> dict[str, Any]:
    """The first diagnosis that the command prints."""
    (folder / "refusal").write_bytes(case.given)
    result = _RUNNER.invoke(_COMMAND, ["diagnose", str(folder / "refusal"), "--json", *exported(case.data, folder)])
    assert result.exit_code in {0, 3}, result.output
    printed = json.loads(result.stdout)
    first: dict[str, Any] = printed[0] if isinstance(printed, list) else printed
    assert bool(first["cause"]) or result.exit_code == 3
    return first


# The API.


@dataclass(frozen=True, slots=True)
class OverFiles(Diagnoser):
    """Diagnosis as the server has it, over the data of files; whom the text does not name, nobody tells."""

    files: FileData | None = None

    def diagnose(self, asked: Asked, place: Place, world: World) -> Found:
        with patch.object(Diagnoser, "_data", lambda *_: self.files):
            return Diagnoser.diagnose(self, Asked(kind=asked.kind, value=asked.value), place, world)


_MODEL = ServiceModel(Loader(extra_search_paths=[str(wire.OWN_MODELS)]).load_service_model("trailwarden", "service-2"))
_ANSWER: Any = _MODEL.operation_model("Diagnose").output_shape


@dataclass(slots=True, kw_only=True)
class FilesCounter(Counter):
    data: FileData

    def world(self) -> World:
        return replace(Counter.world(self), diagnosing=OverFiles(files=self.data))


def by_api(case: Told, counter: Counter) -> dict[str, Any]:
    """The answer of Diagnose, named as the command names it."""
    fields = {name: getattr(counter, name) for name in ("storage", "vault", "now", "region", "chance", "facts")}
    member = "Event" if case.given[:1] in b"{[" else "Text"
    answer = FilesCounter(data=case.data, **fields).admin("Diagnose", **{member: case.given.decode()})
    report = ParamValidator().validate(_filled(answer), _ANSWER)
    assert not report.has_errors(), report.generate_report()
    return {
        "cause": answer["Cause"],
        "reasons": answer["Reasons"],
        "needed": answer["Needed"],
        "action": answer["Action"],
        "principal": answer["Principal"],
        "resource": answer["Resource"],
        "decision": answer["Decision"],
        "blocks": [_block(each) for each in answer["Blocks"]],
        "mends": [_mend(each) for each in answer["Mends"]],
    }


def _filled(value: Any) -> Any:
    """Without members that are not there, as the wire leaves them out."""
    if isinstance(value, dict):
        return {key: _filled(each) for key, each in value.items() if each is not None}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def _block(given: Any) -> dict[str, Any]:
    statements = [
        {"policy": each["Policy"], "sid": each["Sid"], "index": each["Index"]} for each in given["Statements"]
    ]
    return {
        "layer": given["Layer"],
        "explicit": given["Explicit"],
        "level": given["Level"],
        "statements": statements,
    }


def _mend(given: Any) -> dict[str, Any]:
    return {
        "title": given["Title"],
        "remedy": given["Remedy"],
        "guardrail": given["Guardrail"],
        "approver": given["Approver"],
        "proved": given["Proved"],
        "newly_allowed": given["NewlyAllowed"],
        "also_gain": given["AlsoGain"],
        "edits": [
            {
                "kind": each["Kind"].lower(),
                "aws": each["Command"],
                "terraform": each["Terraform"],
                "service": each["Service"],
                "operation": each["Operation"],
                "params": json.loads(each["Parameters"]),
                "before": each["Before"],
                "after": each["After"],
                "statement": json.loads(each["Statement"]) if each["Statement"] else None,
            }
            for each in given["Edits"]
        ],
    }


def _named_alike(printed: dict[str, Any]) -> dict[str, Any]:
    """The command's answer, its calls flat and its decision in capitals."""
    mends = [
        {
            **mend,
            "edits": [
                {
                    "kind": each["kind"],
                    "aws": each["aws"],
                    "terraform": each["terraform"],
                    **each["call"],
                    "before": each.get("before", ""),
                    "after": each.get("after", ""),
                    "statement": each.get("statement"),
                }
                for each in mend["edits"]
            ],
        }
        for mend in printed["mends"]
    ]
    return {**printed, "decision": (printed["decision"] or "").upper(), "mends": mends}


def test_the_command_and_the_api_tell_the_same(counter: Counter, tmp_path: Path) -> None:
    total: Count[str] = Count()
    same: Count[str] = Count()
    different: dict[str, str] = {}
    for number, case in enumerate(told()):
        folder = tmp_path / str(number)
        folder.mkdir()
        command, api = _named_alike(by_command(case, folder)), by_api(case, counter)
        total[case.kind] += 1
        unlike = [key for key in {*command, *api} if command.get(key) != api.get(key)]
        same[case.kind] += not unlike
        if unlike:
            different[f"{case.kind} {case.name}"] = "; ".join(
                f"{key}: {command.get(key)!r} and {api.get(key)!r}" for key in unlike
            )
    print(f"\n{'kind':34} same total")
    for kind, cases in total.items():
        print(f"{kind:34}{same[kind]:5} {cases:5}")
    print(f"{'all':34}{same.total():5} {total.total():5}")
    assert len(total) > 3
    assert not different, "\n".join(f"{name}: {what[:1_000]}" for name, what in different.items())
