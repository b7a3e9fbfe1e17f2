"""The policies behind a decision, as iam-toolbox lists them.

Source: botocore's model of iam-toolbox (PolicyInfo), 2018-05-10.
"""

import hashlib
from typing import Any

from trailwarden.policy import Layer, Policy, PolicySet

__all__ = ["TYPES", "policies_of", "policy_shown", "uri_of"]

TYPES = {
    Layer.IDENTITY: "IDENTITY_BASED_POLICY",
    Layer.RESOURCE: "RESOURCE_BASED_POLICY",
    Layer.TRUST: "RESOURCE_BASED_POLICY",
    Layer.BOUNDARY: "PERMISSIONS_BOUNDARY",
    Layer.SESSION: "SESSION_POLICY",
    Layer.SCP: "SERVICE_CONTROL_POLICY",
    Layer.RCP: "RESOURCE_CONTROL_POLICY",
    Layer.ENDPOINT: "VPC_ENDPOINT_POLICY",
}
_ON_RESOURCES = frozenset({Layer.RESOURCE, Layer.TRUST, Layer.ENDPOINT})


def policies_of(policies: PolicySet) -> list[Policy]:
    """All policies of a decision, each document once, in the order of their checks."""
    levels = [policy for level in (*policies.rcps, *policies.scps) for policy in level]
    single = (policies.endpoint, policies.resource, policies.trust, policies.identity, policies.boundary)
    rest = [policy for group in (*single, policies.session) for policy in group or ()]
    rest.extend(policy for level in policies.scoped for policy in level)
    return list({(policy.source.layer, uri_of(policy)): policy for policy in (*levels, *rest)}.values())


def uri_of(policy: Policy) -> str:
    """The ARN of a managed policy; for one without an ARN of its own an opaque id, the same each time.

    A policy that hangs on a resource is inline too: its source's id is the resource's ARN.
    """
    source = policy.source
    if not source.inline and source.layer not in _ON_RESOURCES and source.id.startswith("arn:"):
        return source.id
    named = f"{source.layer.name}\n{source.attached_to}\n{source.id}\n{policy.text}"
    return f"inline-{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def policy_shown(policy: Policy) -> dict[str, Any]:
    """One entry of the list."""
    source = policy.source
    uri = uri_of(policy)
    shown: dict[str, Any] = {
        "type": TYPES[source.layer],
        "inline": uri.startswith("inline-"),
        "uri": uri,
        "attachedTo": [{"arn": source.attached_to}] if source.attached_to.startswith("arn:") else [],
    }
    if source.id == "grant":
        shown["policySource"] = {"type": "GRANT", "typeName": "grant"}
    return shown
