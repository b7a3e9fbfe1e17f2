"""Identity providers: OpenID Connect and SAML. They can be named as principals of trust policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import EntityAlreadyExists, InvalidInput, NoSuchEntity
from trailwarden.services.iam.shape import tags_shown
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "OIDC",
    "SAML",
    "OidcNotFound",
    "OidcProvider",
    "ProviderExists",
    "SamlNotFound",
    "SamlProvider",
    "add_client_id",
    "context_shown",
    "create_oidc_provider",
    "create_saml_provider",
    "delete_oidc_provider",
    "delete_saml_provider",
    "get_oidc_provider",
    "get_saml_provider",
    "list_oidc_providers",
    "list_saml_providers",
    "oidc_named",
    "remove_client_id",
    "saml_named",
    "update_oidc_thumbprint",
    "update_saml_provider",
]  # fmt: skip

_SAML_VALID = 100 * 365 * 86_400
_CLIENT_IDS = 100


class OidcProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenID Connect provider. Key: (account, "", ARN)."""

    arn: str
    url: str
    created: float
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    context_provider: dict[str, Any] = {}
    tags: dict[str, str] = {}


class SamlProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A SAML provider. Key: (account, "", ARN)."""

    arn: str
    id: str
    created: float
    metadata: str
    tags: dict[str, str] = {}


OIDC = Kind("iam.oidc-provider", OidcProvider)
SAML = Kind("iam.saml-provider", SamlProvider)


class ProviderExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html."""

    message = "Provider with url {url} already exists."


class SamlExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html."""

    message = "Provider with name {name} already exists."


class OidcNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html."""

    message = "OpenIDConnect Provider not found for arn {arn}"


class SamlNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html."""

    message = "Manifest not found for arn {arn}"


@operation("iam:CreateOpenIDConnectProvider")
def create_oidc_provider(call: Call, world: World) -> Mapping[str, Any]:
    """Name an OpenID Connect provider by its URL.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
    """
    address = urlsplit(call.params["Url"])
    if address.scheme != "https" or not address.netloc:
        raise ValidationException(reason="Invalid Open ID Connect Provider URL")
    url = f"{address.netloc}{address.path}".rstrip("/")
    provider = OidcProvider(
        arn=f"arn:aws:iam::{call.account}:oidc-provider/{url}",
        url=url,
        created=call.now,
        client_ids=tuple(call.params.get("ClientIDList", ())),
        thumbprints=tuple(call.params.get("ThumbprintList", ())),
        tags=checked_tags({}, call.params.get("Tags", ())),
    )
    if world.find(OIDC, call.account, "", provider.arn) is not None:
        raise ProviderExists(url=call.params["Url"])
    world.put(OIDC, call.account, "", provider.arn, provider)
    return {"OpenIDConnectProviderArn": provider.arn, "Tags": tags_shown(provider.tags)}


@operation("iam:GetOpenIDConnectProvider")
def get_oidc_provider(call: Call, world: World) -> Mapping[str, Any]:
    """Show a provider.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html
    """
    provider = oidc_named(call, world, call.params["OpenIDConnectProviderArn"])
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created,
        "Tags": tags_shown(provider.tags),
        **context_shown(provider),
    }


@operation("iam:ListOpenIDConnectProviders")
def list_oidc_providers(call: Call, world: World) -> Mapping[str, Any]:
    """List the ARNs of the account's providers.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviders.html
    """
    return {"OpenIDConnectProviderList": [{"Arn": each.name} for each in world.list(OIDC, call.account, "")]}


@operation("iam:AddClientIDToOpenIDConnectProvider")
def add_client_id(call: Call, world: World) -> None:
    """Admit a client id (audience); one that is there stays.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
    """
    provider, client = oidc_named(call, world, call.params["OpenIDConnectProviderArn"]), call.params["ClientID"]
    ids = provider.client_ids if client in provider.client_ids else (*provider.client_ids, client)
    if len(ids) > _CLIENT_IDS:
        raise InvalidInput(reason=f"A provider has at most {_CLIENT_IDS} client ids.")
    world.put(OIDC, call.account, "", provider.arn, msgspec.structs.replace(provider, client_ids=ids))


@operation("iam:RemoveClientIDFromOpenIDConnectProvider")
def remove_client_id(call: Call, world: World) -> None:
    """Admit a client id no longer; no error where it is not there.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html
    """
    provider = oidc_named(call, world, call.params["OpenIDConnectProviderArn"])
    ids = tuple(each for each in provider.client_ids if each != call.params["ClientID"])
    world.put(OIDC, call.account, "", provider.arn, msgspec.structs.replace(provider, client_ids=ids))


@operation("iam:UpdateOpenIDConnectProviderThumbprint")
def update_oidc_thumbprint(call: Call, world: World) -> None:
    """Replace the thumbprints of the provider's certificates.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
    """
    provider = oidc_named(call, world, call.params["OpenIDConnectProviderArn"])
    changed = msgspec.structs.replace(provider, thumbprints=tuple(call.params["ThumbprintList"]))
    world.put(OIDC, call.account, "", provider.arn, changed)


@operation("iam:DeleteOpenIDConnectProvider")
def delete_oidc_provider(call: Call, world: World) -> None:
    """Delete a provider; one that is gone is no error.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
    """
    world.delete(OIDC, call.account, "", call.params["OpenIDConnectProviderArn"])


@operation("iam:CreateSAMLProvider")
def create_saml_provider(call: Call, world: World) -> Mapping[str, Any]:
    """Name a SAML provider and keep its metadata.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
    """
    name = call.params["Name"]
    arn = f"arn:aws:iam::{call.account}:saml-provider/{name}"
    if world.find(SAML, call.account, "", arn) is not None:
        raise SamlExists(name=name)
    provider = SamlProvider(
        arn=arn,
        id=world.chance.unique_id("ASPX"),
        created=call.now,
        metadata=_metadata(call.params["SAMLMetadataDocument"]),
        tags=checked_tags({}, call.params.get("Tags", ())),
    )
    world.put(SAML, call.account, "", arn, provider)
    return {"SAMLProviderArn": arn, "Tags": tags_shown(provider.tags)}


@operation("iam:GetSAMLProvider")
def get_saml_provider(call: Call, world: World) -> Mapping[str, Any]:
    """Show a provider with its metadata.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html
    """
    provider = saml_named(call, world, call.params["SAMLProviderArn"])
    return {
        "SAMLProviderUUID": provider.id,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created,
        "ValidUntil": provider.created + _SAML_VALID,
        "Tags": tags_shown(provider.tags),
    }


@operation("iam:UpdateSAMLProvider")
def update_saml_provider(call: Call, world: World) -> Mapping[str, Any]:
    """Replace a provider's metadata.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSAMLProvider.html
    """
    provider = saml_named(call, world, call.params["SAMLProviderArn"])
    if "SAMLMetadataDocument" in call.params:
        provider = msgspec.structs.replace(provider, metadata=_metadata(call.params["SAMLMetadataDocument"]))
        world.put(SAML, call.account, "", provider.arn, provider)
    return {"SAMLProviderArn": provider.arn}


@operation("iam:ListSAMLProviders")
def list_saml_providers(call: Call, world: World) -> Mapping[str, Any]:
    """List the account's providers.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviders.html
    """
    found = (document.body for document in world.list(SAML, call.account, ""))
    return {
        "SAMLProviderList": [
            {"Arn": each.arn, "ValidUntil": each.created + _SAML_VALID, "CreateDate": each.created} for each in found
        ]
    }


@operation("iam:DeleteSAMLProvider")
def delete_saml_provider(call: Call, world: World) -> None:
    """Delete a provider.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSAMLProvider.html
    """
    world.delete(SAML, call.account, "", saml_named(call, world, call.params["SAMLProviderArn"]).arn)


def context_shown(provider: OidcProvider) -> dict[str, Any]:
    """The ContextProvider member, none where there is none."""
    return {"ContextProvider": provider.context_provider} if provider.context_provider else {}


def oidc_named(call: Call, world: World, arn: str) -> OidcProvider:
    """The provider, or OidcNotFound."""
    provider = world.find(OIDC, call.account, "", arn)
    if provider is None:
        raise OidcNotFound(arn=arn)
    return provider


def saml_named(call: Call, world: World, arn: str) -> SamlProvider:
    """The provider, or SamlNotFound."""
    provider = world.find(SAML, call.account, "", arn)
    if provider is None:
        raise SamlNotFound(arn=arn)
    return provider


def _metadata(document: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html (SAMLMetadataDocument)."""
    if "EntityDescriptor" not in document or "IDPSSODescriptor" not in document:
        raise InvalidInput(reason="Could not parse metadata")
    return document
