"""Services of which only little is told by hand: permissions of other names, and names in several forms."""

import re
from collections.abc import Iterator, Mapping

from trailwarden.catalog.asking import Ask, Rule, Target
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_PARTIQL = re.compile(
    r"(?is)^\s*(select|insert|update|delete|exists)\b(?:.*?\bfrom\b|\s+into\b)?\s*\"?([A-Za-z0-9_.-]+)"
)
_VERBS = {"select": "Select", "insert": "Insert", "update": "Update", "delete": "Delete", "exists": "Select"}
_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def _functions(ask: Ask) -> Iterator[Target]:
    """A function by name, name:qualifier, partial ARN or ARN.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (FunctionName)
    """
    for given in ask.texts("FunctionName"):
        if given.startswith("arn:"):
            yield Target(given)
            continue
        account, _, name = given.rpartition("function:")
        qualifier = ask.text("Qualifier")
        resource = f"function:{name}{f':{qualifier}' if qualifier and ':' not in name else ''}"
        yield Target(ask.arn(resource, account=account.rstrip(":") or None))


def _table(ask: Ask, name: str) -> str:
    return name if name.startswith("arn:") else ask.arn(f"table/{name}")


def _statements(*paths: str) -> Rule:
    """PartiQL: the verb tells the permission, FROM or INTO the table.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
    """

    def read(ask: Ask) -> Iterator[Check]:
        for statement in (text for path in paths for text in ask.texts(path)):
            match = _PARTIQL.match(statement)
            verb = _VERBS[match[1].lower()] if match else "Select"
            yield Check(
                action=f"dynamodb:PartiQL{verb}", resource=_table(ask, match[2]) if match else ask.arn("table/*")
            )

    return read


def _read_several(ask: Ask) -> Iterator[Check]:
    for name in ask.texts("TransactItems[].Get.TableName"):
        yield Check(action="dynamodb:GetItem", resource=_table(ask, name))


def _written_several(ask: Ask) -> Iterator[Check]:
    for kind, action in _WRITES.items():
        for name in ask.texts(f"TransactItems[].{kind}.TableName"):
            yield Check(action=f"dynamodb:{action}", resource=_table(ask, name))


def _requested(ask: Ask) -> Iterator[Target]:
    given = ask.params.get("RequestItems")
    for name in given if isinstance(given, Mapping) else ():
        yield Target(_table(ask, str(name)))


def _parameters(ask: Ask) -> Iterator[Target]:
    """A parameter's path begins with a slash of its own.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    """
    for member in ("Name", "Names", "Path"):
        for given in ask.texts(member):
            yield Target(given if given.startswith("arn:") else ask.arn(f"parameter/{given.removeprefix('/')}"))


def _task_definitions(ask: Ask) -> Iterator[Target]:
    """A family, or family:revision; a family means its newest revision."""
    for given in (given for member in ("taskDefinition", "taskDefinitions") for given in ask.texts(member)):
        name = given if ":" in given else f"{given}:*"
        yield Target(given if given.startswith("arn:") else ask.arn(f"task-definition/{name}"))


TABLES: Mapping[str, Overlay] = {
    "lambda": Overlay(
        types={"function": _functions},
        actions={
            "Invoke": "lambda:InvokeFunction",
            "InvokeAsync": "lambda:InvokeFunction",
            "InvokeWithResponseStream": "lambda:InvokeFunction",
        },
    ),
    "ecs": Overlay(
        targets={"RunTask": _task_definitions, "StartTask": _task_definitions, "DeregisterTaskDefinition": _task_definitions}
    ),
    "ssm": Overlay(
        targets=dict.fromkeys(("GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory", "PutParameter", "DeleteParameter", "DeleteParameters", "LabelParameterVersion", "UnlabelParameterVersion"), _parameters)
    ),
    "dynamodb": Overlay(
        targets={"BatchGetItem": _requested, "BatchWriteItem": _requested},
        whole={
            "ExecuteStatement": _statements("Statement"),
            "BatchExecuteStatement": _statements("Statements[].Statement"),
            "ExecuteTransaction": _statements("TransactStatements[].Statement"),
            "TransactGetItems": _read_several,
            "TransactWriteItems": _written_several,
        },
    ),
}  # fmt: skip
