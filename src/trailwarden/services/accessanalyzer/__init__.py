"""IAM Access Analyzer. Importing the package registers its operations."""

from trailwarden.services.accessanalyzer import analyzers, findings, generation, policy_checks, tags, validation

__all__ = ["analyzers", "findings", "generation", "policy_checks", "tags", "validation"]
