"""GenerateQuery: a statement from a prompt, by rule rather than by a language model.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-query-generator.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.event_data_store import check_active, find_store
from trailwarden.services.cloudtrail.prompt import statement_for
from trailwarden.services.cloudtrail.query import InvalidQueryStatementException, keep_template, read_statement
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["GenerateResponseException", "generate_query"]

_EVENTS = frozenset({"Management", "Data", "NetworkActivity"})


class GenerateResponseException(AwsError):
    """The prompt is not understood as a whole: there is no statement rather than one that is made up.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GenerateQuery.html
    """

    message = "A valid query could not be generated for the provided prompt."


@operation("cloudtrail:GenerateQuery")
def generate_query(call: Call, world: World) -> Mapping[str, Any]:
    """A statement, and an alias under which StartQuery runs it. The same prompt gives the same statement.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GenerateQuery.html
    """
    store = find_store(call, world, call.params["EventDataStores"][0])
    check_active(store)
    statement = statement_for(call.params["Prompt"], store.id) if store.categories <= _EVENTS else ""
    if not statement:
        raise GenerateResponseException
    try:
        read_statement(statement)
    except InvalidQueryStatementException:
        raise GenerateResponseException from None
    alias = f"prompt-{world.chance.base36(16)}"
    keep_template(world, call.account, call.region, alias, statement)
    owner = {"EventDataStoreOwnerAccountId": store.account} if store.account != call.account else {}
    return {"QueryStatement": statement, "QueryAlias": alias, **owner}
