"""What the driver makes of results, output, errors and limits.

tests() yields (name, problem or None)."""
import datetime
import decimal

import numpy as np
import pandas as pd

import convert
import fakewire
import outcome

HEAD = "import pandas as pd\nimport numpy as np\nimport datetime\n"


def script(body, result="df"):
    lines = "\n".join("    " + line for line in body.strip("\n").split("\n"))
    return HEAD + "def transform(df):\n" + lines + f"\n    return {result}\n"


def tests(serve, wire, sample):
    frame, nullable = sample()

    def ends(name, body, kind, *words, result="df", frame=frame, nullable=nullable, **limits):
        """The job must end in this kind of error, naming these words."""
        serve(script(body, result), frame, nullable, **limits)
        if wire.done:
            return name, "gave rows"
        text = " | ".join(str(p) for p in wire.error[4:7])
        if wire.error[0] != kind:
            return name, f"kind {wire.error[0]}: {text}"
        missing = [w for w in words if w not in text]
        return name, f"{missing} not in: {text}" if missing else None

    def gives(name, body, formats, values=None, result="df", **limits):
        """The result must have these formats and, in the first column, these
        values."""
        serve(script(body, result), frame, nullable, **limits)
        if not wire.done:
            return name, f"{wire.error[4]} | {wire.error[5]}"
        got = [c[1] for c in wire.schema]
        if got != formats:
            return name, f"formats {got}"
        if values is not None:
            out = fakewire.result_frame(wire).iloc[:, 0]
            seen = [None if pd.isna(v) else v for v in out.tolist()]
            if [repr(v) for v in seen] != [repr(v) for v in values]:
                return name, f"values {seen}"
        return name, None

    R, B, N = outcome.RESULT, outcome.OUTPUT_BYTES, outcome.OUTPUT_ROWS
    one = "pd.DataFrame({'x': %s})"

    # -- types
    for expression, format, values in (
            ("[1, None, 3]", "g", [1.0, None, 3.0]),
            ("pd.array([1, None], dtype='Int64')", "l", [1, None]),
            ("pd.array([1, None], dtype='Int8')", "s", [1, None]),
            ("pd.array([1.5, None], dtype='Float64')", "g", [1.5, None]),
            ("pd.array([True, None], dtype='boolean')", "b", [True, None]),
            ("np.array([1, 2], 'u1')", "s", [1, 2]),
            ("np.array([1, 2], 'u4')", "l", [1, 2]),
            ("np.array([1, 2**64 - 1], 'u8')", "L", [1, 2**64 - 1]),
            ("np.array([1.5, 2], 'f2')", "f", [1.5, 2.0]),
            ("['a', None, 'b']", "U", ["a", None, "b"]),
            ("np.array(['a', None], dtype=object)", "U", ["a", None]),
            ("np.array(['a', np.nan], dtype=object)", "U", ["a", None]),
            ("np.array([1, None, 2**60], dtype=object)", "l", [1, None, 2**60]),
            ("np.array([1, 2.5, None], dtype=object)", "g", [1.0, 2.5, None]),
            ("np.array([True, None], dtype=object)", "b", [True, None]),
            ("[b'a', None]", "Z", [b"a", None]),
            ("[datetime.date(2024, 1, 2), None]", "tdD", [pd.Timestamp("2024-01-02"), None]),
            ("[datetime.time(1, 2, 3, 4), None]", "ttu", [datetime.time(1, 2, 3, 4), None]),
            ("[datetime.datetime(2024, 1, 2), None]", "tsu:", [pd.Timestamp("2024-01-02"), None]),
            ("pd.date_range('2024-01-01', periods=1, tz='Europe/Berlin')", "tsu:UTC",
             [pd.Timestamp("2023-12-31 23:00", tz="UTC")]),
            ("[pd.Timedelta('1s'), None]", "tDu", [pd.Timedelta("1s"), None]),
            ("pd.Categorical(['b', None, 'a'])", "U", ["b", None, "a"]),
            ("pd.Categorical([2, None, 1])", "l", [2, None, 1]),
            ("pd.arrays.SparseArray([0, 0, 1])", "l", [0, 0, 1]),
            ("[None, None]", "n", [None, None]),
            ("pd.Series([1, 2], dtype='int64[pyarrow]')", "l", [1, 2]),
            ("pd.Series(['x', None], dtype='string[pyarrow]')", "U", ["x", None]),
            ("pd.Series([float('inf'), -0.0, float('nan')])", "g", [float("inf"), -0.0, None]),
            ("pd.Series([True, False])", "b", [True, False])):
        yield gives(f"type {expression}", "pass", [format], values, result=one % expression)
    for expression, words in (
            ("np.array([2**63], dtype=object)", ["row 1", "64 bits"]),
            ("[1j]", ["complex"]),
            ("np.array(['a', 1], dtype=object)", ["mixes", "str", "int", "row 2"]),
            ("np.array([1, 'a'], dtype=object)", ["mixes", "row 2"]),
            ("[[1], [[2]]]", ["mixes", "row 2"]), ("[[[1]]]", ["list of lists", "row 1"]),
            ("[[1, 'a']]", ["mixes", "row 1"]), ("[[1], [2, {}]]", ["dict", "item of row 2"]),
            ("[{'a': 1}]", ["dict"]),
            ("[datetime.time(1, tzinfo=datetime.timezone.utc)]", ["row 1", "time zone"]), ("[(1, 2)]", ["tuple"]),
            ("[set()]", ["set"]), ("[len]", ["builtin"]), ("[np.zeros((2, 2))]", ["2 dimensions"]),
            ("pd.period_range('2024', periods=1, freq='M')", ["period", "astype(str)"]),
            ("pd.interval_range(0, 1)", ["interval"]),
            ("pd.Series(['\\ud800'], dtype=object)", ["row 1", "surrogate"]),
            ("pd.Series([pd.Timestamp('2024-01-01 00:00:00.000000001')])", ["microsecond"]),
            ("np.array([1, 2**60, 0.5], dtype=object)", ["row 2"]),
            ("np.array([datetime.date(2024, 1, 1), 1], dtype=object)", ["mixes"]),
            ("np.array([pd.Timestamp(0), pd.Timestamp(0, tz='UTC')], dtype=object)", ["time zone"])):
        yield ends(f"refused {expression}", "pass", R, *words, result=one % expression)
    yield ends("instances of own classes", "class C:\n    def __eq__(self, o):\n        while True:\n"
               "            pass\n    __hash__ = None", R, "C", result=one % "[C(), C()]")
    yield ends("own class that acts as text", "class C:\n    def __str__(self):\n        return 'x'",
               R, "C", result=one % "np.array([C(), 'a'], dtype=object)")

    # -- names
    yield ends("duplicate names", "df = pd.concat([df[['a']], df[['a']]], axis=1)", R, '"a"', "twice")
    yield ends("all names in one error", "df.columns = ['', 'x' * 64, 'y', 'y', 'a\\0', (1, 2), 'p', 'q']",
               R, "empty", "64 bytes", "twice", "NUL", "tuple")
    yield ends("many columns", "df = pd.DataFrame(np.zeros((1, 1601)))", R, "1,601", "1,600")
    yield ends("levels of names", "df = pd.concat({'x': df}, axis=1)", R, "levels")
    yield ends("no columns", "df = df[[]]", R, "no columns")
    yield gives("numbers as names", "df = pd.DataFrame({0: [1], 'b': [2]})", ["l", "l"])
    for value in ("None", "1", "[1]", "df['a']", "(df, 1)", "df.index", "'x'", "lambda: 1", "df.groupby('g')",
                  "df['a'].to_numpy()", "type(df)"):
        yield ends(f"returns {value}", "pass", R, "transform()", result=value)

    # -- limits
    yield ends("row limit", "df = pd.DataFrame({'x': range(101)})", N, "101", "100", "job_output_rows",
               output_rows=100)
    yield ends("rows of nothing", "df = pd.DataFrame(index=range(10**9))", N, "1,000,000,000")
    yield ends("byte limit", "df = pd.DataFrame({'x': ['x' * 1000] * 100})", B, "100,800", "50,000",
               "job_output_bytes", output_bytes=50_000)
    yield ends("byte limit of numbers", "df = pd.DataFrame({'x': np.zeros(10000)})", B, "80,000",
               output_bytes=50_000)
    yield ends("shared text", "df = pd.DataFrame({'x': ['x' * 1000000] * 1000})", B)
    yield ends("shared category", "df = pd.DataFrame({'x': pd.Categorical(['x' * 1000000] * 1000)})", B)
    yield ends("one large value", "df = pd.DataFrame({'x': ['x' * (65 * 1024 * 1024)]})", B, "row 1")
    yield ends("one large value of bytes", "df = pd.DataFrame({'x': [b'x' * (65 * 1024 * 1024)]})", B, '"x"')
    yield ends("one large row", "df = pd.DataFrame({'x': ['x' * (35 * 1024 * 1024)], 'y': ['y' * (35 * 1024 * 1024)]})",
               B, "row 1")

    # -- frames
    serve(script("df = pd.DataFrame({'x': np.arange(200000), 's': 'text', 'b': True})"), frame, nullable)
    rows = [c[0] for c in wire.chunks]
    out = fakewire.result_frame(wire)
    yield "many frames", None if sum(rows) == 200000 and max(rows) <= 65536 and \
        [c[1] for c in wire.chunks] == [0] * (len(rows) - 1) + [1] and \
        (out["x"] == np.arange(200000)).all() and out["b"].all() else f"{rows}"
    serve(script("df = pd.DataFrame({'s': ['x' * 3000000, None, 'y' * 5000000, 'z'] * 5, 'b': [True, False, None, True] * 5})"),
          frame, nullable)
    out = fakewire.result_frame(wire)
    yield "large values", None if wire.done and out["s"].str.len().fillna(0).tolist()[:4] == [3000000, 0, 5000000, 1] \
        and out["b"].isna().sum() == 5 and len(out) == 20 and len(wire.chunks) > 3 else "wrong"
    serve(script("df = df.iloc[3:27]"), frame, nullable)
    yield "a slice of the input", None if wire.done and \
        fakewire.result_frame(wire)["b"].tolist() == frame["b"].iloc[3:27].tolist() else "wrong"
    serve(script("df = df.head(0)"), frame, nullable)
    yield "no rows", None if wire.done and [(c[0], c[1]) for c in wire.chunks] == [(0, 1)] and \
        [c[1] for c in wire.schema] == ["l", "U", "g", "tsu:", "U", "l", "U", "b"] else f"{wire.schema} {wire.error}"

    # -- shape chunk
    serve(script("df['n2'] = len(df)"), frame, nullable, shape="chunk", per_call=7)
    flags = [c[1] for c in wire.chunks]
    yield "calls of a chunk", None if wire.done and flags == [1] * 5 else f"{flags} {wire.error}"
    serve(script("df = df[df['a'] > 10**6]"), frame, nullable, shape="chunk", per_call=7)
    yield "empty results of chunks", None if wire.done and [c[0] for c in wire.chunks] == [0] * 5 else "wrong"
    serve(HEAD + "n = 0\ndef transform(df):\n    global n\n    n += 1\n    return pd.DataFrame({'x': [n if n < 3 else 'a']})",
          frame, nullable, shape="chunk", per_call=7)
    yield "types differ between calls", None if wire.error and '"x"' in wire.error[4] and wire.error[1] == 3 \
        and wire.error[2:4] == (15, 21) else f"{wire.error}"
    serve(HEAD + "n = 0\ndef transform(df):\n    global n\n    n += 1\n    return pd.DataFrame({'x%d' % n: [1]})",
          frame, nullable, shape="chunk", per_call=7)
    yield "columns differ between calls", None if wire.error and "x2" in wire.error[5] else f"{wire.error}"
    serve(HEAD + "n = 0\ndef transform(df):\n    global n\n    n += 1\n    return pd.DataFrame({'x': [n] if n > 1 else [1.5]})",
          frame, nullable, shape="chunk", per_call=7)
    yield "integers join floats", None if wire.done else f"{wire.error}"
    serve(HEAD + "n = 0\ndef transform(df):\n    global n\n    n += 1\n    return df[['b', 'a']] if n % 2 else df[['a', 'b']]",
          frame, nullable, shape="chunk", per_call=7)
    yield "order of columns differs", None if wire.done else f"{wire.error}"

    # -- parameters
    serve(HEAD + "def transform(df, params):\n    return pd.DataFrame({'x': [params['k'][1]]})", frame, nullable,
          params={"k": [1, 5]})
    yield "params", None if wire.done and fakewire.result_frame(wire)["x"].tolist() == [5] else f"{wire.error}"
    serve(HEAD + "def transform(df, params):\n    return pd.DataFrame({'x': [len(params)]})", frame, nullable)
    yield "params without any", None if wire.done else f"{wire.error}"

    # -- output
    def log():
        return b"".join(t for _, t in wire.logs).decode()
    serve(script("print('a', 1)\nprint('b', end='')\nprint()\nprint('é\\0')"), frame, nullable)
    yield "print", None if log() == "a 1\nb\né\\x00\n" else repr(log())
    serve(script("for i in range(200000):\n    print(i)"), frame, nullable, log_bytes=5000)
    yield "log limit", None if wire.done and len(log()) < 5200 and "job_log_bytes = 5000 bytes" in log() \
        and log().count("output cut") == 1 else f"{len(log())} {log()[-100:]}"
    serve(script("print('x' * 50000000)"), frame, nullable)
    yield "one large print", None if wire.done and len(log()) < 70000 else f"{len(log())}"
    serve(script("print('before')\nraise ValueError('x')"), frame, nullable)
    yield "log before an error", None if log() == "before\n" else repr(log())
    serve(script("for i in range(100000):\n    np.array([1.0]) / np.array([0.0])"), frame, nullable)
    yield "warnings once per line", None if wire.done and log().count("RuntimeWarning") == 1 and "line 6" in log() \
        else repr(log()[:300])
    serve(script("class F:\n    def __init__(self):\n        self.p = []\n    def write(self, s):\n        self.p.append(s)\n"
                 "f = F()\nprint('x', file=f)\ndf['x'] = ''.join(f.p)"), frame, nullable)
    yield "print to an own object", None if wire.done and not wire.logs else f"{wire.error}"

    # -- errors
    S = outcome.SCRIPT
    yield ends("plain error", "x = 1\ndf['nope']", S, "line 6", "KeyError")
    serve(script("def f(v):\n    return 1 / v\nf(0)"), frame, nullable)
    trace = wire.error[7]
    yield "traceback", None if "line 7, in transform" in trace and "f(0)" in trace and "line 6, in f" in trace \
        and "return 1 / v" in trace and "/" not in trace.replace("1 / v", "") else trace
    serve(script("df['x'] = df['a'].apply(lambda v: v / 0 if v else int('q'))\ndf['a'].apply(lambda v: int('q'))"),
          frame, nullable)
    yield "traceback through pandas", None if "site-packages" not in wire.error[7] and "line 5" in wire.error[7] \
        else wire.error[7]
    for raised, word in (("GeneratorExit", "GeneratorExit"), ("KeyboardInterrupt()", "KeyboardInterrupt"),
                         ("SystemExit(0)", "SystemExit"), ("StopIteration(1)", "StopIteration"),
                         ("BaseException('b')", "BaseException"), ("RecursionError('r')", "RecursionError")):
        yield ends(f"raises {raised}", f"raise {raised}", S, word)
    yield ends("raises MemoryError", "raise MemoryError()", outcome.MEMORY)
    for name in ("is_month_end", "is_month_start", "is_quarter_end", "is_quarter_start", "is_year_end",
                 "is_year_start"):
        for offset in ("pd.offsets.MonthEnd()", "pd.offsets.Day()", "pd.DateOffset(days=1)"):
            yield ends(f"{offset}.{name}(None)", f"{offset}.{name}(None)", S, "TypeError", "needs a Timestamp")
    yield ends("called on its class", "pd.offsets.Day.is_month_start(pd.offsets.Day(), None)", S, "TypeError")
    yield ends("recursion", "def f(n):\n    return f(n + 1)\nf(0)", S, "RecursionError")
    yield ends("text that raises", "class E(Exception):\n    def __str__(self):\n        raise KeyError('x')\nraise E()",
               S, "E")
    yield ends("text that is none", "class E(Exception):\n    def __str__(self):\n        return 5\nraise E()", S, "E")
    yield ends("control characters", "raise ValueError('a\\x1b[2J\\r\\nLOG: x\\0 \\u202e')", S,
               "a\\x1b[2J\\r\\nLOG: x\\x00 \\u202e")
    yield ends("surrogates", "raise ValueError('\\ud800')", S, "ud800")
    yield ends("huge message", "raise ValueError('x' * 50000000)", S, "xxx...")
    yield ends("error at module level", "pass", S, "ZeroDivisionError",
               result="df\n1 / 0")
    serve("x = 1\nraise ValueError('top')\ndef transform(df):\n    return df\n", frame, nullable)
    yield "no call at module level", None if wire.error[1:4] == (0, 0, 0) and "line 2" in wire.error[4] else f"{wire.error}"
    serve("def transform(df:\n", frame, nullable)
    yield "syntax error", None if wire.error[0] == outcome.SYNTAX and "line 1" in wire.error[4] else f"{wire.error}"
    serve("def other(df):\n    return df\n", frame, nullable)
    yield "no transform", None if wire.error[0] == outcome.NO_TRANSFORM else f"{wire.error}"
    serve("def transform(df):\n    return df\ntransform = 5\n", frame, nullable)
    yield "transform rebound", None if wire.error[0] == outcome.NO_TRANSFORM else f"{wire.error}"
    serve("import os\nimport sys\ndef transform(df):\n    return df.to_csv()\n", frame, nullable)
    yield "policy", None if wire.error[0] == outcome.POLICY and "line 1" in wire.error[4] and \
        "line 2" in wire.error[5] and "line 4" in wire.error[5] else f"{wire.error}"

    # -- input types
    wide = pd.DataFrame({
        "d": [decimal.Decimal("1.50"), decimal.Decimal("-20.25")],
        "day": [datetime.date(2024, 1, 2), datetime.date(1900, 1, 1)],
        "z": pd.to_datetime(["2024-01-01", "2024-06-01"], utc=True),
        "raw": [b"a", b"\0"]})
    serve(HEAD + "def transform(df):\n    return pd.DataFrame({'n': list(df.columns), 't': [str(t) for t in df.dtypes],\n"
          "        'v': [repr(df[c].iloc[0]) for c in df.columns]})\n", wide)
    out = fakewire.result_frame(wire) if wire.done else None
    want = ["object", "datetime64[s]", "datetime64[us, UTC]", "object"]
    yield "input types", None if out is not None and out["t"].tolist() == want else \
        f"{wire.error} {out['t'].tolist() if out is not None else ''}"
    serve(HEAD + "def transform(df):\n    return df\n", wide)
    yield "input types back", None if wire.done and [c[1] for c in wire.schema] == \
        ["d:38,2", "tss:", "tsu:UTC", "Z"] else f"{wire.error} {wire.schema}"
    # -- errors outside of the script
    real = convert.check_size

    def fail(error):
        def check_size(*args):
            raise error
        return check_size
    try:
        for error, kind in ((ValueError("x"), outcome.RESULT), (RecursionError("x"), outcome.RESULT),
                            (MemoryError(), outcome.MEMORY),
                            (convert.pa.lib.ArrowMemoryError("x"), outcome.MEMORY)):
            convert.check_size = fail(error)
            serve("def transform(df):\n    return df\n", frame, nullable)
            yield f"{type(error).__name__} while sending", None if wire.error and wire.error[0] == kind \
                else f"{wire.error}"
    finally:
        convert.check_size = real
    serve("def transform(df):\n    raise MemoryError\n", frame, nullable)
    yield "memory", None if wire.error and wire.error[0] == outcome.MEMORY else f"{wire.error}"

    # -- validation
    import json
    import driver
    wire.reset([(32, json.dumps({"action": "validate", "name": "x", "code": "import os\ndf.to_csv()\nopen('x')\n"}).encode())])
    driver.serve()
    yield "all findings", None if wire.done and len(wire.findings) >= 4 and all(f[4] for f in wire.findings) \
        else f"{wire.findings}"
    wire.reset([(32, json.dumps({"action": "validate", "name": "x", "code": "def transform(df):\n    return df\n"}).encode())])
    driver.serve()
    yield "no findings", None if wire.done and not wire.findings else f"{wire.findings}"
