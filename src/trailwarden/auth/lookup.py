"""What stored identities tell the catalog about names in a call: `catalog.asking.Lookup`, answered.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

from collections.abc import Callable, Mapping

from trailwarden.auth.identities import ACCESS_KEY, GROUP, ROLE, USER
from trailwarden.auth.organization import membership, part_of
from trailwarden.auth.stages import Authenticated
from trailwarden.policy import PrincipalKind
from trailwarden.storage.ports import Reader

__all__ = ["Answer", "lookup_of"]

_ORGANIZATIONS = "organizations."

Answer = Callable[[str, Authenticated, Reader], str | None]
"""The answer for one kind: from a name, the call and what is stored."""


def lookup_of(
    call: Authenticated, reader: Reader, more: Mapping[str, Answer] | None = None
) -> Callable[[str, str], str | None]:
    """The lookup for one call. `more` answers further kinds; None for what nobody knows."""
    others = more or {}

    def look(kind: str, name: str) -> str | None:
        answer = _ANSWERS.get(kind) or others.get(kind)
        if answer is None and kind.startswith(_ORGANIZATIONS):
            answer = _organization_part
        return answer(name, call, reader) if answer is not None else None

    return look


def _caller(_name: str, call: Authenticated, _reader: Reader) -> str | None:
    principal = call.caller.principal
    return principal.arn if principal.kind in {PrincipalKind.USER, PrincipalKind.ROOT} else None


def _user(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(USER, call.account, "", name.lower())
    return document.body.arn if document else None


def _role(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(ROLE, call.account, "", name.lower())
    return document.body.arn if document else None


def _group(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(GROUP, call.account, "", name.lower())
    return document.body.arn if document else None


def _user_boundary(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(USER, call.account, "", name.lower())
    return (document.body.boundary or None) if document else None


def _role_boundary(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(ROLE, call.account, "", name.lower())
    return (document.body.boundary or None) if document else None


def _access_key(name: str, call: Authenticated, reader: Reader) -> str | None:
    """The ARN of a key's user, or of the root user; keys of other accounts are nobody's."""
    document = reader.get(ACCESS_KEY, "", "", name)
    if document is None or document.body.account != call.account:
        return None
    if not document.body.user:
        return f"arn:aws:iam::{call.account}:root"
    return _user(document.body.user, call, reader)


def _organization(name: str, call: Authenticated, reader: Reader) -> str | None:
    place = membership(name or call.account, reader)
    return place.organization.arn if place else None


def _organization_part(name: str, call: Authenticated, reader: Reader) -> str | None:
    """The ARN of an account, root, unit or policy of the caller's own organization."""
    place = membership(call.account, reader)
    if place is None:
        return None
    part = part_of(place.organization.id, name, reader)
    return part.arn if part else None


_ANSWERS: Mapping[str, Answer] = {
    "caller": _caller,
    "iam.user": _user,
    "iam.role": _role,
    "iam.group": _group,
    "iam.user.boundary": _user_boundary,
    "iam.role.boundary": _role_boundary,
    "iam.access-key": _access_key,
    "organizations.organization": _organization,
}
