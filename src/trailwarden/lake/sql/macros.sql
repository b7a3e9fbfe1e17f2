-- What DuckDB is taught before it sees a statement: macros that do what Trino's functions do.
-- Each is named trino_..., which no statement can name; typed overloads choose by the types of the arguments.
-- What raises an error() has a twin, made when this is read, that gives NULL instead, for what stands within TRY.
-- https://trino.io/docs/current/functions.html

trino_divide_decimal(a, b, s) AS CASE
    WHEN CAST(b AS DOUBLE) = 0 THEN error('Division by zero')
    ELSE round(CAST(a AS DOUBLE) / CAST(b AS DOUBLE), s) END;

trino_log(b, x) AS ln(x) / ln(b);

trino_substr(s, i) AS CASE
    WHEN i = 0 OR abs(i) > length(s) THEN CASE
    WHEN s IS NULL OR i IS NULL THEN NULL
    ELSE '' END
    ELSE substr(s, i) END,
  (s, i, n) AS CASE
    WHEN s IS NULL OR i IS NULL OR n IS NULL THEN NULL
    WHEN i = 0 OR abs(i) > length(s) OR n <= 0 THEN ''
    ELSE substr(s, CASE
    WHEN i < 0 THEN length(s) + i + 1
    ELSE i END, n) END;

trino_split_part(s, d, n) AS CASE
    WHEN n < 1 THEN error('Index must be greater than zero')
    ELSE list_extract(string_split(s, d), n) END;

trino_split(s, d, n) AS CASE
    WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
    ELSE list_append(list_slice(string_split(s, d), 1, n - 1), array_to_string(list_slice(string_split(s, d), n, len(string_split(s, d))), d)) END;

trino_strpos(s, d, n) AS CASE
    WHEN len(string_split(s, d)) <= n THEN 0
    ELSE length(array_to_string(list_slice(string_split(s, d), 1, n), d)) + 1 END;

trino_lpad(s, n, p) AS CASE
    WHEN n NOT BETWEEN 0 AND 100000 THEN error('Target length is out of range')
    WHEN length(s) >= n THEN left(s, n)
    ELSE lpad(s, n, p) END;

trino_rpad(s, n, p) AS CASE
    WHEN n NOT BETWEEN 0 AND 100000 THEN error('Target length is out of range')
    WHEN length(s) >= n THEN left(s, n)
    ELSE rpad(s, n, p) END;

trino_regexp_extract(s, p, g) AS CASE
    WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END;

trino_regexp_count(s, p) AS len(regexp_extract_all(s, p));

trino_regexp_replace(s, p, r) AS regexp_replace(s, p, regexp_replace(r, '\$(\d)', '\\\1', 'g'), 'g');

trino_regexp_position(s, p) AS CASE
    WHEN regexp_matches(s, p) THEN length(regexp_split_to_array(s, p)[1]) + 1
    ELSE -1 END;

trino_json_text(x) AS CASE
    WHEN json_type(x) IN ('OBJECT', 'ARRAY') THEN error('Cannot cast JSON object or array to varchar')
    ELSE json_extract_string(x, '$') END;

trino_scientific(sign, digits, exponent) AS sign || left(digits, 1) || '.' || coalesce(nullif(rtrim(substr(digits, 2), '0'), ''), '0') || 'E' || CAST(exponent AS VARCHAR);

trino_digits(sign, whole, part, exponent) AS trino_scientific(sign, ltrim(whole || part, '0'), exponent + CASE
    WHEN whole = '0' THEN length(ltrim(part, '0')) - length(part) - 1
    ELSE length(whole) - 1 END);

trino_double_text(t) AS CASE
    WHEN t = 'nan' THEN 'NaN'
    WHEN t IN ('inf', '-inf') THEN replace(t, 'inf', 'Infinity')
    WHEN CAST(t AS DOUBLE) = 0 THEN '0.0E0'
    ELSE trino_digits(CASE
    WHEN t LIKE '-%' THEN '-'
    ELSE '' END, regexp_extract(t, '[0-9]+'), regexp_extract(t, '[.]([0-9]+)', 1), coalesce(try_cast(regexp_extract(t, 'e([-+0-9]+)', 1) AS INTEGER), 0)) END;

trino_text(x) AS CASE typeof(x)
    WHEN 'DOUBLE' THEN trino_double_text(CAST(x AS VARCHAR))
    WHEN 'FLOAT' THEN trino_double_text(CAST(x AS VARCHAR))
    WHEN 'TIMESTAMP' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
    WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g') || ' UTC'
    WHEN 'JSON' THEN trino_json_text(CAST(x AS VARCHAR))
    ELSE CAST(x AS VARCHAR) END;

