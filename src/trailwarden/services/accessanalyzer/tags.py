"""Tags of analyzers."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.accessanalyzer.analyzers import ANALYZER, analyzer_by_arn
from trailwarden.services.accessanalyzer.errors import NotValid
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["list_tags_for_resource", "tag_resource", "untag_resource"]

_MOST = 50


@operation("accessanalyzer:TagResource")
def tag_resource(call: Call, world: World) -> Mapping[str, Any]:
    """Add tags.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_TagResource.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["resourceArn"])
    tags = {**analyzer.tags, **call.params["tags"]}
    if len(tags) > _MOST:
        raise NotValid(reason=f"A resource has at most {_MOST} tags.")
    world.put(ANALYZER, call.account, call.region, analyzer.name, msgspec.structs.replace(analyzer, tags=tags))
    return {}


@operation("accessanalyzer:UntagResource")
def untag_resource(call: Call, world: World) -> Mapping[str, Any]:
    """Remove tags; keys that are not there are no error.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_UntagResource.html
    """
    analyzer = analyzer_by_arn(call, world, call.params["resourceArn"])
    gone = set(call.params["tagKeys"])
    tags = {key: value for key, value in analyzer.tags.items() if key not in gone}
    world.put(ANALYZER, call.account, call.region, analyzer.name, msgspec.structs.replace(analyzer, tags=tags))
    return {}


@operation("accessanalyzer:ListTagsForResource")
def list_tags_for_resource(call: Call, world: World) -> Mapping[str, Any]:
    """Show tags.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListTagsForResource.html
    """
    return {"tags": analyzer_by_arn(call, world, call.params["resourceArn"]).tags}
