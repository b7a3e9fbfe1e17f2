"""Story 1: mateojackson is denied cloudtrail:GetTrailStatus, is told why, gets the smallest mend, succeeds on the retry."""

import json

from trailwarden.cli.stories.stage import DemoFailed, Person, Stage

__all__ = ["not_authorized"]

_TRAIL = "My-Trail"


def not_authorized(stage: Stage) -> None:
    """The call, the denial in AWS's own words, the diagnosis, the mend, the retry; then the page's fictional denial."""
    mateo = stage.person("mateojackson")
    stage.say(f"mateojackson asks for the status of {_TRAIL}.")
    refused = _status(stage, mateo)
    stage.say("An administrator pastes that text.")
    found = stage.explained(refused)
    mend = next((mend for mend in found.mends if mend.proved), None)
    if mend is None:
        raise DemoFailed("no mend was proved")
    stage.say("The smallest mend is made.")
    stage.mended(mend)
    stage.say("mateojackson tries again.")
    stage.typed(mateo, f"aws cloudtrail get-trail-status --name {_TRAIL}")
    status = mateo.client("cloudtrail").get_trail_status(Name=_TRAIL)
    if not status["IsLogging"]:
        raise DemoFailed(f"{_TRAIL} does not log")
    stage.shown(json.dumps({"IsLogging": status["IsLogging"], "StartLoggingTime": str(status["StartLoggingTime"])}))
    _widget(stage)


def _status(stage: Stage, mateo: Person) -> str:
    stage.typed(mateo, f"aws cloudtrail get-trail-status --name {_TRAIL}")
    return stage.refused(
        lambda: mateo.client("cloudtrail").get_trail_status(Name=_TRAIL),
        code="AccessDeniedException",
        text=f"User: arn:aws:iam::{stage.account}:user/mateojackson is not authorized to perform: "
        "cloudtrail:GetTrailStatus on resource: "
        f"arn:aws:cloudtrail:{mateo.connection.region}:{stage.account}:trail/{_TRAIL} "
        "because no identity-based policy allows the cloudtrail:GetTrailStatus action",
    )


def _widget(stage: Stage) -> None:
    stage.say("AWS's page has a fictional denial, too.")
    found = stage.explained(
        f"User: arn:aws:iam::{stage.account}:user/mateojackson is not authorized to perform: "
        "cloudtrail:GetWidget on resource: my-example-widget"
    )
    if "no action" not in found.cause:
        raise DemoFailed("the fictional action was taken for a real one")
