"""Identities as stored documents: accounts, users, groups, roles, managed policies, access keys.

IAM is a global service: its documents have region "". Keys (account, name) are given with each kind. Names keep the
case they were created with; IAM compares them without it, so the document's name is `name.lower()`.
Times are seconds since the epoch.
"""

import msgspec

from trailwarden.storage.ports import Kind

__all__ = [
    "ACCESS_KEY",
    "ACCOUNT",
    "GROUP",
    "POLICY",
    "ROLE",
    "USER",
    "AccessKey",
    "Account",
    "Group",
    "ManagedPolicy",
    "PolicyVersion",
    "Role",
    "User",
]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An AWS account. Key: (its id, "", its id)."""

    id: str
    created: float
    name: str = ""
    email: str = ""
    alias: str = ""
    organization: str = ""
    settings: dict[str, str] = {}


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An IAM user.

    `inline` maps policy names to documents as they came; `attached` lists managed policy ARNs in order;
    `groups` lists group names; `access_keys` lists key ids.
    """

    name: str
    id: str
    arn: str
    path: str = "/"
    created: float
    tags: dict[str, str] = {}
    inline: dict[str, str] = {}
    attached: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    access_keys: tuple[str, ...] = ()
    boundary: str = ""
    password_last_used: float | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """An IAM group. `members` lists user names."""

    name: str
    id: str
    arn: str
    path: str = "/"
    created: float
    inline: dict[str, str] = {}
    attached: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """An IAM role. `trust` is its AssumeRolePolicyDocument; `service` the linked service's principal or "".

    `template` is the ARN of the role template that it was made from, "" for most.
    """

    name: str
    id: str
    arn: str
    path: str = "/"
    created: float
    trust: str
    description: str = ""
    max_session_duration: int = 3600
    tags: dict[str, str] = {}
    inline: dict[str, str] = {}
    attached: tuple[str, ...] = ()
    boundary: str = ""
    service: str = ""
    template: str = ""
    template_minor: int = 0
    last_used: float | None = None
    last_used_region: str = ""


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a managed policy."""

    id: str
    document: str
    created: float


class ManagedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A customer managed policy. Key: (account, "", ARN). AWS's own are facts of the catalog and never stored."""

    name: str
    id: str
    arn: str
    path: str = "/"
    description: str = ""
    created: float
    updated: float
    default: str = "v1"
    next_version: int = 2
    versions: tuple[PolicyVersion, ...]
    tags: dict[str, str] = {}
    attachments: int = 0
    boundary_usage: int = 0


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """A long-term access key. Key: ("", "", key id), so that the signer is found from the id alone.

    `user` is the user's lower-case name, "" for the account's root; `secret` is sealed (`auth.sealing`).
    """

    id: str
    account: str
    user: str
    secret: bytes
    status: str = "Active"
    created: float


ACCOUNT = Kind("account", Account)
USER = Kind("iam.user", User)
GROUP = Kind("iam.group", Group)
ROLE = Kind("iam.role", Role)
POLICY = Kind("iam.policy", ManagedPolicy)
ACCESS_KEY = Kind("iam.access-key", AccessKey)
