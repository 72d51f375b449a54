"""Ordinary scripts that must work, and give what plain pandas gives.

A body is the inside of transform(df), or a whole script when it has a "def
transform".  df has the columns a:int b:text c:float t:ts g:text n:int? u:text?
k:bool.
"""
HEAD = "import pandas as pd\nimport numpy as np\n"


def scripts():
    for i, body in enumerate(BODIES.strip("\n").split("\n---\n")):
        body = body.strip("\n")
        name = body.split("\n")[0][:60]
        if body.startswith("from __future__") or body.startswith('"""'):
            yield name, body + "\n"
        elif "def transform" in body:
            yield name, HEAD + body + "\n"
        else:
            lines = "\n".join("    " + line for line in body.split("\n"))
            yield name, HEAD + "def transform(df):\n" + lines + "\n    return df\n"


BODIES = r'''
df["a"] += 1
---
df["x"] = df.a * 2 + df.c
---
df.loc[df["a"] > 10, "c"] = 0.0
df.loc[:, "x"] = 1
---
df.at[0, "a"] = 7
df.iat[1, 0] = 8
df.iloc[2, 0] = 9
---
df.loc[df["a"] > 0, "c"] *= 2
---
df["x"]: pd.Series = df["a"] ** 2
---
total: float = 0.0
count: int
for v in df["c"]:
    total += v
df["x"] = total
---
del df["b"]
df = df.drop(columns=["u"])
---
df.columns = [c.upper() for c in df.columns]
---
df.columns = df.columns.str.lower().str.replace("a", "alpha")
---
df.index.name = "row"
df = df.reset_index()
---
df.a = df.a + 1
---
df = df.rename(columns={"a": "alpha", "b": "beta"})
---
df = df[["a", "b"]].copy()
---
df = df[(df["a"] > 0) & ~df["b"].isin(["a", "b"]) | df["k"]]
---
df = df.query("a > 0 and c < 100")
---
low, high = 0, 80
df = df.query("@low < a <= @high or b == 'a'")
---
names = ["a", "b"]
df = df.query("b in @names and not k")
---
df = df.query("`a` > 10 and g != 'c'")
---
limits = pd.Series([10])
top = df["a"].max()
df = df.query("a < @top")
---
df = df.eval("x = a + c\ny = x * 2")
---
df.eval("x = a / 2", inplace=True)
---
df = df.eval("x = (a > 10) & k")
---
df["x"] = pd.eval("df_a") if False else 1
---
def keep(frame, least):
    return frame.query("a >= @least")
def transform(df):
    return df.pipe(keep, least=3)
---
df = df.groupby("g").agg({"a": "sum", "c": ["mean", "max"]})
df.columns = ["_".join(c) for c in df.columns]
df = df.reset_index()
---
df = df.groupby("g").agg(total=("a", "sum"), mean=("c", "mean"), n=("a", "size")).reset_index()
---
df = df.groupby("g").agg(total=pd.NamedAgg(column="a", aggfunc="sum")).reset_index()
---
df = df.groupby("g")["a"].agg(["sum", "mean", lambda s: s.max() - s.min()]).reset_index()
df.columns = ["g", "s", "m", "r"]
---
df = df.groupby("g")["a"].agg(low="min", high="max").reset_index()
---
df = df.groupby(["g", "k"], as_index=False)["a"].sum()
---
df = df.groupby("g")["a"].agg(np.sum).reset_index()
---
df = df.groupby("g")["a"].agg(pd.Series.nunique).reset_index()
---
df = df.groupby("g")["b"].agg(lambda s: ",".join(sorted(set(s)))).reset_index()
---
df["x"] = df.groupby("g")["a"].transform("mean")
df["y"] = df.groupby("g")["a"].transform(lambda s: s - s.mean())
---
df["x"] = df.groupby("g")["a"].rank(method="first")
df["y"] = df.groupby("g").cumcount()
df["z"] = df.groupby("g")["a"].shift(1)
---
df = df.groupby("g").filter(lambda g: len(g) > 2)
---
df = df.groupby("g", group_keys=False)[["a", "c"]].apply(lambda g: g.nlargest(1, "a"))
---
df = df.groupby("g").first().reset_index()
---
df = df.groupby("g").size().reset_index(name="n")
---
df = df.groupby(df["t"].dt.month)["a"].sum().reset_index()
---
df = df.groupby(pd.Grouper(key="t", freq="MS"))["a"].sum().reset_index()
---
df = df.groupby("g").a.sum().reset_index()
---
df = df.groupby("g").get_group("a")
---
out = []
for name, group in df.groupby("g"):
    out.append({"g": name, "n": len(group), "top": group["a"].max()})
df = pd.DataFrame(out)
---
out = {name: group["a"].sum() for name, group in df.groupby("g")}
df = pd.DataFrame(list(out.items()), columns=["g", "s"])
---
df = df.set_index("t").resample("MS")["a"].sum().reset_index()
---
df = df.set_index("t").resample("W").agg({"a": "sum", "c": "mean"}).reset_index()
---
df = df.sort_values("t")
df["x"] = df["a"].rolling(3, min_periods=1).mean()
df["y"] = df["c"].rolling(3).std()
df["z"] = df["a"].expanding().max()
df["w"] = df["c"].ewm(span=3).mean()
---
df["x"] = df["a"].rolling(3).apply(lambda w: w.max() - w.min(), raw=True)
---
df["x"] = df["a"].rolling(window=pd.api.indexers.FixedForwardWindowIndexer(window_size=2)).sum()
---
df = df.sort_values("t").set_index("t")
df["x"] = df["a"].rolling("30D").sum()
df = df.reset_index()
---
df = df.pivot_table(index="g", columns="k", values="a", aggfunc="sum", fill_value=0)
df.columns = [f"k_{c}" for c in df.columns]
df = df.reset_index()
---
df = pd.pivot_table(df, index="g", values=["a", "c"], aggfunc={"a": "sum", "c": ["min", "max"]})
df.columns = ["_".join(c) for c in df.columns]
df = df.reset_index()
---
df = pd.crosstab(df["g"], df["k"]).reset_index()
---
df = pd.crosstab(df["g"], df["b"], values=df["a"], aggfunc="sum", margins=True).fillna(0).reset_index()
---
df = df.melt(id_vars=["g"], value_vars=["a", "c"], var_name="what", value_name="v")
---
df = df.merge(df.groupby("g", as_index=False)["a"].mean().rename(columns={"a": "mean_a"}), on="g", how="left")
---
right = pd.DataFrame({"g": ["a", "b"], "w": [1, 2]})
df = pd.merge(df, right, on="g", how="outer", indicator=True)
df["_merge"] = df["_merge"].astype(str)
df = df.rename(columns={"_merge": "merged"})
---
df = df.join(df.groupby("g")["a"].sum().rename("sum_a"), on="g")
---
df = pd.concat([df.head(2), df.tail(2)], ignore_index=True)
---
df = pd.concat([df[["a"]], df[["c"]].add_suffix("_2")], axis=1)
---
df = pd.merge_asof(df.sort_values("t"), df.sort_values("t")[["t", "c"]].rename(columns={"c": "c2"}), on="t")
---
df["x"] = np.where(df["a"] > 50, "high", "low")
df["y"] = np.select([df["a"] < 0, df["a"] < 50], ["neg", "mid"], default="big")
---
df["x"] = np.log1p(df["a"].abs())
df["y"] = np.sqrt(df["a"].clip(lower=0))
df["z"] = np.round(df["c"], 1)
---
df["x"] = np.digitize(df["a"], [0, 50, 100])
df["y"] = np.cumsum(df["a"].to_numpy())
df["z"] = np.clip(df["a"], 0, 10)
---
values, counts = np.unique(df["g"].to_numpy(dtype=object).astype(str), return_counts=True)
df = pd.DataFrame({"v": values, "n": counts})
---
m = df[["a", "c"]].to_numpy()
q = np.linalg.lstsq(np.column_stack([np.ones(len(m)), m[:, 0]]), m[:, 1], rcond=None)[0]
df["x"] = q[0] + q[1] * df["a"]
---
slope, intercept = np.polyfit(df["a"], df["c"], 1)
df["x"] = slope
---
u, s, v = np.linalg.svd(df[["a", "c"]].to_numpy(), full_matrices=False)
df["x"] = float(s[0])
---
with np.errstate(divide="ignore", invalid="ignore"):
    df["x"] = np.divide(df["a"], df["a"] - df["a"])
df["x"] = df["x"].replace([np.inf, -np.inf], np.nan)
---
np.seterr(all="ignore")
df["x"] = np.float64(1) / np.float64(0)
---
a = np.zeros((3, 4))
a[1, 2] = 5
a[:, 0] += 1
a += 1
df["x"] = a.sum()
---
a = np.arange(12).reshape(3, 4)
df["x"] = int(a[::2, 1:].T.mean(axis=0).max())
---
a = np.empty(len(df))
for i in range(len(df)):
    a[i] = i * 2
df["x"] = a
---
rng = np.random.default_rng(1)
df["x"] = rng.choice(["u", "v"], size=len(df))
df["y"] = rng.permutation(len(df))
---
np.random.seed(3)
df["x"] = np.random.randint(0, 10, len(df))
---
df["x"] = np.vectorize(lambda v: v + 1)(df["a"])
---
df["x"] = np.add.reduce([1, 2, 3])
df["y"] = np.maximum.accumulate(df["a"].to_numpy())
---
df["x"] = np.busday_count("2024-01-01", df["t"].dt.date.astype("datetime64[s]").to_numpy().astype("datetime64[D]"))
---
f = np.fft.rfft(df["c"].to_numpy())
df["x"] = float(np.abs(f).max())
---
df["x"] = isinstance(df["a"].to_numpy(), np.ndarray)
df["y"] = isinstance(df.index, pd.RangeIndex)
df["z"] = isinstance(df["a"].iloc[0], (int, np.integer))
---
df["x"] = str(df["a"].dtype)
df["y"] = df["a"].dtype == np.int64
df["z"] = df.dtypes.astype(str).iloc[0]
---
for col in df.select_dtypes(include="number").columns:
    df[col + "_z"] = (df[col] - df[col].mean()) / df[col].std()
---
for c in df.columns:
    if df[c].dtype == object or pd.api.types.is_string_dtype(df[c]):
        df[c] = df[c].fillna("?")
---
df["x"] = df["b"].str.upper().str[:2] + "-" + df["g"].str.lower()
---
df["x"] = df["b"].str.contains(r"\d", regex=True)
df["y"] = df["b"].str.replace(r"\D", "", regex=True)
df["z"] = df["b"].str.extract(r"(\w+)", expand=False)
---
df[["p", "q"]] = df["b"].str.split(" ", n=1, expand=True).reindex(columns=[0, 1])
---
df["x"] = df["b"].str.cat(df["g"], sep="/")
df["y"] = df["b"].str.len().astype("int64")
---
df["x"] = df["b"].str.replace("a", lambda m: m.group(0) * 2, regex=True)
---
df["x"] = ["{}-{:>5.1f}-{name}".format(a, c, name=g) for a, c, g in zip(df["a"], df["c"], df["g"])]
---
df["x"] = [f"{a:05d}|{c:,.2f}|{g!r}|{g:>10}" for a, c, g in zip(df["a"], df["c"], df["g"])]
---
width = 12
df["x"] = [f"{g:>{width}}" for g in df["g"]]
df["y"] = ["%-8s|%05.2f" % (g, c) for g, c in zip(df["g"], df["c"])]
---
df["x"] = df["c"].map("{:.2f}".format)
df["y"] = df["c"].apply("{:.1%}".format)
---
df["x"] = df["b"].map({"a": "A", "b": "B"}).fillna("?")
df["y"] = df["b"].replace({"a": "A"})
---
df["x"] = df["a"].map(lambda v: v * 2)
df["y"] = df["a"].apply(float)
df["z"] = df["b"].map(len)
df["w"] = df["b"].map(str.upper)
---
df["x"] = df.apply(lambda r: r["a"] + r.c, axis=1)
---
df[["x", "y"]] = df.apply(lambda r: pd.Series([r["a"], r["c"]]), axis=1)
---
df[["x", "y"]] = df.apply(lambda r: (r["a"], r["b"]), axis=1, result_type="expand")
---
df["x"] = [r.a + r.c for r in df.itertuples()]
df["y"] = [row["b"] for _, row in df.iterrows()]
df["z"] = [r._asdict()["g"] for r in df.itertuples(index=False)]
---
df["x"] = df["t"].dt.strftime("%Y-%m-%d %H:%M")
df["y"] = df["t"].dt.to_period("M").astype(str)
df["z"] = df["t"].dt.day_name()
df["w"] = df["t"].dt.isocalendar().week.astype("int64")
---
df["x"] = (pd.Timestamp("2025-01-01") - df["t"]).dt.days
df["y"] = df["t"] + pd.Timedelta(days=1) + pd.DateOffset(months=1)
df["z"] = df["t"] + pd.offsets.MonthEnd(0)
df["w"] = [pd.offsets.BDay().is_month_start(t) for t in df["t"]]
---
df["x"] = df["t"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.hour
df["y"] = df["t"].dt.tz_localize("America/New_York", ambiguous="NaT", nonexistent="NaT")
---
df["x"] = df["t"].dt.floor("D")
df["y"] = df["t"].dt.normalize()
df["z"] = df["t"].dt.total_seconds() if hasattr(df["t"].dt, "total_seconds") else 0
---
from datetime import date, datetime, timedelta
def transform(df):
    df["x"] = [(datetime(2024, 1, 1) + timedelta(days=int(i))).isoformat() for i in range(len(df))]
    df["y"] = [date(2024, 1, 1 + i % 28) for i in range(len(df))]
    df["z"] = datetime.strptime("2024-02-03", "%Y-%m-%d")
    return df
---
df = df.merge(pd.DataFrame({"t": pd.date_range("2024-01-01", periods=3, freq="D")}), how="cross", suffixes=("", "_d"))
---
df["x"] = pd.to_datetime(df["t"].astype(str), errors="coerce")
df["y"] = pd.to_numeric(df["b"], errors="coerce")
---
df["x"] = pd.cut(df["a"], bins=[-100, 0, 50, 200], labels=["low", "mid", "high"]).astype(str)
df["y"] = pd.qcut(df["c"], 4, labels=False)
---
df["x"] = df["b"].astype("category").cat.codes
df["y"] = pd.Categorical(df["g"], categories=sorted(df["g"].unique()), ordered=True)
---
df["x"] = df["n"].fillna(0).astype(int)
df["y"] = df["n"].isna()
df["z"] = df["n"].astype("Int64") + 1
---
df = pd.get_dummies(df[["a", "g"]], columns=["g"])
---
df = df.describe(include="number").reset_index()
---
df["x"] = df["a"].rank(pct=True)
df["y"] = df["a"].pct_change().replace([np.inf, -np.inf], np.nan)
df["z"] = df["a"].diff().fillna(0)
df["w"] = df["a"].cumsum()
---
df = df.nlargest(5, "a").sort_values(["g", "a"], ascending=[True, False])
---
df = df.drop_duplicates(subset=["g"], keep="last").dropna(subset=["u"])
---
df = df.sample(n=5, random_state=1)
---
df = df.explode("b") if False else df.assign(b=df["b"].str.split("")).explode("b")
---
df = df.T.T.infer_objects()[["a", "b"]].astype({"a": int, "b": str})
---
df = df.stack().reset_index().astype(str) if False else df.head(3)
---
df = df.set_index(["g", "a"]).sort_index().reset_index()
---
df = df.set_index(["g", "k"])["a"].groupby(level=[0, 1]).sum().unstack(fill_value=0).reset_index()
df.columns = [str(c) for c in df.columns]
---
df = df.assign(x=lambda d: d["a"] * 2, y=lambda d: d["x"] + 1)
---
df = df.where(df["a"] > 0).dropna(subset=["a"])
---
df["x"] = df["c"].where(df["c"] > 0, other=0).mask(df["a"] > 100, -1)
---
df["x"] = df["c"].interpolate().ffill().bfill()
---
df["x"] = df[["a", "c"]].sum(axis=1)
df["y"] = df[["a", "c"]].max(axis=1)
df["z"] = df[["a", "c"]].mean(axis="columns")
---
df["x"] = df["c"].quantile([0.25, 0.5]).iloc[0]
df["y"] = df[["a", "c"]].corr().iloc[0, 1]
---
df = df["g"].value_counts().rename_axis("g").reset_index(name="n")
---
df.insert(0, "id", range(1, len(df) + 1))
s = df.pop("c")
df["c2"] = s
---
df = df.reindex(columns=["a", "b", "new"])
---
df = df.filter(regex="^[abc]$").add_prefix("p_")
---
df["x"] = df.to_dict("records")[0]["a"]
df["y"] = df.to_json(orient="records")[:5]
df["z"] = len(df.to_string())
---
df["x"] = df["c"].between(0, 100, inclusive="left")
df["y"] = df["a"].isin({1, 2, 3})
---
df["x"] = df["a"].astype(str).str.zfill(5)
df["y"] = df["c"].round(2).astype(str)
---
pd.set_option("display.max_rows", 10)
pd.options.mode.chained_assignment = None
print(df.head())
---
with pd.option_context("display.max_rows", 5, "display.width", 100):
    print(df)
---
print("rows", len(df), sep="=", end="\n")
print(f"{df['a'].mean():.2f}")
---
try:
    x = int("nope")
except ValueError as e:
    x = -1
    print("bad:", e, e.args[0], type(e).__name__)
else:
    x = 1
finally:
    df["x"] = x
---
try:
    df["nothing"]
except (KeyError, IndexError) as err:
    df["x"] = str(err)
---
if "a" not in df.columns:
    raise ValueError("no a")
assert len(df), "empty"
---
class DataError(Exception):
    def __init__(self, column, message):
        super().__init__(message)
        self.column = column
    def __str__(self):
        return f"{self.column}: {self.args[0]}"
def transform(df):
    try:
        raise DataError("a", "bad")
    except DataError as e:
        df["x"] = str(e)
        df["y"] = e.column
    return df
---
class Counter:
    total = 0
    def __init__(self, start=0):
        self._value = start
        self.history = []
    @property
    def value(self):
        return self._value
    @value.setter
    def value(self, v):
        self._value = v
        self.history.append(v)
    @staticmethod
    def double(v):
        return v * 2
    @classmethod
    def make(cls, start):
        cls.total += 1
        return cls(start)
    def __call__(self, v):
        self.value += v
        return self.value
    def __len__(self):
        return len(self.history)
    def __repr__(self):
        return f"Counter({self._value})"
def transform(df):
    c = Counter.make(5)
    df["x"] = [c(v) for v in df["a"]]
    c.value = 3
    df["y"] = len(c)
    df["z"] = repr(c) + str(Counter.total) + str(Counter.double(2))
    return df
---
class Base:
    def area(self):
        return 0
    def name(self):
        return "base"
class Square(Base):
    def __init__(self, side):
        self.side = side
    def area(self):
        return self.side ** 2 + super().area()
def transform(df):
    df["x"] = [Square(v).area() for v in df["a"]]
    df["y"] = Square(1).name()
    df["z"] = isinstance(Square(1), Base) and issubclass(Square, Base)
    return df
---
class Rows:
    def __init__(self, items):
        self.items = list(items)
    def __iter__(self):
        return iter(self.items)
    def __getitem__(self, i):
        return self.items[i]
    def __setitem__(self, i, v):
        self.items[i] = v
    def __contains__(self, v):
        return v in self.items
    def __eq__(self, other):
        return self.items == other.items
    def __lt__(self, other):
        return len(self.items) < len(other.items)
    def __add__(self, other):
        return Rows(self.items + other.items)
def transform(df):
    r = Rows(df["a"])
    r[0] = 5
    r[1] += 2
    df["x"] = [v for v in r]
    df["y"] = (5 in r) and r[0] == 5 and not (r < r)
    df["z"] = len((r + r).items)
    return df
---
class Timer:
    def __enter__(self):
        self.n = 1
        return self
    def __exit__(self, kind, value, trace):
        self.n += 1
        return False
def transform(df):
    with Timer() as t:
        t.n += 5
    df["x"] = t.n
    return df
---
class Node:
    def __init__(self, value, children=None):
        self.value = value
        self.children = children or []
    def walk(self):
        yield self.value
        for child in self.children:
            yield from child.walk()
def transform(df):
    tree = Node(1, [Node(2), Node(3, [Node(4)])])
    df["x"] = sum(tree.walk())
    return df
---
class Point:
    __match_args__ = ("x", "y")
    def __init__(self, x, y):
        self.x = x
        self.y = y
def where(p):
    match p:
        case Point(0, 0):
            return "origin"
        case Point(x=0, y=y):
            return f"y{y}"
        case Point(x, y) if x == y:
            return "diagonal"
        case int(n) | float(n):
            return f"number {n}"
        case str() as s:
            return s
        case {"kind": k, **rest}:
            return k + str(len(rest))
        case [first, second, *others]:
            return f"{first}{second}{len(others)}"
        case None | True:
            return "none"
        case _:
            return "?"
def transform(df):
    things = [Point(0, 0), Point(0, 2), Point(3, 3), 4, 1.5, "t", {"kind": "k", "z": 1}, [1, 2, 3], None, set()]
    df["x"] = [where(things[i % len(things)]) for i in range(len(df))]
    return df
---
def running():
    total = 0
    while True:
        v = yield total
        total += v
def transform(df):
    gen = running()
    next(gen)
    df["x"] = [gen.send(int(v)) for v in df["a"]]
    gen.close()
    return df
---
def chunks(items, n):
    for i in range(0, len(items), n):
        yield items[i:i + n]
def transform(df):
    df["x"] = [sum(c) for c in chunks(list(range(len(df) * 2)), 2)]
    return df
---
def counted(f):
    calls = []
    def wrapper(*args, **kwargs):
        calls.append(1)
        return f(*args, **kwargs) + len(calls)
    return wrapper
@counted
def twice(v, *, plus=0):
    return v * 2 + plus
def transform(df):
    df["x"] = [twice(v, plus=1) for v in df["a"]]
    return df
---
def make(n):
    def add(v):
        nonlocal n
        n += 1
        return v + n
    return add
counter = 0
def bump():
    global counter
    counter += 1
    return counter
def transform(df):
    f = make(10)
    df["x"] = [f(v) for v in df["a"]]
    df["y"] = [bump() for _ in range(len(df))]
    return df
---
def spread(a, /, b, *rest, c=3, **more):
    return a + b + sum(rest) + c + sum(more.values())
def transform(df):
    args = [1, 2, 3]
    df["x"] = spread(*args, 4, **{"c": 5, "d": 6})
    return df
---
if (n := len(df)) > 3:
    df["x"] = n
df["y"] = [y for v in df["a"] if (y := v * 2) is not None]
---
first, *middle, last = list(df["a"])
(p, q), r = (1, 2), 3
p, q = q, p
df["x"] = first + last + len(middle) + p * q * r
---
data = {"a": [1, 2], **{"b": [3, 4]}}
merged = {**data, "c": 5} | {"d": 6}
df["x"] = str(sorted(merged)) + str({k: v for k, v in merged.items() if k > "a"})
---
s = {1, 2, 3} | {4} & {4, 5} ^ {6} - {7}
df["x"] = len(s | frozenset([9])) + (1 if {1} <= s else 0)
---
nested = [[1, 2], [3, [4]]]
df["x"] = sum(x for row in nested for x in row if isinstance(x, int))
df["y"] = [i if i % 2 else -i for i in range(len(df))]
---
words = "the quick brown fox".split()
df["x"] = " ".join(sorted(words, key=len, reverse=True))
df["y"] = max(words, key=lambda w: (len(w), w)) + min(words)
df["z"] = ",".join(map(str, filter(None, [0, 1, 2])))
---
counts = {}
for g in df["g"]:
    counts[g] = counts.get(g, 0) + 1
    counts.setdefault("other", 0)
df["x"] = [counts[g] for g in df["g"]]
df["y"] = sum(counts.values())
---
groups = {}
for g, a in zip(df["g"], df["a"]):
    groups.setdefault(g, []).append(a)
df = pd.DataFrame([{"g": g, "n": len(v), "first": v[0]} for g, v in groups.items()])
---
items = []
for i, (a, g) in enumerate(zip(df["a"], df["g"]), start=1):
    items.append((i, a, g))
items.sort(key=lambda t: (t[2], -t[1]))
items.reverse()
df = pd.DataFrame(items, columns=["i", "a", "g"])
---
i = 0
while True:
    i += 1
    if i == 3:
        continue
    if i > 10:
        break
else:
    i = -1
df["x"] = i
---
for i in range(3):
    pass
else:
    df["x"] = "done"
---
x = 5
x -= 1; x *= 3; x /= 2; x //= 1; x **= 2; x %= 7
b = 6
b |= 1; b &= 7; b ^= 2; b <<= 1; b >>= 1
df["x"] = x + b
---
row = {"n": 1}
row["n"] += 1
rows = [1, 2, 3]
rows[0] += 5
rows[1:2] = [7, 8]
del rows[0]
del row["n"]
df["x"] = str(rows) + str(row)
---
df["x"] = (lambda a, b=2, *c, **d: a + b)(1)
compose = lambda f, g: lambda v: f(g(v))
df["y"] = df["a"].map(compose(abs, int))
---
import math
def transform(df):
    df["x"] = [math.floor(math.sqrt(abs(v))) for v in df["a"]]
    df["y"] = math.pi * math.e + math.inf if False else math.comb(5, 2)
    df["z"] = df["c"].map(math.trunc)
    return df
---
from __future__ import annotations
from numpy.linalg import norm
from numpy.random import default_rng
from pandas import DataFrame, Series, Timestamp, to_datetime
from pandas.api.types import is_numeric_dtype
from pandas.tseries.offsets import BDay
from datetime import datetime as dt
import numpy.linalg as la
import pandas as pandas_again
def transform(df: DataFrame) -> DataFrame:
    df["x"] = norm([3, 4]) + la.det([[1, 0], [0, 1]])
    df["y"] = to_datetime("2024-01-05") + BDay(1)
    df["z"] = is_numeric_dtype(df["a"])
    df["w"] = pandas_again.isna(None)
    return DataFrame(df)
---
import pandas
import numpy
def transform(df):
    df["x"] = numpy.linalg.norm([3, 4])
    return pandas.concat([df, df])
---
"""A script with a docstring."""
LIMIT = 10
_RATES = {"a": 1.5}
def _rate(g, default=1.0):
    """Rate of a group."""
    return _RATES.get(g, default)
def transform(df, params=None):
    # comments
    df["x"] = [_rate(g) * LIMIT for g in df["g"]]
    return df
if __name__ == "__main__":
    print("no")
---
open_ = df["c"]
id = df["a"]
open = id.max()
type_ = "x"
df["x"] = open
dir = 3
df["y"] = dir
---
df["x"] = getattr(df["a"], "sum")() + (1 if hasattr(df, "a") else 0)
df["y"] = [getattr(df["c"], f)() for f in ("min", "max", "mean")][0]
---
for f in ["sum", "mean", "max"]:
    df["a_" + f] = df["a"].agg(f)
---
ops = {"sum": np.sum, "mean": np.mean, "n": len}
df = pd.DataFrame([{k: f(df["a"]) for k, f in ops.items()}])
---
df["x"] = type(df["a"].iloc[0]) is np.int64
df["y"] = type("x") == str
df["z"] = type(df).__name__
---
df["x"] = round(3.14159, 2) + abs(-1) + pow(2, 3) + divmod(7, 2)[0] + sum([1, 2]) + int("7") + float("1.5")
df["y"] = bool("x") and any([0, 1]) and all([1, 1])
df["z"] = chr(65) + str(ord("a")) + hex(255) + bin(5) + repr("q") + ascii("e")
df["w"] = list(reversed(range(3)))[0] + len(tuple(slice(1, 5).indices(3)))
---
df["x"] = bytes("é", "utf-8").hex() + b"abc".decode() + str(int.from_bytes(b"\x01\x02", "big"))
df["y"] = "a-b-c".partition("-")[2] + "x".join("abc") + "abc"[::-1] + "q".translate(str.maketrans("q", "r"))
---
df["x"] = str(complex(1, 2).real) + str((1.5).is_integer()) + str((255).bit_length())
---
idx = pd.IndexSlice
m = df.set_index(["g", "a"]).sort_index()
df = m.loc[idx["a":"c", :], :].reset_index()
---
mi = pd.MultiIndex.from_product([["p", "q"], [1, 2]], names=["l", "n"])
df = pd.Series(range(4), index=mi, name="v").reset_index()
---
mi = pd.MultiIndex.from_arrays([[1, 2], ["x", "y"]])
df = pd.DataFrame({"v": [1, 2]}, index=mi)
df["x"] = df.index.get_level_values(1)
df["y"] = isinstance(df.index, pd.MultiIndex)
---
df = pd.json_normalize([{"a": 1, "b": {"c": 2}}, {"a": 3, "b": {"c": 4}}])
---
df = pd.DataFrame({"a": [1, 2, 3], "d": pd.date_range("2024-01-01", periods=3)})
df["p"] = df["d"].dt.to_period("Q").astype(str)
---
df = pd.DataFrame.from_dict({"r1": [1, 2], "r2": [3, 4]}, orient="index", columns=["p", "q"])
---
df = pd.DataFrame.from_records([(1, "a"), (2, "b")], columns=["n", "s"])
---
df = pd.DataFrame(np.arange(6).reshape(3, 2), columns=list("xy"))
---
df = pd.wide_to_long(pd.DataFrame({"id": [1, 2], "v1": [1, 2], "v2": [3, 4]}), "v", i="id", j="n").reset_index()
---
df["x"] = pd.factorize(df["g"])[0]
df["y"] = pd.isna(df["u"])
df["z"] = df["u"].notnull()
---
df["x"] = df["a"].case_when([(df["a"] > 50, 1), (df["a"] <= 50, 0)])
---
df["x"] = df["c"].combine(df["a"], max)
df["y"] = df["c"].combine_first(df["a"])
---
df = df.compare(df.assign(a=df["a"] + 1)).head(2)
df.columns = ["_".join(c) for c in df.columns]
---
df["x"] = df.index.to_series().astype(str)
df["y"] = df.index + 1
df.index = range(len(df))
df.index.names = ["q"]
---
s = df["a"].copy()
s.name = "renamed"
s.index = range(100, 100 + len(s))
df = s.to_frame()
---
arr = df["a"].values
arr = arr.astype("float64")
arr.shape = (len(df), 1)
df["x"] = arr[:, 0]
---
def recurse(n):
    return 1 if n <= 1 else n * recurse(n - 1)
def transform(df):
    df["x"] = recurse(15)
    return df
---
def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
def transform(df):
    df["x"] = df["a"].abs().add(1).map(collatz)
    return df
---
memo = {}
def fib(n):
    if n not in memo:
        memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
    return memo[n]
def transform(df):
    df["x"] = fib(60)
    return df
---
df["x"] = df["a"].astype("int8") if False else df["a"].astype("float32")
df["y"] = df["a"].astype("string")
df["z"] = df["k"].astype(int)
---
cols = [c for c in df.columns if df[c].isna().mean() < 0.5]
df = df[cols]
---
df = df.loc[:, ~df.columns.duplicated()]
df = df.loc[df.groupby("g")["a"].idxmax()]
---
q = df.groupby("g")["c"].quantile(0.9).reset_index()
q2 = df.groupby("g")["c"].describe().reset_index()
df = q.merge(q2, on="g")
---
df["x"] = df.groupby("g")["c"].transform(lambda s: s.fillna(s.mean()))
df["y"] = df.groupby("g")["a"].cumsum() / df.groupby("g")["a"].transform("sum").replace(0, np.nan)
---
df["x"] = df.groupby("g")["c"].rolling(2, min_periods=1).mean().reset_index(level=0, drop=True)
---
df["x"] = df["c"].sub(df["c"].mean()).div(df["c"].std()).abs().gt(2)
---
weights = {"a": 0.5, "b": 0.3}
df["x"] = df["g"].map(weights).fillna(0.1) * df["c"]
df["y"] = np.average(df["c"], weights=df["x"].abs() + 1)
---
df["x"] = df["c"].apply(lambda v: "neg" if v < 0 else "pos" if v > 0 else "zero")
---
df = df.head(0)
---
df["x"] = None
df["y"] = np.nan
df["z"] = pd.NA
df["w"] = pd.NaT
---
df["when"] = pd.Timestamp.now().year > 2000
df["u2"] = pd.Timestamp("2024-05-06").strftime("%d.%m.%Y")
df["q"] = pd.Period("2024-05", freq="M").start_time
---
m = pd.MultiIndex(levels=[["a", "b"], [1, 2]], codes=[[0, 1], [1, 0]], names=["x", "y"])
m = m.set_levels(m.levels[0].str.upper(), level=0).set_codes([0, 0], level="y")
df = pd.DataFrame({"v": [1, 2]}, index=m).reset_index()
---
gb = df.groupby("g")
df["x"] = sum(len(v) for v in gb.indices.values())
df["y"] = len(gb.groups["a"])
df["z"] = df.set_index("t").resample("D")["a"].sum().sum()
---
raw = bytes([1, 2, 3]) + bytearray(b"xyz") + bytes("é", "utf-8") + b"".join([b"a", bytearray(b"b")])
b = bytearray(4)
b[1:3] = b"ab"
b[0] = 7
b.extend([1, 2])
df["x"] = raw.hex() + bytes(b).hex() + bytes.fromhex("ff00").hex() + str(int.from_bytes(b"\x01\x02", "big"))
df["y"] = [isinstance(raw, bytes), type(raw) is bytes, isinstance(b, (bytes, bytearray)), isinstance("", bytes)] * (len(df) // 4) + [True] * (len(df) % 4)
df["z"] = np.array(["ab", "c"]).astype(bytes).tobytes().hex()
df["w"] = int(np.frombuffer(b"\x01\x00\x02\x00", dtype="<i2").sum())
---
def size(v):
    match v:
        case bytes(x) | bytearray(x):
            return len(x)
        case bytes():
            return -1
    return 0
def transform(df):
    df["x"] = size(b"abc") + size(bytearray(2)) + size("x")
    return df
---
class P:
    __match_args__ = ("x", "_y")
    def __init__(self, x, y):
        self.x, self._y = x, y
def transform(df):
    match P(1, 2):
        case P(a, b):
            df["x"] = a + b
    return df
---
a = np.zeros((3, 4))
a[[0, 1], [1, 2]] = [5, 6]
a[np.array([True, False, True])] += 1
a[np.ix_([0, 2], [0, 1])] = np.array([[1, 2], [3, 4]], dtype=object)
a[:, -1] = df["a"].head(3)
a[..., 0] -= 1
o = np.empty(3, dtype=object)
o[:] = [[1], [2, 3], None]
o[0] = (1, 2)
np.add.at(a, ([0, 0], [1, 1]), 1.5)
w = np.array([3, "a", 2][::2], dtype=object)
w.sort()
df["x"] = a.sum() + len(o[0]) + w[0]
---
df = pd.DataFrame({"k": [1, 2, 3], "v": [[1, 2], (3,), None]}).explode("v").reset_index(drop=True)
df["w"] = pd.Series([{1}, [], "text", np.array([4, 5]), 7]).explode().astype(str).tolist()[:4]
---
df = pd.DataFrame([(1, 2), [3, 4], range(5, 7)], columns=["a", "b"])
df["i"] = pd.Index(["a", "b", "c"]).join(pd.Index(["b", "c", "d"]), how="outer").tolist()[:3]
df["o"] = list(pd.Index(["a", "b", "c"], dtype=object).join(pd.Index(["a", "b", "c"], dtype=object), how="inner"))
---
def trace(func):
    def wrapper(*args):
        return func(*args) + len(func.__name__)
    return wrapper
@trace
def double(v):
    return 2 * v
class Shape:
    def __init__(self, v):
        self._v = v
    def __mul__(self, k):
        return type(self).__name__ + self.__class__.__name__ + str(self._v * k)
    __rmul__ = __mul__
    @classmethod
    def _make(cls, v):
        return cls(v)
    def _same(self, other):
        return self._v == other._v
    def __exit__(self, kind, value, tb):
        self._v = "none" if kind is None else kind.__name__
        return True
    def __enter__(self):
        return self
class Square(Shape):
    pass
def transform(df):
    df["x"] = df["a"].map(double)
    df["y"] = 3 * Square._make(4) + Shape(2) * 2 + str(Square(1)._same(Square(1))) + Square.__name__ + double.__name__
    with Shape(1) as s:
        raise KeyError("x")
    try:
        1 / 0
    except ArithmeticError as e:
        df["z"] = e.__class__.__name__ + s._v
    return df
---
s = pd.Series(pd.arrays.SparseArray([0, 0, 1, 2]))
df["x"] = s.sparse.density + s.sparse.npoints + s.sparse.fill_value
df["y"] = pd.get_dummies(df["g"], sparse=True, dtype="int8").sparse.to_dense().sum().sum()
'''
