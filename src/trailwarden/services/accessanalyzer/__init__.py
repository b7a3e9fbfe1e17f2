"""IAM Access Analyzer. Importing the package registers its operations."""

from trailwarden.services.accessanalyzer import (
    access_previews,
    analyzers,
    archive_rules,
    findings,
    generation,
    policy_checks,
    statistics,
    tags,
    validation,
)

__all__ = [
    "access_previews",
    "analyzers",
    "archive_rules",
    "findings",
    "generation",
    "policy_checks",
    "statistics",
    "tags",
    "validation",
]
