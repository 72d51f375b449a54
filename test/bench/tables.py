"""The tables of the benchmark, what a script adds to each, and the same in SQL.

Runs in the driver (run.py) and in the processes it measures (peers.py).  A
table is plain data, so that it can be handed over as JSON.
"""

ARROW = {"bigint": "int64", "integer": "int32", "double precision": "float64", "date": "date32",
         "timestamp with time zone": "timestamptz"}        # everything else is a string

SALES = {
    "name": "sales",
    "columns": [("id", "bigint"), ("customer", "integer"), ("product", "text"), ("qty", "integer"),
                ("price", "double precision"), ("sold_at", "timestamp with time zone"), ("region", "text")],
    "added": ("total", "double precision"),
    "script": 'def transform(df):\n    df["total"] = df["price"] * df["qty"]\n    return df\n',
    "expression": "price * qty",
    "rows_sql": """SELECT g, (random()*100000)::int, 'prod-'||lpad(((random()*9999)::int)::text,7,'0'),
	CASE WHEN random()<0.05 THEN NULL ELSE (random()*20)::int END,
	round((random()*500)::numeric,2)::float8,
	timestamptz '2020-01-01'+random()*interval '1500 days',
	(array['north','south','east','west','centre','overseas','islands','export'])[1+floor(random()*8)::int]
	FROM generate_series(%(first)d,%(last)d) g""",
}

# TPC-H's columns, its value ranges, four lines an order; money as float8, so
# that SQL and pandas compute the same number.
LINEITEM = {
    "name": "lineitem",
    "columns": [("l_orderkey", "bigint"), ("l_partkey", "integer"), ("l_suppkey", "integer"),
                ("l_linenumber", "integer"), ("l_quantity", "double precision"),
                ("l_extendedprice", "double precision"), ("l_discount", "double precision"),
                ("l_tax", "double precision"), ("l_returnflag", "character(1)"), ("l_linestatus", "character(1)"),
                ("l_shipdate", "date"), ("l_commitdate", "date"), ("l_receiptdate", "date"),
                ("l_shipinstruct", "character(25)"), ("l_shipmode", "character(10)"),
                ("l_comment", "character varying(44)")],
    "added": ("l_revenue", "double precision"),
    "script": 'def transform(df):\n    df["l_revenue"] = df["l_extendedprice"] * (1 - df["l_discount"])\n'
              '    return df\n',
    "expression": "l_extendedprice * (1 - l_discount)",
    "rows_sql": """SELECT 1 + g / 4, p, 1 + p %% 10000, 1 + g %% 4, q,
	q * (90000 + (p / 10) %% 20001 + 100 * (p %% 1000)) / 100, round((random()*10)::numeric)::float8 / 100,
	round((random()*8)::numeric)::float8 / 100,
	(array['A','N','R'])[1+floor(random()*3)::int], (array['F','O'])[1+floor(random()*2)::int],
	d, d + (random()*60)::int - 30, d + 1 + (random()*29)::int,
	(array['DELIVER IN PERSON','COLLECT COD','NONE','TAKE BACK RETURN'])[1+floor(random()*4)::int],
	(array['REG AIR','AIR','RAIL','SHIP','TRUCK','MAIL','FOB'])[1+floor(random()*7)::int],
	substr('furiously even requests cajole slyly across the pending accounts', 1+floor(random()*20)::int,
		10+floor(random()*33)::int)
	FROM (SELECT g, 1 + (random()*199999)::int AS p, (1 + (random()*49)::int)::float8 AS q,
		date '1992-01-02' + (random()*2500)::int AS d FROM generate_series(%(first)d,%(last)d) g) s""",
}

FLIGHTS = {
    "name": "flights",
    "columns": [("year", "integer"), ("month", "integer"), ("day", "integer"), ("dep_time", "integer"),
                ("sched_dep_time", "integer"), ("dep_delay", "integer"), ("arr_time", "integer"),
                ("sched_arr_time", "integer"), ("arr_delay", "integer"), ("carrier", "text"),
                ("flight", "integer"), ("tailnum", "text"), ("origin", "text"), ("dest", "text"),
                ("air_time", "integer"), ("distance", "integer"), ("hour", "integer"), ("minute", "integer"),
                ("time_hour", "timestamp with time zone")],
    "added": ("speed", "double precision"),
    "script": 'def transform(df):\n    df["speed"] = df["distance"] / df["air_time"] * 60\n    return df\n',
    "expression": "distance::double precision / air_time * 60",
    "rows_sql": None,           # copied from the demo's CSV
}


def columns(table):
    """What the destination holds."""
    return [*map(tuple, table["columns"]), tuple(table["added"])]


def of_type(table, *types):
    return [name for name, type_ in columns(table) if type_ in types]


def create(table, name, of=None, unlogged=False):
    return "CREATE %sTABLE %s (%s)" % ("UNLOGGED " if unlogged else "", name, ", ".join(
        "%s %s" % c for c in (of or columns(table))))


def select(table, source):
    return "SELECT *, %s AS %s FROM %s" % (table["expression"], table["added"][0], source)


def digest(relation):
    """A statement whose one row says which rows a relation holds, in any order."""
    return "SELECT count(*), sum(pg_catalog.hash_record_extended(t, 0)) FROM %s t" % relation


def fill(connection, table, name, rows, first=1):
    """Make the table; the same rows every time, for a number of rows."""
    connection.script(create(table, name, table["columns"], unlogged=True))
    connection.script("SELECT setseed(0.42); INSERT INTO %s %s" % (
        name, table["rows_sql"] % {"first": first, "last": first + rows - 1}))
    connection.script("VACUUM (ANALYZE) %s" % name)
