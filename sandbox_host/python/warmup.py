"""warmup.py - done once in the zygote, before workers are forked: everything
that opens a file, imports a module or builds a cache on first use is used
here, because a worker that did so would be killed by the kernel wall.

warm_up() does the operations, seal() closes the ways to modules and files.
The operations are what analysts' scripts use in general, not what some test
happens to use; a script that needs more fails with ModuleNotFoundError, or is
killed, and the remedy is one more line here.
"""
import importlib
import io
import linecache
import os
import pkgutil
import sys
import warnings
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

import later

# Kept for ever: each of the two classes has a cache that forgets.
_zones = []


def _import_submodules():
    """pandas, numpy and the codecs import many of their parts on first use."""
    for package in map(importlib.import_module, later.PACKAGES):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".",
                                           onerror=lambda name: None):
            if not later.is_listed(found.name) or found.name in sys.modules:
                continue
            try:
                importlib.import_module(found.name)
            except Exception:
                pass            # needs a package that is not installed
    for name in later.LISTED:
        try:
            importlib.import_module(name)
        except ImportError:
            pass


def _zone_caches():
    """Three caches, all needed: zoneinfo's, pandas' (which reads transitions
    through the pure-Python class), Arrow's."""
    try:
        from zoneinfo._zoneinfo import ZoneInfo as PureZoneInfo
    except ImportError:
        PureZoneInfo = None
    moment = pa.array([0], pa.timestamp("us"))
    for name in sorted(zoneinfo.available_timezones()):
        try:
            _zones.append(zoneinfo.ZoneInfo(name))
            if PureZoneInfo is not None:
                _zones.append(PureZoneInfo(name))
            pc.assume_timezone(moment, name, ambiguous="earliest", nonexistent="earliest")
        except Exception:
            pass


def _frame():
    n = 24
    return pd.DataFrame({
        "i": np.arange(n), "f": np.linspace(-1.5, 3.5, n), "b": np.arange(n) % 2 == 0,
        "s": [f"Name {i % 5} x" for i in range(n)],
        "k": [f"k{i % 3}" for i in range(n)],
        "t": pd.date_range("2023-12-30", periods=n, freq="36h").astype("datetime64[us]"),
        "n": pd.array([None if i % 7 == 3 else i for i in range(n)], dtype="Int64"),
        "o": pd.Series([None if i % 5 == 2 else f"{i}" for i in range(n)], dtype=object)})


