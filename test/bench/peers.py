"""One method, measured in a process of its own: what people use to run pandas
code on a table, our job, and SQL itself.

    -> {"method": ..., "connection": ..., "table": ..., "source": ..., "packages": ...}
    <- ready
    -> go
    <- {"wall": ..., ...}

The time is that of the work: from connecting to the commit, what the method
needs being imported already.  Every method leaves the
same rows in the table `destination`.
"""
import io
import json
import os
import resource
import sys
import time

import plpython
import pq
import tables

DST = "destination"
METHODS = {}        # name: (function, what happens before the clock starts)


def method(*modules):
    def add(function):
        METHODS[function.__name__] = (function, lambda t: [__import__(name) for name in modules])
        return function
    return add


class Task:
    """What a method is given."""

    def __init__(self, order):
        self.connection, self.table, self.source = order["connection"], order["table"], order["source"]
        self.packages = order.get("packages")
        self.query = "SELECT * FROM %s" % self.source
        self.create = tables.create(self.table, DST)
        names = {}
        exec(self.table["script"], names)
        self.compute = names["transform"]
        self.result = {}

    @property
    def dsn(self):
        return " ".join("%s=%s" % kv for kv in self.connection.items())

    @property
    def url(self):
        from urllib.parse import quote
        at = self.connection
        return "postgresql://%s@%s:%s/%s" % (at["user"], quote(at["host"], safe=""), at["port"], at["dbname"])

    def schema(self):
        import pyarrow as pa
        make = {"int64": pa.int64, "int32": pa.int32, "float64": pa.float64, "date32": pa.date32,
                "timestamptz": lambda: pa.timestamp("us", "UTC")}
        return pa.schema([(n, make.get(tables.ARROW.get(t), pa.string)()) for n, t in tables.columns(self.table)])

    def integers(self, df):
        """pandas has made floats of integers that may be NULL: undo it."""
        for name, type_ in tables.columns(self.table):
            if type_ in ("bigint", "integer"):
                df[name] = df[name].astype("Int64" if type_ == "bigint" else "Int32")
        return df


# ---- SQL and our jobs

@method()
def create_table_as(t):
    with pq.connect(**t.connection) as c:
        c.script("CREATE TABLE %s AS %s" % (DST, tables.select(t.table, t.source)))


@method()
def insert_select(t):
    with pq.connect(**t.connection) as c:
        c.script("%s; INSERT INTO %s %s" % (t.create, DST, tables.select(t.table, t.source)))


def run_job(t, mode):
    with pq.connect(**t.connection) as c:
        if mode == "append":
            c.script(t.create)
        job = c.value("SELECT transform_submit($1, $2::regclass, $3, mode => $4)", t.table["name"], t.source, DST, mode)
        state = c.value("SELECT transform_wait($1)", job)
        t.result["job"] = job
        if state != "succeeded":
            row = c.query("SELECT sqlstate, error FROM transform.jobs WHERE id = $1", job)[0]
            raise RuntimeError("job %s is %s: %s %s" % (job, state, *row))


@method()
def job(t):
    run_job(t, "create")


@method()
def job_append(t):
    run_job(t, "append")


# ---- pandas' own read_sql and to_sql

def engine(t):
    import psycopg
    import sqlalchemy
    return sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(t.dsn))


def to_sql(t, **how):
    import pandas as pd
    import sqlalchemy
    with engine(t).connect() as con:
        df = t.integers(t.compute(pd.read_sql(sqlalchemy.text(t.query), con)))
        con.exec_driver_sql(t.create)
        df.to_sql(DST, con, if_exists="append", index=False, **how)
        con.commit()


@method("pandas", "sqlalchemy", "psycopg")
def read_sql_to_sql(t):
    to_sql(t, chunksize=10000)


