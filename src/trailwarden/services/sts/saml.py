"""AssumeRoleWithSAML: a session of a role for whom a SAML identity provider has authenticated.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_saml.html
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.errors import ValidationException
from trailwarden.policy import ContextValue
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.identity_providers import SAML
from trailwarden.services.registry import operation
from trailwarden.services.sts.errors import ExpiredTokenException, InvalidIdentityToken
from trailwarden.services.sts.saml_assertions import Assertion, Metadata, Unverified, read_metadata, read_response
from trailwarden.services.sts.token_sessions import Vouched, account_of_role, begin_session
from trailwarden.services.world import World

__all__ = ["assume_role_with_saml"]

_REDEEMED_WITHIN = 300.0
_SKEW = 60.0
_OURS = re.compile(r"https://(?:[a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml(?:/acs/[A-Za-z0-9]+)?\Z")
_AUDIENCE = "urn:amazon:webservices"
_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_SHORT = frozenset({"persistent", "transient"})

_KEYS: Mapping[str, tuple[str, str]] = {
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ("edupersonaffiliation", "list"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.2": ("edupersonnickname", "list"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.3": ("edupersonorgdn", "single"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.4": ("edupersonorgunitdn", "list"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.5": ("edupersonprimaryaffiliation", "single"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": ("edupersonprincipalname", "single"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": ("edupersonentitlement", "list"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.8": ("edupersonprimaryorgunitdn", "single"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": ("edupersonscopedaffiliation", "list"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": ("edupersontargetedid", "list"),
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.11": ("edupersonassurance", "list"),
    "urn:oid:2.5.4.3": ("cn", "list"),
    "urn:oid:2.5.4.4": ("surname", "single"),
    "urn:oid:2.5.4.42": ("givenname", "single"),
    "urn:oid:0.9.2342.19200300.100.1.1": ("uid", "single"),
    "urn:oid:0.9.2342.19200300.100.1.3": ("mail", "single"),
    "urn:oid:0.9.2342.19200300.100.1.45": ("organizationstatus", "single"),
    "urn:oid:2.5.4.45": ("x500uniqueidentifier", "list"),
}
"""Attributes that fill condition keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml"""


@operation("sts:AssumeRoleWithSAML")
def assume_role_with_saml(call: Call, world: World) -> Mapping[str, Any]:
    """Give credentials of a role by a signed assertion. The call itself is not signed.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
    """
    account = account_of_role(call.params["RoleArn"])
    arn = _provider_arn(call.params["PrincipalArn"], account)
    assertion = _proved(call, world, account, arn)
    recipient = _recipient(assertion, call.now)
    _check_role(call, assertion)
    vouched = _vouched(call, assertion, arn, recipient)
    answer = begin_session(call, world, vouched)
    return {
        **answer,
        "Subject": assertion.subject,
        "SubjectType": _subject_type(assertion),
        "Issuer": assertion.issuer,
        "Audience": recipient,
        "NameQualifier": _qualifier(assertion, arn),
    }


def _provider_arn(text: str, account: str) -> str:
    arn = Arn.parse(text)
    if arn is None or arn.service != "iam" or arn.type != "saml-provider":
        raise ValidationException(reason=f"{text} is invalid")
    if arn.account != account:
        raise InvalidIdentityToken(reason="The role and the provider must be in one account")
    return text


def _proved(call: Call, world: World, account: str, arn: str) -> Assertion:
    provider = world.find(SAML, account, "", arn)
    if provider is None:
        raise InvalidIdentityToken(reason="Specified provider doesn't exist")
    try:
        data = base64.b64decode(call.params["SAMLAssertion"], validate=True)
        metadata = read_metadata(provider.metadata)
        assertion = read_response(data, metadata)
    except binascii.Error:
        raise InvalidIdentityToken(reason="Invalid base64 SAMLResponse") from None
    except Unverified as fault:
        raise InvalidIdentityToken(reason=str(fault)) from None
    _check_standing(assertion, metadata, call.now)
    return assertion


def _check_standing(assertion: Assertion, metadata: Metadata, now: float) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html."""
    if assertion.issuer != metadata.entity:
        raise InvalidIdentityToken(reason="Issuer not present in specified provider")
    if metadata.valid_until is not None and metadata.valid_until <= now:
        raise InvalidIdentityToken(reason="The provider's metadata is no longer valid")
    if not assertion.subject:
        raise InvalidIdentityToken(reason="Assertion has no subject")
    if not any(audience == _AUDIENCE or _OURS.match(audience) for audience in assertion.audiences):
        raise InvalidIdentityToken(reason="Response does not contain the required audience.")
    if (assertion.not_before or 0.0) > now + _SKEW or (assertion.issued or 0.0) > now + _SKEW:
        raise InvalidIdentityToken(reason="Assertion is not valid yet")
    if assertion.issued is None or now - assertion.issued > _REDEEMED_WITHIN:
        raise ExpiredTokenException(reason="Token must be redeemed within 5 minutes of issuance")
    if assertion.not_after is not None and assertion.not_after <= now:
        raise ExpiredTokenException(reason="Token must be redeemed within 5 minutes of issuance")


