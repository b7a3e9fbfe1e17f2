"""The rules, one function each, in AWS's order. A rule's name is a sentence that is true where it holds.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html

All rules always run: whoever mends a denial must know every reason. `RULES` is the table of contents. Explicit denials
come first, then what an organization, an endpoint, the resource, the identity, its boundary and its session must allow.
"""

from collections.abc import Callable, Iterable

from trailwarden.policy.decision import Block
from trailwarden.policy.evidence import Evidence
from trailwarden.policy.matching import Side
from trailwarden.policy.principals import Reach
from trailwarden.policy.request import Layer, PrincipalKind
from trailwarden.policy.special import asks_for_a_key, asks_for_a_role

__all__ = ["RULES", "Rule"]

Rule = Callable[[Evidence], tuple[Block, ...]]
"""Nothing where the rule holds, else what blocks."""


def no_resource_control_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """A Deny of a resource control policy on any level denies, whoever asks.

    RCPFullAWSAccess, which cannot be detached, allows everything else.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
    """
    return _denied_by_level(evidence.rcps, Layer.RCP)


def no_service_control_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """A Deny of a service control policy on any level denies.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    """
    return _denied_by_level(evidence.scps, Layer.SCP)


def no_endpoint_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """A Deny of the VPC endpoint's policy denies what comes through it.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    return _denied(evidence.endpoint, Layer.ENDPOINT)


def no_resource_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """An explicit deny in a resource-based policy overrides any allow.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html
    """
    return _denied(evidence.resource, Layer.RESOURCE)


def no_trust_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """An explicit deny in a role's trust policy overrides any allow.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    """
    return _denied(evidence.trust, Layer.TRUST)


def no_identity_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """An explicit deny in an identity-based policy overrides any allow.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html
    """
    return _denied(evidence.identity, Layer.IDENTITY)


def no_permissions_boundary_denies(evidence: Evidence) -> tuple[Block, ...]:
    """An explicit deny in a permissions boundary overrides any allow, whatever a resource-based policy grants.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    return _denied(evidence.boundary, Layer.BOUNDARY)


def no_session_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """An explicit deny in a session policy overrides any allow, whatever a resource-based policy grants.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    return _denied(evidence.session, Layer.SESSION)


def no_scope_down_policy_denies(evidence: Evidence) -> tuple[Block, ...]:
    """An explicit deny in a policy that GetScopedCredentials narrowed the session by overrides any allow.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getscopedcredentials.html
    """
    return _denied_by_level(evidence.scoped, Layer.SESSION)


def each_level_of_service_control_policies_allows(evidence: Evidence) -> tuple[Block, ...]:
    """For a permission to be allowed, there must be an explicit Allow at every level from the root to the account.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    """
    if not evidence.scps:
        return ()
    return tuple(
        Block(Layer.SCP, explicit=False, level=level) for level, side in enumerate(evidence.scps) if not side.allows
    )


def endpoint_policy_allows(evidence: Evidence) -> tuple[Block, ...]:
    """An endpoint policy caps what comes through the endpoint, for the principals it names; it grants nothing itself.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    if evidence.endpoint is None or evidence.endpoint.allows:
        return ()
    return (Block(Layer.ENDPOINT, explicit=False),)


def trust_policy_lets_in(evidence: Evidence) -> tuple[Block, ...]:
    """A role can be assumed only by whom its trust policy names, or whose account it trusts.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
    """
    if evidence.trust.allows or not asks_for_a_role(evidence.request):
        return ()
    return (Block(Layer.TRUST, explicit=False),)


def key_policy_lets_in(evidence: Evidence) -> tuple[Block, ...]:
    """No principal, not even the root user, has any permission to a KMS key that its policy does not grant or delegate.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    if evidence.resource.allows or evidence.crosses or not evidence.member or not asks_for_a_key(evidence.request):
        return ()
    return (Block(Layer.RESOURCE, explicit=False),)


