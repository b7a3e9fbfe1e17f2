"""Service last accessed data of an organization: what its service control policies allow, and what was used.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from trailwarden import catalog
from trailwarden.auth.organization import MEMBER_ACCOUNT, Membership, levels_of, membership
from trailwarden.errors import AwsError
from trailwarden.policy import Policy
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.iam.last_accessed import JobNotFound
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.service_access import grants_service
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Lookup

__all__ = ["NotManagementAccount", "generate_organizations_access_report", "get_organizations_access_report"]

_SCP = "SERVICE_CONTROL_POLICY"
_TRACKED = 400 * 86_400.0
_EVENTS_PER_REGION = 2_000
_SOURCES = {"monitoring": "cloudwatch", "tagging": "tag"}
_NO_IDENTITY = (b'"type":"AWSService"', b'"type":"AWSAccount"', b'"type":"Unknown"')


class NotManagementAccount(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html."""

    code = "AccessDenied"
    message = "Only the management account of an organization can generate its access report."
    status = 403


class Accessed(msgspec.Struct, frozen=True, kw_only=True):
    """A service that the policies allow. `time` is None where no account of the entity used it."""

    namespace: str
    time: float | None = None
    region: str = ""
    path: str = ""
    accounts: int = 0


class OrganizationsReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report. Key: (account, "", job id)."""

    created: float
    services: tuple[Accessed, ...]


REPORT = Kind("iam.organizations-report", OrganizationsReport)


@operation("iam:GenerateOrganizationsAccessReport")
def generate_organizations_access_report(call: Call, world: World) -> Mapping[str, Any]:
    """Report on a root, unit or account: services its policies, or the one named, allow, and their last use.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
    """
    place = membership(call.account, world.transaction)
    if place is None or place.organization.management_account != call.account:
        raise NotManagementAccount
    places = _places(world, place, call.params["EntityPath"])
    allowed = _allowed(world, places, call.params.get("OrganizationsPolicyId", ""))
    uses = _uses(call, world, places)
    report = OrganizationsReport(
        created=call.now,
        services=tuple(
            uses.get(namespace, Accessed(namespace=namespace)) for namespace in catalog.prefixes() if allowed(namespace)
        ),
    )
    job = world.chance.uuid()
    world.put(REPORT, call.account, "", job, report)
    return {"JobId": job}


@operation("iam:GetOrganizationsAccessReport")
def get_organizations_access_report(call: Call, world: World) -> Mapping[str, Any]:
    """Show a report, sorted as asked.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOrganizationsAccessReport.html
    """
    report = world.find(REPORT, call.account, "", call.params["JobId"])
    if report is None:
        raise JobNotFound(id=call.params["JobId"])
    order, backwards = _ORDERS[call.params.get("SortKey", "SERVICE_NAMESPACE_ASCENDING")]
    services = sorted(report.services, key=order, reverse=backwards)
    shown = page(call, tuple(enumerate(services)), lambda numbered: f"{numbered[0]:06}")
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": report.created,
        "JobCompletionDate": report.created,
        "NumberOfServicesAccessible": len(services),
        "NumberOfServicesNotAccessed": sum(service.time is None for service in services),
        "AccessDetails": [_shown(service) for _, service in shown.items],
        **shown.rest,
    }


_ORDERS: Mapping[str, tuple[Callable[[Accessed], Any], bool]] = {
    "SERVICE_NAMESPACE_ASCENDING": (lambda service: service.namespace, False),
    "SERVICE_NAMESPACE_DESCENDING": (lambda service: service.namespace, True),
    "LAST_AUTHENTICATED_TIME_ASCENDING": (lambda service: (service.time or 0.0, service.namespace), False),
    "LAST_AUTHENTICATED_TIME_DESCENDING": (lambda service: (service.time or 0.0, service.namespace), True),
}


def _places(world: World, place: Membership, path: str) -> dict[str, Membership]:
    """The accounts at or below the path, each with its place; InvalidInput for a path that leads to none."""
    wanted = f"{path.strip('/')}/"
    found: dict[str, Membership] = {}
    for document in world.list(MEMBER_ACCOUNT, place.organization.id, ""):
        theirs = membership(document.name, world.transaction)
        if theirs is not None and f"{theirs.path}{document.name}/".startswith(wanted):
            found[document.name] = theirs
    if not found:
        raise InvalidInput(reason=f"The entity path {path} does not exist in your organization.")
    return found


def _allowed(world: World, places: Mapping[str, Membership], policy_id: str) -> Callable[[str], bool]:
    """Whether the policies of any of the accounts, or those of that id among them, allow something of a service.

    The management account is not bound by any.
    """
    lines: list[tuple[tuple[Policy, ...], ...]] = []
    for account, place in places.items():
        bound = place.organization.management_account != account
        lines.append(levels_of(place, world.transaction, _SCP) if bound else ())
    if policy_id:
        named = [
            policy for line in lines for level in line for policy in level if policy.source.id.endswith(f"/{policy_id}")
        ]
        return lambda namespace: any(grants_service(policy, namespace) for policy in named)
    return lambda namespace: any(
        all(any(grants_service(policy, namespace) for policy in level) for level in line) for line in lines
    )


def _uses(call: Call, world: World, places: Mapping[str, Membership]) -> dict[str, Accessed]:
    """The last use of each service by principals of the accounts, from the newest events of each Region."""
    found: dict[str, Accessed] = {}
    for account, place in places.items():
        for namespace, use in _uses_in(call, world, account, place).items():
            known = found.get(namespace)
            newest = use if known is None or (known.time or 0.0) < (use.time or 0.0) else known
            accounts = use.accounts + (known.accounts if known else 0)
            found[namespace] = msgspec.structs.replace(newest, accounts=accounts)
    return found


def _uses_in(call: Call, world: World, account: str, place: Membership) -> dict[str, Accessed]:
    found: dict[str, Accessed] = {}
    for namespace, time, region in _events(call, world, account):
        known = found.get(namespace)
        if known is None or (known.time or 0.0) < time:
            path = f"{place.path}{account}"
            found[namespace] = Accessed(namespace=namespace, time=time, region=region, path=path, accounts=1)
    return found


def _events(call: Call, world: World, account: str) -> Iterator[tuple[str, float, str]]:
    for region in world.settings.regions:
        question = Lookup(
            account=account, region=region, start=call.now - _TRACKED, end=call.now, limit=_EVENTS_PER_REGION
        )
        for _, entry in world.storage.journal.lookup(question):
            if not any(kind in entry.record for kind in _NO_IDENTITY):
                prefix = entry.source.partition(".")[0]
                yield _SOURCES.get(prefix, prefix), entry.time, region


def _shown(service: Accessed) -> dict[str, Any]:
    """No source of ours has the services' display names; the namespace stands for both."""
    shown: dict[str, Any] = {"ServiceName": service.namespace, "ServiceNamespace": service.namespace}
    shown["TotalAuthenticatedEntities"] = service.accounts
    if service.time is not None:
        shown |= {
            "Region": service.region,
            "EntityPath": service.path,
            "LastAuthenticatedTime": service.time,
        }
    return shown