trino_json_extract(j, p) AS json_extract(try_cast(j AS JSON), p);

trino_json_scalar(j, p) AS CASE
    WHEN json_type(try_cast(j AS JSON), p) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string(try_cast(j AS JSON), p) END;

trino_json_parse(j) AS CASE
    WHEN j IS NOT NULL AND NOT json_valid(j) THEN error('Cannot convert value to JSON')
    ELSE json(j) END;

trino_json_size(j, p) AS CASE json_type(try_cast(j AS JSON), p)
    WHEN 'ARRAY' THEN CAST(json_array_length(try_cast(j AS JSON), p) AS BIGINT)
    WHEN 'OBJECT' THEN CAST(len(json_keys(try_cast(j AS JSON), p)) AS BIGINT)
    WHEN NULL THEN NULL
    ELSE CASE
    WHEN json_type(try_cast(j AS JSON), p) IS NOT NULL THEN 0::BIGINT END END;

trino_json_array_length(j) AS CASE
    WHEN json_type(try_cast(j AS JSON)) = 'ARRAY' THEN CAST(json_array_length(try_cast(j AS JSON)) AS BIGINT) END;

trino_json_array_get(j, i) AS CASE
    WHEN json_type(try_cast(j AS JSON)) = 'ARRAY' THEN json_extract(try_cast(j AS JSON), '$[' || CASE
    WHEN i < 0 THEN '#' || CAST(i AS VARCHAR)
    ELSE CAST(i AS VARCHAR) END || ']') END;

trino_json_array_contains(j, v VARCHAR) AS CASE
    WHEN json_type(try_cast(j AS JSON)) = 'ARRAY' THEN list_contains(CAST(try_cast(j AS JSON) AS JSON[]), to_json(v)) END,
  (j, v BOOLEAN) AS CASE
    WHEN json_type(try_cast(j AS JSON)) = 'ARRAY' THEN list_contains(CAST(try_cast(j AS JSON) AS JSON[]), to_json(v)) END,
  (j, v DOUBLE) AS CASE
    WHEN json_type(try_cast(j AS JSON)) = 'ARRAY' THEN list_contains(list_transform(CAST(try_cast(j AS JSON) AS JSON[]), lambda item: CASE
    WHEN json_type(item) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN CAST(item AS DOUBLE) END), v) END;

trino_is_json_scalar(j) AS CASE
    WHEN j IS NOT NULL AND NOT json_valid(j) THEN error('Invalid JSON')
    ELSE json_type(CAST(j AS JSON)) NOT IN ('OBJECT', 'ARRAY') END;

trino_item(l, i) AS CASE
    WHEN l IS NULL OR i IS NULL THEN NULL
    WHEN i < 1 THEN error('SQL array indices start at 1')
    WHEN i > len(l) THEN error('Array subscript must be less than or equal to array length')
    ELSE l[i] END;

trino_value(m, k) AS CASE
    WHEN m IS NULL OR k IS NULL THEN NULL
    WHEN NOT map_contains(m, k) THEN error('Key not present in map')
    ELSE m[k] END;

trino_element_at(c, k VARCHAR) AS c[k],
  (c, k BIGINT) AS CASE
    WHEN k = 0 THEN error('SQL array indices start at 1')
    ELSE c[k] END;

trino_array_max(l) AS CASE
    WHEN list_contains(list_transform(l, lambda item: item IS NULL), true) THEN NULL
    ELSE list_max(l) END;

trino_array_min(l) AS CASE
    WHEN list_contains(list_transform(l, lambda item: item IS NULL), true) THEN NULL
    ELSE list_min(l) END;

trino_contains(l, x) AS CASE
    WHEN l IS NULL OR x IS NULL THEN NULL
    WHEN list_contains(l, x) THEN true
    WHEN list_count(l) < len(l) THEN NULL
    ELSE false END;

trino_array_position(l, x) AS CASE
    WHEN l IS NULL OR x IS NULL THEN NULL
    ELSE CAST(coalesce(list_position(l, x), 0) AS BIGINT) END;

trino_array_remove(l, x) AS list_filter(l, lambda item: item IS DISTINCT FROM x);

trino_array_distinct(l) AS list_filter(l, lambda item, place: list_position(l, item) IS NOT DISTINCT FROM place OR (item IS NULL AND list_count(list_slice(l, 1, place - 1)) = place - 1));

