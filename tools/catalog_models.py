"""From botocore's models to what the catalog knows of operations: the action of the same name, and which members name its resources.

Only exact names are matched (case and hyphens aside); what is not found stays open, since a wrong guess would be a wrong grant.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore

from trailwarden.catalog.rows import ActionRow, OperationRow, PrefixBlob, ServiceBlob, TargetRow

_MODELS = Path(botocore.__file__).parent / "data"
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_PATH_PART = re.compile(r"\{([^}+]+)\+?\}")
_API_DATE = re.compile(r"(?<=[a-z])(\d{4}_\d\d_\d\d|\d{8}v?\d?)$")
_PLACES = {"partition": "{partition}", "region": "{region}", "account": "{account}", "accountid": "{account}"}
_NAMINGS = ("", "name", "id", "identifier")
_GENERIC = ("name", "id", "identifier")
_READS = ("List", "Describe", "Get", "Delete", "BatchGet", "Search")
_MAKES = ("Create", "Copy", "Allocate", "Import", "Register")
"""Such operations make what the service itself numbers: a member of the right shape names something else."""
_NO_PASSING = frozenset({"iam", "sts", "sso", "sso-admin", "rolesanywhere", "identitystore", "organizations"})
_ROLE = re.compile(r"(?i).*(role_?arn|rolearn|iamrole|instanceprofilearn|executionrole|servicerole)$")
_PROFILE = re.compile(r"(?i)(.*\.)?iaminstanceprofile(\.(arn|name)|arn)?$")
_DEPTH = 3

PREFIXES: Mapping[str, str] = {
    "cloudcontrol": "cloudformation",
    "cloudwatch": "cloudwatch",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "iam-toolbox": "iam",
    "lex-models": "lex",
    "lexv2-models": "lex",
    "lexv2-runtime": "lex",
    "opensearch": "es",
    "neptunedata": "neptune-db",
    "s3control": "s3",
    "stepfunctions": "states",
}
"""Services whose action prefix follows from no name in their models."""

SYNONYMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "autoscaling": {"groupfriendlyname": ("AutoScalingGroupName",)},
    "dlm": {"resourcename": ("PolicyId",)},
    "elasticache": {"snapshotname": ("SnapshotName",)},
    "frauddetector": {"resourcepath": ("name", "detectorId", "modelId")},
    "iot": {
        "certificate": ("certificateId",),
        "cacertificate": ("certificateId",),
        "provisioningtemplate": ("templateName",),
    },
    "kendra": {"indexid": ("IndexId",)},
    "mobiletargeting": {"appid": ("ApplicationId",)},
    "rds": {
        "clusterparametergroupname": ("DBClusterParameterGroupName",),
        "clustersnapshotname": ("DBClusterSnapshotIdentifier",),
        "dbclusterinstancename": ("DBClusterIdentifier", "DbClusterIdentifier"),
        "dbinstancename": ("DBInstanceIdentifier",),
        "globalcluster": ("GlobalClusterIdentifier",),
        "parametergroupname": ("DBParameterGroupName",),
        "securitygroupname": ("DBSecurityGroupName",),
        "snapshotname": ("DBSnapshotIdentifier",),
        "subnetgroupname": ("DBSubnetGroupName",),
    },
    "redshift": {"clustername": ("ClusterIdentifier",), "snapshotname": ("SnapshotIdentifier",)},
}
"""Members that name what a variable of an ARN template stands for, by action prefix; without them the words differ."""


@dataclass(frozen=True, slots=True)
class Model:
    """One service's model."""

    name: str
    document: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the model says of the service as a whole."""
        metadata: Mapping[str, Any] = self.document["metadata"]
        return metadata

    def members(self, operation: Mapping[str, Any]) -> Mapping[str, str]:
        """The input's top-level members with the names of their shapes."""
        shape = self.document["shapes"].get(operation.get("input", {}).get("shape"), {})
        return {name: member["shape"] for name, member in shape.get("members", {}).items()}

    def kind(self, shape: str) -> str:
        """The type of a shape: "string", "list" and so on."""
        return str(self.document["shapes"][shape]["type"])

    def names(self, shape: str) -> bool:
        """Whether values of the shape can name something: a string, or a list of strings."""
        kind = self.kind(shape)
        return kind == "string" or (
            kind == "list" and self.kind(self.document["shapes"][shape]["member"]["shape"]) == "string"
        )

    def scalar(self, shape: str) -> bool:
        """Whether values of the shape can fill a condition key."""
        return self.names(shape) or self.kind(shape) in {"boolean", "integer", "long"}


