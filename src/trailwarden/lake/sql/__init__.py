"""CloudTrail Lake's SQL, which is Trino's, made DuckDB's: read, gated by allow-lists, rewritten where the two differ.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html
"""

from trailwarden.lake.sql.statement import InvalidStatement, Statement, read

__all__ = ["InvalidStatement", "Statement", "read"]
