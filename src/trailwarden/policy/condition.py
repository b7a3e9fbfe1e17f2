"""One condition of a statement: an operator, a key, and the values wanted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from collections.abc import Sequence
from enum import StrEnum

from trailwarden.policy.asking import Asking
from trailwarden.policy.operators import OPERATORS, Operator, Test
from trailwarden.policy.request import UNKNOWN, ContextValue, Unknown
from trailwarden.policy.value import dataclass, field
from trailwarden.policy.variables import Template, parse_template

__all__ = ["Condition", "Qualifier", "compile_condition", "known_operator"]

_IF_EXISTS = "ifexists"
_NULL = "null"


class Qualifier(StrEnum):
    """How the several values of a multivalued key are taken together.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """

    NONE = ""
    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition as written (`operator`, `key`, `values`) and as compiled.

    `comparison` is None for Null. `test` holds the values without variables, `templates` those with.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    folded_key: str
    qualifier: Qualifier
    if_exists: bool
    comparison: Operator | None
    test: Test = field(compare=False, repr=False)
    templates: tuple[Template, ...] = ()

    def holds(self, asking: Asking) -> bool | None:
        """Whether the condition is met; None where it depends on what is not known."""
        return self.judge(asking.value(self.folded_key), asking)

    def judge(self, value: ContextValue | None, asking: Asking) -> bool | None:
        """Whether `value` meets the condition; `asking` resolves the variables in what is wanted."""
        if isinstance(value, Unknown):
            return None
        if self.comparison is None:
            return self.test("true" if value is None or value == () else "false")
        if value is None:
            return self._without_value(self.comparison)
        if self.qualifier is not Qualifier.NONE:
            return self._of_set(value, self.comparison, asking)
        if isinstance(value, str):
            return self._compare(value, self.comparison, asking)
        if len(value) == 1:
            return self._compare(value[0], self.comparison, asking)
        # Several values without a set operator never match.
        return False if value else self._without_value(self.comparison)

    def _without_value(self, comparison: Operator) -> bool:
        """An absent key: true with IfExists and ForAllValues, false with ForAnyValue, else as negated."""
        if self.if_exists or self.qualifier is Qualifier.ALL:
            return True
        return comparison.negated and self.qualifier is Qualifier.NONE

    def _of_set(self, value: str | tuple[str, ...], comparison: Operator, asking: Asking) -> bool | None:
        """Each value of the request on its own; an empty text is an empty set."""
        values = (value,) if isinstance(value, str) else value
        found = [self._compare(each, comparison, asking) for each in values if each or len(values) > 1]
        decisive = self.qualifier is Qualifier.ANY
        if decisive in found:
            return decisive
        return None if None in found else not decisive

    def _compare(self, value: str, comparison: Operator, asking: Asking) -> bool | None:
        """One value of the request with all values of the policy: any of them, or for a negated operator none."""
        found: bool | None = self.test(value)
        if not found and self.templates:
            found = self._compare_templates(value, comparison, asking)
        return found if found is None else found is not comparison.negated

    def _compare_templates(self, value: str, comparison: Operator, asking: Asking) -> bool | None:
        found: bool | None = False
        for template in self.templates:
            pieces = template.resolve(asking)
            if pieces is UNKNOWN:
                found = None
            elif isinstance(pieces, tuple) and comparison.compile((pieces,))(value):
                return True
        return found


def _parts(operator: str) -> tuple[Qualifier, str, bool]:
    """The qualifier, the name in lower case, and whether IfExists is appended."""
    head, colon, name = operator.rpartition(":")
    folded = name.lower()
    qualifier = (
        {each.value.lower(): each for each in Qualifier}.get(head.lower(), Qualifier.NONE) if colon else Qualifier.NONE
    )
    if folded.endswith(_IF_EXISTS) and folded != _NULL + _IF_EXISTS:
        return qualifier, folded[: -len(_IF_EXISTS)], True
    return qualifier, folded, False


def known_operator(operator: str) -> bool:
    """Whether there is such an operator, qualifiers and IfExists included.

    Null takes neither a set qualifier nor IfExists.
    """
    head, colon, _ = operator.rpartition(":")
    qualifier, name, _ = _parts(operator)
    if name == _NULL:
        return not colon
    return name in OPERATORS and (not colon or qualifier.value.lower() == head.lower() != "")


def compile_condition(operator: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    """A condition ready to be tested; `operator` is known."""
    qualifier, name, if_exists = _parts(operator)
    comparison = OPERATORS.get(name)
    if comparison is None:
        test, templates = _null_test(values)
    else:
        test, templates = _compiled(comparison, values, variables=variables)
    return Condition(
        operator=operator,
        key=key,
        values=tuple(values),
        folded_key=key.lower(),
        qualifier=qualifier,
        if_exists=if_exists,
        comparison=comparison,
        test=test,
        templates=templates,
    )


def _null_test(values: Sequence[str]) -> tuple[Test, tuple[Template, ...]]:
    """Null's values are true or false, in any case."""
    return frozenset(value.lower() for value in values).__contains__, ()


def _compiled(comparison: Operator, values: Sequence[str], *, variables: bool) -> tuple[Test, tuple[Template, ...]]:
    parsed = [parse_template(value, variables=variables and comparison.variables) for value in values]
    statics = tuple(pieces for template in parsed if (pieces := template.static) is not None)
    return comparison.compile(statics), tuple(template for template in parsed if template.static is None)
