"""What each kind of policy may say, and AWS's words where one says something else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Mapping

from trailwarden.policy import requirements as must
from trailwarden.policy.draft import Draft, Flaw, Malformed
from trailwarden.policy.malformed import MalformedPolicy, PolicyTooLarge
from trailwarden.policy.requirements import SYNTAX, Requirement
from trailwarden.policy.value import dataclass, field

__all__ = [
    "ANY",
    "BUCKET",
    "ENDPOINT",
    "IDENTITY",
    "RCP",
    "RESOURCE",
    "SCP",
    "SESSION",
    "TRUST",
    "Grammar",
    "MalformedPolicy",
    "PolicyTooLarge",
    "policy_size",
]


def policy_size(text: str) -> int:
    """The size of a document as IAM counts it: characters without white space.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    return sum(map(len, text.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The grammar of one kind of policy: its size limit in characters without white space, and its checks in order.

    `size_max` 0 is no limit. `not_json` is AWS's message for what is no JSON; `flaws` those for faults of shape, with
    `{}` for the element or value at fault, and `syntax` stands for all others.
    """

    name: str
    size_max: int = 0
    too_large: str = "Cannot exceed quota for PolicySize: {}"
    not_json: str = SYNTAX
    syntax: str = SYNTAX
    flaws: Mapping[Flaw, str] = field(default_factory=dict)
    checks: tuple[Requirement, ...] = ()

    def misshapen(self, fault: Malformed) -> MalformedPolicy:
        """A fault of shape in AWS's words."""
        text = self.flaws.get(fault.flaw, self.syntax).format(fault.word)
        return MalformedPolicy(text, fault.path, fault.reason)

    def refusal(self, text: str, draft: Draft) -> MalformedPolicy | None:
        """The first fault, or None. `text` is empty where the document did not come as text."""
        if self.size_max and policy_size(text) > self.size_max:
            return PolicyTooLarge(self.too_large.format(self.size_max), "$")
        return next((found for check in self.checks if (found := check(draft)) is not None), None)


ANY = Grammar(name="policy", checks=(must.known_operators,))
"""For documents whose kind is not known: any that can be evaluated."""

_NO_PRINCIPAL = dict.fromkeys(("Principal", "NotPrincipal"), "Policy document should not specify a principal.")

IDENTITY = Grammar(
    name="identity-based policy",
    size_max=6_144,
    checks=(
        must.known_operators,
        must.current_version,
        must.effects_are_spelt,
        must.dates_are_dates,
        must.arns_are_arns,
        must.prohibits(_NO_PRINCIPAL),
        must.plain_sids,
        must.unique_sids,
        must.resources_are_arns,
        must.actions_have_vendors,
        must.actions_are_named,
        must.resources_are_named,
    ),
)
"""Managed and inline policies and permissions boundaries.

The limit is a managed policy's; inline policies are limited in sum, by `policy_size`.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
"""

SESSION = Grammar(name="session policy", size_max=2_048, too_large=SYNTAX, checks=IDENTITY.checks)
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

_FLAWS: Mapping[Flaw, str] = {
    Flaw.MISSING: "Missing required field {}",
    Flaw.UNKNOWN: "Unknown field {}",
    Flaw.EFFECT: "Invalid effect: {}",
}

TRUST = Grammar(
    name="role trust policy",
    size_max=2_048,
    too_large="Cannot exceed quota for ACLSizePerRole: {}",
    not_json="This policy contains invalid Json",
    flaws=_FLAWS,
    checks=(
        must.known_operators,
        must.effects_are_spelt,
        must.prohibits({name: f"Has prohibited field {name}" for name in ("Resource", "NotResource")}),
        must.principals_are_named("Missing required field Principal"),
        must.unique_sids,
        must.actions_have_vendors,
        must.actions_are_named,
        must.only_role_actions,
        must.principals_have_form("Invalid principal in policy: {}"),
    ),
)
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""

RESOURCE = Grammar(
    name="resource-based policy",
    size_max=32_768,
    flaws=_FLAWS,
    checks=(
        must.known_operators,
        must.principals_are_named("Missing required field Principal"),
        must.unique_sids,
        must.actions_are_named,
        must.principals_have_form("Invalid principal in policy: {}"),
    ),
)
"""Policies of keys, topics, queues and the like; each service has its own limit and code besides."""

BUCKET = Grammar(
    name="bucket policy",
    size_max=20_480,
    too_large="Policy exceeds the maximum allowed document size.",
    not_json="Policies must be valid JSON and the first byte must be '{'",
    syntax="Invalid policy syntax.",
    flaws=_FLAWS,
    checks=(
        must.known_operators,
        must.principals_are_named("Missing required field Principal"),
        must.principals_have_form("Invalid principal in policy"),
        must.actions_are_named,
        must.resources_are_named,
    ),
)
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html"""

ENDPOINT = Grammar(name="VPC endpoint policy", size_max=20_480, checks=RESOURCE.checks)
"""https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"""

_UNFIT = "The provided policy document does not meet the requirements of the specified policy type."
_TOO_LARGE = "You have exceeded the maximum policy size."

SCP = Grammar(
    name="service control policy",
    size_max=5_120,
    too_large=_TOO_LARGE,
    not_json=_UNFIT,
    syntax=_UNFIT,
    checks=tuple(
        must.reworded(check, _UNFIT)
        for check in (
            must.known_operators,
            must.current_version,
            must.effects_are_spelt,
            must.prohibits(_NO_PRINCIPAL),
            must.unique_sids,
            must.actions_have_vendors,
            must.actions_are_named,
            must.resources_are_named,
        )
    ),
)
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html"""

RCP = Grammar(
    name="resource control policy",
    size_max=5_120,
    too_large=_TOO_LARGE,
    not_json=_UNFIT,
    syntax=_UNFIT,
    checks=tuple(
        must.reworded(check, _UNFIT)
        for check in (
            must.known_operators,
            must.current_version,
            must.denies_only,
            must.everyone_only,
            must.prohibits({"NotAction": _UNFIT}),
            must.unique_sids,
            must.actions_have_vendors,
            must.actions_are_named,
            must.actions_name_services,
            must.resources_are_named,
        )
    ),
)
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"""
