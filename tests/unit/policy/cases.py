"""The data cases of `tests/cases/policy`, read into requests and policies.

A case's policies are lists of statements, or whole documents. Principals are named by what they are; a context value
"?unknown" is not known. A reason is "no LAYER" or "explicit LAYER", with " @LEVEL" in an organization. A determining
statement is "KINDp.s": the kind of policies, the policy's place in it (in its level), the statement's place in that. The
name of a case says why.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    Block,
    ContextValue,
    Decision,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
    evaluate,
)

CASES = Path(__file__).parents[2] / "cases" / "policy"
ACCOUNT, OTHER = "123456789012", "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/mateojackson"


def user(account: str, name: str, **more: Any) -> Principal:
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Principal(
        kind=PrincipalKind.USER, account=account, arn=arn, issuer_arn=arn, unique_id=f"AIDA{name.upper()}", **more
    )


def session(role: str, **more: Any) -> Principal:
    name = role.rpartition("/")[2]
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        account=ACCOUNT,
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        issuer_arn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        unique_id="AROADEV:session",
        issuer_id="AROADEV",
        **more,
    )


def root(account: str) -> Principal:
    arn = f"arn:aws:iam::{account}:root"
    return Principal(kind=PrincipalKind.ROOT, account=account, arn=arn, issuer_arn=arn, unique_id=account)


def outsider(kind: PrincipalKind, name: str) -> Principal:
    return Principal(kind=kind, account="", arn=name)


PRINCIPALS = {
    "user": user(ACCOUNT, "mateojackson"),
    "outsider": user(OTHER, "marymajor"),
    "manager": user(ACCOUNT, "mateojackson", management_account=True),
    "root": root(ACCOUNT),
    "outside_root": root(OTHER),
    "role": session("Dev"),
    "linked": session("aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail", service_linked=True),
    "federated": Principal(
        kind=PrincipalKind.FEDERATED_USER,
        account=ACCOUNT,
        arn=f"arn:aws:sts::{ACCOUNT}:federated-user/guest",
        issuer_arn=USER,
        unique_id=f"{ACCOUNT}:guest",
    ),
    "web": outsider(PrincipalKind.WEB_IDENTITY, "accounts.google.com"),
    "saml": outsider(PrincipalKind.SAML, f"arn:aws:iam::{ACCOUNT}:saml-provider/Corporate"),
    "service": outsider(PrincipalKind.SERVICE, "cloudtrail.amazonaws.com"),
    "anonymous": outsider(PrincipalKind.ANONYMOUS, ""),
}

LAYERS = {
    "identity": Layer.IDENTITY,
    "resource": Layer.RESOURCE,
    "trust": Layer.TRUST,
    "boundary": Layer.BOUNDARY,
    "session": Layer.SESSION,
    "endpoint": Layer.ENDPOINT,
    "scoped": Layer.SESSION,
    "scps": Layer.SCP,
    "rcps": Layer.RCP,
}

LEVELLED = frozenset({"scps", "rcps", "scoped"})
"""Kinds whose policies stand on levels, of which each has its say."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    request: AccessRequest
    policies: PolicySet
    effect: str
    reasons: tuple[str, ...]
    statements: tuple[str, ...]

    def decide(self) -> Decision:
        return evaluate(self.request, self.policies)


def read_cases(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*.json")):
        for written in json.loads(path.read_text()):
            yield Case(
                name=f"{path.stem}: {written['name']}",
                request=request_of(written["request"]),
                policies=PolicySet(**{kind: compiled(kind, found) for kind, found in written["policies"].items()}),
                effect=written["effect"],
                reasons=tuple(written["reasons"]),
                statements=tuple(written["statements"]),
            )


def request_of(written: dict[str, Any]) -> AccessRequest:
    context = {key: context_value(value) for key, value in written.get("context", {}).items()}
    return AccessRequest(**{**written, "principal": PRINCIPALS[written["principal"]], "context": context})


def context_value(value: str | list[str]) -> ContextValue:
    if isinstance(value, list):
        return tuple(value)
    return UNKNOWN if value == "?unknown" else value


def compiled(kind: str, found: list[Any]) -> tuple[Any, ...]:
    if kind in LEVELLED:
        return tuple(policies(kind, level) for level in found)
    return policies(kind, found)


def policies(kind: str, documents: Iterable[Any]) -> tuple[Policy, ...]:
    return tuple(
        compile_policy(
            json.dumps({"Version": "2012-10-17", "Statement": document} if isinstance(document, list) else document),
            Source(layer=LAYERS[kind], id=f"{kind}{index}"),
        )
        for index, document in enumerate(documents)
    )


def reasons(blocks: Iterable[Block]) -> tuple[str, ...]:
    return tuple(
        f"{'explicit' if block.explicit else 'no'} {block.layer}" + ("" if block.level is None else f" @{block.level}")
        for block in blocks
    )