def services(prefixes: Mapping[str, PrefixBlob]) -> Iterator[tuple[str, ServiceBlob]]:
    """Every service of botocore by its directory name."""
    for directory in sorted(path for path in _MODELS.iterdir() if path.is_dir()):
        files = sorted(directory.glob("*/service-2.json*"))
        if files:
            yield directory.name, _service(_read(directory.name, files[-1]), prefixes)


def _read(name: str, path: Path) -> Model:
    data = path.read_bytes()
    return Model(name, json.loads(gzip.decompress(data) if path.suffix == ".gz" else data))


def _service(model: Model, prefixes: Mapping[str, PrefixBlob]) -> ServiceBlob:
    prefix = _prefix(model, prefixes)
    actions = {row.name.lower(): row for row in prefixes[prefix].actions} if prefix else {}
    signing = model.metadata.get("signingName") or model.metadata["endpointPrefix"]
    operations = [
        _operation(model, operation, prefix, prefixes, actions)
        for operation in sorted(model.document["operations"].values(), key=lambda found: found["name"])
    ]
    return ServiceBlob(
        prefix,
        f"{signing}.amazonaws.com",
        model.metadata["apiVersion"],
        "globalEndpoint" in model.metadata,
        tuple(operations),
    )


def _prefix(model: Model, prefixes: Mapping[str, PrefixBlob]) -> str:
    """The prefix with most of the service's operations among its actions; earlier candidates win a tie."""
    if model.name in PREFIXES:
        return PREFIXES[model.name]
    wanted = {_API_DATE.sub("", operation["name"]).lower() for operation in model.document["operations"].values()}
    candidates = [model.metadata.get("signingName", ""), model.metadata["endpointPrefix"], model.name]
    known = [candidate for candidate in candidates if candidate in prefixes]
    return max(
        known, key=lambda prefix: len(wanted & {row.name.lower() for row in prefixes[prefix].actions}), default=""
    )


def _operation(
    model: Model,
    operation: Mapping[str, Any],
    prefix: str,
    prefixes: Mapping[str, PrefixBlob],
    actions: Mapping[str, ActionRow],
) -> OperationRow:
    name = operation["name"]
    if prefix == "apigateway":
        return OperationRow(name, f"apigateway:{operation['http']['method']}", (_path_target(model, operation),))
    action = _action(operation, actions)
    if action is None:
        return OperationRow(name)
    members = model.members(operation)
    return OperationRow(
        name=name,
        action=f"{prefix}:{action.name}",
        targets=tuple(_targets(model, name, members, action, (prefix, prefixes[prefix]))),
        keys=tuple(_keys(model, members, prefix, action)),
        roles=tuple(_roles(model, operation)) if _may_pass(model, name, action) else (),
        tags=_tags(model, members, "aws:RequestTag/${TagKey}" in action.keys),
        untags=_untags(model, members, action),
        tagging=_tagging(prefix, action, actions),
    )


def _path_target(model: Model, operation: Mapping[str, Any]) -> TargetRow:
    """API Gateway's actions are HTTP verbs, its resources paths.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """
    shape = model.document["shapes"].get(operation.get("input", {}).get("shape"), {})
    located = {member.get("locationName", name): name for name, member in shape.get("members", {}).items()}
    found: list[str] = []

    def fill(match: re.Match[str]) -> str:
        found.append(located.get(match[1], ""))
        return f"{{{len(found) - 1}}}"

    path = _PATH_PART.sub(fill, operation["http"]["requestUri"].partition("?")[0])
    return TargetRow(f"arn:{{partition}}:apigateway:{{region}}::{path}", required=True, members=tuple(found))


def _action(operation: Mapping[str, Any], actions: Mapping[str, ActionRow]) -> ActionRow | None:
    name = operation["name"]
    return actions.get(name.lower()) or actions.get(_API_DATE.sub("", name).lower())


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _targets(
    model: Model, operation: str, members: Mapping[str, str], action: ActionRow, prefix: tuple[str, PrefixBlob]
) -> Iterator[TargetRow]:
    name, blob = prefix
    named = {_plain(member): member for member, shape in members.items() if model.names(shape)}
    synonyms = {
        variable: member
        for variable, known in SYNONYMS.get(name, {}).items()
        for member in known
        if member in named.values()
    }
    named = {**synonyms, **named}
    shaped = {_plain(shape): member for member, shape in members.items() if model.names(shape)}
    if operation.startswith(_MAKES):
        shaped = {}
    for kind in action.resources:
        if kind.type in blob.types:
            row = _target(kind.type, blob.types[kind.type].arn, operation, (named, shaped), required=kind.required)
            if row.required or any(row.members) or row.whole:
                yield row


