"""What a kind of policy may be required to say.

Each requirement is asked of the whole document and answers with AWS's message for the first fault. The order in which a
grammar lists them is AWS's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from trailwarden.policy.condition import known_operator
from trailwarden.policy.draft import Draft, DraftStatement
from trailwarden.policy.malformed import MalformedPolicy
from trailwarden.policy.pattern import compile_patterns, pieces_of

__all__ = [
    "LEGACY",
    "SYNTAX",
    "Requirement",
    "actions_are_named",
    "actions_have_vendors",
    "actions_name_services",
    "arns_are_arns",
    "current_version",
    "dates_are_dates",
    "denies_only",
    "effects_are_spelt",
    "everyone_only",
    "known_operators",
    "only_role_actions",
    "plain_sids",
    "principals_are_named",
    "principals_have_form",
    "prohibits",
    "resources_are_arns",
    "resources_are_named",
    "reworded",
    "unique_sids",
]

# Patterns stand as text: `re` compiles and keeps them when the first document is checked, not when this is imported.

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"

Requirement = Callable[[Draft], MalformedPolicy | None]

_Fault = tuple[str, str]
"""AWS's message, and the path below the statement."""


def _each(find: Callable[[DraftStatement], Iterable[_Fault]]) -> Requirement:
    """A requirement of each statement, from a function that yields a statement's faults."""

    def require(draft: Draft) -> MalformedPolicy | None:
        for statement in draft.statements:
            for text, path in find(statement):
                return MalformedPolicy(text, statement.path + path)
        return None

    require.__doc__ = find.__doc__
    return require


@_each
def known_operators(statement: DraftStatement) -> Iterator[_Fault]:
    """An operator that does not exist is an error where it has keys; AWS takes an empty one."""
    for operator, _, _ in statement.conditions:
        if not known_operator(operator):
            yield SYNTAX, f".Condition.{operator}"


def current_version(draft: Draft) -> MalformedPolicy | None:
    """Identity-based policies name the present version."""
    if draft.version == "2012-10-17":
        return None
    return MalformedPolicy("Policy document must be version 2012-10-17 or greater.", "$.Version")


@_each
def effects_are_spelt(statement: DraftStatement) -> Iterator[_Fault]:
    """Allow and Deny are case-sensitive."""
    if statement.effect not in {"Allow", "Deny"}:
        yield LEGACY, ".Effect"


_SECONDS = r"-?[0-9]{1,19}"
_SECONDS_MAX = 2**63
_CLOCK = r"[0-9]{1,2}(:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
_DATE = rf"(?i)[+-]?[0-9]+(-(0[1-9]|1[0-2])(-[0-9]{{2}})?)?(T({_CLOCK})?)?"


def _dated(value: str) -> bool:
    if re.fullmatch(_SECONDS, value):
        return -_SECONDS_MAX <= int(value) < _SECONDS_MAX
    return bool(re.fullmatch(_DATE, value))


@_each
def dates_are_dates(statement: DraftStatement) -> Iterator[_Fault]:
    """The values of date operators are ISO 8601 dates, cut short as you like, or seconds in 64 bits."""
    yield from _ill_formed(statement, "date", _dated)


@_each
def arns_are_arns(statement: DraftStatement) -> Iterator[_Fault]:
    """The values of ARN operators have an ARN's six parts, or are `*` or variables."""
    yield from _ill_formed(statement, "arn", lambda value: value == "*" or "${" in value or value.count(":") >= _COLONS)


_COLONS = 5


def _ill_formed(statement: DraftStatement, family: str, fits: Callable[[str], bool]) -> Iterator[_Fault]:
    for operator, key, values in statement.conditions:
        if operator.rpartition(":")[2].lower().startswith(family) and not all(map(fits, values)):
            yield LEGACY, f".Condition.{operator}.{key}"


