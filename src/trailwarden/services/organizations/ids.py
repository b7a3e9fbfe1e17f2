"""Ids and ARNs of an organization and its parts.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_arn-formats.html
"""

from trailwarden.arn import Arn
from trailwarden.auth.organization import Organization
from trailwarden.clock import Chance

__all__ = [
    "account_arn",
    "handshake_id",
    "organization_arn",
    "organization_id",
    "part_arn",
    "policy_id",
    "request_id",
    "resource_policy_id",
    "root_id",
    "transfer_arn",
    "transfer_id",
    "unit_id",
]


def organization_id(chance: Chance) -> str:
    """`o-` and 10 characters."""
    return f"o-{chance.base36(10)}"


def root_id(chance: Chance) -> str:
    """`r-` and 4 characters."""
    return f"r-{chance.base36(4)}"


def unit_id(chance: Chance, root: str) -> str:
    """`ou-`, the root's characters, and 8 of its own."""
    return f"ou-{root.removeprefix('r-')}-{chance.base36(8)}"


def policy_id(chance: Chance) -> str:
    """`p-` and 8 characters."""
    return f"p-{chance.base36(8)}"


def resource_policy_id(chance: Chance) -> str:
    """`rp-` and 8 characters."""
    return f"rp-{chance.base36(8)}"


def handshake_id(chance: Chance) -> str:
    """`h-` and 32 characters."""
    return f"h-{chance.bytes(16).hex()}"


def transfer_id(chance: Chance) -> str:
    """Of a responsibility transfer: `rt-` and 32 characters."""
    return f"rt-{chance.bytes(16).hex()}"


def request_id(chance: Chance) -> str:
    """Of a CreateAccount: `car-` and 32 characters."""
    return f"car-{chance.bytes(16).hex()}"


def organization_arn(organization: str, management_account: str) -> str:
    """`arn:aws:organizations::123456789012:organization/o-exampleorg`."""
    return str(Arn(service="organizations", account=management_account, resource=f"organization/{organization}"))


def account_arn(organization: str, management_account: str, account: str) -> str:
    """`arn:aws:organizations::123456789012:account/o-exampleorg/111122223333`."""
    return str(Arn(service="organizations", account=management_account, resource=f"account/{organization}/{account}"))


def part_arn(organization: Organization, kind: str, name: str) -> str:
    """The ARN of a part: `root`, `ou`, `policy/service_control_policy`, `handshake/invite`, `resourcepolicy`."""
    kind, _, rest = kind.partition("/")
    resource = "/".join(each for each in (kind, organization.id, rest, name) if each)
    return str(Arn(service="organizations", account=organization.management_account, resource=resource))


def transfer_arn(organization: str, management_account: str, rest: str) -> str:
    """`arn:aws:organizations::123456789012:transfer/o-exampleorg/billing/inbound/rt-…`, as one side sees it."""
    return str(Arn(service="organizations", account=management_account, resource=f"transfer/{organization}/{rest}"))