def _target(
    kind: str, template: str, operation: str, members: tuple[Mapping[str, str], Mapping[str, str]], *, required: bool
) -> TargetRow:
    named, shaped = members
    type_ = _plain(kind)
    about = type_ in _plain(operation)
    found: list[str] = []

    def fill(match: re.Match[str]) -> str:
        variable = _plain(match[1])
        if variable in _PLACES:
            return _PLACES[variable]
        member = _member(variable, type_, named, shaped, about=about)
        found.append("" if member in found else member)
        return f"{{{len(found) - 1}}}"

    arn = _VARIABLE.sub(fill, template)
    wanted = [
        f"{type_}arn",
        f"{type_}arns",
        type_,
        *(("resourcearn", "resource", "arn") if about or required else ("resourcearn", "resource")),
    ]
    whole = tuple(
        dict.fromkeys([named[name] for name in wanted if name in named] + [member for member in found if member][-1:])
    )
    return TargetRow(arn, required, tuple(found), whole)


def _member(variable: str, kind: str, named: Mapping[str, str], shaped: Mapping[str, str], *, about: bool) -> str:
    """The member that fills a variable of an ARN template, "" where none surely does."""
    exact = [variable, f"{variable}s", *((f"{variable}name", f"{variable}id") if variable == kind else ())]
    if variable.startswith(kind) or variable in {"resourceid", "name", "id"}:
        exact += [f"{kind}{ending}{plural}" for plural in ("", "s") for ending in _NAMINGS]
    if about and (variable.startswith(kind) or variable in {*_GENERIC, "resourceid"}):
        exact += list(_GENERIC)
    for name in exact:
        if name in named:
            return named[name]
    return shaped.get(variable, "")


def _keys(model: Model, members: Mapping[str, str], prefix: str, action: ActionRow) -> Iterator[tuple[str, str]]:
    """Condition keys of the service that bear the very name of a member."""
    plain = {_plain(member): member for member, shape in members.items() if model.scalar(shape)}
    offered = dict.fromkeys([*action.keys, *(key for kind in action.resources for key in kind.keys)])
    for key in offered:
        head, _, tail = key.partition(":")
        if head == prefix and "$" not in tail and _plain(tail) in plain:
            yield key, plain[_plain(tail)]


def _may_pass(model: Model, operation: str, action: ActionRow) -> bool:
    if model.name in _NO_PASSING:
        return False
    return "iam:PassRole" in action.dependents or not operation.startswith(_READS)


def _roles(model: Model, operation: Mapping[str, Any]) -> Iterator[str]:
    """Paths to string members that bear a role's name: `TaskRoleArn`, `Targets[].RoleArn`."""
    shape = operation.get("input", {}).get("shape")
    if shape:
        yield from _role_paths(model, shape, "", _DEPTH)


def _role_paths(model: Model, shape: str, path: str, depth: int) -> Iterator[str]:
    body = model.document["shapes"][shape]
    if body["type"] == "list" and depth:
        yield from _role_paths(model, body["member"]["shape"], f"{path}[]", depth - 1)
    if body["type"] != "structure":
        return
    for name, member in body["members"].items():
        at = f"{path}.{name}" if path else name
        if model.kind(member["shape"]) == "string":
            if _PROFILE.match(at) or _ROLE.match(name) or (name.lower() == "role" and "arn" in member["shape"].lower()):
                yield at
        elif depth:
            yield from _role_paths(model, member["shape"], at, depth - 1)


def _tags(model: Model, members: Mapping[str, str], offered: bool) -> str:  # noqa: FBT001 — read at the one call
    """The member that carries tags: a map, or a list of key and value."""
    found = [
        name for name in members if _plain(name) in {"tags", "taglist", "tagslist", "tagspecifications", "tagstoadd"}
    ]
    kinds = {name: model.kind(members[name]) for name in found}
    usable = [name for name, kind in kinds.items() if kind in {"map", "list"}]
    return usable[0] if offered and usable else ""


def _untags(model: Model, members: Mapping[str, str], action: ActionRow) -> str:
    if "aws:TagKeys" not in action.keys:
        return ""
    found = [
        name
        for name in members
        if _plain(name) in {"tagkeys", "tagkeylist", "tagstoremove"} and model.names(members[name])
    ]
    return found[0] if found else ""


def _tagging(prefix: str, action: ActionRow, actions: Mapping[str, ActionRow]) -> str:
    """The action that tagging on creation needs besides, where the reference names one of the same service."""
    for dependent in action.dependents:
        head, _, tail = dependent.partition(":")
        row = actions.get(tail.lower())
        if head == prefix and row is not None and row.level == "Tagging" and row.name != action.name:
            return dependent
    return ""


def missing(blobs: Iterable[tuple[str, ServiceBlob]]) -> Mapping[str, int]:
    """How many operations of each service have no action."""
    return {name: count for name, blob in blobs if (count := sum(not row.action for row in blob.operations))}