def unique_sids(draft: Draft) -> MalformedPolicy | None:
    """No two statements share a Sid."""
    seen: set[str] = set()
    for statement in draft.statements:
        if statement.sid and statement.sid in seen:
            return MalformedPolicy("Statement IDs (SID) in a single policy must be unique.", f"{statement.path}.Sid")
        seen.add(statement.sid or "")
    return None


@_each
def plain_sids(statement: DraftStatement) -> Iterator[_Fault]:
    """A Sid of IAM has letters and digits alone.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
    """
    if statement.sid and not (statement.sid.isascii() and statement.sid.isalnum()):
        yield (
            (
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                "[0-9A-Za-z]*"
            ),
            ".Sid",
        )


_VENDOR = r"[A-Za-z0-9.-]+|\*"


@_each
def actions_have_vendors(statement: DraftStatement) -> Iterator[_Fault]:
    """An action is `*`, or a service prefix without wildcards, one colon, and a name."""
    for element, actions in (("Action", statement.action), ("NotAction", statement.not_action)):
        for action in actions or ():
            text = _action_fault(action)
            if text:
                yield text, f".{element}"


def _action_fault(action: str) -> str:
    vendor, colon, name = action.partition(":")
    if action == "*":
        return ""
    if not colon:
        return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    if ":" in name:
        return "Actions/Condition can contain only one colon."
    return "" if re.fullmatch(_VENDOR, vendor) else f"Vendor {vendor} is not valid"


_PARTITIONS = r"aws(-[a-z]+)*"
_FIELD = r"[A-Za-z0-9*?-]*"
_IAM_PATHS = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
_GLOBAL = {
    "iam": "IAM resource {} cannot contain region information.",
    "s3": "Resource {} can not contain region information.",
}
_S3_REGIONAL = ("accesspoint/", "access-grants/", "async-request/", "job/", "storage-lens/", "storage-lens-group/")
"""What S3 has besides buckets and objects, whose ARNs name a Region.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies
"""


@_each
def resources_are_arns(statement: DraftStatement) -> Iterator[_Fault]:
    """A resource is `*`, or an ARN of a known partition and a service; missing fields stand for anything."""
    for element, resources in (("Resource", statement.resource), ("NotResource", statement.not_resource)):
        for resource in resources or ():
            text = "" if resource == "*" else _resource_fault(resource)
            if text:
                yield text, f".{element}"


def _resource_fault(resource: str) -> str:
    head, colon, rest = resource.partition(":")
    if not colon:
        return f'Resource {head} must be in ARN format or "*".'
    fields = rest.split(":", _COLONS - 1)
    partition, vendor, region, account, path = (*fields, *"*****")[:_COLONS]
    if partition != "*" and not re.fullmatch(_PARTITIONS, partition):
        shown = ":".join(("arn", *(*fields, *"*****")[:_COLONS]))
        return f'Partition "{partition}" is not valid for resource "{shown}".'
    if "*" in vendor or "?" in vendor:
        return "Resource vendor must be fully qualified and cannot contain regexes."
    return _fields_fault(resource, vendor, (region, account), path)


def _fields_fault(resource: str, vendor: str, fields: tuple[str, str], path: str) -> str:
    if not vendor or not all(re.fullmatch(_FIELD, each) for each in fields):
        return LEGACY
    regional = vendor == "s3" and path.startswith(_S3_REGIONAL)
    if vendor in _GLOBAL and fields[0] not in {"", "*"} and not regional:
        return _GLOBAL[vendor].format(resource)
    if vendor == "iam" and not path.startswith(("*", "root", "?", "${", *_IAM_PATHS)):
        return f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.'
    return ""


@_each
def actions_are_named(statement: DraftStatement) -> Iterator[_Fault]:
    """Every statement names actions."""
    if not statement.action and not statement.not_action:
        yield "Policy statement must contain actions.", ".Action"


@_each
def resources_are_named(statement: DraftStatement) -> Iterator[_Fault]:
    """Every statement names resources."""
    if not statement.resource and not statement.not_resource:
        yield "Policy statement must contain resources.", ".Resource"


