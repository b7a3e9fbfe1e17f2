"""What identity-based policies and trust policies may say, in IAM's words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from trailwarden.policy import Grammar, MalformedPolicy
from trailwarden.policy.draft import Draft
from trailwarden.policy.grammar import ANY

__all__ = ["IDENTITY", "TRUST"]

_TRUST_ACTIONS = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext", "sts:*", "sts:a", "*")


def _no_principal(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        if statement.principal is not None or statement.not_principal is not None:
            return MalformedPolicy("Policy document should not specify a principal.", f"{statement.path}.Principal")
    return None


def _has_actions(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        if not (statement.action or statement.not_action):
            return MalformedPolicy("Policy statement must contain actions.", f"{statement.path}.Action")
    return None


def _has_resources(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        if not (statement.resource or statement.not_resource):
            return MalformedPolicy("Policy statement must contain resources.", f"{statement.path}.Resource")
    return None


def _vendors(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        for action in (*(statement.action or ()), *(statement.not_action or ())):
            if action != "*" and ":" not in action:
                text = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                return MalformedPolicy(text, f"{statement.path}.Action", action)
    return None


def _arns(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        for resource in (*(statement.resource or ()), *(statement.not_resource or ())):
            if resource != "*" and not resource.startswith(("arn:", "*:", "${")):
                text = f'Resource {resource} must be in ARN format or "*".'
                return MalformedPolicy(text, f"{statement.path}.Resource", resource)
    return None


def _unique_sids(draft: Draft) -> MalformedPolicy | None:
    seen: set[str] = set()
    for statement in draft.statements:
        if statement.sid and statement.sid in seen:
            text = "Statement IDs (SID) in a single policy must be unique."
            return MalformedPolicy(text, f"{statement.path}.Sid", statement.sid)
        seen.add(statement.sid or "")
    return None


def _no_resource(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        if statement.resource is not None or statement.not_resource is not None:
            return MalformedPolicy("Has prohibited field Resource", f"{statement.path}.Resource")
    return None


def _principal(draft: Draft) -> MalformedPolicy | None:
    for statement in draft.statements:
        if statement.principal is None and statement.not_principal is None:
            return MalformedPolicy("Missing required field Principal", f"{statement.path}.Principal")
    return None


def _sts_actions(draft: Draft) -> MalformedPolicy | None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html."""
    for statement in draft.statements:
        for action in (*(statement.action or ()), *(statement.not_action or ())):
            if not action.lower().startswith(_TRUST_ACTIONS):
                text = "AssumeRole policy may only specify STS AssumeRole actions."
                return MalformedPolicy(text, f"{statement.path}.Action", action)
    return None


IDENTITY = Grammar(
    name="identity-based policy",
    checks=(_no_principal, _has_actions, _vendors, _has_resources, _arns, _unique_sids, *ANY.checks),
)
TRUST = Grammar(
    name="role trust policy",
    not_json="This policy contains invalid Json",
    checks=(_no_resource, _principal, _has_actions, _sts_actions, _unique_sids, *ANY.checks),
)
