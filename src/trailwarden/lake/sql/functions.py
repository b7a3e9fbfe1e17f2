"""The functions that a statement may call: by Trino's name, how many arguments, what they give, how DuckDB says it.

A function that is not here is refused by name. In what DuckDB is told, `{0}` is the first argument and `{*}` all of them.
`$0` as what it gives means: what the first argument is; `item`: what an item of the first argument is.
https://trino.io/docs/current/functions/list.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["FUNCTIONS", "RESULTS", "Function"]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: fewest and most arguments, kind of the result, text for DuckDB ("" where code writes it)."""

    fewest: int
    most: int
    gives: str
    text: str


_MANY = 100


def _same(names: str, fewest: int, most: int, gives: str) -> dict[str, Function]:
    """Functions that have the same name and meaning in DuckDB."""
    return {name: Function(fewest, most, gives, f"{name}({{*}})") for name in names.split()}


def _table(rows: str) -> dict[str, Function]:
    """Rows of `names | fewest-most | kind | text`."""
    found = {}
    for row in rows.strip().splitlines():
        names, counts, gives, text = (part.strip() for part in row.split("|", 3))
        fewest, _, most = counts.partition("-")
        for name in names.split():
            found[name] = Function(int(fewest), int(most or fewest), "" if gives == "-" else gives, text)
    return found


