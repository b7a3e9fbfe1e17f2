"""Which users and roles used a service by the permissions of a group or policy, and when they last did."""

from collections.abc import Iterator, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.identities import ROLE, USER, Role, User
from trailwarden.services.call import Call
from trailwarden.services.iam.last_accessed import Job, job_named
from trailwarden.services.iam.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_service_last_accessed_details_with_entities"]


@operation("iam:GetServiceLastAccessedDetailsWithEntities")
def get_service_last_accessed_details_with_entities(call: Call, world: World) -> Mapping[str, Any]:
    """Show the report entity by entity, for one service; those that are gone since are left out.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetailsWithEntities.html
    """
    job = job_named(call, world)
    shown = page(call, list(_entities(world, job)), lambda entity: entity.arn)
    used = _used(job, call.params["ServiceNamespace"])
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": job.created,
        "JobCompletionDate": job.created,
        "EntityDetailsList": [_details(entity, used) for entity in shown.items],
        **shown.rest,
    }


def _used(job: Job, namespace: str) -> Mapping[str, float]:
    for service in job.services:
        if service.namespace == namespace:
            return service.entities
    return {}


def _entities(world: World, job: Job) -> Iterator[User | Role]:
    for text in job.entities:
        arn = Arn.parse(text)
        if arn is None:
            continue
        name = arn.name.lower()
        found: User | Role | None = (
            world.find(USER, arn.account, "", name) if arn.type == "user" else world.find(ROLE, arn.account, "", name)
        )
        if found is not None and found.arn == text:
            yield found


def _details(entity: User | Role, used: Mapping[str, float]) -> dict[str, Any]:
    info = {
        "Arn": entity.arn,
        "Name": entity.name,
        "Type": "USER" if isinstance(entity, User) else "ROLE",
        "Id": entity.id,
        "Path": entity.path,
    }
    last = used.get(entity.arn)
    return {"EntityInfo": info, **({} if last is None else {"LastAuthenticated": last})}
