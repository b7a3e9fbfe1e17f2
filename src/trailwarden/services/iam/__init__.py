"""AWS Identity and Access Management. Importing the package registers its operations."""

from trailwarden.services.iam import (
    access_keys,
    attachments,
    boundaries,
    groups,
    inline,
    instance_profiles,
    login_profiles,
    mfa,
    password_policy,
    policies,
    policy_versions,
    roles,
    tags,
    users,
)

__all__ = [
    "access_keys",
    "attachments",
    "boundaries",
    "groups",
    "inline",
    "instance_profiles",
    "login_profiles",
    "mfa",
    "password_policy",
    "policies",
    "policy_versions",
    "roles",
    "tags",
    "users",
]
