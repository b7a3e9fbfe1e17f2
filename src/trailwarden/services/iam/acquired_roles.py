"""AcquireRole: a role made from a template."""

from collections.abc import Mapping
from typing import Any

from trailwarden.auth.identities import ROLE, Role
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.documents import check_inline_policy, check_inline_size, checked_trust
from trailwarden.services.iam.errors import QuotaExceeded
from trailwarden.services.iam.finding import entity_arn
from trailwarden.services.iam.managed import attachable, count_attachment
from trailwarden.services.iam.principals import with_arns
from trailwarden.services.iam.quotas import ATTACHED
from trailwarden.services.iam.role_templates import (
    RoleTemplate,
    RoleTemplateDisabled,
    filled_text,
    template_version,
    values_for,
)
from trailwarden.services.iam.roles import write_new_role
from trailwarden.services.iam.shape import role_shown
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.iam.templates import Parameters
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["NameConflict", "acquire_role"]


class NameConflict(AwsError):
    """The name that the template gives the role is taken.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcquireRole.html
    """

    code = "NameConflict"
    message = "The role name {name} conflicts with an existing role in the account."
    status = 409


@operation("iam:AcquireRole")
def acquire_role(call: Call, world: World) -> Mapping[str, Any]:
    """Create the role that a template describes, with the caller's values for its parameters.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcquireRole.html
    """
    arn = call.params["TemplateArn"]
    template = template_version(world, arn, call.params.get("TemplateMinorVersion"))
    if not template.enabled or not template.version_enabled:
        raise RoleTemplateDisabled(arn=arn)
    given = values_for(template, call.params.get("ReplacementValues") or {})
    role = _role(call, world, template, given)
    if world.find(ROLE, call.account, "", role.name.lower()) is not None:
        raise NameConflict(name=role.name)
    if len(role.attached) > ATTACHED["Role"]:
        raise QuotaExceeded(quota="PoliciesPerRole", limit=ATTACHED["Role"])
    for each in role.attached:
        attachable(call, world, each)
        count_attachment(call, world, each, 1)
    write_new_role(call, world, role)
    return {"Role": role_shown(role, with_arns(world, role.trust))}


def _role(call: Call, world: World, template: RoleTemplate, given: Parameters) -> Role:
    name = filled_text(template.role_name_pattern, given)
    path = filled_text(template.role_path_pattern, given)
    inline = {each.policy_name: filled_text(each.policy_document, given) for each in template.inline_policy_templates}
    for document in inline.values():
        check_inline_policy(document)
    check_inline_size("Role", name, inline)
    tags = [
        {"Key": filled_text(each.key, given), "Value": filled_text(each.value, given)}
        for each in template.role_tags_template
    ]
    return Role(
        name=name,
        id=world.chance.unique_id("AROA"),
        arn=entity_arn(call.account, "role", path, name),
        path=path,
        created=call.now,
        trust=checked_trust(world, filled_text(template.assume_role_policy_document_template, given)),
        description=filled_text(template.role_description_pattern, given),
        max_session_duration=template.max_session_duration,
        tags=checked_tags({}, tags),
        inline=inline,
        attached=tuple(filled_text(each, given) for each in template.managed_policy_arns),
        boundary=filled_text(template.permission_boundary_arn, given),
        template=template.template_arn,
        template_minor=template.minor_version,
    )