trino_array_union(a, b) AS trino_array_distinct(list_concat(a, b));

trino_array_intersect(a, b) AS list_filter(trino_array_distinct(a), lambda item: list_contains(list_transform(b, lambda other: other IS NOT DISTINCT FROM item), true));

trino_array_except(a, b) AS list_filter(trino_array_distinct(a), lambda item: NOT coalesce(list_contains(list_transform(b, lambda other: other IS NOT DISTINCT FROM item), true), false));

trino_arrays_overlap(a, b) AS CASE
    WHEN list_has_any(a, b) THEN true
    WHEN list_count(a) < len(a) OR list_count(b) < len(b) THEN NULL
    ELSE false END;

trino_array_join(l, d) AS array_to_string(list_transform(l, lambda item: trino_text(item)), d),
  (l, d, n) AS array_to_string(list_transform(l, lambda item: coalesce(trino_text(item), n)), d);

trino_slice(l, i, n) AS CASE
    WHEN i = 0 THEN error('SQL array indices start at 1')
    WHEN n < 0 THEN error('length must be greater than or equal to 0')
    WHEN n = 0 OR abs(i) > len(l) THEN list_slice(l, 1, 0)
    ELSE list_slice(l, CASE
    WHEN i < 0 THEN len(l) + i + 1
    ELSE i END, CASE
    WHEN i < 0 THEN len(l) + i
    ELSE i - 1 END + n) END;

trino_shuffle(l) AS list_transform(list_sort(list_transform(l, lambda item: {'at': random(), 'item': item})), lambda item: item.item);

trino_trim_array(l, n) AS CASE
    WHEN n > len(l) OR n < 0 THEN error('size must not exceed array cardinality')
    ELSE list_slice(l, 1, len(l) - n) END;

trino_repeat(x, n) AS CASE
    WHEN n > 10000 THEN error('count of repeat function must be less than or equal to 10000')
    ELSE list_transform(range(n), lambda item: x) END;

