"""X.509 signing certificates of users.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography import x509

from trailwarden.auth.identities import User
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import NoSuchEntity, QuotaExceeded
from trailwarden.services.iam.finding import user_asked
from trailwarden.services.iam.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["CERTIFICATE", "CertificateNotFound", "MalformedCertificate", "SigningCertificate",
           "certificates_of", "delete_signing_certificate", "list_signing_certificates", "update_signing_certificate",
           "upload_signing_certificate"]  # fmt: skip

_PER_USER = 2
_ID_LETTERS = 32


class SigningCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate. Key: (account, "", the user's unique id, a slash, its own id)."""

    id: str
    body: str
    uploaded: float
    status: str = "Active"


CERTIFICATE = Kind("iam.signing-certificate", SigningCertificate)


class CertificateNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSigningCertificate.html."""

    message = "The Certificate with id {id} cannot be found."


class MalformedCertificate(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSigningCertificate.html."""

    code = "MalformedCertificate"
    message = "Unable to parse certificate. Please ensure the certificate is in PEM format."


@operation("iam:UploadSigningCertificate")
def upload_signing_certificate(call: Call, world: World) -> Mapping[str, Any]:
    """Give a user a certificate.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSigningCertificate.html
    """
    user = user_asked(call, world)
    body = call.params["CertificateBody"]
    try:
        x509.load_pem_x509_certificate(body.encode())
    except ValueError:
        raise MalformedCertificate from None
    if len(certificates_of(call, world, user)) >= _PER_USER:
        raise QuotaExceeded(quota="CertificatesPerUser", limit=_PER_USER)
    certificate = SigningCertificate(id=world.chance.letters(_ID_LETTERS), body=body, uploaded=call.now)
    world.put(CERTIFICATE, call.account, "", f"{user.id}/{certificate.id}", certificate)
    return {"Certificate": _shown(user, certificate)}


@operation("iam:ListSigningCertificates")
def list_signing_certificates(call: Call, world: World) -> Mapping[str, Any]:
    """List a user's certificates.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSigningCertificates.html
    """
    user = user_asked(call, world)
    shown = page(call, certificates_of(call, world, user), lambda certificate: certificate.id)
    return {"Certificates": [_shown(user, certificate) for certificate in shown.items], **shown.rest}


@operation("iam:UpdateSigningCertificate")
def update_signing_certificate(call: Call, world: World) -> None:
    """Switch a certificate on or off.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSigningCertificate.html
    """
    key = _key(call, world)
    certificate = _found(call, world, key)
    changed = msgspec.structs.replace(certificate, status=call.params["Status"])
    world.put(CERTIFICATE, call.account, "", key, changed)


@operation("iam:DeleteSigningCertificate")
def delete_signing_certificate(call: Call, world: World) -> None:
    """Delete a certificate.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSigningCertificate.html
    """
    key = _key(call, world)
    _found(call, world, key)
    world.delete(CERTIFICATE, call.account, "", key)


def certificates_of(call: Call, world: World, user: User) -> list[SigningCertificate]:
    """The user's certificates."""
    return [document.body for document in world.list(CERTIFICATE, call.account, "", prefix=f"{user.id}/")]


def _key(call: Call, world: World) -> str:
    return f"{user_asked(call, world).id}/{call.params['CertificateId']}"


def _found(call: Call, world: World, key: str) -> SigningCertificate:
    certificate = world.find(CERTIFICATE, call.account, "", key)
    if certificate is None:
        raise CertificateNotFound(id=call.params["CertificateId"])
    return certificate


def _shown(user: User, certificate: SigningCertificate) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CertificateId": certificate.id,
        "CertificateBody": certificate.body,
        "Status": certificate.status,
        "UploadDate": certificate.uploaded,
    }
