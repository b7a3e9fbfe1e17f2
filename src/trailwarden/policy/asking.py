"""A request made ready for matching: names folded, context looked up without regard to case."""

from collections.abc import Callable, Mapping

from trailwarden.policy.request import AccessRequest, Context, ContextValue, Principal, PrincipalKind
from trailwarden.policy.value import dataclass

__all__ = ["Asking", "asking_of"]

_Derived = Callable[[AccessRequest], ContextValue | None]


@dataclass(frozen=True, slots=True)
class Asking:
    """What statements are matched against. `action` is in lower case; `find` looks a key in lower case up."""

    request: AccessRequest
    principal: Principal
    action: str
    resource: str
    find: Callable[[str], ContextValue | None]

    def value(self, key: str) -> ContextValue | None:
        """The value of a condition key given in lower case; None where it is absent.

        Keys that the principal or the resource itself tells are there even where the request leaves them out.
        """
        found = self.find(key)
        if found is None and key in _DERIVED:
            return _DERIVED[key](self.request)
        return found


def asking_of(request: AccessRequest) -> Asking:
    """The request made ready."""
    given = request.context
    find = given.value if isinstance(given, Context) else _Folding(given).get
    return Asking(request, request.principal, request.action.lower(), request.resource, find)


class _Folding:
    """A context folded to lower case when a condition first asks for a key: most requests meet none."""

    __slots__ = ("_folded", "_given")

    def __init__(self, given: Mapping[str, ContextValue]) -> None:
        self._given = given
        self._folded: Mapping[str, ContextValue] | None = None

    def get(self, key: str) -> ContextValue | None:
        """The value of a key in lower case."""
        folded = self._folded
        if folded is None:
            folded = self._folded = _folded(self._given)
        return folded.get(key)


def _folded(context: Mapping[str, ContextValue]) -> Mapping[str, ContextValue]:
    folded = {key.lower(): value for key, value in context.items()}
    return folded if len(folded) == len(context) else _merged(context)


def _merged(context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    """Keys that differ only in case, as tag keys can, become one key with several values."""
    values: dict[str, list[ContextValue]] = {}
    for key, value in context.items():
        values.setdefault(key.lower(), []).append(value)
    return {key: found[0] if len(found) == 1 else _joined(found) for key, found in values.items()}


def _joined(found: list[ContextValue]) -> ContextValue:
    parts: list[str] = []
    for value in found:
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, tuple):
            parts.extend(value)
        else:
            return value
    return tuple(parts)


def _principal_arn(request: AccessRequest) -> str | None:
    """The role's ARN for a session, never the session's own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """
    principal = request.principal
    if principal.kind is PrincipalKind.ROLE_SESSION:
        return principal.issuer_arn or None
    if principal.kind in {PrincipalKind.ROOT, PrincipalKind.USER, PrincipalKind.FEDERATED_USER}:
        return principal.arn or None
    return None


def _service(request: AccessRequest) -> str | None:
    return request.principal.arn if request.principal.kind is PrincipalKind.SERVICE else None


def _by_service(request: AccessRequest) -> str:
    return "true" if request.principal.kind is PrincipalKind.SERVICE else "false"


_TYPES = {
    PrincipalKind.ROOT: "Account",
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ANONYMOUS: "Anonymous",
}

_DERIVED: Mapping[str, _Derived] = {
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": lambda request: request.principal.account or None,
    "aws:principaltype": lambda request: _TYPES.get(request.principal.kind),
    "aws:principalisawsservice": _by_service,
    "aws:principalservicename": _service,
    "aws:userid": lambda request: request.principal.unique_id or None,
    "aws:resourceaccount": lambda request: request.resource_account or None,
}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
