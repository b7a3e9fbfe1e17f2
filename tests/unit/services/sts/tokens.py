"""An OpenID Connect issuer and a SAML identity provider of our own, for tests: they sign as real ones do."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from lxml import etree

RECIPIENT = "https://signin.aws.amazon.com/saml"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def based(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int) -> str:
    return based(value.to_bytes((value.bit_length() + 7) // 8))


@dataclass(slots=True)
class TokenIssuer:
    """Signs RS256 and ES256."""

    host: str
    rsa_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def jwks(self) -> str:
        numbers, point = self.rsa_key.public_key().public_numbers(), self.ec_key.public_key().public_numbers()
        one = {"kty": "RSA", "kid": "r1", "alg": "RS256", "use": "sig", "n": number(numbers.n), "e": number(numbers.e)}
        other = {
            "kty": "EC",
            "kid": "e1",
            "crv": "P-256",
            "x": based(point.x.to_bytes(32)),
            "y": based(point.y.to_bytes(32)),
        }
        return json.dumps({"keys": [one, other]})

    def token(self, now: float, *, algorithm: str = "RS256", header: Any = None, **claims: Any) -> str:
        told = {
            "iss": f"https://{self.host}",
            "sub": "repo:example/app",
            "aud": "sts.amazonaws.com",
            "iat": int(now),
            "exp": int(now) + 600,
            **claims,
        }
        told = {name: value for name, value in told.items() if value is not None}
        head = {"alg": algorithm, "kid": "r1" if algorithm == "RS256" else "e1", **(header or {})}
        body = f"{based(json.dumps(head).encode())}.{based(json.dumps(told).encode())}"
        return f"{body}.{based(self.signature(algorithm, body.encode()))}"

    def signature(self, algorithm: str, body: bytes) -> bytes:
        if algorithm == "ES256":
            r, s = decode_dss_signature(self.ec_key.sign(body, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        return self.rsa_key.sign(body, padding.PKCS1v15(), hashes.SHA256())


@dataclass(slots=True)
class SamlIdp:
    """Signs assertions, or responses, by RSA with SHA-256 over exclusive canonical XML."""

    entity: str = "https://idp.example.com/saml"
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
        begin = datetime(2025, 1, 1, tzinfo=UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(7)
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=3650))
            .sign(self.key, hashes.SHA256())
        )
        return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()

    def metadata(self) -> str:
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity}">'
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>'
            f"{self.certificate()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{self.entity}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def response(self, now: float, *, signed: str = "a1", **said: Any) -> bytes:
        """A response whose element of that id is signed; `said` overrides what it says."""
        root = etree.fromstring(response(now, self.entity, said).encode())
        (element,) = root.xpath(f"descendant-or-self::*[@ID='{signed}']")
        self.sign(element)
        done: bytes = etree.tostring(root)
        return done

    def sign(self, element: Any) -> None:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(etree.tostring(element, method="c14n", exclusive=True, with_tail=False))
        signature = etree.fromstring(unsigned(element.get("ID"), base64.b64encode(digest.finalize()).decode()))
        element.insert(1, signature)
        info = signature.find(f"{{{DSIG}}}SignedInfo")
        canonical = etree.tostring(info, method="c14n", exclusive=True, with_tail=False)
        value = self.key.sign(canonical, padding.PKCS1v15(), hashes.SHA256())
        signature.find(f"{{{DSIG}}}SignatureValue").text = base64.b64encode(value).decode()


def unsigned(reference: str, digest: str) -> str:
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f'<ds:Reference URI="#{reference}"><ds:Transforms><ds:Transform Algorithm="{DSIG}enveloped-signature"/>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>{digest}</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )


def instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def response(now: float, entity: str, said: Mapping[str, Any]) -> str:
    attributes = {
        "https://aws.amazon.com/SAML/Attributes/Role": said.get("role", ""),
        "https://aws.amazon.com/SAML/Attributes/RoleSessionName": said.get("session", "marymajor"),
        **said.get("attributes", {}),
    }
    statements = "".join(
        f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
        for name, value in attributes.items()
    )
    issued = instant(said.get("issued", now))
    ends = instant(said.get("ends", now + 300))
    return (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        f'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="r1" Version="2.0" IssueInstant="{issued}" '
        f'Destination="{RECIPIENT}"><saml:Issuer>{entity}</saml:Issuer><samlp:Status><samlp:StatusCode '
        'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f'<saml:Assertion ID="a1" Version="2.0" IssueInstant="{issued}">'
        f"<saml:Issuer>{said.get('issuer', entity)}</saml:Issuer><saml:Subject><saml:NameID "
        'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">mary</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
        f'NotOnOrAfter="{ends}" Recipient="{said.get("recipient", RECIPIENT)}"/></saml:SubjectConfirmation>'
        f'</saml:Subject><saml:Conditions NotBefore="{issued}" NotOnOrAfter="{ends}"><saml:AudienceRestriction>'
        f"<saml:Audience>{said.get('audience', 'urn:amazon:webservices')}</saml:Audience></saml:AudienceRestriction>"
        f"</saml:Conditions><saml:AttributeStatement>{statements}</saml:AttributeStatement>"
        f"{said.get('extra', '')}</saml:Assertion></samlp:Response>"
    )
