"""From what signed a call to who calls: callers out of stored identities and session tokens.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.identities import ACCOUNT, ROLE, USER, AccessKey, Role, User
from trailwarden.auth.organization import MEMBER_ACCOUNT, ORGANIZATION
from trailwarden.auth.sealing import Opened
from trailwarden.auth.stages import Caller
from trailwarden.policy.request import Principal, PrincipalKind
from trailwarden.storage.ports import Reader

__all__ = ["ANONYMOUS", "canonical_id", "completed", "owner_of", "session_caller", "standing", "user_caller"]

ANONYMOUS = Caller(principal=Principal(kind=PrincipalKind.ANONYMOUS, account="", arn=""))

_ACTIVE = "ACTIVE"
_ROOT_SWITCH = "RootCredentials"
_OFF = "Disabled"


@lru_cache(maxsize=4_096)
def canonical_id(account: str) -> str:
    """The account's canonical user id as S3 knows it: 64 hexadecimal digits, always the same for an account.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html
    """
    return hashlib.sha256(f"canonical user id of {account}".encode()).hexdigest()


class Standing(msgspec.Struct, frozen=True):
    """How an account stands: whether its calls are taken, and what it is in its organization."""

    active: bool
    root: bool
    management: bool


_UNKNOWN_ACCOUNT = Standing(active=False, root=False, management=False)
_ALONE = Standing(active=True, root=True, management=False)


def standing(account: str, reader: Reader) -> Standing:
    """An account that does not exist, or is suspended, takes no part.

    The setting `RootCredentials: Disabled` says that its root user has no credentials.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
    """
    document = reader.get(ACCOUNT, account, "", account)
    if document is None:
        return _UNKNOWN_ACCOUNT
    body = document.body
    root = body.settings.get(_ROOT_SWITCH) != _OFF
    if not body.organization:
        return _ALONE if root else Standing(active=True, root=False, management=False)
    organization = reader.get(ORGANIZATION, "", "", body.organization)
    member = reader.get(MEMBER_ACCOUNT, body.organization, "", account)
    return Standing(
        active=member is None or member.body.status == _ACTIVE,
        root=root,
        management=organization is not None and organization.body.management_account == account,
    )


def user_caller(key: AccessKey, reader: Reader) -> Caller | None:
    """The user or root behind a long-term access key; None where it is gone or barred."""
    place = standing(key.account, reader)
    if not place.active:
        return None
    if not key.user:
        return _root(key, management=place.management) if place.root else None
    document = reader.get(USER, key.account, "", key.user)
    if document is None or key.id not in document.body.access_keys:
        return None
    user = document.body
    principal = _principal(PrincipalKind.USER, key.account, user.arn, user.id, place.management)
    return Caller(principal=principal, access_key=key.id, user_name=user.name, tags=user.tags)


def _root(key: AccessKey, *, management: bool) -> Caller:
    arn = f"arn:aws:iam::{key.account}:root"
    return Caller(
        principal=_principal(PrincipalKind.ROOT, key.account, arn, key.account, management), access_key=key.id
    )


@lru_cache(maxsize=4_096)
def _principal(kind: PrincipalKind, account: str, arn: str, unique_id: str, management: bool) -> Principal:  # noqa: FBT001 — a cache's keys are cheapest by place
    """The user or root, made once for all of its calls."""
    return Principal(
        kind=kind,
        account=account,
        arn=arn,
        issuer_arn=arn,
        unique_id=unique_id,
        canonical_id=canonical_id(account),
        management_account=management,
    )


def session_caller(opened: Opened, reader: Reader) -> Caller | None:
    """The session behind a token; None where the role or user it came from is gone, or is another one of that name.

    The tags of a role's session are the role's, overridden by the session's.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    principal = opened.principal
    place = standing(principal.account, reader)
    if not place.active:
        return None
    owner = owner_of(principal, reader)
    if (owner is None and _needs_owner(principal)) or not _is_same(owner, opened):
        return None
    if principal.kind is PrincipalKind.ROOT and not place.root and not opened.session.assumed_root:
        return None
    return Caller(
        principal=replace(
            principal,
            canonical_id=canonical_id(principal.account),
            service_linked=isinstance(owner, Role) and bool(owner.service),
            management_account=place.management,
        ),
        access_key=opened.access_key_id,
        user_name=opened.user_name,
        tags=_tags(owner, opened),
        session=opened.session,
    )


def _is_same(owner: User | Role | None, opened: Opened) -> bool:
    """A guest carries no id of its user, its session does: a user made anew under that name is another one."""
    if owner is None or opened.principal.kind is not PrincipalKind.FEDERATED_USER:
        return True
    return opened.session.issuer_id in {"", owner.id}


def _tags(owner: User | Role | None, opened: Opened) -> Mapping[str, str]:
    """A federated user has its session's tags alone."""
    own: Mapping[str, str] = {}
    if owner is not None and opened.principal.kind is not PrincipalKind.FEDERATED_USER:
        own = owner.tags
    if not opened.session.tags:
        return own
    return {**own, **opened.session.tags}


def _needs_owner(principal: Principal) -> bool:
    if principal.kind is PrincipalKind.FEDERATED_USER:
        return ":user/" in principal.issuer_arn
    return principal.kind in {PrincipalKind.ROLE_SESSION, PrincipalKind.USER}


def owner_of(principal: Principal, reader: Reader) -> User | Role | None:
    """The stored user or role that a principal is, or comes from; None for root, services, strangers, or where it is gone.

    An id that the principal carries must be the document's: a role made anew under the same name is another one.
    """
    arn = Arn.parse(principal.issuer_arn or principal.arn)
    if arn is None or arn.service != "iam":
        return None
    if principal.kind is PrincipalKind.ROLE_SESSION:
        role = reader.get(ROLE, arn.account, "", arn.name.lower())
        return role.body if role and principal.issuer_id in {"", role.body.id} else None
    if principal.kind not in {PrincipalKind.USER, PrincipalKind.FEDERATED_USER} or arn.type != "user":
        return None
    user = reader.get(USER, arn.account, "", arn.name.lower())
    if user is None or (principal.kind is PrincipalKind.USER and principal.unique_id not in {"", user.body.id}):
        return None
    return user.body


def completed(caller: Caller, reader: Reader, *, management_account: bool) -> Caller:
    """A caller that a service speaks for, with what its role's document tells; one that was proved is whole already.

    Whoever assumes a role for a moment knows its ARN alone.
    """
    principal = caller.principal
    if principal.kind is not PrincipalKind.ROLE_SESSION or principal.issuer_id:
        return caller
    role = owner_of(principal, reader)
    if not isinstance(role, Role):
        return caller
    name = principal.arn.rpartition("/")[2]
    whole = replace(
        principal,
        unique_id=f"{role.id}:{name}",
        issuer_id=role.id,
        canonical_id=canonical_id(principal.account),
        service_linked=bool(role.service),
        management_account=management_account,
    )
    return replace(caller, principal=whole, tags={**role.tags, **caller.tags})
