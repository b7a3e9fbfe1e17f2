"""AssumeRoleWithWebIdentity: a session of a role for the bearer of an OpenID Connect token.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.policy import ContextValue
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.identity_providers import OIDC
from trailwarden.services.registry import operation
from trailwarden.services.sts.errors import (
    ExpiredTokenException,
    IDPCommunicationError,
    IDPRejectedClaim,
    InvalidIdentityToken,
)
from trailwarden.services.sts.issuer_keys import issuer_keys
from trailwarden.services.sts.json_web_tokens import Token, is_signed, read_token
from trailwarden.services.sts.outbound import own_issuer_keys
from trailwarden.services.sts.token_sessions import Vouched, account_of_role, begin_session
from trailwarden.services.world import World

__all__ = ["BUILT_IN", "assume_role_with_web_identity"]

_SKEW = 300.0
_LONGEST_CLAIM = 255
_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
BUILT_IN = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})
"""Providers that every account knows, and that issue OpenID Connect tokens; they are principals by name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_user-id.html
"""

_PLAIN = ("sub", "email", "amr")
_CLAIMS: Mapping[str, tuple[str, ...]] = {
    "token.actions.githubusercontent.com": (
        "actor",
        "actor_id",
        "enterprise_id",
        "environment",
        "job_workflow_ref",
        "ref",
        "repository",
        "repository_id",
        "workflow",
    ),
}
"""Claims of single providers that are condition keys too.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""


@operation("sts:AssumeRoleWithWebIdentity")
def assume_role_with_web_identity(call: Call, world: World) -> Mapping[str, Any]:
    """Give credentials of a role to the bearer of a token. The call is not signed: the token is the proof.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """
    if "ProviderId" in call.params:
        raise IDPRejectedClaim(reason="OAuth 2.0 access tokens are known to their provider alone; it cannot be asked.")
    account = account_of_role(call.params["RoleArn"])
    token = _proved(call, world, account)
    issuer = _issuer(token)
    vouched = _vouched(call, token, _provider(issuer, account))
    answer = begin_session(call, world, vouched)
    return {
        **answer,
        "SubjectFromWebIdentityToken": token.claims["sub"],
        "Audience": _audience(token)[0],
        "Provider": vouched.provider,
    }