trino_sequence(a BIGINT, b BIGINT) AS CASE
    WHEN abs(b - a) > 10000 THEN error('result of sequence function must not have more than 10000 entries')
    WHEN a <= b THEN generate_series(a, b)
    ELSE generate_series(a, b, -1) END,
  (a BIGINT, b BIGINT, s BIGINT) AS CASE
    WHEN s = 0 THEN error('step must not be zero')
    WHEN abs((b - a) // s) > 10000 THEN error('result of sequence function must not have more than 10000 entries')
    ELSE generate_series(a, b, s) END,
  (a DATE, b DATE) AS CASE
    WHEN abs(b - a) > 10000 THEN error('result of sequence function must not have more than 10000 entries')
    ELSE list_transform(generate_series(0, b - a), lambda days: a + CAST(days AS INTEGER)) END,
  (a TIMESTAMP, b TIMESTAMP, s INTERVAL) AS CASE
    WHEN abs(epoch(b) - epoch(a)) / epoch(s) > 10000 THEN error('result of sequence function must not have more than 10000 entries')
    ELSE generate_series(a, b, s) END;

trino_any_match(l) AS CASE
    WHEN list_contains(l, true) THEN true
    WHEN list_count(l) < len(l) THEN NULL
    WHEN l IS NULL THEN NULL
    ELSE false END;

trino_all_match(l) AS CASE
    WHEN list_contains(l, false) THEN false
    WHEN list_count(l) < len(l) THEN NULL
    WHEN l IS NULL THEN NULL
    ELSE true END;

trino_entries(m) AS map_entries(m);

trino_map_agg(k, v) AS map_from_entries(list_filter(list_distinct(array_agg({'key': k, 'value': v}) FILTER (WHERE k IS NOT NULL)), lambda item: item IS NOT NULL));

trino_type_name(t) AS CASE
    WHEN t LIKE 'DECIMAL%' THEN lower(t)
    WHEN t = 'VARCHAR' THEN 'varchar'
    WHEN t = 'TIMESTAMP' THEN 'timestamp(3)'
    WHEN t = 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp(3) with time zone'
    WHEN t = 'HUGEINT' THEN 'bigint'
    WHEN t = 'FLOAT' THEN 'real'
    WHEN t = 'BLOB' THEN 'varbinary'
    WHEN t = 'INTEGER_LITERAL' THEN 'integer'
    WHEN t = 'STRING_LITERAL' THEN 'varchar'
    WHEN t = '"NULL"' THEN 'unknown'
    WHEN t LIKE '%[]' THEN 'array(' || lower(left(t, length(t) - 2)) || ')'
    WHEN t LIKE 'STRUCT%' THEN 'row' || lower(replace(substr(t, 7), '"', ''))
    ELSE lower(t) END;

trino_typeof(x) AS trino_type_name(typeof(x));

trino_date_trunc(u, x DATE) AS CAST(date_trunc(u, x) AS DATE),
  (u, x TIMESTAMP) AS date_trunc(u, x),
  (u, x TIMESTAMPTZ) AS date_trunc(u, x);

trino_date_add(x DATE, i INTERVAL) AS CAST(x + i AS DATE),
  (x TIMESTAMP, i INTERVAL) AS x + i,
  (x TIMESTAMPTZ, i INTERVAL) AS x + i;

trino_from_unixtime(x) AS make_timestamptz(CAST(round(CAST(x AS DOUBLE) * 1000) AS BIGINT) * 1000);

trino_to_unixtime(x) AS epoch(x);

trino_to_iso8601(x DATE) AS CAST(x AS VARCHAR),
  (x TIMESTAMP) AS strftime(x, '%Y-%m-%dT%H:%M:%S.%g'),
  (x TIMESTAMPTZ) AS strftime(x, '%Y-%m-%dT%H:%M:%S.%gZ');

trino_milliseconds(i) AS CAST(round(epoch(i) * 1000) AS BIGINT);

trino_tick(x) AS date_trunc('millisecond', x);

trino_cut(x, n) AS left(trino_text(x), n);

trino_boolean(x VARCHAR) AS CASE
    WHEN x IS NULL THEN NULL
    WHEN lower(x) IN ('true', 't', '1') THEN true
    WHEN lower(x) IN ('false', 'f', '0') THEN false
    ELSE error('Cannot cast to boolean: ' || x) END,
  (x BOOLEAN) AS x,
  (x DOUBLE) AS x <> 0,
  (x BIGINT) AS x <> 0;

trino_whole(x VARCHAR) AS CASE
    WHEN x IS NULL THEN NULL
    WHEN regexp_full_match(x, '[+-]?[0-9]+') THEN CAST(x AS HUGEINT)
    ELSE error('Cannot cast ''' || x || ''' to a whole number') END,
  (x DOUBLE) AS CASE
    WHEN isnan(x) OR isinf(x) THEN error('Cannot cast ' || x || ' to a whole number')
    ELSE CAST(floor(abs(x) + 0.5) * sign(x) AS HUGEINT) END,
  (x BIGINT) AS CAST(x AS HUGEINT),
  (x HUGEINT) AS x,
  (x BOOLEAN) AS CAST(x AS HUGEINT);

trino_double(x VARCHAR) AS CAST(trim(x) AS DOUBLE),
  (x DOUBLE) AS x,
  (x BOOLEAN) AS CAST(x AS DOUBLE);

trino_date(x VARCHAR) AS CASE
    WHEN x IS NULL THEN NULL
    WHEN regexp_full_match(trim(x), '[+-]?\d+-\d{1,2}-\d{1,2}') THEN CAST(x AS DATE)
    ELSE error('Value cannot be cast to date: ' || x) END,
  (x TIMESTAMP) AS CAST(x AS DATE),
  (x TIMESTAMPTZ) AS CAST(x AS DATE),
  (x DATE) AS x;

trino_json(x JSON) AS x,
  (x VARCHAR) AS to_json(x);

trino_mean(x) AS exp(avg(ln(x)));

trino_multimap_agg(k, v) AS map_from_entries(list_transform(list_distinct(list(k)), lambda item: {'key': item, 'value': list_transform(list_filter(list({'key': k, 'value': v}), lambda pair: pair.key = item), lambda pair: pair.value)}));

trino_map_union(m) AS list_reduce(list(m), lambda a, b: map_concat(b, a));

trino_entropy(x) AS coalesce((sum(x) * log2(sum(x)) - sum(CASE
    WHEN x > 0 THEN x * log2(x)
    ELSE 0 END)) / sum(x), 0.0);

trino_bit_count(x, n) AS CASE
    WHEN n = 64 OR x >= 0 THEN bit_count(CAST(x AS BIGINT))
    ELSE bit_count(CAST(x AS BIGINT)) - (64 - n) END;

trino_shift_left(x, n) AS CAST(CAST(x AS BIGINT) * CAST(power(2, n) AS BIGINT) AS BIGINT);

trino_utf8(x) AS encode(x);
