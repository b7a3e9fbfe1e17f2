"""Types of policies: which there are, what their documents may say, and which are enabled in the root.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from trailwarden.auth.organization import FULL_ACCESS, RCP, SCP, Organization, Root
from trailwarden.errors import AwsError
from trailwarden.policy import Layer, MalformedPolicy, Source, compile_policy
from trailwarden.policy.grammar import RCP as RCP_GRAMMAR
from trailwarden.policy.grammar import SCP as SCP_GRAMMAR
from trailwarden.policy.grammar import Grammar, PolicyTooLarge
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import changed_by_delegates, with_all_features
from trailwarden.services.organizations.errors import (
    ConstraintViolationException,
    PolicyTypeNotAvailableForOrganizationException,
    PolicyTypeNotEnabledException,
)
from trailwarden.services.organizations.finding import every_target, keep, policy_of, root_of
from trailwarden.services.organizations.organization import root_shown
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "MalformedPolicyDocumentException",
    "PolicyTypeAlreadyEnabledException",
    "RootNotFoundException",
    "TypeLimits",
    "check_document",
    "disable_policy_type",
    "enable_policy_type",
    "limits_of",
]


class MalformedPolicyDocumentException(AwsError):
    """The document does not meet the type's requirements.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
    """

    message = "{text}"


class RootNotFoundException(AwsError):
    """No such root.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html
    """

    message = "You specified a root that doesn't exist."


class PolicyTypeAlreadyEnabledException(AwsError):
    """The type is enabled.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html
    """

    message = "The specified policy type is already enabled."


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLimits:
    """Limits of a type: characters of a document, policies in the organization, policies on one target (and how few)."""

    characters: int = 10_000
    policies: int = 1_000
    attached: int = 10
    least: int = 0


_LIMITS: Mapping[str, TypeLimits] = {
    SCP: TypeLimits(characters=5_120, policies=10_000, attached=5, least=1),
    RCP: TypeLimits(characters=5_120, attached=5, least=1),
    "AISERVICES_OPT_OUT_POLICY": TypeLimits(characters=2_500, attached=5),
    "CHATBOT_POLICY": TypeLimits(attached=5),
}
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html."""

_GRAMMARS: Mapping[str, tuple[Grammar, Layer]] = {SCP: (SCP_GRAMMAR, Layer.SCP), RCP: (RCP_GRAMMAR, Layer.RCP)}

_UNFIT = "The provided policy document does not meet the requirements of the specified policy type."


def limits_of(kind: str) -> TypeLimits:
    """The limits of a type."""
    return _LIMITS.get(kind, TypeLimits())


def check_document(kind: str, text: str) -> None:
    """Hold a document to its type: the grammar of SCPs and RCPs, for the others a JSON object.

    MalformedPolicyDocumentException, ConstraintViolationException.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
    """
    if kind in _GRAMMARS:
        grammar, layer = _GRAMMARS[kind]
        try:
            compile_policy(text, Source(layer=layer, id="document"), grammar=grammar)
        except PolicyTooLarge:
            raise ConstraintViolationException("POLICY_CONTENT_LIMIT_EXCEEDED") from None
        except MalformedPolicy as fault:
            raise MalformedPolicyDocumentException(text=fault.text) from None
        return
    if len(text) > limits_of(kind).characters:
        raise ConstraintViolationException("POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedPolicyDocumentException(text=_UNFIT)


@operation("organizations:EnablePolicyType")
def enable_policy_type(call: Call, world: World) -> Mapping[str, Any]:
    """Let policies of a type take effect. SCPs and RCPs begin with AWS's own full access on everything.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html
    """
    organization, root, kind = _asked(call, world)
    if kind in root.policy_types:
        raise PolicyTypeAlreadyEnabledException
    enabled = msgspec.structs.replace(root, policy_types=(*root.policy_types, kind))
    keep(world, organization, enabled)
    return {"Root": root_shown(enabled)}


@operation("organizations:DisablePolicyType")
def disable_policy_type(call: Call, world: World) -> Mapping[str, Any]:
    """Take a type out of effect. Every policy of the type is detached, and stays so when the type is enabled again.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisablePolicyType.html
    """
    organization, root, kind = _asked(call, world)
    if kind not in root.policy_types:
        raise PolicyTypeNotEnabledException
    types = tuple(each for each in root.policy_types if each != kind)
    keep(world, organization, msgspec.structs.replace(root, policy_types=types))
    full = tuple(name for name, policy in FULL_ACCESS.items() if policy.type == kind)
    for target in list(every_target(world, organization)):
        others = tuple(name for name in target.attached if policy_of(world, organization, name).type != kind)
        keep(world, organization, msgspec.structs.replace(target, attached=(*full, *others)))
    return {"Root": root_shown(root_of(world, organization))}


def _asked(call: Call, world: World) -> tuple[Organization, Root, str]:
    organization = with_all_features(changed_by_delegates(call, world), PolicyTypeNotAvailableForOrganizationException)
    root = root_of(world, organization)
    if root.id != call.params["RootId"]:
        raise RootNotFoundException
    return organization, root, call.params["PolicyType"]
