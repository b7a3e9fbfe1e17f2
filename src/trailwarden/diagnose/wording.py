"""How a person speaks of callers, resources and statements."""

from trailwarden.arn import Arn
from trailwarden.diagnose.case import Case
from trailwarden.policy import Policy, PrincipalKind, Statement

__all__ = ["caller_named", "holder_named", "resource_named", "statement_named"]


def caller_named(case: Case) -> str:
    """`user marymajor`, `role Audit`, `role Audit of account 123456789012`, `an anonymous caller`."""
    if case.identity is not None:
        return case.identity.named
    principal = case.request.principal
    arn = Arn.parse(principal.issuer_arn or principal.arn)
    if principal.kind is PrincipalKind.ROOT:
        return f"the root user of account {principal.account}"
    if arn is None or not arn.type:
        return principal.arn or "an anonymous caller"
    return f"{arn.type} {arn.name} of account {arn.account}"


def resource_named(resource: str) -> str:
    """A resource without what every ARN has; `bucket amzn-s3-demo-bucket`, `trail/My-Trail`."""
    arn = Arn.parse(resource)
    if arn is None:
        return "any resource" if resource == "*" else resource
    return f"bucket {arn.resource}" if arn.service == "s3" and "/" not in arn.resource else arn.resource


def holder_named(resource: str) -> str:
    """On what a resource's policy hangs: an object's on its bucket."""
    arn = Arn.parse(resource)
    if arn is not None and arn.service == "s3":
        return f"bucket {arn.resource.partition('/')[0]}"
    return resource_named(resource)


def statement_named(policy: Policy, statement: Statement) -> str:
    """`statement Write of My-Policy`; one without a Sid goes by its number."""
    named = policy.source.name or holder_named(policy.source.id)
    return f"statement {statement.sid or statement.index + 1} of {named}"
