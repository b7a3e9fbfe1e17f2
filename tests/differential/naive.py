# ruff: noqa: PLR0912 — the rules stand in one piece, as in the guide
"""A second evaluator, written from AWS's pages alone and as plainly as can be.

Documents are taken as they are, statement by statement: no index, no compiling, nothing shared with the engine.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
Answer = tuple[str, frozenset[str]]

MEMBERS = {"root", "user", "role-session", "federated-user"}


def decide(request: Json, principal: Json, policies: Json) -> Answer:
    """Allowed or Denied, and all reasons: "explicit KIND", "no KIND", with " @LEVEL" in an organization."""
    service, _, name = request["action"].lower().partition(":")
    if (service, name) == ("sts", "getcalleridentity") and principal["kind"] != "anonymous":
        return "Allowed", frozenset()
    reasons = frozenset(_reasons(request, principal, policies))
    return ("Denied" if reasons else "Allowed"), reasons


def _reasons(request: Json, principal: Json, policies: Json) -> Iterator[str]:
    member = principal["kind"] in MEMBERS
    bounded = policies.get("boundary") is not None
    action = request["action"].lower()
    service = action.split(":")[0]
    owner = request["resource_account"]
    crosses = member and owner != "" and owner != principal["account"]

    def look(documents: list[Any], *, guards: bool = False) -> tuple[list[str], bool]:
        """How the allowing statements name the principal, and whether one denies."""
        allows, denies = [], False
        for document in documents:
            for statement in listed(document["Statement"]):
                naming = applies(statement, document, request, principal, bounded and guards)
                if naming and statement["Effect"] == "Allow":
                    allows.append(naming)
                denies = denies or bool(naming and statement["Effect"] == "Deny")
        return allows, denies

    # Organizations: resource control policies reach everybody but ...
    controlled = {
        "s3", "sts", "kms", "sqs", "secretsmanager", "dynamodb", "ecr", "logs", "aoss", "cognito-idp",
        "cognito-identity", "s3express",
    }  # fmt: skip
    rcps_reach = (
        service in controlled
        and action != "kms:retiregrant"
        and not principal["service_linked"]
        and not request["resource_in_management_account"]
        and not request["resource_aws_managed"]
    )
    for level, documents in enumerate(policies.get("rcps", [])):
        if rcps_reach and look(documents)[1]:
            yield f"explicit resource control policy @{level}"
    # ... service control policies only members of the organization's other accounts.
    scps_reach = member and not principal["management_account"] and not principal["service_linked"]
    for level, documents in enumerate(policies.get("scps", [])):
        allows, denies = look(documents)
        if scps_reach and denies:
            yield f"explicit service control policy @{level}"
        if scps_reach and not allows:
            yield f"no service control policy @{level}"

    endpoint = policies.get("endpoint")
    if endpoint is not None:
        allows, denies = look(endpoint, guards=True)
        if denies:
            yield "explicit VPC endpoint policy"
        if not allows:
            yield "no VPC endpoint policy"

    given, denies = look(policies.get("resource", []), guards=True)
    if denies:
        yield "explicit resource-based policy"
    trusted, denies = look(policies.get("trust", []), guards=True)
    if denies:
        yield "explicit role trust policy"
    held, denies = look(policies.get("identity", []) if member else [])
    if denies:
        yield "explicit identity-based policy"

    wants_role = ":role/" in request["resource"] and action in {
        "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession",
        "sts:setsourceidentity", "sts:setcontext",
    }  # fmt: skip
    if wants_role and not trusted:
        yield "no role trust policy"
    wants_key = service == "kms" and ":key/" in request["resource"]
    if wants_key and member and not crosses and not given:
        yield "no resource-based policy"
    if not member and not given and not trusted and not wants_role:
        yield "no resource-based policy"

    namings = given + trusted
    root = principal["kind"] == "root"
    if member and crosses:
        if not held and not root:
            yield "no identity-based policy"
        if not namings and not wants_role:
            yield "no resource-based policy"
    elif member and not held and not root and not {"self", "issuer"} & set(namings):
        yield "no identity-based policy"

    beyond_caps = "self" in namings and not crosses
    for kind, words in (("boundary", "permissions boundary"), ("session", "session policy")):
        documents = policies.get(kind)
        if documents is None and kind == "session" and principal["kind"] == "federated-user":
            documents = []
        if documents is None or not member:
            continue
        allows, denies = look(documents)
        if denies:
            yield f"explicit {words}"
        if not allows and not beyond_caps:
            yield f"no {words}"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def applies(statement: Json, document: Json, request: Json, principal: Json, bounded: bool) -> str:
    """ "self", "issuer" or "account", by how the statement names the principal; "" where it does not apply."""
    lookup = context_of(request, principal)
    variables = document.get("Version") == "2012-10-17"
    naming = "self"
    if "Principal" in statement:
        naming = names(statement["Principal"], principal)
    elif "NotPrincipal" in statement and not (bounded and statement["Effect"] == "Deny"):
        naming = "" if spared(statement["NotPrincipal"], principal) else "self"
    if not naming:
        return ""
    action = request["action"].lower()
    if "Action" in statement and not any(like(each.lower(), action) for each in listed(statement["Action"])):
        return ""
    if "NotAction" in statement and any(like(each.lower(), action) for each in listed(statement["NotAction"])):
        return ""

    def covers(resources: Any) -> bool:
        return any(
            resource_like(each, request["resource"], lookup if variables else None) for each in listed(resources)
        )

    if "Resource" in statement and not covers(statement["Resource"]):
        return ""
    if "NotResource" in statement and covers(statement["NotResource"]):
        return ""
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            if not met(operator, lookup(key), [text(each) for each in listed(wanted)], lookup if variables else None):
                return ""
    return naming


def names(element: Any, principal: Json) -> str:
    """How a Principal element names the principal."""
    if element == "*" or "*" in listed(element.get("AWS", [])):
        return "self"
    kind = principal["kind"]
    if kind == "service":
        return "self" if {principal["arn"], "*"} & set(listed(element.get("Service", []))) else ""
    if kind in {"web-identity", "saml"}:
        return "self" if {principal["arn"], "*"} & set(listed(element.get("Federated", []))) else ""
    if kind == "anonymous":
        return ""
    aws = listed(element.get("AWS", []))
    account = {principal["account"], f"arn:aws:iam::{principal['account']}:root"} & set(aws)
    if kind == "root":
        return "self" if account else ""
    if principal["arn"] in aws or (principal["unique_id"] and principal["unique_id"] in aws):
        return "self"
    if principal["issuer_arn"] in aws or (principal["issuer_id"] and principal["issuer_id"] in aws):
        return "issuer"
    return "account" if account else ""


def spared(element: Any, principal: Json) -> bool:
    """Whether NotPrincipal lists the principal: for a session both its role and itself must be there."""
    if element == "*" or "*" in listed(element.get("AWS", [])):
        return True
    if names(element, principal) != "self":
        return False
    if principal["kind"] != "role-session":
        return True
    aws = listed(element.get("AWS", []))
    return principal["issuer_arn"] in aws or principal["issuer_id"] in aws


Lookup = Callable[[str], Any]


def context_of(request: Json, principal: Json) -> Lookup:
    """Context keys without regard to case; the principal's and the resource's own are always there."""
    arns = {"role-session": "issuer_arn", "user": "arn", "root": "arn", "federated-user": "arn"}
    own = {
        "aws:principalarn": principal[arns[principal["kind"]]] if principal["kind"] in arns else None,
        "aws:principalaccount": principal["account"] or None,
        "aws:userid": principal["unique_id"] or None,
        "aws:resourceaccount": request["resource_account"] or None,
    }
    given = {key.lower(): value for key, value in request["context"].items()}

    def lookup(key: str) -> Any:
        return given.get(key.lower(), own.get(key.lower()))

    return lookup


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def like(pattern: str, value: str, star: str = ".*") -> bool:
    """The whole of `value` by `*` and `?`."""
    found = "".join(star if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch(found, value, re.DOTALL) is not None


# A character of a variable's value or of ${*} that is no wildcard: put out of reach while the pattern is read.
HIDE = {"*": "\ue000", "?": "\ue001"}


def hidden(value: str) -> str:
    return "".join(HIDE.get(char, char) for char in value)


def filled(value: str, lookup: Lookup | None, start: int = 0) -> str | None:
    """Variables replaced, their wildcards hidden; None where one cannot be resolved."""
    if lookup is None:
        return value
    lost = False

    def replace(match: re.Match[str]) -> str:
        nonlocal lost
        inner = match.group(1)
        if inner in {"*", "?", "$"}:
            return hidden(inner)
        key, comma, default = inner.partition(",")
        found = lookup(key.strip())
        if found is None and comma:
            return hidden(default.strip().strip("'"))
        if not isinstance(found, str):
            lost = True
            return ""
        return hidden(found)

    done = value[:start] + re.sub(r"\$\{([^}]*)\}", replace, value[start:])
    return None if lost else done


def resource_like(pattern: str, resource: str, lookup: Lookup | None) -> bool:
    if pattern.startswith("arn:"):
        pattern += ":*" * max(0, 5 - pattern.count(":"))
    start = len(pattern) - len(pattern.split(":", 5)[5]) if pattern.count(":") >= 5 else len(pattern)
    ready = filled(pattern, lookup, start)
    return (ready is not None and like(ready, hidden(resource))) or (ready is not None and like(ready, resource))


def met(operator: str, got: Any, wanted: list[str], lookup: Lookup | None) -> bool:
    """One operator on one key."""
    qualifier, colon, name = operator.rpartition(":")
    name = name.lower()
    if name == "null":
        absent = got is None or got == []
        return any((each.lower() == "true") is absent for each in wanted if each.lower() in {"true", "false"})
    optional = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    if name == "notipaddress":
        negated, name = True, "ipaddress"
    else:
        negated, name = "not" in name, name.replace("not", "")

    def one(value: str) -> bool:
        found = False
        for each in wanted:
            takes_variables = name.startswith(("string", "arn"))
            ready = filled(each, lookup) if takes_variables else each
            found = found or (ready is not None and matches(name, value, ready))
        return found is not negated

    values = None if got is None else [got] if isinstance(got, str) else got
    if qualifier.lower() == "forallvalues":
        return values in (None, [""]) or all(map(one, values or []))
    if values is None:
        return optional or (negated and not colon)
    if qualifier.lower() == "foranyvalue":
        return values != [""] and any(map(one, values))
    if not values:
        return optional or negated
    return len(values) == 1 and one(values[0])


def matches(name: str, got: str, want: str) -> bool:
    """One value of the request and one of the policy."""
    shown = "".join({hide: char for char, hide in HIDE.items()}.get(char, char) for char in want)
    if name == "stringequals":
        return got == shown
    if name == "stringequalsignorecase":
        return got.casefold() == shown.casefold()
    if name == "stringlike":
        return like(want, hidden(got)) or like(want, got)
    if name in {"arnequals", "arnlike"}:
        ours, theirs = want.split(":", 5), got.split(":", 5)
        return (
            len(ours) == len(theirs) == 6
            and theirs[0] == "arn"
            and all(like(one, hidden(other)) or like(one, other) for one, other in zip(ours, theirs, strict=True))
        )
    if name == "bool":
        return want.lower() in {"true", "false"} and want.lower() == got.lower()
    if name == "binaryequals":
        return binary(want) is not None and binary(want) == binary(got)
    if name == "ipaddress":
        return in_range(got, want)
    kind, order = re.fullmatch(r"(numeric|date)(.*)", name).groups()  # type: ignore[union-attr]
    read = number if kind == "numeric" else moment
    left, right = read(got), read(want)
    if left is None or right is None:
        return False
    return {
        "equals": left == right,
        "lessthan": left < right,
        "lessthanequals": left <= right,
        "greaterthan": left > right,
        "greaterthanequals": left >= right,
    }[order]


def number(value: str) -> Fraction | None:
    return Fraction(value) if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", value) else None


def moment(value: str) -> Fraction | None:
    if re.fullmatch(r"-?\d+", value) and len(value) != 4:
        return Fraction(value)
    for form in ("%Y", "%Y-%m"):
        try:
            return Fraction(int(datetime.strptime(value, form).replace(tzinfo=UTC).timestamp()))
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return Fraction(found.timestamp()).limit_denominator(1_000_000)


def binary(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return None


def address(value: str) -> tuple[int, int] | None:
    """Bits and width of an IP address."""
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value):
        parts = [int(part) for part in value.split(".")]
        return (sum(part << 8 * (3 - place) for place, part in enumerate(parts)), 32) if max(parts) < 256 else None
    head, gap, tail = value.lower().partition("::")
    left, right = head.split(":") if head else [], tail.split(":") if tail else []
    words = left + ["0"] * (8 - len(left) - len(right)) + right if gap else left
    if len(words) != 8 or not all(re.fullmatch(r"[0-9a-f]{1,4}", word) for word in words):
        return None
    return sum(int(word, 16) << 16 * (7 - place) for place, word in enumerate(words)), 128


def in_range(got: str, want: str) -> bool:
    """A range of the request lies in a range of the policy when it is no wider and begins alike."""
    ours, theirs = network(want), network(got)
    if ours is None or theirs is None or ours[1] != theirs[1]:
        return False
    shift = ours[1] - ours[2]
    return theirs[2] >= ours[2] and ours[0] >> shift == theirs[0] >> shift


def network(value: str) -> tuple[int, int, int] | None:
    """Bits, width and prefix length."""
    base, slash, length = value.partition("/")
    found = address(base)
    return found and (*found, int(length) if slash else found[1])
