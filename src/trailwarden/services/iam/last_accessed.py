"""When the services that an entity may use were last used, as the event history tells.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.identities import GROUP, ROLE, USER, Role, User
from trailwarden.events.actor import acted
from trailwarden.policy import ANY, Layer, Policy, Source
from trailwarden.services.call import Call
from trailwarden.services.iam.documents import compiled
from trailwarden.services.iam.errors import NoSuchEntity
from trailwarden.services.iam.managed import policy_named
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.service_access import grants_service
from trailwarden.services.iam.subjects import subject_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Lookup

__all__ = [
    "EVENTS_PER_REGION",
    "TRACKED",
    "Job",
    "JobNotFound",
    "ServiceUse",
    "generate_service_last_accessed_details",
    "get_service_last_accessed_details",
    "job_named",
    "namespace_of",
]

TRACKED = 400 * 86_400.0
EVENTS_PER_REGION = 2_000
_SOURCES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Where the event source is not the action prefix."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """The last use of a service, or of one action of it."""

    time: float
    entity: str
    region: str


class ServiceUse(msgspec.Struct, frozen=True, kw_only=True):
    """A service that may be used. `last` is None where it was not; `actions` maps names to their last use.

    `entities` maps the ARNs of those that used it to when they last did.
    """

    namespace: str
    last: Use | None = None
    entities: dict[str, float] = {}
    actions: dict[str, Use] = {}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A report. Key: (account, "", job id). `entities` are the users and roles that it is about."""

    created: float
    granularity: str
    services: tuple[ServiceUse, ...]
    entities: tuple[str, ...] = ()


JOB = Kind("iam.last-accessed-job", Job)


class JobNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html."""

    message = "Job with ID {id} not found"


@operation("iam:GenerateServiceLastAccessedDetails")
def generate_service_last_accessed_details(call: Call, world: World) -> Mapping[str, Any]:
    """Report on a user, group, role or policy: what it may use, and when that was last used.

    The newest events of each Region are searched, a bounded number.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
    """
    policies, entities = _about(call, world, call.params["Arn"])
    seen: dict[str, list[tuple[str, Use]]] = {}
    for namespace, action, use in _uses(call, world, entities):
        seen.setdefault(namespace, []).append((action, use))
    granted = (prefix for prefix in catalog.prefixes() if any(grants_service(policy, prefix) for policy in policies))
    job = Job(
        created=call.now,
        granularity=call.params.get("Granularity", "SERVICE_LEVEL"),
        services=tuple(_service(namespace, seen.get(namespace, ())) for namespace in sorted(granted)),
        entities=tuple(sorted(entities)),
    )
    job_id = world.chance.uuid()
    world.put(JOB, call.account, "", job_id, job)
    return {"JobId": job_id}


@operation("iam:GetServiceLastAccessedDetails")
def get_service_last_accessed_details(call: Call, world: World) -> Mapping[str, Any]:
    """Show a report.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
    """
    job = job_named(call, world)
    shown = page(call, job.services, lambda service: service.namespace)
    whole = job.granularity == "ACTION_LEVEL"
    return {
        "JobStatus": "COMPLETED",
        "JobType": job.granularity,
        "JobCreationDate": job.created,
        "JobCompletionDate": job.created,
        "ServicesLastAccessed": [_shown(service, actions=whole) for service in shown.items],
        **shown.rest,
    }


def job_named(call: Call, world: World) -> Job:
    """The report that the call names; JobNotFound otherwise."""
    job = world.find(JOB, call.account, "", call.params["JobId"])
    if job is None:
        raise JobNotFound(id=call.params["JobId"])
    return job


def _about(call: Call, world: World, arn_text: str) -> tuple[tuple[Policy, ...], frozenset[str]]:
    """The policies that are meant, and the ARNs of the users and roles whose events count."""
    arn = Arn.parse(arn_text)
    if arn is not None and arn.type == "policy":
        policy = policy_named(call, world, arn_text)
        text = next(version.document for version in policy.versions if version.id == policy.default)
        source = Source(layer=Layer.IDENTITY, id=policy.arn, name=policy.name)
        return (compiled(text, source, ANY),), frozenset(each.arn for each in _holders(call, world, policy.arn))
    policies = subject_of(call, world, arn_text).policies.identity
    if arn is None or arn.type != "group":
        return policies, frozenset({arn_text})
    return policies, frozenset(user.arn for user in _members(call, world, arn.name))


def _holders(call: Call, world: World, policy_arn: str) -> Iterator[User | Role]:
    users = (document.body for document in world.list(USER, call.account, ""))
    roles = (document.body for document in world.list(ROLE, call.account, ""))
    yield from (user for user in users if policy_arn in user.attached)
    yield from (role for role in roles if policy_arn in role.attached)


def _members(call: Call, world: World, group_name: str) -> Iterator[User]:
    group = world.find(GROUP, call.account, "", group_name.lower())
    for name in group.members if group else ():
        user = world.find(USER, call.account, "", name.lower())
        if user is not None:
            yield user


def _uses(call: Call, world: World, entities: frozenset[str]) -> Iterator[tuple[str, str, Use]]:
    """Namespace, action and circumstances of the entities' events, newest first in each Region."""
    for region in world.settings.regions:
        question = Lookup(
            account=call.account,
            region=region,
            start=call.now - TRACKED,
            end=call.now,
            limit=EVENTS_PER_REGION,
        )
        for _, entry in world.storage.journal.lookup(question):
            entity = acted(entry.record).entity
            if entity in entities:
                yield namespace_of(entry.source), entry.name, Use(time=entry.time, entity=entity, region=region)


def namespace_of(source: str) -> str:
    """The service's prefix in policies, from an event's source."""
    prefix = source.partition(".")[0]
    return _SOURCES.get(prefix, prefix)


def _service(namespace: str, uses: Iterable[tuple[str, Use]]) -> ServiceUse:
    actions: dict[str, Use] = {}
    entities: dict[str, float] = {}
    for action, use in uses:
        entities[use.entity] = max(use.time, entities.get(use.entity, 0.0))
        if action not in actions or actions[action].time < use.time:
            actions[action] = use
    last = max(actions.values(), key=lambda use: use.time, default=None)
    return ServiceUse(namespace=namespace, last=last, entities=entities, actions=actions)


def _shown(service: ServiceUse, *, actions: bool) -> dict[str, Any]:
    """One service. No source of ours has the services' display names; the namespace stands for both."""
    shown: dict[str, Any] = {
        "ServiceName": service.namespace,
        "ServiceNamespace": service.namespace,
        "TotalAuthenticatedEntities": len(service.entities),
    }
    if service.last is not None:
        shown["LastAuthenticated"] = service.last.time
        shown["LastAuthenticatedEntity"] = service.last.entity
        shown["LastAuthenticatedRegion"] = service.last.region
    if actions and service.actions:
        shown["TrackedActionsLastAccessed"] = [
            {
                "ActionName": name,
                "LastAccessedEntity": use.entity,
                "LastAccessedTime": use.time,
                "LastAccessedRegion": use.region,
            }
            for name, use in sorted(service.actions.items())
        ]
    return shown