def _proved(call: Call, world: World, account: str) -> Token:
    """The token, once its provider, signature, audience and time are found right; else one of STS's refusals."""
    token = read_token(call.params["WebIdentityToken"])
    if token is None:
        raise InvalidIdentityToken(
            reason="The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        )
    _check_claims(token)
    issuer = _issuer(token)
    clients = _clients(world, account, issuer)
    keys = own_issuer_keys(world, issuer) or issuer_keys(world.settings.oidc, issuer)
    if keys is None:
        raise IDPCommunicationError(
            reason="Couldn't retrieve verification key from your identity provider, please reference "
            "AssumeRoleWithWebIdentity documentation for requirements"
        )
    if not is_signed(token, keys):
        raise InvalidIdentityToken(reason="Token signature invalid")
    if clients is not None and not set(_audience(token)) & set(clients):
        raise InvalidIdentityToken(reason="Incorrect token audience")
    _check_time(token, call.now)
    return token


def _check_claims(token: Token) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html (prerequisites)."""
    claims = token.claims
    for name in ("iss", "sub", "aud", "exp", "iat"):
        if not claims.get(name):
            raise InvalidIdentityToken(reason=f"Missing a required claim: {name}")
    if not str(claims["iss"]).startswith("https://") and _issuer(token) not in BUILT_IN:
        raise InvalidIdentityToken(reason="The issuer is not an https address")
    texts = [claims["iss"], claims["sub"], claims.get("azp", ""), *_audience(token)]
    if not all(isinstance(text, str) and len(text) <= _LONGEST_CLAIM for text in texts):
        raise InvalidIdentityToken(reason=f"A claim is not a string, or is longer than {_LONGEST_CLAIM} characters")
    times = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
    if not all(isinstance(time, (int, float)) and not isinstance(time, bool) for time in times):
        raise InvalidIdentityToken(reason="A claim that names a time is not a number")


def _check_time(token: Token, now: float) -> None:
    claims = token.claims
    if claims["exp"] <= now:
        raise ExpiredTokenException(
            reason=f"Token expired: current date/time {int(now)} must be before the expiration date/time {int(claims['exp'])}"
        )
    if max(claims["iat"], claims.get("nbf", 0)) > now + _SKEW:
        raise InvalidIdentityToken(reason="The token is not valid yet")


def _issuer(token: Token) -> str:
    """The issuer as providers and condition keys spell it: without scheme and closing slash."""
    return str(token.claims["iss"]).removeprefix("https://").rstrip("/")


def _provider(issuer: str, account: str) -> str:
    return issuer if issuer in BUILT_IN else f"arn:aws:iam::{account}:oidc-provider/{issuer}"


def _clients(world: World, account: str, issuer: str) -> tuple[str, ...] | None:
    """The client ids that the account's provider takes, None for a built-in one, which takes all."""
    if issuer in BUILT_IN:
        return None
    provider = world.find(OIDC, account, "", _provider(issuer, account))
    if provider is None:
        raise InvalidIdentityToken(reason=f"No OpenIDConnect provider found in your account for https://{issuer}")
    return provider.client_ids


def _audience(token: Token) -> tuple[str, ...]:
    """Whom the token is for: the authorized party, where it names one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif (aud)
    """
    party, audience = token.claims.get("azp"), token.claims["aud"]
    if party:
        return (party,)
    return tuple(audience) if isinstance(audience, list) else (audience,)


def _vouched(call: Call, token: Token, provider: str) -> Vouched:
    issuer, claims = _issuer(token), token.claims
    audience = _audience(token)
    keys = _keys(token, issuer)
    tags, transitive = _tags(claims)
    return Vouched(
        kind=PrincipalKind.WEB_IDENTITY,
        operation="sts:AssumeRoleWithWebIdentity",
        provider=provider,
        id=f"{provider}:{audience[0]}:{claims['sub']}",
        name=claims["sub"],
        session_name=call.params["RoleSessionName"],
        keys=keys,
        lasting={key: value for key, value in keys.items() if isinstance(value, str)},
        tags=tags,
        transitive=transitive,
        source_identity=_text(claims.get(_SOURCE_IDENTITY)),
    )


def _keys(token: Token, issuer: str) -> dict[str, ContextValue]:
    audience = _audience(token)
    keys: dict[str, ContextValue] = {f"{issuer}:aud": audience if len(audience) > 1 else audience[0]}
    original = token.claims["aud"]
    if "azp" in token.claims and isinstance(original, str):
        keys[f"{issuer}:oaud"] = original
    for name in (*_PLAIN, *_CLAIMS.get(issuer, ())):
        value = token.claims.get(name)
        if isinstance(value, list) and value:
            keys[f"{issuer}:{name}"] = tuple(map(str, value))
        elif isinstance(value, str) and value:
            keys[f"{issuer}:{name}"] = value
    return keys


def _tags(claims: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Session tags and the keys that pass on, nested or flat.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
    """
    nested = claims.get(_TAGS)
    told: dict[str, Any] = dict(nested) if isinstance(nested, dict) else {}
    principal = told.get("principal_tags")
    tags: dict[str, Any] = dict(principal) if isinstance(principal, dict) else {}
    prefix = f"{_TAGS}/principal_tags/"
    tags |= {name.removeprefix(prefix): value for name, value in claims.items() if name.startswith(prefix)}
    passing = told.get("transitive_tag_keys", claims.get(f"{_TAGS}/transitive_tag_keys"))
    keys = passing if isinstance(passing, list) else [passing] if passing else []
    return {key: _text(value) for key, value in tags.items()}, tuple(map(str, keys))


def _text(value: Any) -> str:
    """A claim that is a string, or a list of one."""
    return str(value[0] if isinstance(value, list) and value else value or "")