def _operations():
    """One small use of everything, each on its own so that one that fails in
    some release spoils no other."""
    df = _frame()
    t, s, f, i, k = df["t"], df["s"], df["f"], df["i"], df["k"]
    g = df.groupby("k")
    yield lambda: g.agg({"f": ["sum", "mean", "std"], "i": ["min", "max"]})
    yield lambda: g.agg(a=("f", "sum"), b=("i", lambda x: x.max()), c=("s", "nunique"))
    yield lambda: g["f"].transform("mean")
    yield lambda: g["f"].apply(lambda x: x.sum())
    yield lambda: g.apply(lambda x: x.head(1))
    yield lambda: (g["f"].rank(), g["f"].cumsum(), g["f"].shift(), g["f"].diff(), g["f"].pct_change())
    yield lambda: (g.first(), g.last(), g.size(), g.ngroup(), g.cumcount(), g.head(1), g.nth(0))
    yield lambda: (g["f"].describe(), g["f"].quantile(0.3), g["f"].median(), g["f"].var())
    yield lambda: (g["f"].rolling(2).mean(), g["f"].expanding().sum(), g["f"].ewm(span=3).mean())
    yield lambda: [x for x in g]
    yield lambda: df.groupby(["k", pd.Grouper(key="t", freq="MS")])["f"].sum()
    yield lambda: df.groupby("k", as_index=False, observed=True)["f"].agg(["sum", "count"])
    yield lambda: df.pivot_table(index="k", columns="b", values="f", aggfunc="sum", fill_value=0, margins=True)
    yield lambda: df.pivot_table(index="k", values=["f", "i"], aggfunc={"f": "mean", "i": ["min", "max"]})
    yield lambda: pd.crosstab(df["k"], df["b"], normalize="index")
    yield lambda: pd.crosstab(df["k"], df["b"], values=df["f"], aggfunc="mean", margins=True)
    yield lambda: df.drop_duplicates("k").pivot(index="k", columns="i", values="f")
    yield lambda: df.melt(id_vars=["k"], value_vars=["i", "f"])
    yield lambda: df.set_index(["k", "i"])["f"].unstack().stack()
    yield lambda: pd.wide_to_long(pd.DataFrame({"id": [1], "a1": [1], "a2": [2]}), "a", "id", "x")
    yield lambda: pd.get_dummies(df[["k", "b"]], columns=["k"], drop_first=True)
    yield lambda: pd.from_dummies(pd.get_dummies(df["k"]))
    yield lambda: df.merge(df[["k", "i"]], on="k", how="outer", indicator=True, suffixes=("", "_r"))
    yield lambda: df.merge(df, on="i", how="left", validate="one_to_one")
    yield lambda: df.merge(df.head(2), how="cross", suffixes=("_a", "_b"))
    yield lambda: pd.merge_asof(df, df[["t", "f"]].rename(columns={"f": "f2"}), on="t")
    yield lambda: pd.merge_ordered(df[["i", "f"]], df[["i", "k"]], on="i", fill_method="ffill")
    yield lambda: df[["i"]].join(df[["f"]], how="inner", rsuffix="_r")
    yield lambda: pd.concat([df, df], ignore_index=True, keys=None)
    yield lambda: pd.concat({"a": df[["f"]], "b": df[["f"]]}, axis=1)
    yield lambda: pd.json_normalize([{"a": 1, "b": {"c": [1, 2]}}], sep="_")
    yield lambda: pd.json_normalize([{"a": 1, "r": [{"x": 1}]}], record_path="r", meta=["a"])
    yield lambda: (pd.cut(f, 3), pd.cut(i, [0, 5, 50], labels=["a", "b"]), pd.qcut(f, 4, labels=False))
    yield lambda: (pd.cut(f, 3).astype(str), pd.qcut(f, 3).value_counts())
    yield lambda: (df.describe(include="all"), df.describe(), s.describe(), t.describe())
    yield lambda: (repr(df), df.to_string(), str(s), str(t), repr(df.dtypes), repr(df.head(2).T))
    yield lambda: df.info(buf=io.StringIO())
    yield lambda: (repr(df.index), repr(df.columns), repr(pd.Categorical(k)), repr(t.dt.to_period("M")))
    yield lambda: [df.to_dict(o) for o in ("dict", "list", "records", "index", "split", "tight", "series")]
    yield lambda: [df.to_json(orient=o) for o in ("records", "columns", "split", "table", "index", "values")]
    yield lambda: (df.to_numpy(), df[["i", "f"]].values, s.to_list(), s.tolist())
    yield lambda: (list(df.itertuples()), list(df.iterrows()), list(df.items()))
    yield lambda: (df.eval("z = i * f"), df.query("f > 0 and k in ['k1']"), df.query("`i` == 3 or not b"))
    yield lambda: df.query("i > @x", local_dict={"x": 3}, global_dict={}, engine="python")
    yield lambda: pd.eval("1 + 2 * 3", engine="python")
    yield lambda: (df.corr(numeric_only=True), df[["i", "f"]].cov(), f.corr(i), f.autocorr())
    yield lambda: (df[["i", "f"]].corr("spearman"), df.corrwith(f, numeric_only=True))
    yield lambda: (f.rolling(3).mean(), f.rolling(3, min_periods=1).std(), f.rolling(3).apply(np.sum, raw=True))
    yield lambda: (f.rolling(3).quantile(0.5), f.rolling(3).rank(), f.rolling(3).corr(i), f.rolling(3).agg(["sum", "min"]))
    yield lambda: (f.expanding().max(), f.ewm(halflife=2).mean(), f.ewm(alpha=0.3, adjust=False).std())
    yield lambda: df.set_index("t")["f"].rolling("3D").sum()
    yield lambda: df.set_index("t").resample("W")["f"].agg(["sum", "mean"])
    yield lambda: [df.set_index("t")["f"].resample(r).sum() for r in ("D", "h", "MS", "ME", "QS", "YE", "15min")]
    yield lambda: (df.set_index("t")["f"].resample("D").ffill(), df.set_index("t")["f"].resample("D").interpolate())
    yield lambda: df.set_index("t")[["f"]].resample("W").ohlc()
    yield lambda: (t.dt.year, t.dt.month, t.dt.day_name(), t.dt.month_name(), t.dt.isocalendar(), t.dt.quarter)
    yield lambda: (t.dt.strftime("%Y-%m-%d %H:%M:%S %A %B %j"), t.dt.date, t.dt.time, t.dt.normalize())
    yield lambda: [t.dt.to_period(p).astype(str) for p in ("D", "W", "M", "Q", "Y")]
    yield lambda: (t.dt.floor("D"), t.dt.ceil("h"), t.dt.round("15min"), t.dt.days_in_month, t.dt.is_month_end)
    yield lambda: [t.dt.tz_localize(z).dt.tz_convert("UTC") for z in ("Europe/Berlin", "America/New_York", "Asia/Kolkata")]
    yield lambda: (t.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").astype(str), str(t.dt.tz_localize("UTC")))
    yield lambda: (t + pd.Timedelta(days=2), t - t.min(), (t - t.min()).dt.days, (t - t.min()).dt.total_seconds())
    yield lambda: [t + o for o in (pd.DateOffset(months=1), pd.offsets.MonthEnd(), pd.offsets.BDay(2),
                                   pd.offsets.Week(weekday=0), pd.offsets.QuarterBegin(), pd.offsets.YearEnd())]
    yield lambda: [repr(o) for o in (pd.offsets.BusinessHour(), pd.offsets.CustomBusinessDay(), pd.offsets.Easter(),
                                     pd.offsets.LastWeekOfMonth(), pd.offsets.FY5253())]
    yield lambda: pd.Timestamp("2024-01-31") + pd.offsets.CustomBusinessDay(holidays=["2024-02-01"])
    yield lambda: (pd.to_datetime("2024-01-02"), pd.to_datetime(["01/02/2024", "nope"], errors="coerce"))
    yield lambda: [pd.to_datetime(["2024-01-02 03:04:05"], format=x) for x in (None, "ISO8601", "mixed", "%Y-%m-%d %H:%M:%S")]
    yield lambda: pd.to_datetime(["2 January 2024", "Jan 3, 2024 5pm"], format="mixed", dayfirst=True)
    yield lambda: pd.to_datetime(pd.DataFrame({"year": [2024], "month": [1], "day": [2]}))
    yield lambda: (pd.to_datetime([1700000000], unit="s", utc=True), pd.to_timedelta(["1 days 02:03:04", "5min"]))
    yield lambda: (pd.to_numeric(["1", "x"], errors="coerce"), pd.to_numeric(df["o"]), pd.to_numeric(i, downcast="integer"))
    yield lambda: [pd.date_range("2024-01-01", periods=3, freq=x) for x in ("D", "B", "W-MON", "MS", "QE", "h", "bh", "SMS")]
    yield lambda: (pd.period_range("2024-01", periods=3, freq="M"), pd.interval_range(0, 3), pd.timedelta_range("1D", periods=2))
    yield lambda: (pd.bdate_range("2024-01-01", "2024-01-10"), pd.infer_freq(pd.date_range("2024", periods=5)))
    yield lambda: (pd.Period("2024-03", "M") + 1, pd.Period("2024Q1").end_time, pd.Timestamp.now().isoformat())
    yield lambda: (pd.Timestamp("2024-01-01").strftime("%c"), pd.Timestamp("2024-01-01", tz="UTC").tz_convert("Asia/Tokyo"))
    yield lambda: (s.str.upper(), s.str.title(), s.str.strip(), s.str.len(), s.str.split(" ", expand=True), s.str.get(0))
    yield lambda: (s.str.replace(r"\d", "#", regex=True), s.str.replace("N", lambda m: "n", regex=True), s.str.contains("1|2", regex=True))
    yield lambda: (s.str.extract(r"(?P<a>\w+) (\d)"), s.str.extractall(r"(\d)"), s.str.findall(r"\w"), s.str.cat(k, sep="-"), s.str.cat(sep=","))
    yield lambda: (s.str.pad(12), s.str.zfill(12), s.str.slice(0, 2), s.str[1:3], s.str.get_dummies(" "), s.str.normalize("NFKD"))
    yield lambda: (s.str.encode("utf-8").str.decode("utf-8"), s.str.wrap(3), s.str.partition(" "), s.str.isdigit(), s.str.casefold())
    yield lambda: [s.str.encode(c, "replace") for c in ("ascii", "latin-1", "cp1252", "utf-16", "idna", "punycode")]
    yield lambda: (df["o"].str.lower(), df["o"].str.startswith("1"), df["o"].str.count("1"), df["o"].str.translate({49: "x"}))
    yield lambda: (s.map({"Name 1 x": "a"}), s.map(len), s.replace({"Name 1 x": "b"}), s.replace(r"^N", "M", regex=True), s.isin(["a"]))
    yield lambda: (f.astype(int), f.astype("Float64"), f.astype(str), i.astype("category"), s.astype("string"), i.astype("Int64"), f.astype("float32"))
    yield lambda: (df.convert_dtypes(), df.infer_objects(), df.select_dtypes("number"), df.select_dtypes(exclude=["object"]))
    yield lambda: df.convert_dtypes(dtype_backend="pyarrow")
    yield lambda: (df.fillna({"n": 0}), df.ffill(), df.bfill(), df.dropna(), f.interpolate(), f.interpolate("time") if 0 else None)
    yield lambda: (df["n"].sum(), df["n"].mean(), df["n"] + 1, df["n"].fillna(0), df["n"].astype("float"), df["n"].isna())
    yield lambda: (df.sort_values(["k", "f"], ascending=[True, False]), df.sort_values("s", key=lambda x: x.str.len()), df.sort_index(ascending=False))
    yield lambda: (df.nlargest(3, "f"), f.nsmallest(2), f.rank(method="dense", pct=True), f.clip(0, 1), f.round(1), f.between(0, 1))
    yield lambda: (df.drop_duplicates(["k"]), df.duplicated(), k.value_counts(normalize=True), k.unique(), k.nunique(), k.factorize(), k.mode())
    yield lambda: (df.sample(3, random_state=1), df.sample(frac=0.5, random_state=np.random.default_rng(0)), df.head(), df.tail(2))
    yield lambda: (df.loc[df["f"] > 0, ["i", "f"]], df.iloc[1:3, 0], df.at[0, "i"], df.iat[0, 0], df.xs(0), df.filter(like="i"), df.filter(regex="^f"))
    yield lambda: (df.assign(z=lambda d: d["f"] * 2), df.rename(columns=str.upper), df.set_axis(list("abcdefgh"), axis=1), df.add_prefix("p_"))
    yield lambda: (df.where(df["f"] > 0), df.mask(df["b"]), f.where(f > 0, 0), df.isna().sum(), df.notna().all())
    yield lambda: (df.apply(lambda r: r["i"] + 1, axis=1), df[["i", "f"]].apply(np.sum), df[["i", "f"]].map(lambda x: x), f.apply(["sum", "mean"]))
    yield lambda: df.apply(lambda r: pd.Series({"a": r["i"], "b": r["f"]}), axis=1)
    yield lambda: (df[["i", "f"]].agg(["sum", "mean"]), df[["i", "f"]].agg({"i": "sum"}), f.agg("sum"), df[["f"]].transform(["sqrt", "exp"]))
    yield lambda: (df["s"].str.split().explode(), df.explode("k"), df.stack() if 0 else None, df.compare(df), df.equals(df))
    yield lambda: (df.combine_first(df), f.combine(i, max), df.update(df), f.align(i), df.reindex(range(3)), df.shift(1), df.diff(1) if 0 else f.diff())
    yield lambda: (df.memory_usage(deep=True), df.pop("o") if 0 else None, df.squeeze(), df.T, f.dot(f), df[["i", "f"]].dot([1, 2]))
    yield lambda: f.case_when([(f > 0, 1), (f <= 0, 0)])
    yield lambda: (pd.Categorical(["a", "b"], categories=["b", "a"], ordered=True).codes, k.astype("category").cat.add_categories("z").cat.codes)
    yield lambda: (k.astype("category").cat.rename_categories(str.upper), k.astype("category").cat.as_ordered().max(), pd.CategoricalDtype(["a"]))
    yield lambda: (pd.array([1, None], dtype="Int64"), pd.array([True, None], dtype="boolean"), pd.arrays.SparseArray([0, 1]), pd.array(["a"], dtype="string"))
    yield lambda: (pd.MultiIndex.from_product([["a"], [1, 2]]), pd.MultiIndex.from_frame(df[["k", "i"]]).get_level_values(0), pd.IndexSlice[1:2])
    yield lambda: (pd.api.types.is_numeric_dtype(f), pd.api.types.infer_dtype(s), pd.isna(None), pd.unique(k), pd.factorize(k))
    yield lambda: pd.Series([1.5, "a", None, pd.Timestamp(0)], dtype=object).astype(str)
    yield lambda: [pd.Series([1, 2], dtype=x) for x in ("int8", "UInt8", "Float32", "string", "category", "datetime64[s]", "timedelta64[us]", "period[M]", "Sparse[int]", "int64[pyarrow]", "timestamp[us, tz=UTC][pyarrow]")]
    a = np.linspace(0.0, 1.0, 12).reshape(3, 4)
    yield lambda: (np.linalg.inv(np.eye(3)), np.linalg.svd(a), np.linalg.eig(np.eye(2)), np.linalg.lstsq(a, np.ones(3)), np.linalg.qr(a), np.linalg.norm(a), np.linalg.det(np.eye(2)), np.linalg.pinv(a), np.linalg.matrix_rank(a), np.linalg.solve(np.eye(2), np.ones(2)), np.linalg.cholesky(np.eye(2)))
    yield lambda: (np.fft.fft(a), np.fft.rfft(a), np.fft.ifft2(a), np.fft.fftfreq(4), np.fft.fftshift(a))
    yield lambda: (np.random.default_rng(0).normal(size=3), np.random.default_rng().random(2), np.random.RandomState(0).rand(2), np.random.seed(0), np.random.rand(2), np.random.choice(3, 2), np.random.default_rng(1).permutation(3), np.random.default_rng(1).multivariate_normal([0, 0], np.eye(2)), np.random.randint(0, 5, 3), np.random.shuffle(np.arange(3)))
    yield lambda: [getattr(np.random, n)(1) for n in ("PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM")]
    yield lambda: (np.quantile(a, [0.1, 0.9]), np.percentile(a, 50), np.median(a), np.histogram(a, bins="auto"), np.digitize(a.ravel(), [0.5]), np.searchsorted(a.ravel(), 0.5), np.interp(0.5, [0, 1], [0, 2]), np.average(a, weights=a), np.cov(a), np.corrcoef(a), np.gradient(a), np.convolve(a[0], a[1]), np.trapezoid(a), np.polyfit([0, 1, 2], [0, 1, 4], 2), np.polyval([1, 2], 3), np.poly1d([1, 2]), np.roots([1, -3, 2]))
    yield lambda: (np.einsum("ij,kj->ik", a, a), np.tensordot(a, a, ((1,), (1,))), np.kron(a, a), np.meshgrid([1], [2]), np.pad(a, 1, mode="reflect"), np.tile(a, 2), np.unique(a, return_counts=True), np.isin(a, [0]), np.lib.stride_tricks.sliding_window_view(a[0], 2), np.vectorize(lambda x: x)(a), np.piecewise(a, [a > 0.5], [1, 0]), np.select([a > 0.5], [1], 0), np.apply_along_axis(np.sum, 0, a), np.nanmean(a), np.nanpercentile(a, 5), np.lexsort((a[0], a[1])), np.busday_count("2024-01-01", "2024-02-01"), np.array2string(a), str(a), repr(np.arange(2000)), np.datetime_as_string(np.datetime64("2024-01-01")), np.array(["a", "b"]), np.strings.upper(np.array(["a"])), np.char.add("a", "b"), np.polynomial.Polynomial.fit([0, 1, 2], [0, 1, 4], 2), np.r_[1:3, 5], np.c_[a, a], np.mgrid[0:2, 0:2])
    yield lambda: (np.finfo(float).eps, str(np.finfo(float)), np.iinfo(int).max, repr(np.finfo(np.float32)))
    yield lambda: _warn()
    yield lambda: _errors(df)
    yield lambda: __import__("datetime").datetime.strptime("2024-01-02 Tue", "%Y-%m-%d %a").strftime("%c %x %X %p")
    yield lambda: (format(1234.5, ",.2f"), f"{1e6:n}", "{:>10}".format("x"), str(1.5 + 2j), "é".encode("cp1252"), b"x".hex())
    yield lambda: eval(compile("lambda x: x", "<warm>", "eval"))(1)


def _warn():
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        np.array([1.0]) / np.array([0.0])
        warnings.warn("warm", UserWarning)
    warnings.formatwarning("x", UserWarning, "y", 1)


def _errors(df):
    """Error texts are built lazily, too."""
    for act in (lambda: df["nope"], lambda: df.loc["nope"], lambda: df.nope, lambda: int("x"),
                lambda: df.merge(df, on="nope"), lambda: pd.to_datetime("nope"),
                lambda: df["s"] + 1, lambda: df.astype(int), lambda: pd.Timestamp("9999999-01-01"),
                lambda: df.set_index("i").loc[99], lambda: np.zeros(2) + np.zeros(3),
                lambda: np.linalg.inv(np.zeros((2, 2))), lambda: pd.DataFrame({"a": [1], "b": [1, 2]}),
                lambda: df.query("nope > 1", engine="python"), lambda: pd.concat([]),
                lambda: pd.Series(["a"]).dt, lambda: df.groupby("nope"), lambda: pd.to_numeric(["x"]),
                lambda: "x".encode("nope"), lambda: df["t"].dt.tz_localize("No/Where"),
                lambda: pd.date_range("2024", periods=2, freq="nope"), lambda: df.agg("nope")):
        try:
            act()
        except Exception as e:
            str(e)
            repr(e)


def _round_trip():
    """What the driver does, and the policy on a small script."""
    import convert
    import guards
    import objects
    import policy
    import slices
    frame = _frame()
    labels = convert.column_names(frame)
    convert.check_size(frame, labels, convert.Limits(1000, 1 << 30))
    for i, name in enumerate(labels):
        array = convert.to_arrow(name, frame.iloc[:, i])
        slicer = slices.Slicer(name, array)
        for at, n in slices.cut([slicer], len(array)):
            slicer.buffers(at, n)
        column = convert.Column(name, convert.wire_format(array.type), 1)
        convert.to_frame([column], [[array]])
    for values in ([b"x"], [1, 2.5], ["a", None], [objects.decimal.Decimal("1.50")],
                   [objects.datetime.date(2024, 1, 1)], [objects.datetime.time(1)], [pd.Timestamp(0, tz="UTC")],
                   [pd.Timedelta("1s")], [objects.uuid.UUID(int=1)], [None], [True, None]):
        convert.to_arrow("x", pd.Series(values, dtype=object))
    for values in (pd.Categorical(["a", None]), pd.arrays.SparseArray([0, 1]),
                   pd.array([1.5, None], dtype="Float64"), pd.array([1, None], dtype="Int8"),
                   pd.array(["x", None], dtype="string[pyarrow]" if 0 else "string")):
        convert.to_arrow("x", pd.Series(values))
    _round_trip_lists(convert, slices)
    for format in ("s", "i", "l", "f", "g", "b", "tdD", "U", "Z", "tsu:", "tsu:UTC", "ttu", "d:10,2"):
        for flags in (0, 1):
            column = convert.Column("x", format, flags)
            item = convert.Column("x", "+L", flags, column)
            for c in (column, item):
                for backend in convert.BACKENDS:
                    convert.to_frame([c], [[pa.nulls(2 if flags else 0, c.type)]], backend)
    code = (
        "import pandas as pd\nimport numpy as np\nfrom datetime import datetime\n"
        "class A:\n    def __init__(self):\n        self.x = 1\n"
        "def helper(v, *a, k=1, **kw):\n    return f'{v:>4}'.format(1)\n"
        "def transform(df):\n    df['z'] = [helper(v) for v in df['i']]\n    df['i'] += 1\n"
        "    a = A()\n    a.x += 1\n    limit = 3\n    df = df.query('i > @limit')\n"
        "    match a.x:\n        case 1 | 2:\n            pass\n"
        "    with np.errstate(all='ignore'):\n        pass\n"
        "    return df.groupby('k').agg(m=('f', 'mean'), n=('i', lambda s: len(s))).reset_index()\n")
    policy.check("def broken(:\n")
    policy.check("import os\nx = open('y')\ndef transform(df): return df.to_csv()\n# \u00e9\n\u00e9 = 1\n")
    scope = guards.make_globals()
    exec(policy.compile_script(code), scope)
    scope["transform"](_frame())


def _round_trip_lists(convert, slices):
    for items in ([1, None], ["x", None], [1.5], [True], [b"x"], [pd.Timestamp(0, tz="UTC")]):
        array = convert.to_arrow("x", pd.Series([items, None, []], dtype=object))
        slicer = slices.Slicer("x", array)
        slicer.size(0, 3)
        slicer.fields(0, 3)
        column = convert.columns(convert.fields("x", array.type))[0]
        for backend in convert.BACKENDS:
            frame = convert.to_frame([column], [[array]], backend)
            convert.to_arrow("x", frame["x"], array.type)
            frame["x"].map(len, na_action="ignore")
            repr(frame)
            frame.explode("x")


def warm_up():
    os.environ.setdefault("COLUMNS", "120")
    os.environ.setdefault("LINES", "40")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _import_submodules()
        for operation in _operations():
            try:
                operation()
            except Exception as e:
                failures.append(f"{type(e).__name__}: {str(e)[:200]}")
        _round_trip()
        _zone_caches()


# What did not work in this release of the libraries: told by the tests.
failures = []


def touch():
    """In an idle worker: the memory that every job touches."""
    import convert
    frame = _frame().head(8)
    frame.groupby("k")["f"].sum()
    for i, name in enumerate(frame.columns):
        convert.to_arrow(name, frame.iloc[:, i])


class _Closed:
    """The only finder there is after warm-up."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def seal():
    """Close the ways to files: no module is found any more, no source line is
    looked up for tracebacks and warnings."""
    import gc
    sys.path[:] = []
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [_Closed]
    linecache.getline = lambda *args, **kwargs: ""
    linecache.getlines = lambda *args, **kwargs: []
    linecache.checkcache = lambda *args, **kwargs: None
    linecache.updatecache = lambda *args, **kwargs: []
    linecache.lazycache = lambda *args, **kwargs: False
    linecache.cache.clear()
    gc.collect()
    gc.freeze()
