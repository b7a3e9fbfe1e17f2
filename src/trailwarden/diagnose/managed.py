"""AWS managed policies that would do for an action.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/about-managed-policy-reference.html
"""

from collections.abc import Iterator

from trailwarden import catalog

__all__ = ["managed_for"]

_MANAGED_MAX = 3


def managed_for(action: str, attached: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """AWS managed policies made for the action's service, few actions first."""
    service = action.partition(":")[0].lower()
    found = [
        (len(policy.document), policy.arn, policy.document)
        for policy in catalog.managed_policies()
        if service in policy.name.lower() and "/aws-service-role/" not in policy.arn and policy.arn not in attached
    ]
    for _, arn, document in sorted(found)[: _MANAGED_MAX * 2]:
        yield arn, document