def _recipient(assertion: Assertion, now: float) -> str:
    """The sign-in address that the bearer was sent to.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
    """
    for recipient, ends in assertion.recipients:
        if _OURS.match(recipient) and (ends is None or ends > now):
            return recipient
    raise InvalidIdentityToken(reason="Assertion has no bearer confirmation for AWS that still holds")


def _check_role(call: Call, assertion: Assertion) -> None:
    """The assertion must name the very pair of role and provider, in either order."""
    wanted = {call.params["RoleArn"], call.params["PrincipalArn"]}
    named = _values(assertion, "Role")
    if not any({part.strip() for part in pair.split(",")} == wanted for pair in named):
        raise InvalidIdentityToken(
            reason="Not authorized to perform sts:AssumeRoleWithSAML: the assertion does not name the role"
        )


def _vouched(call: Call, assertion: Assertion, arn: str, recipient: str) -> Vouched:
    qualifier = _qualifier(assertion, arn)
    tags = {
        name.removeprefix(f"{_ATTRIBUTES}PrincipalTag:"): values[0] if values else ""
        for name, values in assertion.attributes.items()
        if name.startswith(f"{_ATTRIBUTES}PrincipalTag:")
    }
    lasting = {
        "saml:namequalifier": qualifier,
        "saml:sub": assertion.subject,
        "saml:sub_type": _subject_type(assertion),
    }
    ends = assertion.session_ends
    return Vouched(
        kind=PrincipalKind.SAML,
        operation="sts:AssumeRoleWithSAML",
        provider=arn,
        id=f"{qualifier}:{assertion.subject}",
        name=assertion.subject,
        session_name=_first(assertion, "RoleSessionName"),
        keys={
            **lasting,
            "saml:aud": recipient,
            "saml:iss": assertion.issuer,
            "saml:doc": _document(arn),
            **_directory(assertion),
        },
        lasting=lasting,
        tags=tags,
        transitive=_values(assertion, "TransitiveTagKeys"),
        source_identity=_first(assertion, "SourceIdentity"),
        longest=None if ends is None else max(1, int(ends - call.now)),
    )


def _directory(assertion: Assertion) -> dict[str, ContextValue]:
    found: dict[str, ContextValue] = {}
    for name, values in assertion.attributes.items():
        if name in _KEYS and values:
            key, kind = _KEYS[name]
            found[f"saml:{key}"] = values if kind == "list" else values[0]
    return found


def _document(arn: str) -> str:
    """The provider as condition keys name it: account and friendly name."""
    parsed = Arn.parse(arn)
    return f"{parsed.account}/{parsed.name}" if parsed else ""


def _qualifier(assertion: Assertion, arn: str) -> str:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html (NameQualifier)."""
    parsed = Arn.parse(arn)
    named = f"{assertion.issuer}{parsed.account if parsed else ''}/{parsed.name if parsed else ''}"
    digest = hashlib.sha1(named.encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def _subject_type(assertion: Assertion) -> str:
    short = assertion.format.removeprefix(_FORMAT)
    return short if short in _SHORT else assertion.format


def _values(assertion: Assertion, name: str) -> tuple[str, ...]:
    return assertion.attributes.get(_ATTRIBUTES + name, ())


def _first(assertion: Assertion, name: str) -> str:
    found = _values(assertion, name)
    return found[0] if found else ""
