"""IAM Access Analyzer. Importing the package registers its operations."""

from trailwarden.services.accessanalyzer import analyzers, findings, policy_checks, tags, validation

__all__ = ["analyzers", "findings", "policy_checks", "tags", "validation"]
