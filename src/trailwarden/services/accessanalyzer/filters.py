"""Filters over findings: criteria by key, as lists and archive rules take them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["meets"]


def meets(told: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a finding, as it is shown, meets every criterion."""
    return all(_met(_values(told, name), criterion) for name, criterion in criteria.items())


def _met(values: list[str], criterion: Mapping[str, Any]) -> bool:
    if "exists" in criterion and criterion["exists"] is not bool(values):
        return False
    if "eq" in criterion and not set(values) & set(criterion["eq"]):
        return False
    if "neq" in criterion and set(values) & set(criterion["neq"]):
        return False
    wanted = criterion.get("contains")
    return wanted is None or any(part in value for value in values for part in wanted)


def _values(told: Mapping[str, Any], name: str) -> list[str]:
    """The texts that a filter key means: `principal.AWS`, `condition.aws:SourceIp`, `isPublic` …."""
    head, _, rest = name.partition(".")
    value = told.get(head)
    if isinstance(value, dict):
        value = value.get(rest)
    if value is None:
        return []
    if isinstance(value, list):
        return [str(each) for each in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]
