"""AssumeRoleWithWebIdentity: the text names neither role nor caller; the event names both, and the trust policy decides.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

from collections.abc import Mapping
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.diagnose.case import MoreNeeded
from trailwarden.diagnose.compiling import readable
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.document import statements_of, with_statements
from trailwarden.diagnose.edits import Place, SetDocument, apply_edits
from trailwarden.diagnose.known import Known
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.policy import (
    AccessRequest,
    Condition,
    Decision,
    Element,
    Layer,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    evaluate,
    near_misses,
)

__all__ = ["federated"]

_ACTION = "sts:AssumeRoleWithWebIdentity"
_MARK = ":oidc-provider/"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """Who the token says it is: the provider's ARN, and its claims as condition keys."""

    provider: str
    claims: Mapping[str, str]

    @property
    def host(self) -> str:
        """The provider as condition keys begin with it."""
        return self.provider.partition(_MARK)[2]


def federated(refusal: Refusal, data: AccountData) -> Known | None:
    """Why the role does not trust the token; None for another action. Raises MoreNeeded."""
    if refusal.action != _ACTION:
        return None
    asked = refusal.event.get("requestParameters")
    role_arn = Arn.parse(str(asked.get("roleArn", ""))) if isinstance(asked, Mapping) else None
    token = _token(refusal.event.get("userIdentity"))
    if role_arn is None or token is None:
        raise MoreNeeded(
            "the CloudTrail event of the call: the text names neither the role nor the token's provider and claims"
        )
    account = data.account(role_arn.account)
    role = account.find("role", role_arn.name) if account else None
    if role is None or not role.trust:
        raise MoreNeeded(f"the trust policy of {role_arn}")
    return _judged(str(role_arn), role_arn.name, role.trust, token)


def _token(identity: object) -> _Token | None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html: principalId is provider:aud:sub."""
    if not isinstance(identity, Mapping):
        return None
    provider, told = str(identity.get("identityProvider", "")), str(identity.get("principalId", ""))
    if _MARK not in provider:
        return None
    audience, _, subject = told.removeprefix(f"{provider}:").partition(":")
    host = provider.partition(_MARK)[2]
    subject = str(identity.get("userName") or subject)
    return _Token(provider=provider, claims={f"{host}:aud": audience, f"{host}:sub": subject})


def _judged(arn: str, name: str, trust: str, token: _Token) -> Known:
    source = Source(layer=Layer.TRUST, id=arn, name=name, attached_to=arn)
    decision = _decision(arn, trust, source, token)
    if decision.allowed:
        return Known(
            cause=f"the trust policy of role {name} lets this token in by now",
            mends=(Mend(title="make the call again", told=Remedy.RETRY),),
        )
    misses = [
        miss for miss in near_misses(decision) if miss.element is Element.CONDITION and miss.condition is not None
    ]
    if not misses or misses[0].condition is None:
        return _stranger(name, trust, source, token)
    condition = misses[0].condition
    return Known(
        cause=f"the trust policy of role {name} wants {condition.key} = {' or '.join(condition.values)}, and the token has "
        f"{token.claims.get(condition.key, 'no such key')}; {_reading(condition, token)}",
        mends=tuple(_corrected(arn, trust, source, token, misses[0].part.statement.index, condition)),
    )


def _reading(condition: Condition, token: _Token) -> str:
    if condition.key not in token.claims:
        return "IAM makes condition keys of only some claims of a provider, always of sub and aud, so this one never has a value"
    other = next(
        (key for key, value in token.claims.items() if value in condition.values and key != condition.key), None
    )
    return (
        f"that value stands under {other}"
        if other
        else f"the token's are {', '.join(f'{k} = {v}' for k, v in token.claims.items())}"
    )


def _corrected(arn: str, trust: str, source: Source, token: _Token, index: int, condition: Condition) -> list[Mend]:
    """The statement with the failing condition replaced by one on the token's own sub and aud; proved."""
    statements = statements_of(trust)
    conditions = {
        operator: {key: value for key, value in keys.items() if key != condition.key or operator != condition.operator}
        for operator, keys in statements[index].get("Condition", {}).items()
    }
    equals = {**conditions.pop("StringEquals", {}), **token.claims}
    corrected = {
        **statements[index],
        "Condition": {**{name: keys for name, keys in conditions.items() if keys}, "StringEquals": equals},
    }
    after = with_statements(trust, [*statements[:index], corrected, *statements[index + 1 :]])
    edit = SetDocument(
        place=Place(kind="trust", holder=source.name), source=source, before=trust, after=after, statement=corrected
    )
    changed = apply_edits(PolicySet(trust=readable(trust, source)), (edit,))
    if changed is None or not evaluate(_request(arn, token), changed).allowed:
        return []
    keys = " and ".join(key.rpartition(":")[2] for key in token.claims)
    return [
        Mend(
            title=f"in the trust policy of role {source.name}, ask for {keys} of the token in the place of {condition.key}",
            edits=(edit,),
            approver=f"an administrator of account {_account(arn)}",
            proved=True,
            told=Remedy.CORRECT,
        )
    ]


def _stranger(name: str, trust: str, source: Source, token: _Token) -> Known:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": token.provider},
        "Action": _ACTION,
        "Condition": {"StringEquals": dict(token.claims)},
    }
    edit = SetDocument(
        place=Place(kind="trust", holder=name),
        source=source,
        before=trust,
        after=with_statements(trust, [*statements_of(trust), statement]),
        statement=statement,
    )
    return Known(
        cause=f"no statement of the trust policy of role {name} lets tokens of {token.host} in",
        mends=(
            Mend(
                title=f"let this subject of {token.host} assume role {name}",
                edits=(edit,),
                approver=f"an administrator of account {_account(source.id)}",
            ),
        ),
    )


def _account(arn: str) -> str:
    parsed = Arn.parse(arn)
    return parsed.account if parsed else ""


def _decision(arn: str, trust: str, source: Source, token: _Token) -> Decision:
    return evaluate(_request(arn, token), PolicySet(trust=readable(trust, source)))


def _request(arn: str, token: _Token) -> AccessRequest:
    return AccessRequest(
        principal=Principal(kind=PrincipalKind.WEB_IDENTITY, account="", arn=token.provider),
        action=_ACTION,
        resource=arn,
        resource_account=_account(arn),
        context=dict(token.claims),
    )