_MATHS = _table(
    """
    ceil ceiling | 1 | $0 | ceil({0})
    truncate | 1 | $0 | trunc({0})
    pow power | 2 | double | power(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE))
    log | 2 | double | trino_log({0}, {1})
    mod | 2 | $0 | (({0}) % ({1}))
    e | 0 | double | exp(1)
    is_nan | 1 | boolean | isnan({0})
    is_finite | 1 | boolean | isfinite({0})
    is_infinite | 1 | boolean | isinf({0})
    nan | 0 | double | CAST('NaN' AS DOUBLE)
    infinity | 0 | double | CAST('Infinity' AS DOUBLE)
    random rand | 0 | double | random()
    bitwise_and | 2 | integer | (CAST({0} AS BIGINT) & CAST({1} AS BIGINT))
    bitwise_or | 2 | integer | (CAST({0} AS BIGINT) | CAST({1} AS BIGINT))
    bitwise_xor | 2 | integer | xor(CAST({0} AS BIGINT), CAST({1} AS BIGINT))
    bitwise_not | 1 | integer | (~ CAST({0} AS BIGINT))
    bitwise_left_shift | 2 | integer | trino_shift_left({0}, {1})
    bitwise_right_shift_arithmetic | 2 | integer | (CAST({0} AS BIGINT) >> {1})
    bit_count | 2 | integer | trino_bit_count({0}, {1})
    from_base | 2 | integer | trino_py_from_base({0}, {1})
    to_base | 2 | varchar | trino_py_to_base({0}, {1})
    width_bucket | 4 | integer | trino_py_width_bucket({0}, {1}, {2}, {3})
    """
) | {
    **_same("sqrt cbrt exp ln log2 log10 degrees radians", 1, 1, "double"),
    **_same("sin cos tan asin acos atan sinh cosh tanh", 1, 1, "double"),
    **_same("atan2", 2, 2, "double"),
    **_same("pi", 0, 0, "double"),
    **_same("abs floor sign", 1, 1, "$0"),
    "round": Function(1, 2, "$0", "round({*})"),
}
_TEXT = _table(
    """
    substr substring | 2-3 | varchar | trino_substr({*})
    length char_length character_length | 1 | integer | length({0})
    trim | 1-2 | varchar | trim({*})
    ltrim | 1-2 | varchar | ltrim({*})
    rtrim | 1-2 | varchar | rtrim({*})
    replace | 2-3 | varchar | replace({0}, {1}, {2|''})
    strpos | 2 | integer | strpos({0}, {1})
    split_part | 3 | varchar | trino_split_part({0}, {1}, {2})
    split | 2 | array | string_split({0}, {1})
    split_to_map | 3 | map | trino_py_split_to_map({0}, {1}, {2})
    split_to_multimap | 3 | map | trino_py_split_to_multimap({0}, {1}, {2})
    lpad | 3 | varchar | trino_lpad({0}, CAST({1} AS INTEGER), {2})
    rpad | 3 | varchar | trino_rpad({0}, CAST({1} AS INTEGER), {2})
    codepoint | 1 | integer | unicode({0})
    starts_with | 2 | boolean | starts_with({0}, {1})
    levenshtein_distance | 2 | integer | levenshtein({0}, {1})
    hamming_distance | 2 | integer | hamming({0}, {1})
    translate | 3 | varchar | trino_py_translate({0}, {1}, {2})
    normalize | 1-2 | varchar | trino_py_normalize({*})
    soundex | 1 | varchar | trino_py_soundex({0})
    luhn_check | 1 | boolean | trino_py_luhn_check({0})
    to_utf8 | 1 | - | encode({0})
    from_utf8 | 1 | varchar | trino_py_from_utf8({0})
    regexp_like | 2 | boolean | regexp_matches({0}, {1})
    regexp_extract | 2-3 | varchar | trino_regexp_extract({0}, {1}, {2|0})
    regexp_extract_all | 2-3 | array | regexp_extract_all({0}, {1}, {2|0})
    regexp_replace | 2-3 | varchar | trino_regexp_replace({0}, {1}, {2|''})
    regexp_split | 2 | array | regexp_split_to_array({0}, {1})
    regexp_count | 2 | integer | trino_regexp_count({0}, {1})
    regexp_position | 2 | integer | trino_regexp_position({0}, {1})
    human_readable_seconds | 1 | varchar | trino_py_human_readable_seconds(CAST({0} AS DOUBLE))
    """
) | {
    **_same("lower upper chr", 1, 1, "varchar"),
    **_same("concat_ws", 2, _MANY, "varchar"),
    "concat": Function(2, _MANY, "$0", ""),
    "format": Function(2, _MANY, "varchar", ""),
}
_JSON = _table(
    """
    json_parse | 1 | json | trino_json_parse({0})
    json_format | 1 | varchar | CAST(CAST({0} AS JSON) AS VARCHAR)
    json_array_length | 1 | integer | trino_json_array_length({0})
    json_array_get | 2 | json | trino_json_array_get({0}, {1})
    json_array_contains | 2 | boolean | trino_json_array_contains({0}, {1})
    is_json_scalar | 1 | boolean | trino_is_json_scalar({0})
    """
) | {
    "json_extract": Function(2, 2, "json", "trino_json_extract({0}, {1})"),
    "json_extract_scalar": Function(2, 2, "varchar", "trino_json_scalar({0}, {1})"),
    "json_size": Function(2, 2, "integer", "trino_json_size({0}, {1})"),
}
_ARRAYS = _table(
    """
    cardinality | 1 | integer | CAST(cardinality({0}) AS BIGINT)
    element_at | 2 | item | trino_element_at({0}, {1})
    array_distinct | 1 | $0 | trino_array_distinct({0})
    array_except | 2 | $0 | trino_array_except({0}, {1})
    array_intersect | 2 | $0 | trino_array_intersect({0}, {1})
    array_union | 2 | $0 | trino_array_union({0}, {1})
    array_join | 2-3 | varchar | trino_array_join({*})
    array_max | 1 | item | trino_array_max({0})
    array_min | 1 | item | trino_array_min({0})
    array_position | 2 | integer | trino_array_position({0}, {1})
    array_remove | 2 | $0 | trino_array_remove({0}, {1})
    array_sort | 1 | $0 | list_sort({0}, 'ASC', 'NULLS LAST')
    arrays_overlap | 2 | boolean | trino_arrays_overlap({0}, {1})
    flatten | 1 | array | flatten({0})
    filter | 2 | $0 | list_filter({0}, {1})
    transform | 2 | array | list_transform({0}, {1})
    repeat | 2 | array | trino_repeat({0}, {1})
    sequence | 2-3 | array | trino_sequence({*})
    slice | 3 | $0 | trino_slice({0}, {1}, {2})
    trim_array | 2 | $0 | trino_trim_array({0}, {1})
    shuffle | 1 | $0 | trino_shuffle({0})
    zip | 2-5 | array:row | list_zip({*})
    any_match | 2 | boolean | trino_any_match(list_transform({0}, {1}))
    all_match | 2 | boolean | trino_all_match(list_transform({0}, {1}))
    none_match | 2 | boolean | (NOT trino_any_match(list_transform({0}, {1})))
    array_first | 1 | item | ({0})[1]
    array_last | 1 | item | ({0})[-1]
    """
) | {name: Function(fewest, most, gives, "") for name, fewest, most, gives in (
    ("contains", 2, 2, "boolean"), ("reverse", 1, 1, "$0"), ("reduce", 4, 4, "$1"), ("zip_with", 3, 3, "array"),
)}  # fmt: skip
_MAPS = _table(
    """
    map_keys | 1 | array | map_keys({0})
    map_values | 1 | array | map_values({0})
    map_entries | 1 | array:row | map_entries({0})
    map_from_entries | 1 | map | map_from_entries({0})
    map_concat | 2-20 | $0 | map_concat({*})
    """
) | {name: Function(fewest, most, gives, "") for name, fewest, most, gives in (
    ("map", 0, 2, "map"), ("map_filter", 2, 2, "$0"), ("transform_values", 2, 2, "map"), ("transform_keys", 2, 2, "map"),
)}  # fmt: skip
_TIMES = _table(
    """
    now | 0 | zoned | {now}
    date | 1 | date | trino_date({0})
    from_unixtime | 1 | zoned | trino_from_unixtime({0})
    to_unixtime | 1 | double | trino_to_unixtime({0})
    from_iso8601_timestamp | 1 | zoned | CAST({0} AS TIMESTAMPTZ)
    from_iso8601_date | 1 | date | CAST({0} AS DATE)
    to_iso8601 | 1 | varchar | trino_to_iso8601({0})
    to_milliseconds | 1 | integer | trino_milliseconds({0})
    year | 1 | integer | year({0})
    quarter | 1 | integer | quarter({0})
    month | 1 | integer | month({0})
    week week_of_year | 1 | integer | week({0})
    day day_of_month | 1 | integer | day({0})
    day_of_week dow | 1 | integer | isodow({0})
    day_of_year doy | 1 | integer | dayofyear({0})
    year_of_week yow | 1 | integer | isoyear({0})
    hour | 1 | integer | hour({0})
    minute | 1 | integer | minute({0})
    second | 1 | integer | second({0})
    millisecond | 1 | integer | (millisecond({0}) % 1000)
    last_day_of_month | 1 | date | last_day({0})
    """
) | {name: Function(count, count, gives, "") for name, count, gives in (
    ("date_trunc", 2, "$1"), ("date_add", 3, "$2"), ("date_diff", 3, "integer"), ("date_format", 2, "varchar"),
    ("date_parse", 2, "timestamp"), ("format_datetime", 2, "varchar"), ("parse_datetime", 2, "zoned"),
    ("at_timezone", 2, "zoned"),
)}  # fmt: skip
_OTHER = _table(
    """
    url_extract_host | 1 | varchar | trino_py_url_host({0})
    url_extract_path | 1 | varchar | trino_py_url_path({0})
    url_extract_port | 1 | integer | trino_py_url_port({0})
    url_extract_protocol | 1 | varchar | trino_py_url_protocol({0})
    url_extract_query | 1 | varchar | trino_py_url_query({0})
    url_extract_fragment | 1 | varchar | trino_py_url_fragment({0})
    url_extract_parameter | 2 | varchar | trino_py_url_parameter({0}, {1})
    url_encode | 1 | varchar | trino_py_url_encode({0})
    url_decode | 1 | varchar | trino_py_url_decode({0})
    md5 | 1 | - | unhex(md5({0}))
    sha1 | 1 | - | unhex(sha1({0}))
    sha256 | 1 | - | unhex(sha256({0}))
    sha512 | 1 | - | trino_py_sha512({0})
    crc32 | 1 | integer | trino_py_crc32({0})
    to_hex | 1 | varchar | hex({0})
    from_hex | 1 | - | unhex({0})
    to_base64 | 1 | varchar | to_base64({0})
    from_base64 | 1 | - | from_base64({0})
    nullif | 2 | $0 | nullif({0}, {1})
    typeof | 1 | varchar | trino_typeof({0})
    uuid | 0 | varchar | CAST(gen_random_uuid() AS VARCHAR)
    """
) | {
    "try": Function(1, 1, "$0", ""),
    **_same("coalesce", 1, _MANY, "$0"),
    "greatest": Function(1, _MANY, "$0", ""),
    "least": Function(1, _MANY, "$0", ""),
    "row": Function(1, _MANY, "row", "row({*})"),
}
_AGGREGATES = _table(
    """
    count_if | 1 | integer | count_if({0})
    min_by | 2-3 | - | arg_min_null({*})
    max_by | 2-3 | - | arg_max_null({*})
    array_agg | 1 | array | list({*})
    approx_distinct | 1-2 | integer | count(DISTINCT {0})
    approx_percentile | 2 | $0 | quantile_disc({0}, {1})
    arbitrary any_value | 1 | $0 | any_value({0})
    bool_and every | 1 | boolean | bool_and({0})
    bool_or | 1 | boolean | bool_or({0})
    stddev stddev_samp | 1 | double | stddev_samp({0})
    stddev_pop | 1 | double | stddev_pop({0})
    variance var_samp | 1 | double | var_samp({0})
    var_pop | 1 | double | var_pop({0})
    geometric_mean | 1 | double | trino_mean({0})
    histogram | 1 | map | histogram({0})
    map_agg | 2 | map | trino_map_agg({0}, {1})
    multimap_agg | 2 | map | trino_multimap_agg({0}, {1})
    map_union | 1 | map | trino_map_union({0})
    bitwise_and_agg | 1 | integer | bit_and(CAST({0} AS BIGINT))
    bitwise_or_agg | 1 | integer | bit_or(CAST({0} AS BIGINT))
    bitwise_xor_agg | 1 | integer | bit_xor(CAST({0} AS BIGINT))
    array_union_agg set_union | 1 | $0 | list_distinct(flatten(list({0})))
    set_agg | 1 | array | list(DISTINCT {0})
    entropy | 1 | double | trino_entropy({0})
    listagg | 1-2 | varchar | string_agg({0}, {1|''})
    """
) | {
    "count": Function(0, 1, "integer", "count({*})"),
    **_same("sum", 1, 1, "$0"),
    **_same("min max", 1, 2, "$0"),
    "avg": Function(1, 1, "double", "avg({*})"),
    **_same("corr covar_pop covar_samp regr_slope regr_intercept", 2, 2, "double"),
    **_same("skewness kurtosis", 1, 1, "double"),
}
_WINDOWS = {
    **_same("row_number rank dense_rank", 0, 0, "integer"),
    **_same("percent_rank cume_dist", 0, 0, "double"),
    **_same("ntile", 1, 1, "integer"),
    **_same("lag lead", 1, 3, "$0"),
    **_same("first_value last_value", 1, 1, "$0"),
    **_same("nth_value", 2, 2, "$0"),
}

FUNCTIONS: Mapping[str, Function] = {
    **_MATHS,
    **_TEXT,
    **_JSON,
    **_ARRAYS,
    **_MAPS,
    **_TIMES,
    **_OTHER,
    **_AGGREGATES,
    **_WINDOWS,
}
"""By Trino's name, in lower case."""

RESULTS: Mapping[str, str] = {name: function.gives for name, function in FUNCTIONS.items() if function.gives}
"""What each gives."""
