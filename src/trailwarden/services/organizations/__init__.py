"""Organizations: accounts, units and policies above them. Importing it registers its operations."""

from trailwarden.services.organizations import (
    accounts,
    attachments,
    creation,
    delegation,
    effective_errors,
    effective_policy,
    invitations,
    leaving,
    organization,
    policies,
    policy_types,
    resource_policy,
    responsibility,
    service_access,
    tags,
    units,
)
from trailwarden.services.organizations.facts import organizations_facts

__all__ = [
    "accounts",
    "attachments",
    "creation",
    "delegation",
    "effective_errors",
    "effective_policy",
    "invitations",
    "leaving",
    "organization",
    "organizations_facts",
    "policies",
    "policy_types",
    "resource_policy",
    "responsibility",
    "service_access",
    "tags",
    "units",
]