@method("pandas", "sqlalchemy", "psycopg")
def read_sql_to_sql_multi(t):
    to_sql(t, chunksize=60000 // len(tables.columns(t.table)), method="multi")    # at most 65535 parameters


# ---- COPY both ways

def copy_out(t, cursor):
    out = io.BytesIO()
    with cursor.copy("COPY (%s) TO STDOUT (FORMAT csv, HEADER)" % t.query) as copy:
        for data in copy:
            out.write(data)
    out.seek(0)
    return out


@method("pandas", "psycopg")
def copy_csv_pandas(t):
    import pandas as pd
    import psycopg
    with psycopg.connect(t.dsn) as con, con.cursor() as cursor:
        df = pd.read_csv(copy_out(t, cursor), parse_dates=tables.of_type(t.table, "date", "timestamp with time zone"))
        df = t.integers(t.compute(df))
        cursor.execute(t.create)
        with cursor.copy("COPY %s FROM STDIN (FORMAT csv)" % DST) as copy:
            for first in range(0, len(df), 100000):
                copy.write(df.iloc[first:first + 100000].to_csv(index=False, header=False))


@method("pandas", "psycopg", "pyarrow", "pyarrow.csv")
def copy_csv_pyarrow(t):
    import psycopg
    import pyarrow as pa
    import pyarrow.csv as csv
    schema = t.schema()
    with psycopg.connect(t.dsn) as con, con.cursor() as cursor:
        df = t.compute(csv.read_csv(copy_out(t, cursor), convert_options=csv.ConvertOptions(
            column_types=schema, null_values=[""], strings_can_be_null=True,
            quoted_strings_can_be_null=False)).to_pandas())
        result = pa.Table.from_pandas(df, schema=schema, preserve_index=False)
        cursor.execute(t.create)
        with cursor.copy("COPY %s FROM STDIN (FORMAT csv)" % DST) as copy:
            for first in range(0, result.num_rows, 100000):
                out = io.BytesIO()
                csv.write_csv(result.slice(first, 100000), out, csv.WriteOptions(include_header=False))
                copy.write(out.getbuffer())


# ---- Arrow drivers

ADBC = ("pandas", "pyarrow", "adbc_driver_postgresql.dbapi")


def adbc_table(t, **how):
    import adbc_driver_postgresql.dbapi as adbc
    with adbc.connect(t.dsn) as con, con.cursor() as cursor:
        cursor.execute(t.query)
        df = t.compute(cursor.fetch_arrow_table().to_pandas(**how))
        store(t, con, cursor, df)


def store(t, con, cursor, df):
    import pyarrow as pa
    result = pa.Table.from_pandas(df, schema=t.schema(), preserve_index=False)
    cursor.execute(t.create)
    cursor.adbc_ingest(DST, result, mode="append")
    con.commit()


@method(*ADBC)
def adbc(t):
    adbc_table(t)


@method(*ADBC)
def adbc_arrow_dtypes(t):
    import pandas as pd
    adbc_table(t, types_mapper=pd.ArrowDtype)


@method(*ADBC)
def adbc_stream(t):
    """Batch by batch over two connections: as the rows come, they go."""
    import adbc_driver_postgresql.dbapi as adbc
    import pyarrow as pa
    schema = t.schema()
    with adbc.connect(t.dsn) as reading, reading.cursor() as source, \
            adbc.connect(t.dsn) as writing, writing.cursor() as cursor:
        source.execute(t.query)
        batches = (pa.RecordBatch.from_pandas(t.compute(batch.to_pandas()), schema=schema, preserve_index=False)
                   for batch in source.fetch_record_batch())
        cursor.execute(t.create)
        cursor.adbc_ingest(DST, pa.RecordBatchReader.from_batches(schema, batches), mode="append")
        writing.commit()


@method(*ADBC, "connectorx")
def connectorx_adbc(t):
    import adbc_driver_postgresql.dbapi as adbc
    import connectorx
    df = t.compute(connectorx.read_sql(t.url, t.query, return_type="arrow").to_pandas())
    with adbc.connect(t.dsn) as con, con.cursor() as cursor:
        store(t, con, cursor, df)


# ---- inside the server, without walls

def open_server(t):
    """A session that has pandas imported, as the workers of the others have."""
    t.session = pq.connect(**t.connection)
    t.session.script("CREATE EXTENSION IF NOT EXISTS plpython3u; " + plpython.warm(t.packages))


def in_server(way):
    def run(t):
        call = "pg_temp.bench('%s', '%s')" % (t.source, DST)
        t.session.script("BEGIN; %s; %s" % (t.create, plpython.function(way, t.table)))
        t.session.script("INSERT INTO %s SELECT * FROM %s; COMMIT" % (DST, call) if way == "plpython_setof" else
                         "SELECT %s; COMMIT" % call)
    return run


for _way in plpython.WAYS:
    METHODS[_way] = (in_server(_way), open_server)


# ---- measuring

def memory(field):
    """Of this process, in bytes: "VmHWM" its peak, "VmRSS" now."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(field))


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass                    # then the peak of the imports counts as well


def main():
    order = json.loads(sys.stdin.readline())
    function, prepare = METHODS[order["method"]]
    task = Task(order)
    prepare(task)
    print("ready", flush=True)
    sys.stdin.readline()
    forget_peak()
    before, idle = resource.getrusage(resource.RUSAGE_SELF), memory("VmRSS")
    began = time.perf_counter()
    function(task)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(dict(task.result, wall=seconds, client_memory=memory("VmHWM") - idle, process_memory=memory("VmHWM"),
                          client_cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)))
    sys.stdout.flush()
    os._exit(0)         # what a library does at its end is not asked for


if __name__ == "__main__":
    main()
