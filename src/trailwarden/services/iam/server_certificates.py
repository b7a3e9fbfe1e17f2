"""TLS server certificates kept in IAM. Private keys are sealed and never shown.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from trailwarden.services.iam.finding import entity_arn
from trailwarden.services.iam.paging import page_of_documents
from trailwarden.services.iam.shape import tags_shown
from trailwarden.services.iam.signing_certificates import MalformedCertificate
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["SERVER_CERTIFICATE", "KeyPairMismatch", "ServerCertificate", "ServerCertificateExists",
           "ServerCertificateNotFound", "delete_server_certificate", "get_server_certificate",
           "list_server_certificates", "server_certificate_named", "update_server_certificate",
           "upload_server_certificate"]  # fmt: skip


class ServerCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A server certificate. Key: (account, "", lower-case name)."""

    name: str
    id: str
    arn: str
    path: str
    body: str
    chain: str
    key: bytes
    uploaded: float
    expires: float
    tags: dict[str, str] = {}


SERVER_CERTIFICATE = Kind("iam.server-certificate", ServerCertificate)


class ServerCertificateNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServerCertificate.html."""

    message = "The Server Certificate with name {name} cannot be found."


class ServerCertificateExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadServerCertificate.html."""

    message = "The Server Certificate with name {name} already exists."


class KeyPairMismatch(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadServerCertificate.html."""

    code = "KeyPairMismatch"
    message = "The private key does not match the public key in the certificate."


@operation("iam:UploadServerCertificate")
def upload_server_certificate(call: Call, world: World) -> Mapping[str, Any]:
    """Keep a certificate with its private key, which must belong to it.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadServerCertificate.html
    """
    asked = call.params
    name, path = asked["ServerCertificateName"], asked.get("Path", "/")
    if world.find(SERVER_CERTIFICATE, call.account, "", name.lower()) is not None:
        raise ServerCertificateExists(name=name)
    id_ = world.chance.unique_id("ASCA")
    certificate = ServerCertificate(
        name=name,
        id=id_,
        arn=entity_arn(call.account, "server-certificate", path, name),
        path=path,
        body=asked["CertificateBody"],
        chain=asked.get("CertificateChain", ""),
        key=world.vault.seal(asked["PrivateKey"].encode(), f"server-certificate:{id_}", chance=world.chance),
        uploaded=call.now,
        expires=_expires(asked["CertificateBody"], asked["PrivateKey"]),
        tags=checked_tags({}, asked.get("Tags", ())),
    )
    _keep(call, world, certificate)
    shown: dict[str, Any] = {"ServerCertificateMetadata": _shown(certificate)}
    return shown | ({"Tags": tags_shown(certificate.tags)} if certificate.tags else {})


@operation("iam:GetServerCertificate")
def get_server_certificate(call: Call, world: World) -> Mapping[str, Any]:
    """Show a certificate, without its key.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServerCertificate.html
    """
    certificate = server_certificate_named(call, world, call.params["ServerCertificateName"])
    shown: dict[str, Any] = {"ServerCertificateMetadata": _shown(certificate), "CertificateBody": certificate.body}
    if certificate.chain:
        shown["CertificateChain"] = certificate.chain
    return {"ServerCertificate": shown | {"Tags": tags_shown(certificate.tags)}}


@operation("iam:ListServerCertificates")
def list_server_certificates(call: Call, world: World) -> Mapping[str, Any]:
    """List certificates below a path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServerCertificates.html
    """
    prefix = call.params.get("PathPrefix", "/")
    found = page_of_documents(
        call, world, SERVER_CERTIFICATE, lambda each: each.path.startswith(prefix), name=lambda each: each.name.lower()
    )
    return {"ServerCertificateMetadataList": [_shown(each) for each in found.items], **found.rest}


@operation("iam:UpdateServerCertificate")
def update_server_certificate(call: Call, world: World) -> None:
    """Rename a certificate or move it to another path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServerCertificate.html
    """
    certificate = server_certificate_named(call, world, call.params["ServerCertificateName"])
    name = call.params.get("NewServerCertificateName", certificate.name)
    path = call.params.get("NewPath", certificate.path)
    taken = world.find(SERVER_CERTIFICATE, call.account, "", name.lower())
    if taken is not None and taken.id != certificate.id:
        raise ServerCertificateExists(name=name)
    world.delete(SERVER_CERTIFICATE, call.account, "", certificate.name.lower())
    arn = entity_arn(call.account, "server-certificate", path, name)
    _keep(call, world, msgspec.structs.replace(certificate, name=name, path=path, arn=arn))


@operation("iam:DeleteServerCertificate")
def delete_server_certificate(call: Call, world: World) -> None:
    """Delete a certificate.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServerCertificate.html
    """
    certificate = server_certificate_named(call, world, call.params["ServerCertificateName"])
    world.delete(SERVER_CERTIFICATE, call.account, "", certificate.name.lower())


def server_certificate_named(call: Call, world: World, name: str) -> ServerCertificate:
    """The certificate, or ServerCertificateNotFound."""
    certificate = world.find(SERVER_CERTIFICATE, call.account, "", name.lower())
    if certificate is None:
        raise ServerCertificateNotFound(name=name)
    return certificate


def _expires(body: str, private_key: str) -> float:
    """When the certificate ends; MalformedCertificate or KeyPairMismatch where the two are no pair."""
    try:
        certificate = x509.load_pem_x509_certificate(body.encode())
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MalformedCertificate from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise KeyPairMismatch
    return certificate.not_valid_after_utc.timestamp()


def _shown(certificate: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.id,
        "Arn": certificate.arn,
        "UploadDate": certificate.uploaded,
        "Expiration": certificate.expires,
    }


def _keep(call: Call, world: World, certificate: ServerCertificate) -> None:
    world.put(SERVER_CERTIFICATE, call.account, "", certificate.name.lower(), certificate)
