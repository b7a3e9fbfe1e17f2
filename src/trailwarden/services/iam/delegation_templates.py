"""The policies that a partner may ask for, as whoever runs the server has registered them.

A file holds `PolicyTemplateArn`, `RequestorId` (the partner's account), `PolicyDocument` with `@{name}` where a
parameter goes, and perhaps `RolePermissionRestrictionArns`. AWS registers templates when it takes a partner on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation-partner-guide.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.policy import SESSION, Layer, MalformedPolicy, Source, compile_policy
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.iam.templates import filled, missing, written_in
from trailwarden.services.world import World

__all__ = ["Asked", "asked_policy"]

_FOLDER = "delegation"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for: a policy, and boundaries that roles made with it must have."""

    policy: str
    restrictions: tuple[str, ...]


class _Template(msgspec.Struct, frozen=True, rename="pascal"):
    policy_template_arn: str
    requestor_id: str
    policy_document: dict[str, Any]
    role_permission_restriction_arns: tuple[str, ...] = ()


def asked_policy(world: World, requestor: str, permissions: Mapping[str, Any]) -> Asked:
    """The partner's own template of that ARN, its parameters filled in. InvalidInput."""
    wanted = permissions.get("PolicyTemplateArn", "")
    template = _template(world, requestor, wanted)
    if template is None:
        raise InvalidInput(reason=f"The policy template {wanted} is not registered for account {requestor}.")
    given = _values(permissions.get("Parameters", ()))
    lacking = missing(template.policy_document, given)
    if lacking:
        raise InvalidInput(reason=f"The policy template needs the parameters: {', '.join(lacking)}.")
    document = msgspec.json.encode(filled(template.policy_document, given)).decode()
    try:
        compile_policy(document, Source(layer=Layer.SESSION, id=wanted), grammar=SESSION)
    except MalformedPolicy as fault:
        raise InvalidInput(reason=f"The policy template with these parameters is malformed: {fault.text}") from fault
    return Asked(policy=document, restrictions=template.role_permission_restriction_arns)


def _template(world: World, requestor: str, arn: str) -> _Template | None:
    for written in written_in(world.settings.templates, _FOLDER):
        try:
            template = msgspec.convert(written, _Template)
        except msgspec.ValidationError:
            continue
        if (template.policy_template_arn, template.requestor_id) == (arn, requestor):
            return template
    return None


def _values(parameters: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """InvalidInput for a text with other than one value."""
    found: dict[str, tuple[str, ...]] = {}
    for each in parameters:
        values = tuple(each.get("Values", ()))
        if each.get("Type", "string") == "string" and len(values) != 1:
            raise InvalidInput(reason=f"The parameter {each.get('Name', '')} has {len(values)} values instead of one.")
        found[each.get("Name", "")] = values
    return found
