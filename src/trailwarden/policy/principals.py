"""Who a statement's Principal or NotPrincipal means.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from trailwarden.policy.request import Principal, PrincipalKind
from trailwarden.policy.value import dataclass

__all__ = ["Principals", "Reach", "account_of", "compile_principals"]

_ACCOUNT_DIGITS = 12
_ARN_PARTS = 6


class Reach(IntEnum):
    """How closely a Principal element names the one who asks; what a grant is worth depends on it.

    ACCOUNT trusts the whole account, whose own policies then decide. ISSUER names the role of a session or the user
    behind a federated user: boundaries and session policies still limit it. DIRECT names the user or session itself,
    or everybody.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic
    """

    NONE = 0
    ACCOUNT = 1
    ISSUER = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """A Principal or NotPrincipal element. `written` keeps its (type, value) pairs; `everyone` is `*` or {"AWS": "*"}.

    `names` are ARNs and unique ids.
    """

    negated: bool
    written: tuple[tuple[str, str], ...]
    everyone: bool
    accounts: frozenset[str]
    names: frozenset[str]
    services: frozenset[str]
    federated: frozenset[str]
    canonical: frozenset[str]

    def reach(self, principal: Principal) -> Reach:
        """How closely the element names the principal, `negated` left aside."""
        if self.everyone:
            return Reach.DIRECT
        if principal.kind is PrincipalKind.SERVICE:
            return self._among(self.services, principal.arn)
        if principal.kind in _FEDERATED:
            return max(self._among(self.federated, principal.arn), self._among(self.federated, principal.issuer_arn))
        if principal.kind is PrincipalKind.ANONYMOUS:
            return Reach.NONE
        return self._of_account(principal)

    def _of_account(self, principal: Principal) -> Reach:
        if principal.arn in self.names or principal.unique_id in self.names:
            return Reach.DIRECT
        if principal.issuer_arn in self.names or principal.issuer_id in self.names:
            return Reach.ISSUER
        if principal.account in self.accounts or principal.canonical_id in self.canonical:
            return Reach.DIRECT if principal.kind is PrincipalKind.ROOT else Reach.ACCOUNT
        return Reach.NONE

    @staticmethod
    def _among(names: frozenset[str], name: str) -> Reach:
        return Reach.DIRECT if name and (name in names or "*" in names) else Reach.NONE

    def spares(self, principal: Principal) -> bool:
        """Whether a NotPrincipal lists the principal closely enough.

        A session is spared only where both its own ARN and its role's are listed; the account's ARN alone, which AWS
        asks to list too, spares nobody but the root user.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if self.reach(principal) is not Reach.DIRECT:
            return False
        if self.everyone or principal.kind is not PrincipalKind.ROLE_SESSION:
            return True
        return principal.issuer_arn in self.names or principal.issuer_id in self.names


_FEDERATED = frozenset({PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML})


def account_of(name: str) -> str | None:
    """The account that a principal stands for: 12 digits, or the ARN of the account's root."""
    if len(name) == _ACCOUNT_DIGITS and name.isdecimal():
        return name
    parts = name.split(":", _ARN_PARTS - 1)
    if len(parts) == _ARN_PARTS and parts[2] == "iam" and parts[5] == "root":
        return parts[4] or None
    return None


def compile_principals(written: Mapping[str, Iterable[str]], *, negated: bool) -> Principals:
    """A Principal element by type (`AWS`, `Service`, `Federated`, `CanonicalUser`); `*` alone comes as {"*": ["*"]}."""
    listed = {kind: tuple(names) for kind, names in written.items()}
    aws = listed.get("AWS", ())
    return Principals(
        negated=negated,
        written=tuple((kind, name) for kind, names in listed.items() for name in names),
        everyone="*" in listed or "*" in aws,
        accounts=frozenset(account for name in aws if (account := account_of(name)) is not None),
        names=frozenset(name for name in aws if account_of(name) is None and name),
        services=frozenset(listed.get("Service", ())),
        federated=frozenset(listed.get("Federated", ())),
        canonical=frozenset(name for name in listed.get("CanonicalUser", ()) if name),
    )
