"""SAML 2.0 responses, verified by the keys in their provider's metadata, and read.

Only what the signature covers is ever read: the signed element is taken out, and nothing else of the document counts.
https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (5 Signatures), https://www.w3.org/TR/xmldsig-core1/
"""

import base64
import binascii
import copy
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

__all__ = ["Assertion", "Metadata", "Unverified", "moment", "read_metadata", "read_response"]

Element = Any
"""lxml comes without types."""

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED = f"{_DSIG}enveloped-signature"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC = "http://www.w3.org/2001/04/xmlenc#"
_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_NAMES = {"ds": _DSIG, "ec": _EXCLUSIVE, "a": _ASSERTION, "p": _PROTOCOL, "m": _METADATA}
_LARGEST = 1_000_000
_SMALLEST_RSA = 2048

_SIGNATURES: Mapping[str, hashes.HashAlgorithm] = {
    f"{_MORE}rsa-sha256": hashes.SHA256(),
    f"{_MORE}rsa-sha384": hashes.SHA384(),
    f"{_MORE}rsa-sha512": hashes.SHA512(),
}
_DIGESTS = {f"{_ENC}sha256": "sha256", f"{_MORE}sha384": "sha384", f"{_ENC}sha512": "sha512"}


class Unverified(Exception):
    """A document is not what it must be; the text says in what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A provider: its entity id, the keys it signs with, and until when this holds."""

    entity: str
    keys: tuple[rsa.RSAPublicKey, ...]
    valid_until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a verified assertion says. Times are seconds since the epoch, None where none is named.

    `format` is the NameID's format, `recipients` those of its bearer confirmations with their ends.
    """

    issuer: str
    subject: str
    format: str
    issued: float | None
    not_before: float | None
    not_after: float | None
    session_ends: float | None
    audiences: tuple[str, ...]
    recipients: tuple[tuple[str, float | None], ...]
    attributes: Mapping[str, tuple[str, ...]]


def read_metadata(document: str) -> Metadata:
    """The provider's metadata; Unverified where it has no entity id or no RSA signing certificate."""
    root = _parsed(document.encode())
    found = root.xpath("descendant-or-self::m:EntityDescriptor[m:IDPSSODescriptor]", namespaces=_NAMES)
    if not found or not found[0].get("entityID"):
        raise Unverified("Could not parse metadata")
    entity = found[0]
    path = "m:IDPSSODescriptor/m:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate/text()"
    keys = tuple(_keys(entity.xpath(path, namespaces=_NAMES)))
    if not keys:
        raise Unverified("Could not parse metadata")
    return Metadata(entity=entity.get("entityID"), keys=keys, valid_until=moment(entity.get("validUntil")))


def read_response(data: bytes, metadata: Metadata) -> Assertion:
    """The assertion of a response, of which it or the response is signed by the provider; else Unverified."""
    root = _parsed(data)
    if root.tag not in {f"{{{_PROTOCOL}}}Response", f"{{{_ASSERTION}}}Assertion"}:
        raise Unverified("Invalid base64 SAMLResponse")
    _check_ids(root)
    assertion = _assertion(_signed_element(root, metadata.keys))
    status = root.xpath("p:Status/p:StatusCode/@Value", namespaces=_NAMES)
    if status and status[0] != _SUCCESS:
        raise Unverified("Authentication failed at the identity provider")
    return _read(assertion)


