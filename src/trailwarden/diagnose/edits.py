"""Changes to policies as data: what stands, what shall stand, how it is done with a client, and what it makes of a policy set."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from trailwarden.policy import Layer, MalformedPolicy, Policy, PolicySet, Source, compile_policy

__all__ = ["Act", "Attach", "ClientCall", "Edit", "Place", "PlaceKind", "SetDocument", "apply_edits", "pretty"]

PlaceKind = Literal["user", "group", "role", "managed", "trust", "bucket", "key", "topic", "organization", "store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCall:
    """One call of a stock client: boto3's service, the model's operation and members."""

    service: str
    operation: str
    params: Mapping[str, Any]

    @property
    def method(self) -> str:
        """The name of the client's method."""
        return _snake(self.operation)

    @property
    def command(self) -> str:
        """The same for the `aws` command line, quoted for a POSIX shell."""
        words = ["aws", {"s3": "s3api"}.get(self.service, self.service), _snake(self.operation).replace("_", "-")]
        for member, value in self.params.items():
            option = "--" + _snake(member).replace("_", "-")
            words.extend((option,) if value is True else (option, str(value)))
        return shlex.join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a policy document stands.

    Inline in a user, group or role (`name` is the policy's), as a managed or an organization policy, as a role's trust
    policy, or on a resource (`holder` is its name or ARN).
    """

    kind: PlaceKind
    holder: str
    name: str = ""

    @property
    def described(self) -> str:
        """As a person says it."""
        return _DESCRIBED[self.kind].format(holder=self.holder, name=self.name)


_DESCRIBED: Mapping[PlaceKind, str] = {
    "user": "the inline policy {name} of user {holder}",
    "group": "the inline policy {name} of group {holder}",
    "role": "the inline policy {name} of role {holder}",
    "managed": "the policy {holder}",
    "trust": "the trust policy of role {holder}",
    "bucket": "the bucket policy of {holder}",
    "key": "the key policy of {holder}",
    "topic": "the policy of topic {holder}",
    "organization": "the organization's policy {holder}",
    "store": "the resource-based policy of {holder}",
}

_CALLS: Mapping[PlaceKind, Callable[[Place, str], ClientCall]] = {
    "user": lambda place, text: _inline("User", place, text),
    "group": lambda place, text: _inline("Group", place, text),
    "role": lambda place, text: _inline("Role", place, text),
    "managed": lambda place, text: ClientCall(
        service="iam",
        operation="CreatePolicyVersion",
        params={"PolicyArn": place.holder, "PolicyDocument": text, "SetAsDefault": True},
    ),
    "trust": lambda place, text: ClientCall(
        service="iam",
        operation="UpdateAssumeRolePolicy",
        params={"RoleName": place.holder, "PolicyDocument": text},
    ),
    "bucket": lambda place, text: ClientCall(
        service="s3", operation="PutBucketPolicy", params={"Bucket": place.holder, "Policy": text}
    ),
    "key": lambda place, text: ClientCall(
        service="kms",
        operation="PutKeyPolicy",
        params={"KeyId": place.holder, "PolicyName": "default", "Policy": text},
    ),
    "topic": lambda place, text: ClientCall(
        service="sns",
        operation="SetTopicAttributes",
        params={"TopicArn": place.holder, "AttributeName": "Policy", "AttributeValue": text},
    ),
    "organization": lambda place, text: ClientCall(
        service="organizations",
        operation="UpdatePolicy",
        params={"PolicyId": place.holder.rpartition("/")[2], "Content": text},
    ),
    "store": lambda place, text: ClientCall(
        service="cloudtrail",
        operation="PutResourcePolicy",
        params={"ResourceArn": place.holder, "ResourcePolicy": text},
    ),
}

_TERRAFORM: Mapping[PlaceKind, tuple[str, Mapping[str, str], str]] = {
    "user": ("aws_iam_user_policy", {"name": "{name}", "user": "{holder}"}, "policy"),
    "group": ("aws_iam_group_policy", {"name": "{name}", "group": "{holder}"}, "policy"),
    "role": ("aws_iam_role_policy", {"name": "{name}", "role": "{holder}"}, "policy"),
    "managed": ("aws_iam_policy", {"name": "{last}"}, "policy"),
    "trust": ("aws_iam_role", {"name": "{holder}"}, "assume_role_policy"),
    "bucket": ("aws_s3_bucket_policy", {"bucket": "{holder}"}, "policy"),
    "key": ("aws_kms_key_policy", {"key_id": "{holder}"}, "policy"),
    "topic": ("aws_sns_topic_policy", {"arn": "{holder}"}, "policy"),
    "organization": ("aws_organizations_policy", {"name": "{last}"}, "content"),
    "store": ("aws_cloudtrail_resource_policy", {"resource_arn": "{holder}"}, "policy"),
}


def _inline(kind: str, place: Place, text: str) -> ClientCall:
    return ClientCall(
        service="iam",
        operation=f"Put{kind}Policy",
        params={f"{kind}Name": place.holder, "PolicyName": place.name, "PolicyDocument": text},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDocument:
    """Make `after` the document at a place, where `before` stands ("": none yet). `statement` is what is new in it."""

    place: Place
    source: Source
    before: str
    after: str
    statement: Mapping[str, Any]

    @property
    def call(self) -> ClientCall:
        """How a client does it."""
        return _CALLS[self.place.kind](self.place, self.after)

    @property
    def terraform(self) -> str:
        """The same as a Terraform resource."""
        resource, arguments, document = _TERRAFORM[self.place.kind]
        last = self.place.holder.rpartition("/")[2]
        lines = {
            name: json.dumps(value.format(holder=self.place.holder, name=self.place.name, last=last))
            for name, value in arguments.items()
        }
        return _resource(resource, self.place.name or last, {**lines, document: f"jsonencode({_hcl(self.after)})"})

    def applied(self, policies: PolicySet) -> PolicySet:
        """The policy set with the document in its place. Raises MalformedPolicy."""
        return _with_policy(policies, compile_policy(self.after, self.source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """Attach a managed policy to a user, group or role."""

    kind: Literal["user", "group", "role"]
    holder: str
    arn: str
    source: Source
    document: str

    @property
    def call(self) -> ClientCall:
        """How a client does it."""
        name = self.kind.capitalize()
        return ClientCall(
            service="iam", operation=f"Attach{name}Policy", params={f"{name}Name": self.holder, "PolicyArn": self.arn}
        )

    @property
    def terraform(self) -> str:
        """The same as a Terraform resource."""
        arguments = {self.kind: json.dumps(self.holder), "policy_arn": json.dumps(self.arn)}
        return _resource(f"aws_iam_{self.kind}_policy_attachment", self.arn.rpartition("/")[2], arguments)

    def applied(self, policies: PolicySet) -> PolicySet:
        """The policy set with the managed policy among the identity-based ones."""
        return _with_policy(policies, compile_policy(self.document, self.source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A call that changes no policy: make a service-linked role, enable an organization's service access."""

    call: ClientCall
    terraform: str = ""

    def applied(self, policies: PolicySet) -> PolicySet:
        """The same policy set."""
        return policies


Edit = SetDocument | Attach | Act


def apply_edits(policies: PolicySet, edits: tuple[Edit, ...]) -> PolicySet | None:
    """The policy set after all edits; None where one of them is no valid policy."""
    try:
        for edit in edits:
            policies = edit.applied(policies)
    except MalformedPolicy:
        return None
    return policies


def pretty(text: str) -> str:
    """A JSON document, indented."""
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def _with_policy(policies: PolicySet, policy: Policy) -> PolicySet:
    """The policy in its layer; a managed one is the same document wherever else the caller has it."""
    changed = _SETTERS[policy.source.layer](policies, policy)
    if policy.source.inline or policy.source.layer not in _MANAGED:
        return changed
    boundary = changed.boundary
    return replace(
        changed,
        identity=_everywhere(changed.identity, policy),
        boundary=None if boundary is None else _everywhere(boundary, policy),
    )


_MANAGED = frozenset({Layer.IDENTITY, Layer.BOUNDARY})


def _everywhere(standing: tuple[Policy, ...], policy: Policy) -> tuple[Policy, ...]:
    same = [each.source.id == policy.source.id and not each.source.inline for each in standing]
    return tuple(
        replace(policy, source=each.source, _remembered={}) if hit else each
        for hit, each in zip(same, standing, strict=True)
    )


_SETTERS: Mapping[Layer, Callable[[PolicySet, Policy], PolicySet]] = {
    Layer.IDENTITY: lambda found, new: replace(found, identity=_swapped(found.identity, new)),
    Layer.RESOURCE: lambda found, new: replace(found, resource=_swapped(found.resource, new)),
    Layer.TRUST: lambda found, new: replace(found, trust=_swapped(found.trust, new)),
    Layer.BOUNDARY: lambda found, new: replace(found, boundary=_swapped(found.boundary or (), new)),
    Layer.SESSION: lambda found, new: replace(found, session=_swapped(found.session or (), new)),
    Layer.ENDPOINT: lambda found, new: replace(found, endpoint=_swapped(found.endpoint or (), new)),
    Layer.SCP: lambda found, new: replace(found, scps=_on_its_level(found.scps, new)),
    Layer.RCP: lambda found, new: replace(found, rcps=_on_its_level(found.rcps, new)),
}


def _on_its_level(levels: tuple[tuple[Policy, ...], ...], policy: Policy) -> tuple[tuple[Policy, ...], ...]:
    """The levels with the policy replaced wherever it is attached."""
    return tuple(
        _swapped(level, policy) if any(_same_place(each.source, policy.source) for each in level) else level
        for level in levels
    )


def _swapped(standing: tuple[Policy, ...], policy: Policy) -> tuple[Policy, ...]:
    """The policies with the one of the same place replaced, or with it added where it is new."""
    same = [_same_place(each.source, policy.source) for each in standing]
    if any(same):
        return tuple(policy if hit else each for hit, each in zip(same, standing, strict=True))
    return (*standing, policy)


def _same_place(one: Source, other: Source) -> bool:
    return one.id == other.id and (one.attached_to == other.attached_to or not one.inline)


def _resource(kind: str, name: str, arguments: Mapping[str, str]) -> str:
    label = re.sub(r"\W+", "_", _snake(name)).strip("_") or "this"
    label = label if not label[0].isdigit() else f"_{label}"
    width = max(map(len, arguments))
    body = "\n".join(f"  {argument:<{width}} = {value}" for argument, value in arguments.items())
    return f'resource "{kind}" "{label}" {{\n{body}\n}}'


def _hcl(text: str) -> str:
    """A JSON document as an HCL expression, which differs only in its template sequences."""
    return pretty(text).replace("${", "$${").replace("%{", "%%{").replace("\n", "\n  ")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