def prohibits(words: Mapping[str, str]) -> Requirement:
    """A requirement that certain elements are missing; `words` maps them to AWS's message.

    The elements are Principal, NotPrincipal, Resource, NotResource, NotAction.
    """

    def find(statement: DraftStatement) -> Iterator[_Fault]:
        present = {
            "Principal": statement.principal,
            "NotPrincipal": statement.not_principal,
            "Resource": statement.resource,
            "NotResource": statement.not_resource,
            "NotAction": statement.not_action,
        }
        return ((text, f".{name}") for name, text in words.items() if present[name] is not None)

    return _each(find)


def principals_are_named(text: str) -> Requirement:
    """A requirement that every statement has a Principal or NotPrincipal; `text` is AWS's message."""

    def find(statement: DraftStatement) -> Iterator[_Fault]:
        if statement.principal is None and statement.not_principal is None:
            yield text, ".Principal"

    return _each(find)


_AWS_NAME = (
    r"\*|[0-9]{12}|A[A-Z0-9]{15,127}|[0-9a-f]{64}"
    r"|arn:aws[a-z-]*:iam::[0-9]{12}:(root|user/[^*?]+|role/[^*?]+)"
    r"|arn:aws[a-z-]*:sts::[0-9]{12}:(assumed-role/[^*?/]+/[^*?]+|federated-user/[^*?]+|self)"
    r"|arn:aws[a-z-]*:iam::cloudfront:user/.+"
)
_SERVICE_NAME = r"\*|(?=[^.]+\.)[a-z0-9][a-z0-9.-]+"
_FORMS = {"AWS": _AWS_NAME, "Service": _SERVICE_NAME}


def principals_have_form(text: str) -> Requirement:
    """A requirement on the form of principals, in which wildcards mean nothing.

    `text` is AWS's message, `{}` in it the pair that is wrong.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """

    def find(statement: DraftStatement) -> Iterator[_Fault]:
        for element, written in (("Principal", statement.principal), ("NotPrincipal", statement.not_principal)):
            for kind, names in (written or {}).items():
                form = _FORMS.get(kind)
                for name in names:
                    if form is not None and not re.fullmatch(form, name):
                        yield text.format(f'"{kind.upper()}":"{name}"'), f".{element}.{kind}"

    return _each(find)


_ROLE_ACTIONS = (
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:assumeroot",
    "sts:setcontext",
    "sts:setsourceidentity",
    "sts:tagsession",
)


@_each
def only_role_actions(statement: DraftStatement) -> Iterator[_Fault]:
    """A trust policy speaks of assuming the role and of what goes with it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    """
    for action in statement.action or ():
        pattern = compile_patterns([pieces_of(action.lower())])
        if not action.lower().startswith("sts:") or not any(map(pattern.match, _ROLE_ACTIONS)):
            yield "AssumeRole policy may only specify STS AssumeRole actions.", ".Action"


@_each
def denies_only(statement: DraftStatement) -> Iterator[_Fault]:
    """Nothing is allowed."""
    if statement.effect != "Deny":
        yield SYNTAX, ".Effect"


@_each
def everyone_only(statement: DraftStatement) -> Iterator[_Fault]:
    """The Principal is `*`."""
    if statement.principal != {"*": ("*",)}:
        yield SYNTAX, ".Principal"


@_each
def actions_name_services(statement: DraftStatement) -> Iterator[_Fault]:
    """Every action names its service."""
    if any(":" not in action for action in statement.action or ()):
        yield SYNTAX, ".Action"


def reworded(requirement: Requirement, text: str) -> Requirement:
    """The same requirement with another message; the first becomes the reason."""

    def require(draft: Draft) -> MalformedPolicy | None:
        found = requirement(draft)
        return found and MalformedPolicy(text, found.path, found.text)

    return require
