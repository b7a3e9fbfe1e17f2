"""Policy generation: what a user or role has been recorded to do, as a policy template.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.identities import ROLE, USER
from trailwarden.events.actor import acted
from trailwarden.services.accessanalyzer.errors import NotValid
from trailwarden.services.accessanalyzer.paging import page
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry, Kind, Lookup

__all__ = ["cancel_policy_generation", "get_generated_policy", "list_policy_generations", "start_policy_generation"]

_PAGE, _MOST = 2_000, 50_000
_LONGEST = 90 * 86_400.0
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}
"""Where the event source is not the action prefix."""


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """A job. Key: (account, region, job id). `error` is AWS's code and a message, empty for success."""

    principal: str
    created: float
    start: float
    end: float
    trails: tuple[dict[str, Any], ...]
    actions: tuple[str, ...] = ()
    error: tuple[str, str] | None = None


GENERATION = Kind("accessanalyzer.generation", Generation)


@operation("accessanalyzer:StartPolicyGeneration")
def start_policy_generation(call: Call, world: World) -> Mapping[str, Any]:
    """Gather what a principal was recorded to do; the job is done when it is answered.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_StartPolicyGeneration.html
    """
    principal = _principal(call, world)
    details = call.params.get("cloudTrailDetails")
    if details is None:
        raise NotValid(reason="cloudTrailDetails must be given.")
    start = details["startTime"].timestamp()
    end = details["endTime"].timestamp() if "endTime" in details else call.now
    if not start < end or end - start > _LONGEST:
        raise NotValid(reason="The time range must be one of at most 90 days.")
    missing = [trail["cloudTrailArn"] for trail in details["trails"] if not _exists(world, trail["cloudTrailArn"])]
    error = ("RESOURCE_NOT_FOUND_ERROR", f"The trail {missing[0]} does not exist.") if missing else None
    regions = _regions(call, world, details["trails"])
    job = Generation(
        principal=principal,
        created=call.now,
        start=start,
        end=end,
        trails=tuple(dict(trail) for trail in details["trails"]),
        actions=() if missing else tuple(sorted(_actions(call, world, principal, start, end, regions=regions))),
        error=error,
    )
    job_id = world.chance.uuid()
    world.put(GENERATION, call.account, call.region, job_id, job)
    return {"jobId": job_id}


