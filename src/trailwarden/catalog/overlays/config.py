"""AWS Config: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html.

Most ARNs end in an id that the service made: `lookup` tells it, else it is asked for as `*`.
"""

from collections.abc import Mapping

from trailwarden.catalog.asking import Ask, Resolver, Target
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]


def _kept(kind: str, template: str, *paths: str) -> Resolver:
    """Things found by name: their stored ARN, or the template with `{}` for the name."""

    def resolve(ask: Ask) -> tuple[Target, ...]:
        names = dict.fromkeys(name for path in paths for name in ask.texts(path))
        return tuple(
            Target(
                name
                if name.startswith("arn:")
                else ask.lookup(f"config.{kind}", name) or ask.arn(template.format(name))
            )
            for name in names
        )

    return resolve


def _authorizations(ask: Ask) -> tuple[Target, ...]:
    account, region = ask.text("AuthorizedAccountId"), ask.text("AuthorizedAwsRegion")
    return (Target(ask.arn(f"aggregation-authorization/{account}/{region}")),) if account else ()


def _given(ask: Ask) -> tuple[Target, ...]:
    return tuple(Target(given) for given in ask.texts("ResourceArn"))


TABLES: Mapping[str, Overlay] = {
    "config": Overlay(
        types={
            "configrule": _kept("rule", "config-rule/*", "ConfigRuleName", "ConfigRuleNames", "ConfigRule.ConfigRuleArn", "ConfigRule.ConfigRuleName"),
            "configurationaggregator": _kept("aggregator", "config-aggregator/*", "ConfigurationAggregatorName"),
            "configurationrecorder": _kept(
                "recorder", "configuration-recorder/{}/*", "ConfigurationRecorderName", "ConfigurationRecorderNames",
                "ConfigurationRecorder.name", "ConfigurationRecorderArn", "Arn",
            ),
            "conformancepack": _kept("conformance-pack", "conformance-pack/{}/*", "ConformancePackName", "ConformancePackNames"),
            "storedquery": _kept("stored-query", "stored-query/{}/*", "QueryName", "StoredQuery.QueryName"),
            "organizationconfigrule": _kept("organization-rule", "organization-config-rule/{}-*", "OrganizationConfigRuleName"),
            "organizationconformancepack": _kept("organization-pack", "organization-conformance-pack/{}-*", "OrganizationConformancePackName"),
            "remediationconfiguration": _kept("remediation", "remediation-configuration/*", "ConfigRuleName", "ConfigRuleNames", "RemediationConfigurations[].ConfigRuleName"),
            "connector": _kept("connector", "connector/*", "ConnectorArn", "Arn"),
            "aggregationauthorization": _authorizations,
        },
        targets=dict.fromkeys(("ListTagsForResource", "TagResource", "UntagResource"), _given),
        keys={"config:ConfigurationRecorderServicePrincipal": lambda ask: ask.value("ServicePrincipal")},
    )
}  # fmt: skip