def identity_or_resource_policy_grants(evidence: Evidence) -> tuple[Block, ...]:
    """Within an account an Allow in an identity-based or a resource-based policy is enough.

    A resource-based policy that names the account delegates to its identity-based policies. The root user needs
    neither.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
    """
    if evidence.identity.allows or not evidence.member or evidence.crosses:
        return ()
    if evidence.named >= Reach.ISSUER or evidence.request.principal.kind is PrincipalKind.ROOT:
        return ()
    return (Block(Layer.IDENTITY, explicit=False),)


def identity_policy_grants_across_accounts(evidence: Evidence) -> tuple[Block, ...]:
    """Cross-account access needs an Allow in the principal's own account, whatever the resource's account grants.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    if not evidence.crosses or evidence.identity.allows or evidence.request.principal.kind is PrincipalKind.ROOT:
        return ()
    return (Block(Layer.IDENTITY, explicit=False),)


def resource_policy_grants_across_accounts(evidence: Evidence) -> tuple[Block, ...]:
    """Cross-account access needs an Allow in the resource's account, for the principal or for its account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    if not evidence.crosses or evidence.named or asks_for_a_role(evidence.request):
        return ()
    return (Block(Layer.RESOURCE, explicit=False),)


def resource_policy_grants_to_outsiders(evidence: Evidence) -> tuple[Block, ...]:
    """Only a resource-based policy grants to those who have no identity-based policies.

    They are services, web identities, SAML users and anonymous callers.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if evidence.member or evidence.named or asks_for_a_role(evidence.request):
        return ()
    return (Block(Layer.RESOURCE, explicit=False),)


def permissions_boundary_allows(evidence: Evidence) -> tuple[Block, ...]:
    """A permissions boundary caps what identity-based policies grant.

    It caps also what a resource-based policy of the account grants to a role, but not what that policy grants to the
    user's or session's own ARN.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if evidence.boundary is None or evidence.boundary.allows or _granted_directly(evidence):
        return ()
    return (Block(Layer.BOUNDARY, explicit=False),)


def session_policy_allows(evidence: Evidence) -> tuple[Block, ...]:
    """Session policies cap what a session has of its role or user.

    They do not cap what a resource-based policy of the account grants to the session's own ARN.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    if evidence.session is None or evidence.session.allows or _granted_directly(evidence):
        return ()
    return (Block(Layer.SESSION, explicit=False),)


def each_scope_down_policy_allows(evidence: Evidence) -> tuple[Block, ...]:
    """What a narrowed session may is common to the session and to each policy that it was narrowed by.

    Unlike session policies they cap also what a resource-based policy grants to the session's own ARN: a narrowed
    session can never do more than its policies say.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getscopedcredentials.html
    """
    if not evidence.scoped:
        return ()
    return tuple(
        Block(Layer.SESSION, explicit=False, level=level)
        for level, side in enumerate(evidence.scoped)
        if not side.allows
    )


RULES: tuple[Rule, ...] = (
    no_resource_control_policy_denies,
    no_service_control_policy_denies,
    no_endpoint_policy_denies,
    no_resource_policy_denies,
    no_trust_policy_denies,
    no_identity_policy_denies,
    no_permissions_boundary_denies,
    no_session_policy_denies,
    no_scope_down_policy_denies,
    each_level_of_service_control_policies_allows,
    endpoint_policy_allows,
    trust_policy_lets_in,
    key_policy_lets_in,
    identity_or_resource_policy_grants,
    identity_policy_grants_across_accounts,
    resource_policy_grants_across_accounts,
    resource_policy_grants_to_outsiders,
    permissions_boundary_allows,
    session_policy_allows,
    each_scope_down_policy_allows,
)


def _granted_directly(evidence: Evidence) -> bool:
    """Whether a resource-based policy of the principal's own account names the principal itself, or everybody."""
    return evidence.named is Reach.DIRECT and not evidence.crosses


def _denied(side: Side | None, layer: Layer) -> tuple[Block, ...]:
    if side is None or not side.denies:
        return ()
    return (Block(layer, explicit=True, statements=side.denies),)


def _denied_by_level(sides: Iterable[Side], layer: Layer) -> tuple[Block, ...]:
    if not sides:
        return ()
    return tuple(
        Block(layer, explicit=True, statements=side.denies, level=level)
        for level, side in enumerate(sides)
        if side.denies
    )
