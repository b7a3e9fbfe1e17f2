"""A second evaluator, from AWS's pages alone and as plain as can be, which shares nothing with the engine.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import base64
import contextlib
import ipaddress
import json
import operator as order
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from typing import Any

Json = dict[str, Any]
Answer = tuple[str, frozenset[str]]

MEMBERS = {"root", "user", "role-session", "federated-user"}
ROLE_ACTIONS = {"assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "tagsession", "setsourceidentity", "setcontext"}  # fmt: skip
WITH_RCPS = {"s3", "s3express", "sts", "kms", "sqs", "secretsmanager", "dynamodb", "ecr", "logs", "aoss", "cognito-idp", "cognito-identity"}  # fmt: skip
RESOURCE, TRUST, IDENTITY = "resource-based policy", "role trust policy", "identity-based policy"
ENDPOINT, BOUNDARY, SESSION = "VPC endpoint policy", "permissions boundary", "session policy"
NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)"
LITERAL = str.maketrans("*?", "\ue000\ue001")  # what `*` and `?` become in a value, a variable's too: no wildcards


def decide(request: Json, principal: Json, policies: Json) -> Answer:
    """Allowed or Denied, and all reasons: "explicit KIND", "no KIND", with " @LEVEL" in an organization."""
    if request["action"].lower() == "sts:getcalleridentity" and principal["kind"] != "anonymous":
        return "Allowed", frozenset()
    reasons = frozenset(blocks(request, principal, policies))
    return ("Denied" if reasons else "Allowed"), reasons


def in_force(request: Json, principal: Json, policies: Json) -> Json:
    """The documents of each kind, None for no say; levels by " @LEVEL". A federation token has its session policies alone."""
    member, spared, action = principal["kind"] in MEMBERS, principal["service_linked"], request["action"].lower()
    found = {RESOURCE: policies.get("resource"), TRUST: policies.get("trust"), ENDPOINT: policies.get("endpoint")}
    if member:
        found |= {IDENTITY: policies.get("identity"), BOUNDARY: policies.get("boundary")}
        found[SESSION] = policies.get("session", [] if principal["kind"] == "federated-user" else None)
        found |= {f"{SESSION} @{level}": each for level, each in enumerate(policies.get("scoped", []))}
    if member and not principal["management_account"] and not spared:
        found |= {f"service control policy @{level}": each for level, each in enumerate(policies.get("scps", []))}
    spared = spared or request["resource_in_management_account"] or request["resource_aws_managed"]
    if action.partition(":")[0] in WITH_RCPS and action != "kms:retiregrant" and not spared:
        found |= {f"resource control policy @{level}": each for level, each in enumerate(policies.get("rcps", []))}
    return found


def blocks(request: Json, principal: Json, policies: Json) -> Iterator[str]:
    """Explicit denies of any kind, then what each kind that has a say does not allow."""
    kinds, allows, bounded = in_force(request, principal, policies), dict[str, set[str]](), "boundary" in policies
    for kind, documents in kinds.items():
        written = [(each, document) for document in documents or [] for each in listed(document["Statement"])]
        found = [(each["Effect"], applies(each, document, request, principal, bounded)) for each, document in written]
        allows[kind] = {naming for effect, naming in found if effect == "Allow"} - {""}
        if {naming for effect, naming in found if effect == "Deny"} - {""}:
            yield f"explicit {kind}"
    # The resource's side: a role's trust policy and a key's policy must let in, others may, and must across accounts.
    service, _, name = request["action"].lower().partition(":")
    member, named = principal["kind"] in MEMBERS, allows[RESOURCE] | allows[TRUST]
    crosses = member and request["resource_account"] not in {"", principal["account"]}
    asks_role = service == "sts" and name in ROLE_ACTIONS and ":role/" in request["resource"]
    if asks_role and not allows[TRUST]:
        yield f"no {TRUST}"
    asks_key = service == "kms" and ":key/" in request["resource"]
    if (asks_key or crosses or not member) and not asks_role and not named:
        yield f"no {RESOURCE}"
    # The principal's side: an Allow of its own, unless a resource of its account names it; then the caps.
    granted = set() if crosses else named & {"self", "issuer"}
    if member and not allows[IDENTITY] and not granted and principal["kind"] != "root":
        yield f"no {IDENTITY}"
    free = {RESOURCE, TRUST, IDENTITY} | ({BOUNDARY, SESSION} if "self" in granted else set())
    for kind, documents in kinds.items():
        if kind not in free and not kind.startswith("resource control") and documents is not None and not allows[kind]:
            yield f"no {kind}"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def applies(statement: Json, document: Json, request: Json, principal: Json, bounded: bool) -> str:
    """ "self", "issuer" or "account", by how a statement that applies names the principal; "" where it does not."""
    context = context_of(request, principal)
    variables = context if document.get("Version") == "2012-10-17" else None
    naming = names(statement.get("Principal", "*"), principal)
    if "NotPrincipal" in statement and not (bounded and statement["Effect"] == "Deny"):
        role = {"arn": principal["issuer_arn"], "unique_id": principal["issuer_id"]}
        whole = [principal, principal | role] if principal["kind"] == "role-session" else [principal]
        naming = "" if all(names(statement["NotPrincipal"], each) == "self" for each in whole) else "self"

    def acts(pattern: str) -> bool:
        return like(pattern.lower(), request["action"].lower())

    def covers(pattern: str) -> bool:  # missing parts of an ARN stand for anything; variables count in the last alone
        pattern += ":*" * max(0, 5 - pattern.count(":")) * pattern.startswith("arn:")
        head, tail = re.fullmatch("((?:[^:]*:){5}|)(.*)", pattern, re.DOTALL).groups()  # type: ignore[union-attr]
        return like(head + filled(tail, variables if head else None), request["resource"])

    for element, test in (("Action", acts), ("Resource", covers)):
        listing, sparing = listed(statement.get(element, "*")), listed(statement.get(f"Not{element}", []))
        if not any(map(test, listing)) or any(map(test, sparing)):
            return ""
    for operator, keys in statement.get("Condition", {}).items():
        for key, written in keys.items():
            wanted = [each if isinstance(each, str) else json.dumps(each) for each in listed(written)]
            if not met(operator.lower(), context.get(key.lower()), wanted, variables):
                return ""
    return naming


def names(element: Any, principal: Json) -> str:
    """How a Principal element names the principal. A session's issuer is its role, a federated user's its user."""
    aws = set(["*"] if element == "*" else listed(element.get("AWS", [])))
    kind = {"service": "Service", "web-identity": "Federated", "saml": "Federated"}.get(principal["kind"], "")
    if "*" in aws or (kind and {principal["arn"], "*"} & set(listed(element.get(kind, [])))):
        return "self"
    if principal["kind"] not in MEMBERS:
        return ""
    account = {principal["account"], f"arn:aws:iam::{principal['account']}:root"} & aws
    if {principal["arn"], principal["unique_id"]} & aws or (account and principal["kind"] == "root"):
        return "self"
    return "issuer" if {principal["issuer_arn"], principal["issuer_id"]} & aws else "account" if account else ""


def context_of(request: Json, principal: Json) -> Json:
    """Context keys without regard to case; the principal's and the resource's own are always there."""
    arn = principal["issuer_arn" if principal["kind"] == "role-session" else "arn"]
    own = {"aws:principalarn": arn if principal["kind"] in MEMBERS else None, "aws:userid": principal["unique_id"]}
    own |= {"aws:principalaccount": principal["account"], "aws:resourceaccount": request["resource_account"]}
    return {key: value or None for key, value in own.items()} | {k.lower(): v for k, v in request["context"].items()}


def like(pattern: str, value: str) -> bool:
    """The whole of `value` by `*` and `?`."""
    parts = ({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch("".join(parts), value.translate(LITERAL), re.DOTALL) is not None


def filled(value: str, context: Json | None) -> str:
    """Variables replaced; one without a single value or a default by a sign that no value has, so that nothing matches."""

    def replace(found: re.Match[str]) -> str:
        key, comma, default = found[1].partition(",")
        got = key if found[1] in {"*", "?", "$"} else context and context.get(key.strip().lower())
        got = default.strip().strip("'") if got is None and comma else got
        return got.translate(LITERAL) if isinstance(got, str) else "\ue002"

    return re.sub(r"\$\{([^}]*)\}", replace, value) if context is not None else value


def met(operator: str, got: Any, wanted: list[str], context: Json | None) -> bool:
    """One operator on one key, which `got` is None for where it is absent."""
    if operator == "null":
        return json.dumps(got in (None, [])) in map(str.lower, wanted)
    qualifier, _, name = operator.removesuffix("ifexists").rpartition(":")
    negated, optional = "not" in name, operator.endswith("ifexists")
    read, test = OPERATORS[name.replace("not", "").replace("arnequals", "arnlike")]
    ready = [filled(each, context if name.startswith(("string", "arn")) else None) for each in wanted]

    def one(value: str) -> bool:  # what cannot be read, on either side, matches nothing
        found = False
        for each in ready:
            with contextlib.suppress(ValueError, TypeError):
                found = found or test(read(value), read(each))
        return found is not negated

    values = [] if got is None else listed(got)
    if got is None and optional:
        return True
    if qualifier:
        return {"forallvalues": all, "foranyvalue": any}[qualifier](map(one, [] if values == [""] else values))
    return (optional or negated) if not values else len(values) == 1 and one(values[0])


def moment(value: str) -> Fraction:  # seconds, or an ISO date that may end behind any part; four digits are a year
    if re.fullmatch(r"-?\d+", value) and len(value) != 4:
        return Fraction(value)
    found = datetime.fromisoformat(value + {4: "-01-01", 7: "-01"}.get(len(value), ""))
    return Fraction((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


parts = partial(re.compile(":").split, maxsplit=5)
ORDERS = {"equals": order.eq, "lessthan": order.lt, "lessthanequals": order.le, "greaterthan": order.gt, "greaterthanequals": order.ge}  # fmt: skip
READ = {"date": moment, "numeric": lambda value: Fraction(value if re.fullmatch(NUMBER, value) else "none")}
OPERATORS: dict[str, tuple[Callable[[str], Any], Callable[[Any, Any], bool]]] = {
    "stringequals": (lambda value: value.translate(LITERAL), order.eq),
    "stringequalsignorecase": (lambda value: value.translate(LITERAL).casefold(), order.eq),
    "stringlike": (str, lambda got, want: like(want, got)),
    "arnlike": (parts, lambda got, want: got[0] == "arn" and len(got) == len(want) == 6 and all(map(like, want, got))),
    "bool": (lambda value: ("false", "true").index(value.lower()), order.eq),
    "binaryequals": (lambda value: base64.b64decode(value, validate=True), order.eq),
    "ipaddress": (lambda value: ipaddress.ip_network(value, strict=False), lambda got, want: got.subnet_of(want)),
    **{kind + name: (READ[kind], compare) for kind in READ for name, compare in ORDERS.items()},
}
