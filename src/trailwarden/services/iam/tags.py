"""Tags on users, roles, managed policies, instance profiles and MFA devices.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from trailwarden.auth.identities import POLICY, ROLE, USER
from trailwarden.services.call import Call
from trailwarden.services.iam.finding import modifiable_role, role_named, user_named
from trailwarden.services.iam.identity_providers import OIDC, SAML, oidc_named, saml_named
from trailwarden.services.iam.instance_profiles import PROFILE, profile_named
from trailwarden.services.iam.managed import own_policy, policy_named
from trailwarden.services.iam.mfa import DEVICE, device_named
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.server_certificates import SERVER_CERTIFICATE, server_certificate_named
from trailwarden.services.iam.shape import tags_shown
from trailwarden.services.iam.tagging import checked_tags, without_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["list_instance_profile_tags", "list_mfa_device_tags", "list_oidc_provider_tags", "list_policy_tags", "list_role_tags", "list_saml_provider_tags", "list_server_certificate_tags", "list_user_tags", "tag_instance_profile", "tag_mfa_device", "tag_oidc_provider", "tag_policy", "tag_role", "tag_saml_provider", "tag_server_certificate", "tag_user", "untag_instance_profile", "untag_mfa_device", "untag_oidc_provider", "untag_policy", "untag_role", "untag_saml_provider", "untag_server_certificate", "untag_user"]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Taggable:
    """A kind of entity with tags: the member that names one, how it is found to be read and to be changed, and its key."""

    member: str
    kind: Kind[Any]
    named: Callable[[Call, World, str], Any]
    changeable: Callable[[Call, World, str], Any]
    key: Callable[[Any], str]


_TAGGABLE = {
    "User": Taggable(
        member="UserName", kind=USER, named=user_named, changeable=user_named, key=lambda user: user.name.lower()
    ),
    "Role": Taggable(
        member="RoleName", kind=ROLE, named=role_named, changeable=modifiable_role, key=lambda role: role.name.lower()
    ),
    "Policy": Taggable(
        member="PolicyArn", kind=POLICY, named=policy_named, changeable=own_policy, key=lambda policy: policy.arn
    ),
    "InstanceProfile": Taggable(
        member="InstanceProfileName",
        kind=PROFILE,
        named=profile_named,
        changeable=profile_named,
        key=lambda profile: profile.name.lower(),
    ),
    "MFADevice": Taggable(
        member="SerialNumber",
        kind=DEVICE,
        named=device_named,
        changeable=device_named,
        key=lambda device: device.serial,
    ),
    "ServerCertificate": Taggable(
        member="ServerCertificateName",
        kind=SERVER_CERTIFICATE,
        named=server_certificate_named,
        changeable=server_certificate_named,
        key=lambda certificate: certificate.name.lower(),
    ),
    "OpenIDConnectProvider": Taggable(
        member="OpenIDConnectProviderArn",
        kind=OIDC,
        named=oidc_named,
        changeable=oidc_named,
        key=lambda provider: provider.arn,
    ),
    "SAMLProvider": Taggable(
        member="SAMLProviderArn",
        kind=SAML,
        named=saml_named,
        changeable=saml_named,
        key=lambda provider: provider.arn,
    ),
}


@operation("iam:TagUser")
def tag_user(call: Call, world: World) -> None:
    """Add tags to a user; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
    """
    _tag(call, world, "User")


@operation("iam:UntagUser")
def untag_user(call: Call, world: World) -> None:
    """Remove tags from a user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html
    """
    _untag(call, world, "User")


@operation("iam:ListUserTags")
def list_user_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of a user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html
    """
    return _list(call, world, "User")


@operation("iam:TagRole")
def tag_role(call: Call, world: World) -> None:
    """Add tags to a role; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html
    """
    _tag(call, world, "Role")


@operation("iam:UntagRole")
def untag_role(call: Call, world: World) -> None:
    """Remove tags from a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html
    """
    _untag(call, world, "Role")


@operation("iam:ListRoleTags")
def list_role_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html
    """
    return _list(call, world, "Role")


@operation("iam:TagPolicy")
def tag_policy(call: Call, world: World) -> None:
    """Add tags to a managed policy; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html
    """
    _tag(call, world, "Policy")


@operation("iam:UntagPolicy")
def untag_policy(call: Call, world: World) -> None:
    """Remove tags from a managed policy.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html
    """
    _untag(call, world, "Policy")


@operation("iam:ListPolicyTags")
def list_policy_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of a managed policy.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html
    """
    return _list(call, world, "Policy")


