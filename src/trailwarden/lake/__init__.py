"""Event history, and event data stores: Apache Iceberg tables that SQL is asked of.

What other rooms use, beyond event history:

- `Lake`: one a server, made by the composition root and given to whatever works beside the calls. `lake.holding` loads the
  heavy parts when it is first asked for; never ask for it in a handler.
- `lake.holding.append(store, records)`: records (JSON bytes, one event each) into an event data store, durably when it
  returns and exactly once by eventID, however often it is repeated; see `Appended` for what became of each. Tens of
  thousands at a time are best: each call is one Iceberg commit.
- For a few events within a call (PutAuditEvents): `transaction.append(Entry(…))` with category `ActivityAuditLog` and
  `resources=(("AWS::CloudTrail::EventDataStore", <ARN of the store>),)`, a pair for each store that is to take it. They
  are durable with the call, visible to queries at once, and sealed into the stores by the lake's own worker.
- To run a query (services only): `query = new_query(call, world, statement, parameters, alias=…, refresh_id=…, prompt=…)`
  and `start(world, query)` of `trailwarden.services.cloudtrail.query` in the call's transaction; it runs beside the calls
  once that is committed. Read `Query.status` of `world.find(QUERY, query.account, query.region, query.id)` and, where it is
  FINISHED, `result_rows(world.storage, query, start, count)`, both of `trailwarden.lake.query`. `read_statement(text,
  parameters)` there only checks a statement; `keep_template(…)` has a QueryAlias stand for one.
"""

from trailwarden.lake.history import InvalidToken, Page, Question, lookup_events
from trailwarden.lake.opening import Lake
from trailwarden.lake.store import STORE, EventDataStore

__all__ = ["STORE", "EventDataStore", "InvalidToken", "Lake", "Page", "Question", "lookup_events"]
