"""Authentication: from a parsed call to a proved caller."""

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from trailwarden.auth.callers import ANONYMOUS, session_caller, user_caller
from trailwarden.auth.claim import ASYMMETRIC, Claim, Headers, check_once, headers_of, read_claim
from trailwarden.auth.errors import (
    ExpiredToken,
    InvalidToken,
    MissingAuthenticationToken,
    TwoMechanisms,
    UnknownAccessKey,
)
from trailwarden.auth.identities import ACCESS_KEY, AccessKey
from trailwarden.auth.reach import check_reach
from trailwarden.auth.scope import SigningScope, signing_scope
from trailwarden.auth.sealing import Vault, secret_purpose
from trailwarden.auth.sigv2 import VERSION, UrlClaim, is_presigned, prove_url, read_url, verify_url
from trailwarden.auth.sigv4 import check_region, prove_head, verify
from trailwarden.auth.stages import Authenticated, Caller
from trailwarden.clock import Clock
from trailwarden.storage.ports import Reader, Transaction
from trailwarden.wire.errors import RequestEntityTooLarge
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Parsed, Route

__all__ = ["UNSIGNED", "Authenticator"]

_log = logging.getLogger(__name__)

UNSIGNED: AbstractSet[str] = frozenset({"s3:*", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"})
"""Calls that may come without a signature, as `service:Operation` or `service:*`.

S3 evaluates anonymous callers by the bucket's policy and ACLs; the two STS operations carry their proof as a member.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

_REMEMBERED = 4_096
_LONGEST_KEY_ID = 128


@dataclass(frozen=True, slots=True)
class _Signer:
    """Whoever holds the secret is the caller."""

    caller: Caller
    secret: str = field(repr=False)


class Authenticator:
    """Proves who calls. `region` is the one that calls without a region of their own are for.

    `signing_region` tells the only Region that a call may be signed for, "" for any.
    """

    def __init__(
        self,
        vault: Vault,
        clock: Clock,
        *,
        region: str = "us-east-1",
        unsigned: AbstractSet[str] = UNSIGNED,
        signing_region: Callable[[Parsed, Reader], str] | None = None,
    ) -> None:
        self._vault = vault
        self._clock = clock
        self._region = region
        self._unsigned = unsigned
        self._signing_region = signing_region
        self._secrets: dict[str, tuple[bytes, str]] = {}

    def authenticate(self, parsed: Parsed, transaction: Transaction) -> Authenticated:
        """The call with its caller.

        Raises what `trailwarden.auth.errors` holds of credentials and signatures.
        """
        now = self._clock()
        route, request = parsed.route, parsed.request
        headers = headers_of(request)
        if is_presigned(request, route.family) and "authorization" not in headers:
            return self._by_url(parsed, headers, transaction, now)
        claim = read_claim(request, headers, route.family)
        scope = signing_scope(route.service)
        if claim is None:
            return self._anonymous(parsed, scope, now)
        signer = self._signer(claim, transaction, route.family, now)
        body = verify(request, headers, claim, secret=signer.secret, scope=scope, now=now, family=route.family)
        check_reach(signer.caller, route)
        if self._signing_region is not None:
            check_region(claim, self._signing_region(parsed, transaction))
        known = signer.caller
        caller = Caller(
            principal=known.principal,
            access_key=known.access_key,
            user_name=known.user_name,
            tags=known.tags,
            session=known.session,
            invoked_by=known.invoked_by,
            signing=claim.signing,
            signed_at=claim.signed_at,
            signature_version=claim.algorithm,
        )
        return Authenticated(
            parsed=parsed,
            caller=caller,
            region=scope.region or self._region_of(claim),
            account=caller.principal.account,
            body=body,
            now=now,
        )

    def admit(self, request: HttpRequest, route: Route, reader: Reader) -> None:
        """Prove the signer of an upload to S3 by its head alone, before the server takes a large body.

        Raises as `authenticate`; RequestEntityTooLarge where nobody signed.
        """
        now, family = self._clock(), route.family
        headers = headers_of(request)
        if is_presigned(request, family) and "authorization" not in headers:
            url = read_url(request, headers)
            prove_url(request, headers, url, secret=self._signer(url, reader, family, now).secret, now=now)
            return
        claim = read_claim(request, headers, family)
        if claim is None or family != "s3":
            raise RequestEntityTooLarge
        secret = self._signer(claim, reader, family, now).secret
        prove_head(request, headers, claim, secret=secret, scope=signing_scope(route.service), now=now, family=family)

    def _by_url(self, parsed: Parsed, headers: Headers, transaction: Transaction, now: float) -> Authenticated:
        """A presigned URL of S3 in Signature Version 2, which names no Region."""
        request, family = parsed.request, parsed.route.family
        if "X-Amz-" in request.query:
            raise TwoMechanisms
        check_once(request, family)
        claim = read_url(request, headers)
        signer = self._signer(claim, transaction, family, now)
        body = verify_url(request, headers, claim, secret=signer.secret, now=now)
        return Authenticated(
            parsed=parsed,
            caller=replace(signer.caller, signing="query", signature_version=VERSION),
            region=self._region,
            account=signer.caller.principal.account,
            body=body,
            now=now,
        )

    def _anonymous(self, parsed: Parsed, scope: SigningScope, now: float) -> Authenticated:
        if not self._may_be_unsigned(parsed.route):
            raise MissingAuthenticationToken(parsed.route.family)
        return Authenticated(
            parsed=parsed,
            caller=ANONYMOUS,
            region=scope.region or self._region,
            account="",
            body=parsed.request.body,
            now=now,
        )

    def _may_be_unsigned(self, route: Route) -> bool:
        return f"{route.service}:{route.operation}" in self._unsigned or f"{route.service}:*" in self._unsigned

    def _region_of(self, claim: Claim) -> str:
        """The scope's Region; of a region set the first one that is no pattern."""
        if claim.algorithm != ASYMMETRIC:
            return claim.region
        return next((region for region in claim.region.split(",") if "*" not in region), self._region)

    def _signer(self, claim: Claim | UrlClaim, reader: Reader, family: str, now: float) -> _Signer:
        if claim.token:
            return self._of_session(claim, reader, family, now)
        return self._of_key(claim, reader, family)

    def _of_session(self, claim: Claim | UrlClaim, reader: Reader, family: str, now: float) -> _Signer:
        """The session of a token: its key id, its time, and whether its role or user still exists.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html
        """
        opened = self._vault.open_token(claim.token)
        if opened is None or opened.access_key_id != claim.access_key:
            raise InvalidToken(family)
        if opened.expires <= now:
            raise ExpiredToken(family)
        caller = session_caller(opened, reader)
        if caller is None:
            raise InvalidToken(family)
        return _Signer(caller, opened.secret_access_key)

    def _of_key(self, claim: Claim | UrlClaim, reader: Reader, family: str) -> _Signer:
        """The user or root of a long-term key.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
        """
        key_id = claim.access_key
        document = reader.get(ACCESS_KEY, "", "", key_id) if len(key_id) <= _LONGEST_KEY_ID else None
        if document is None or document.body.status != "Active":
            raise UnknownAccessKey(family, members=_told(key_id, family))
        caller = user_caller(document.body, reader)
        secret = self._secret(document.body)
        if caller is None or secret is None:
            raise UnknownAccessKey(family, members=_told(key_id, family))
        return _Signer(caller, secret)

    def _secret(self, key: AccessKey) -> str | None:
        """The key's secret, unsealed once; None where this server's vault did not seal it."""
        known = self._secrets.get(key.id)
        if known is not None and known[0] == key.secret:
            return known[1]
        opened = self._vault.open(key.secret, secret_purpose(key.id))
        if opened is None:
            _log.error("the secret of access key %s cannot be unsealed: is it another server's?", key.id)
            return None
        if len(self._secrets) >= _REMEMBERED:
            self._secrets.clear()
        self._secrets[key.id] = (key.secret, opened.decode())
        return self._secrets[key.id][1]


def _told(key_id: str, family: str) -> dict[str, object] | None:
    """S3 tells the key id back.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    return {"AWSAccessKeyId": key_id[:_LONGEST_KEY_ID]} if family == "s3" else None