@operation("iam:TagInstanceProfile")
def tag_instance_profile(call: Call, world: World) -> None:
    """Add tags to an instance profile; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagInstanceProfile.html
    """
    _tag(call, world, "InstanceProfile")


@operation("iam:UntagInstanceProfile")
def untag_instance_profile(call: Call, world: World) -> None:
    """Remove tags from an instance profile.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagInstanceProfile.html
    """
    _untag(call, world, "InstanceProfile")


@operation("iam:ListInstanceProfileTags")
def list_instance_profile_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of an instance profile.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfileTags.html
    """
    return _list(call, world, "InstanceProfile")


@operation("iam:TagMFADevice")
def tag_mfa_device(call: Call, world: World) -> None:
    """Add tags to a virtual MFA device; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagMFADevice.html
    """
    _tag(call, world, "MFADevice")


@operation("iam:UntagMFADevice")
def untag_mfa_device(call: Call, world: World) -> None:
    """Remove tags from a virtual MFA device.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagMFADevice.html
    """
    _untag(call, world, "MFADevice")


@operation("iam:ListMFADeviceTags")
def list_mfa_device_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of a virtual MFA device.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADeviceTags.html
    """
    return _list(call, world, "MFADevice")


@operation("iam:TagServerCertificate")
def tag_server_certificate(call: Call, world: World) -> None:
    """Add tags to a server certificate; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagServerCertificate.html
    """
    _tag(call, world, "ServerCertificate")


@operation("iam:UntagServerCertificate")
def untag_server_certificate(call: Call, world: World) -> None:
    """Remove tags from a server certificate.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagServerCertificate.html
    """
    _untag(call, world, "ServerCertificate")


@operation("iam:ListServerCertificateTags")
def list_server_certificate_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of a server certificate.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServerCertificateTags.html
    """
    return _list(call, world, "ServerCertificate")


@operation("iam:TagOpenIDConnectProvider")
def tag_oidc_provider(call: Call, world: World) -> None:
    """Add tags to an OpenID Connect provider; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagOpenIDConnectProvider.html
    """
    _tag(call, world, "OpenIDConnectProvider")


@operation("iam:UntagOpenIDConnectProvider")
def untag_oidc_provider(call: Call, world: World) -> None:
    """Remove tags from an OpenID Connect provider.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagOpenIDConnectProvider.html
    """
    _untag(call, world, "OpenIDConnectProvider")


@operation("iam:ListOpenIDConnectProviderTags")
def list_oidc_provider_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of an OpenID Connect provider.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviderTags.html
    """
    return _list(call, world, "OpenIDConnectProvider")


@operation("iam:TagSAMLProvider")
def tag_saml_provider(call: Call, world: World) -> None:
    """Add tags to a SAML provider; a key given again takes the new value.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagSAMLProvider.html
    """
    _tag(call, world, "SAMLProvider")


@operation("iam:UntagSAMLProvider")
def untag_saml_provider(call: Call, world: World) -> None:
    """Remove tags from a SAML provider.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagSAMLProvider.html
    """
    _untag(call, world, "SAMLProvider")


@operation("iam:ListSAMLProviderTags")
def list_saml_provider_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of a SAML provider.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviderTags.html
    """
    return _list(call, world, "SAMLProvider")


def _tag(call: Call, world: World, noun: str) -> None:
    kind = _TAGGABLE[noun]
    entity = kind.changeable(call, world, call.params[kind.member])
    _keep(call, world, kind, entity, checked_tags(entity.tags, call.params["Tags"]))


def _untag(call: Call, world: World, noun: str) -> None:
    kind = _TAGGABLE[noun]
    entity = kind.changeable(call, world, call.params[kind.member])
    _keep(call, world, kind, entity, without_tags(entity.tags, call.params["TagKeys"]))


def _keep(call: Call, world: World, kind: Taggable, entity: Any, tags: dict[str, str]) -> None:
    world.put(kind.kind, call.account, "", kind.key(entity), msgspec.structs.replace(entity, tags=tags))


def _list(call: Call, world: World, noun: str) -> Mapping[str, Any]:
    kind = _TAGGABLE[noun]
    tags = kind.named(call, world, call.params[kind.member]).tags
    shown = page(call, tuple(tags), str)
    return {"Tags": tags_shown({key: tags[key] for key in shown.items}), **shown.rest}