def moment(text: str | None) -> float | None:
    """An xs:dateTime in UTC; None for any other text."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _parsed(data: bytes) -> Element:
    """No entities, no document type, nothing fetched, of bounded size and depth."""
    if len(data) > _LARGEST or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Unverified("The document is too large, or has a document type")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unverified("The document is not well-formed XML") from None
    if root is None or root.getroottree().docinfo.doctype:
        raise Unverified("The document has a document type")
    return root


def _keys(certificates: list[str]) -> Iterator[rsa.RSAPublicKey]:
    for text in certificates:
        try:
            key = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()))).public_key()
        except (ValueError, binascii.Error):
            continue
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA:
            yield key


def _check_ids(root: Element) -> None:
    """An id that stands twice could let the signature speak of another element than the one that is read."""
    ids = [element.get("ID") for element in root.iter() if element.get("ID") is not None]
    if len(ids) != len(set(ids)):
        raise Unverified("Response signature invalid")


def _signed_element(root: Element, keys: tuple[rsa.RSAPublicKey, ...]) -> Element:
    """The response, or an assertion directly in it, whose own signature holds."""
    for element in (root, *root.findall(f"{{{_ASSERTION}}}Assertion")):
        signatures = element.findall(f"{{{_DSIG}}}Signature")
        if len(signatures) == 1 and _holds(element, signatures[0], keys):
            return element
    raise Unverified("Response signature invalid")


def _holds(element: Element, signature: Element, keys: tuple[rsa.RSAPublicKey, ...]) -> bool:
    info = signature.find(f"{{{_DSIG}}}SignedInfo")
    references = [] if info is None else info.findall(f"{{{_DSIG}}}Reference")
    if len(references) != 1 or references[0].get("URI") != f"#{element.get('ID')}":
        return False
    method = _algorithm(info, "CanonicalizationMethod")
    hashing = _SIGNATURES.get(_algorithm(info, "SignatureMethod"))
    value = _unbased(signature.findtext(f"{{{_DSIG}}}SignatureValue"))
    if method != _EXCLUSIVE or hashing is None or not _digest_holds(element, references[0]):
        return False
    canonical = _canonical(info, info.find(f"{{{_DSIG}}}CanonicalizationMethod"))
    return any(_verifies(key, value, canonical, hashing) for key in keys)


def _verifies(key: rsa.RSAPublicKey, value: bytes, canonical: bytes, hashing: hashes.HashAlgorithm) -> bool:
    try:
        key.verify(value, canonical, padding.PKCS1v15(), hashing)
    except InvalidSignature:
        return False
    return True


def _digest_holds(element: Element, reference: Element) -> bool:
    """The two transforms that SAML allows, and no others."""
    transforms = reference.findall(f"{{{_DSIG}}}Transforms/{{{_DSIG}}}Transform")
    names = [transform.get("Algorithm") for transform in transforms]
    digest = _DIGESTS.get(_algorithm(reference, "DigestMethod"))
    if digest is None or names not in ([_ENVELOPED, _EXCLUSIVE], [_ENVELOPED]):
        return False
    bare = _without_signature(element)
    canonical = _canonical(bare, transforms[-1] if len(names) > 1 else None, exclusive=len(names) > 1)
    said = _unbased(reference.findtext(f"{{{_DSIG}}}DigestValue"))
    return hmac.compare_digest(hashlib.new(digest, canonical).digest(), said)


def _without_signature(element: Element) -> Element:
    """A copy in its place in a copied document, so that the namespaces around it stay; text behind the signature stays too."""
    parent = element.getparent()
    own = copy.deepcopy(element) if parent is None else copy.deepcopy(parent)[parent.index(element)]
    signature = own.find(f"{{{_DSIG}}}Signature")
    before, tail = signature.getprevious(), signature.tail or ""
    own.remove(signature)
    if before is None:
        own.text = (own.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    return own


def _canonical(element: Element, method: Element | None, *, exclusive: bool = True) -> bytes:
    inclusive = None if method is None else method.find(f"{{{_EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = inclusive.get("PrefixList", "").split() if inclusive is not None else None
    done: bytes = etree.tostring(
        element,
        method="c14n",
        exclusive=exclusive,
        with_comments=False,
        inclusive_ns_prefixes=prefixes,
        with_tail=False,
    )
    return done


def _algorithm(parent: Element, name: str) -> str:
    found = parent.find(f"{{{_DSIG}}}{name}")
    return "" if found is None else str(found.get("Algorithm", ""))


def _assertion(signed: Element) -> Element:
    """The one assertion within what is signed."""
    if signed.tag == f"{{{_ASSERTION}}}Assertion":
        return signed
    found = signed.findall(f"{{{_ASSERTION}}}Assertion")
    if len(found) != 1:
        raise Unverified("Response must contain exactly one assertion")
    return found[0]


def _read(assertion: Element) -> Assertion:
    conditions = assertion.find(f"{{{_ASSERTION}}}Conditions")
    named = assertion.find(f"{{{_ASSERTION}}}Subject/{{{_ASSERTION}}}NameID")
    bounds = {} if conditions is None else conditions.attrib
    sessions = assertion.xpath("a:AuthnStatement/@SessionNotOnOrAfter", namespaces=_NAMES)
    audiences = assertion.xpath("a:Conditions/a:AudienceRestriction/a:Audience", namespaces=_NAMES)
    return Assertion(
        issuer=_text(assertion.find(f"{{{_ASSERTION}}}Issuer")),
        subject=_text(named),
        format="" if named is None else named.get("Format", ""),
        issued=moment(assertion.get("IssueInstant")),
        not_before=moment(bounds.get("NotBefore")),
        not_after=moment(bounds.get("NotOnOrAfter")),
        session_ends=moment(sessions[0]) if sessions else None,
        audiences=tuple(map(_text, audiences)),
        recipients=tuple(_recipients(assertion)),
        attributes=_attributes(assertion),
    )


def _recipients(assertion: Element) -> Iterator[tuple[str, float | None]]:
    path = "a:Subject/a:SubjectConfirmation[@Method='urn:oasis:names:tc:SAML:2.0:cm:bearer']/a:SubjectConfirmationData"
    for each in assertion.xpath(path, namespaces=_NAMES):
        yield each.get("Recipient", ""), moment(each.get("NotOnOrAfter"))


def _attributes(assertion: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.xpath("a:AttributeStatement/a:Attribute", namespaces=_NAMES):
        name = attribute.get("Name", "")
        values = tuple(_text(value) for value in attribute.findall(f"{{{_ASSERTION}}}AttributeValue"))
        found[name] = (*found.get(name, ()), *values)
    return found


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _unbased(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
