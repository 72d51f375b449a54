"""The same pandas code as a plpython3u function: what it takes to get rows into
a DataFrame and back inside the server, in four ways.  Text only; run in a
process of peers.py.
"""
import tables

# `source` and `destination` are arguments; the rest is put in here.  {parse} and
# {form} are where the ways differ.
_LOOP = """
{prepare}
for rows in iter(lambda cursor=plpy.cursor("SELECT * FROM " + source): cursor.fetch(50000), None):
    if not len(rows):
        break
    df = pd.DataFrame.from_records(list(rows))
    for name in {parse!r}:
        df[name] = pd.to_datetime(df[name], format="ISO8601", utc=name in {utc!r})
    df = transform(df)
    columns = []
    for name in {names!r}:
        v = df[name]
        if name in {integers!r}:
            v = v.astype("Int64")
        if name in {parse!r}:
            v = v.astype(str)
        elif v.hasnans:
            v = v.astype(object).where(v.notna(), None)
        columns.append(v.tolist())
{store}
"""
_UNNEST = ('plan = plpy.prepare("INSERT INTO %s SELECT * FROM unnest({marks})" % destination, {arrays!r})',
           "    plpy.execute(plan, columns)")
_EACH = ('plan = plpy.prepare("INSERT INTO %s VALUES ({marks})" % destination, {types!r})',
         "    for row in zip(*columns):\n        plpy.execute(plan, row)")
_SETOF = ("", "    yield from zip(*columns)")

# name: (prepare and store, whether dates become pandas' own)
WAYS = {
    "plpython_unnest": (_UNNEST, True),
    "plpython_unnest_text": (_UNNEST, False),
    "plpython_setof": (_SETOF, True),
    "plpython_row_by_row": (_EACH, True),
}


def warm(packages):
    """A statement that imports pandas from `packages` into a session."""
    return ("DO LANGUAGE plpython3u $body$\nimport sys\nsys.path.insert(0, %r)\nimport pandas, pyarrow\n"
            "pandas.to_datetime([\"2020-01-01\"], utc=True)\n$body$" % packages)


def function(way, table):
    """CREATE FUNCTION pg_temp.bench(source, destination)."""
    (prepare, store), parse_dates = WAYS[way]
    columns = tables.columns(table)
    inside = {"marks": ", ".join("$%d" % (n + 1) for n in range(len(columns))),
              "types": [t for _, t in columns], "arrays": [t + "[]" for _, t in columns]}
    body = "import pandas as pd\n%s" % table["script"] + _LOOP.format(
        prepare=prepare.format(**inside), store=store, names=[n for n, _ in columns],
        parse=tables.of_type(table, "date", "timestamp with time zone") if parse_dates else [],
        utc=tables.of_type(table, "timestamp with time zone"), integers=tables.of_type(table, "bigint", "integer"))
    return "CREATE FUNCTION pg_temp.bench(source text, destination text) RETURNS %s LANGUAGE plpython3u AS $body$\n%s\n$body$" % (
        "SETOF destination" if way == "plpython_setof" else "void", body)