@operation("accessanalyzer:GetGeneratedPolicy")
def get_generated_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show the policy that a job has made, with placeholders for resources where asked.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetGeneratedPolicy.html
    """
    job_id = call.params["jobId"]
    job = world.find(GENERATION, call.account, call.region, job_id)
    if job is None:
        raise NotValid(reason=f"The job {job_id} does not exist.")
    details: dict[str, Any] = {
        "jobId": job_id,
        "status": _status(job),
        "startedOn": job.created,
        "completedOn": job.created,
    }
    if job.error is not None:
        details["jobError"] = {"code": job.error[0], "message": job.error[1]}
    placeholders = bool(call.params.get("includeResourcePlaceholders"))
    return {
        "jobDetails": details,
        "generatedPolicyResult": {
            "properties": {
                "isComplete": job.error is None,
                "principalArn": job.principal,
                "cloudTrailProperties": {
                    "trailProperties": list(job.trails),
                    "startTime": job.start,
                    "endTime": job.end,
                },
            },
            "generatedPolicies": [{"policy": text} for text in _policies(job.actions, placeholders=placeholders)],
        },
    }


@operation("accessanalyzer:ListPolicyGenerations")
def list_policy_generations(call: Call, world: World) -> Mapping[str, Any]:
    """List the jobs, newest first.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListPolicyGenerations.html
    """
    wanted = call.params.get("principalArn")
    found = [
        each for each in world.list(GENERATION, call.account, call.region) if wanted in {None, each.body.principal}
    ]
    found.sort(key=lambda each: (-each.body.created, each.name))
    return page(
        call,
        "policyGenerations",
        found,
        lambda each: {
            "jobId": each.name,
            "principalArn": each.body.principal,
            "status": _status(each.body),
            "startedOn": each.body.created,
            "completedOn": each.body.created,
        },
    )


@operation("accessanalyzer:CancelPolicyGeneration")
def cancel_policy_generation(call: Call, world: World) -> Mapping[str, Any]:
    """Jobs are done as soon as they are started; cancelling one that is there changes nothing.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CancelPolicyGeneration.html
    """
    if world.find(GENERATION, call.account, call.region, call.params["jobId"]) is None:
        raise NotValid(reason=f"The job {call.params['jobId']} does not exist.")
    return {}


def _status(job: Generation) -> str:
    return "SUCCEEDED" if job.error is None else "FAILED"


def _principal(call: Call, world: World) -> str:
    text = str(call.params["policyGenerationDetails"]["principalArn"])
    arn = Arn.parse(text)
    if arn is None or arn.account != call.account or arn.type not in {"user", "role"}:
        raise NotValid(reason=f"The principal {text} does not exist.")
    name = arn.name.lower()
    found = world.find(USER, arn.account, "", name) if arn.type == "user" else world.find(ROLE, arn.account, "", name)
    if found is None or found.arn != text:
        raise NotValid(reason=f"The principal {text} does not exist.")
    return text


def _exists(world: World, arn_text: str) -> bool:
    arn = Arn.parse(arn_text)
    return arn is not None and arn.service == "cloudtrail" and world.resource(arn) is not None


def _regions(call: Call, world: World, trails: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The Regions named, all where a trail is taken whole, the call's own where none is."""
    if any(trail.get("allRegions") for trail in trails):
        return world.settings.regions
    named = [region for trail in trails for region in trail.get("regions", ())]
    return tuple(dict.fromkeys(named)) or (call.region,)


def _actions(call: Call, world: World, principal: str, start: float, end: float, *, regions: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for region in regions:
        question = Lookup(account=call.account, region=region, start=start, end=end, limit=_PAGE)
        for entry in _entries(world, question):
            record = acted(entry.record)
            if not record.error_code and record.entity == principal:
                found.update(_actions_of(call, entry))
    return found


def _entries(world: World, question: Lookup) -> Iterator[Entry]:
    """The newest events that answer the question, a bounded number."""
    for _ in range(_MOST // _PAGE):
        found = world.storage.journal.lookup(question)
        yield from (entry for _, entry in found)
        if len(found) < _PAGE:
            return
        seq, last = found[-1]
        question = Lookup(
            account=question.account,
            region=question.region,
            start=question.start,
            end=question.end,
            limit=question.limit,
            before=(last.time, seq),
        )


def _actions_of(call: Call, entry: Entry) -> Iterator[str]:
    """The permissions behind an event; where an operation's name is a permission's, that one."""
    source = entry.source.partition(".")[0]
    prefix = _PREFIXES.get(source, source)
    named = catalog.action(f"{prefix}:{entry.name}")
    if named is not None:
        yield named.name
        return
    try:
        checks = catalog.checks_of(source, entry.name, {}, account=call.account, region=entry.region)
    except (catalog.UnknownAction, KeyError, ValueError):
        return
    yield from (check.action for check in checks)


def _policies(actions: Iterable[str], *, placeholders: bool) -> Iterator[str]:
    """One document: actions grouped by what they can be restricted to."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in actions:
        groups.setdefault(_resources(name) if placeholders else ("*",), []).append(name)
    if groups:
        statements = [
            {"Effect": "Allow", "Action": names, "Resource": "*" if places == ("*",) else list(places)}
            for places, names in sorted(groups.items())
        ]
        yield msgspec.json.encode({"Version": "2012-10-17", "Statement": statements}).decode()


def _resources(name: str) -> tuple[str, ...]:
    action = catalog.action(name)
    arns = tuple(each.arn.replace("${Partition}", "aws") for each in action.resource_types) if action else ()
    return arns or ("*",)
