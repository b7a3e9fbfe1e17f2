"""Role templates: roles whose whole configuration a service has laid down.

AWS's services hold theirs; here whoever runs the server does, in files whose members are those of RoleTemplateVersion.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleTemplateVersion.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import InvalidInput, NoSuchEntity
from trailwarden.services.iam.shape import encoded
from trailwarden.services.iam.templates import Parameters, filled, missing, written_in
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["RoleTemplate", "RoleTemplateDisabled", "get_role_template_version", "template_version", "values_for"]

_FOLDER = "role"


class RoleTemplateNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRoleTemplateVersion.html."""

    message = "The role template {arn} cannot be found."


class RoleTemplateDisabled(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcquireRole.html."""

    code = "RoleTemplateDisabled"
    message = "The role template {arn} is disabled."


class Parameter(msgspec.Struct, frozen=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleTemplateVersion.html (ParametersDefinition)."""

    name: str
    type: str
    sub_type: str = ""
    description: str = ""
    is_required: bool = False
    default_value: str | None = None
    immutable: bool = False


class InlinePolicy(msgspec.Struct, frozen=True, rename="pascal"):
    """An inline policy of the role. Its document may stand as an object or as a text."""

    policy_name: str
    policy_document: dict[str, Any] | str


class TemplateTag(msgspec.Struct, frozen=True, rename="pascal"):
    """A tag of the role."""

    key: str
    value: str


class RoleTemplate(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """One version of a template, as its file says."""

    template_arn: str
    template_name: str
    template_version_id: str = ""
    description: str = ""
    major_version: int = 1
    minor_version: int = 0
    default_minor_version: int = 0
    managed_by_value: str = ""
    enabled: bool = True
    version_enabled: bool = True
    role_name_pattern: str
    role_path_pattern: str = "/"
    role_description_pattern: str = ""
    assume_role_policy_document_template: dict[str, Any] | str
    inline_policy_templates: tuple[InlinePolicy, ...] = ()
    managed_policy_arns: tuple[str, ...] = ()
    permission_boundary_arn: str = ""
    parameters_definition: tuple[Parameter, ...] = ()
    role_tags_template: tuple[TemplateTag, ...] = ()
    max_session_duration: int = 3_600
    create_timestamp: float = 0.0
    update_timestamp: float = 0.0


@operation("iam:GetRoleTemplateVersion")
def get_role_template_version(call: Call, world: World) -> Mapping[str, Any]:
    """Show a version of a template, the default one unless another is named.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRoleTemplateVersion.html
    """
    found = template_version(world, call.params["TemplateArn"], call.params.get("MinorVersion"))
    shown = msgspec.to_builtins(found)
    shown["AssumeRolePolicyDocumentTemplate"] = encoded(text_of(found.assume_role_policy_document_template))
    shown["InlinePolicyTemplates"] = [
        {"PolicyName": each.policy_name, "PolicyDocument": encoded(text_of(each.policy_document))}
        for each in found.inline_policy_templates
    ]
    shown["ManagedByType"] = "Service"
    return {"RoleTemplateVersion": {name: value for name, value in shown.items() if value not in ("", [])}}


def template_version(world: World, arn: str, minor: int | None) -> RoleTemplate:
    """The version of that number, the default one for None. RoleTemplateNotFound."""
    versions = [each for each in _templates(world) if each.template_arn == arn]
    for each in versions:
        if each.minor_version == (each.default_minor_version if minor is None else minor):
            return each
    raise RoleTemplateNotFound(arn=arn)


def values_for(template: RoleTemplate, given: Mapping[str, Mapping[str, Any]]) -> Parameters:
    """A value for each parameter: the one given or the default. InvalidInput."""
    defined = {each.name: each for each in template.parameters_definition}
    for name in given:
        if name not in defined:
            raise InvalidInput(reason=f"The role template has no parameter {name}.")
    found = {name: tuple(entry["Values"]) for name, entry in given.items()}
    for name, parameter in defined.items():
        if name not in found and parameter.default_value is not None:
            found[name] = (parameter.default_value,)
        if name not in found and parameter.is_required:
            raise InvalidInput(reason=f"The parameter {name} is required.")
        _check(parameter, found.get(name, ()))
    return found


def filled_text(value: Any, given: Parameters) -> str:
    """A pattern or document of the template with its values. InvalidInput where one is missing."""
    lacking = missing(value, given)
    if lacking:
        raise InvalidInput(reason=f"The role template needs the parameters: {', '.join(lacking)}.")
    return text_of(filled(value, given))


def text_of(document: dict[str, Any] | str) -> str:
    """A document as text, however its file has it."""
    return document if isinstance(document, str) else msgspec.json.encode(document).decode()


def _check(parameter: Parameter, values: Iterable[str]) -> None:
    kind = parameter.type.removesuffix("List")
    texts = list(values)
    if kind == parameter.type and len(texts) > 1:
        raise InvalidInput(reason=f"The parameter {parameter.name} takes one value.")
    for text in texts:
        if not _KINDS.get(kind, _anything)(text):
            raise InvalidInput(reason=f"The value of the parameter {parameter.name} is not of type {kind}.")


def _anything(_text: str) -> bool:
    return True


_KINDS: Mapping[str, Callable[[str], bool]] = {
    "Number": lambda text: re.fullmatch(r"-?\d{1,19}(\.\d{1,19})?", text) is not None,
    "Arn": lambda text: Arn.parse(text) is not None,
}


def _templates(world: World) -> list[RoleTemplate]:
    found = []
    for written in written_in(world.settings.templates, _FOLDER):
        try:
            found.append(msgspec.convert(written, RoleTemplate))
        except msgspec.ValidationError:
            continue
    return found
