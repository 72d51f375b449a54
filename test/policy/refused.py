"""Routes out of the language wall beside those of the corpus.

routes(): each body must end in a finding or in a refusal by a guard.
harmless(): may end in any way, but must not fill the column "leak".

A body is the inside of transform(df), or a whole script when it begins with
"#script".  df has the columns a:int b:text c:float t:ts g:text n:int? u:text?
k:bool.
"""
import datetime

HEAD = "import pandas as pd\nimport numpy as np\nimport math\nimport datetime\n"


def script(body):
    if body.startswith("#script"):
        return HEAD + body
    lines = "\n".join("    " + line for line in body.strip("\n").split("\n"))
    return HEAD + "def transform(df):\n" + lines + "\n    return df\n"


def routes():
    yield from STATEMENTS
    for i, expression in enumerate(filter(None, (e.strip() for e in EXPRESSIONS.split("\n")))):
        if expression == 'getattr(datetime, "sys")' and not hasattr(datetime, "sys"):
            continue            # Python 3.13 has no such route any more
        if not expression.startswith("#"):
            yield expression, f'df["leak"] = str({expression})[:80]'


# One expression a line; what it gives would be the leak.
EXPRESSIONS = r"""
# names built at run time
getattr(df, "__cl" + "ass__")
getattr(df, "_m" + "gr")
getattr(df, "".join(["to", "_", "csv"]))()
getattr(pd, "read" + "_csv")
getattr(np, "".join(reversed("daol")))
getattr(math, "__loader__")
getattr(datetime, "sys")
getattr("{0.__class__}", "form" + "at")(df)
hasattr(df, "__dict__")
getattr(df, "__class__", 1)
getattr((x for x in []), "gi_" + "code")
getattr(lambda: 1, "__globals__")
getattr(lambda: 1, "__code__")
getattr(len, "__self__")
getattr(df.head, "__func__")
getattr(int, "mro")()
getattr(type(df), "__mro__")
list(map(getattr, [df], ["__class__"]))
sorted([df.index], key=lambda o: getattr(o, "_data"))
[getattr(o, n) for o, n in [(pd, "io")]]
getattr(pd.Series, "to_csv")
# strings that name functions
df["a"].agg("to_csv")
df["a"].agg(["sum", "to_pickle"])
df["a"].agg({"x": "__class__"})
df.agg({"a": ["sum", "to_json"]})
df.agg(func="to_clipboard")
df.agg(x=("a", "to_csv"))
df.aggregate("to_csv")
df.apply("to_csv")
df.apply(["to_csv"])
df.apply({"a": "to_csv"})
df.transform("to_csv")
df.transform({"a": ["to_csv"]})
df["a"].transform(["to_csv"])
df["a"].apply("to_csv")
df["a"].apply(["to_pickle"], args=("/tmp/x",))
df.groupby("g").agg("to_csv")
df.groupby("g").agg({"a": "pipe"})
df.groupby("g").agg({"a": ["sum", "__class__"]})
df.groupby("g").agg(z=("a", "__class__"))
df.groupby("g").agg(z=pd.NamedAgg("a", "to_csv"))
df.groupby("g").agg(z=pd.NamedAgg(column="a", aggfunc="__class__"))
df.groupby("g")["a"].agg("hist")
df.groupby("g")["a"].agg(["hist"])
df.groupby("g")["a"].agg(z="plot")
df.groupby("g")["a"].transform("pipe")
df.groupby("g").apply("boxplot")
df.groupby("g")["a"].aggregate("__dict__")
df["a"].rolling(2).agg("__class__")
df["a"].rolling(2).agg(["sum", "pipe"])
df["a"].rolling(2).aggregate({"a": "_agg"})
df["a"].expanding().agg("__class__")
df["a"].ewm(span=2).agg("online")
df.set_index("t")["a"].resample("D").agg("__class__")
df.set_index("t").resample("D").agg({"a": "plot"})
df.set_index("t").resample("D").apply("__class__")
df.set_index("t").resample("D").transform("__class__")
df.set_index("t").resample("D").aggregate(["_gotitem"])
df.groupby("g").rolling(2)["a"].agg("__class__")
df.groupby("g").expanding()["a"].agg(["__class__"])
df.pivot_table(index="g", values="a", aggfunc="to_csv")
df.pivot_table(index="g", values="a", aggfunc=["sum", "__class__"])
df.pivot_table(index="g", values="a", aggfunc={"a": "to_csv"})
pd.pivot_table(df, index="g", values="a", aggfunc="hist")
pd.pivot_table(df, index="g", values="a", aggfunc={"a": ["pipe"]})
pd.crosstab(df["g"], df["b"], values=df["a"], aggfunc="to_csv")
df.agg(pd.Series(["to_csv"]))
df.agg(pd.Series({"a": "to_csv"}))
df.agg(np.array(["to_csv"]))
df.agg(("to_csv",))
df.agg({"to_csv"})
df.agg(pd.Index(["to_csv"]))
df["a"].agg(np.str_("to_csv"))
df["a"].agg("pipe", lambda s: s)
df["a"].agg("apply", "to_csv")
df["a"].agg("map", len)
df["a"].agg("eval")
df["a"].agg("_constructor")
pd.DataFrame.agg(df, "to_csv")
pd.DataFrame.apply(df, "__class__")
pd.Series.agg(df["a"], "__class__")
list(map(pd.Series.agg, [df["a"]], ["to_csv"]))
df.pipe(pd.DataFrame.agg, "to_csv")
df["a"].pipe(pd.Series.apply, "to_csv")
# engines
df.groupby("g")["a"].sum(engine="numba")
df.groupby("g")["a"].mean(engine_kwargs={"nopython": True})
df.apply(lambda r: 1, engine="numba", axis=1)
df.apply(lambda r: 1, engine=lambda *a: 1)
df["a"].map(lambda v: v, engine=print)
df["a"].rolling(2).mean(engine="numba")
df["a"].rolling(2).apply(len, engine_kwargs={})
df.groupby("g").agg(lambda s: 1, engine="numba")
df.groupby("g").transform(lambda s: 1, engine="numba")
df.groupby("g").rolling(2)["a"].sum(engine="numba")
df["a"].ewm(span=2).mean(engine="numba")
df["a"].expanding().sum(engine="numba")
df.agg("sum", engine="numba")
df["a"].rolling(2, win_type="gaussian").mean(std=1)
df["a"].ewm(span=2).online()
# query and eval
df.query("a.__class__")
df.query("a.to_csv()")
df.query("@df.to_csv('/tmp/x')")
df.query("@pd.io")
df.query("__class__")
df.query("a[0]")
df.query("a > (lambda: 1)()")
df.query("[x for x in a]")
df.query("a > 1", engine="numexpr")
df.query("a > 1", parser="python")
df.query("a > 1", local_dict={"x": 1})
df.query("a > 1", global_dict={"x": 1})
df.query("a > 1", resolvers=[{}])
df.query("a > 1", level=3)
df.query("a > 1", target=df)
df.query("'{0.__class__}'.format(a)")
df.query("f'{a}'")
df.query("a if a else b")
df.query("@__builtins__")
df.query("@_getattr_")
df.query("`a` > 1 and a.values.tofile('/tmp/x')")
df.query("sin(a) > 0")
df.query("a @ a")
df.query("a > 1 # @pd")
df.query("a > 1; b")
df.query("a == '''x'''")
df.query("a == @transform")
df.query("a == @df")
df.eval("z = a.to_csv()")
df.eval("z = @pd.io")
df.eval("z = a\ny = z.__class__")
df.eval("__class__ = a")
df.eval("z = a", target=df)
pd.eval("df.a")
pd.eval("df['a']")
pd.eval("pd.io")
pd.eval("df", local_dict={"df": 1})
pd.eval("x.y", resolvers=({"x": 1},))
pd.eval("1 + 1", engine="numexpr")
# str.format by every way
"{0.__class__}".format(df)
"{0[a]}".format({"a": 1})
"{x.real}".format(x=1)
"{0.real!r:>{1}}".format(1, 10)
"{:{0.real}}".format(1)
str.format("{0.__class__}", df)
str.format_map("{x.__class__}", {"x": df})
"".join(map("{0.__class__}".format, [df]))
df["b"].map("{0.__class__}".format)[0]
df["b"].apply("{0.__class__}".format)[0]
list(map(str.format, ["{0.__class__}"], [df]))
np.frompyfunc(str.format, 2, 1)("{0.__class__}", 1)
np.vectorize(str.format)("{0.__class__}", 1)
np.str_("{0.__class__}").format(df)
df.to_string(formatters={"a": "{0.__class__}".format})
df["c"].to_string(float_format="{0.__class__}".format)
df["b"].str.replace("a", "{0.__class__}".format, regex=True)
df.rename(columns="{0.__class__}".format).columns[0]
# files, through every door
df["a"].to_json("/tmp/sbx_canary_own")
df.to_json(path_or_buf="/tmp/sbx_canary_own")
df.to_string(buf="/tmp/sbx_canary_own")
df.to_string("/tmp/sbx_canary_own")
df["a"].to_string(buf="/tmp/sbx_canary_own")
df.info(buf="x")
pd.DataFrame.to_json(df, "/tmp/sbx_canary_own")
df.pipe(pd.DataFrame.to_json, "/tmp/sbx_canary_own")
df.to_csv()
df.to_markdown()
df.to_html()
df.to_records()
df.style
df.plot
df.plot.line()
df.hist()
df.boxplot()
df["a"].hist()
df.groupby("g").plot
df.groupby("g").hist()
pd.plotting
pd.io
pd.io.json
pd.io.formats.style.Styler(df)
pd.ExcelFile("x")
pd.ExcelWriter("x")
pd.HDFStore("x")
pd.read_fwf("/etc/hostname")
pd.read_xml("/etc/hostname")
pd.read_json("/etc/hostname")
pd.read_orc("/etc/hostname")
pd.read_sql("select 1", "sqlite://")
pd.read_spss("x")
pd.read_iceberg("x")
pd.to_pickle(df, "/tmp/sbx_canary_own")
np.loadtxt(["1 2"])
np.genfromtxt(["1 2"])
np.fromfile("/etc/hostname")
np.savez("/tmp/sbx_canary_own", a=1)
np.savez_compressed("/tmp/sbx_canary_own", a=1)
np.DataSource().open("/etc/hostname")
np.lib.npyio.DataSource
np.lib.format.read_array
np.rec.fromfile("/etc/hostname")
np.ma.fromfile
np.array([1]).dumps()
np.fromstring("1 2", sep=" ")
df["a"].values.tofile("/tmp/sbx_canary_own")
df["a"].array.tofile
df.index.to_numpy().dump("/tmp/sbx_canary_own")
pd.Timestamp("2024-01-01").to_period("M").dump
# numpy's other parts
np.lib.recfunctions
np.lib.introspect
np.lib.mixins.NDArrayOperatorsMixin
np.lib.tracemalloc_domain
np.lib.add_newdoc
np.add_docstring
np.ctypeslib
np.f2py
np.testing
np.ma
np.rec
np.core
np._core
np.typing
np.dtypes
np.polynomial.polyutils
np.polynomial.polynomial.pu
np.polynomial.set_default_printstyle("ascii")
np.random.mtrand
np.random.bit_generator
np.random.BitGenerator
np.random._pickle
np.random.get_state()
np.random.set_state(1)
np.random.get_bit_generator()
np.random.default_rng(1).bit_generator
np.linalg.linalg
np.linalg._linalg
np.linalg.test()
np.fft.helper
np.fft.test()
np.strings.np
np.char.chararray
np.emath.nx
np.exceptions.test
np.bmat("a,b")
np.matrix("1")
np.memmap
np.recarray
np.record
np.void(b"x" * 8)
np.nditer([1])
np.nested_iters
np.ndarray((4,), dtype="O", buffer=b"x" * 64)
np.ndarray(4)
list(map(np.ndarray, [4]))
type(np.array([1]))((4,))
np.frombuffer(b"x" * 8).view("O")
np.array([1]).view(np.ndarray)
np.array([1]).data
np.array([1]).base
np.array([1]).ctypes
np.array([1]).flags
np.array([1]).strides
np.array([1]).__array_interface__
np.array([1]).setflags(write=True)
np.array([1]).getfield("u1")
np.array([1]).setfield(1, "u1")
np.array([1]).byteswap()
np.array([1]).resize(100, refcheck=False)
np.array([1]).to_device("cpu")
np.lib.stride_tricks.as_strided(np.array([1]), (9,))
np.lib.stride_tricks.np
np.lib.stride_tricks.DummyArray
np.from_dlpack(np.array([1]))
np.set_printoptions(precision=2)
np.printoptions(precision=2)
np.get_printoptions()
np.seterrcall(print)
np.seterr(all="call")
np.seterr(all="log")
np.errstate(all="call", call=print)
np.errstate(call=print)
np.setbufsize(16)
np.get_include()
np.show_config()
np.show_runtime()
np.info(np.sum)
np.test()
np.sum.__wrapped__
np.add.resolve_dtypes
np.add.signature
np.frompyfunc(len, 1, 1).__call__
np.dtype("i4").newbyteorder()
np.dtype("i4").metadata
np.dtype("i4").base
np.poly1d([1]).__dict__
np.broadcast([1], [2])
# pandas' other parts
pd.core
pd.compat
pd.util
pd.api.extensions
pd.api.interchange
pd.api.typing
pd.api.internals
pd.api.executors
pd.errors.ctypes
pd.errors.abc
pd.errors.cow
pd._libs
pd._testing
pd.testing
pd.test()
pd.show_versions()
pd.col("a")
pd.NamedFunc
pd.describe_option()
pd.reset_option("all")
pd.set_option("plotting.backend", "os")
pd.set_option("io.excel.xlsx.writer", "x")
pd.set_option("compute.use_numba", True)
pd.set_option("display.float_format", "{0.__class__}".format)
pd.set_option("display.formatter", len)
pd.set_option("display", 3)
pd.set_option("max_rows", 3)
pd.option_context("plotting.backend", "os")
pd.options.plotting
pd.options.plotting.backend
pd.options.compute
pd.options.__class__
pd.options.d
pd.options._prefix
pd.set_eng_float_format()
pd.Flags
pd.ArrowDtype
pd.tseries.api
pd.tseries.frequencies
pd.offsets.annotations
pd.arrays.ArrowExtensionArray
pd.arrays.ArrowStringArray
pd.arrays.NumpyExtensionArray
pd.array([1])._data
df["b"].array._pa_array
df["b"].array.__arrow_array__()
df._mgr
df._data
df.flags
df.__dataframe__()
df.__arrow_c_stream__()
df.from_arrow(df)
pd.DataFrame.from_arrow(df)
pd.Series.from_arrow(df)
pd.Index([1]).view("i8")
pd.Index([1])._engine
pd.MultiIndex.from_tuples([(1, 2)])._codes
df.groupby("g")._grouper
df.groupby("g").obj
df.groupby("g")._selected_obj
df.groupby("g").keys
df["a"].rolling(2).obj
df["a"].rolling(2)._get_window_indexer
df["b"].str._data
df["b"].str._parent
df["t"].dt._get_values
df["b"].astype("category").cat._parent
pd.Timestamp("2024-01-01").__reduce__()
pd.api.indexers.BaseIndexer()
pd.api.indexers.VariableOffsetWindowIndexer()
pd.api.indexers.FixedForwardWindowIndexer(window_size=2).get_window_bounds
pd.arrays.SparseArray([1, 0]).sp_index
pd.arrays.SparseArray.from_spmatrix(1)
pd.arrays.SparseArray([1]).sp_index
pd.Interval(0, 1).__class__
pd.offsets.BDay().kwds
pd.offsets.BDay().base
pd.offsets.BusinessHour().calendar
pd.offsets.BDay()._offset
pd.StringDtype().construct_from_string
pd.CategoricalDtype().construct_array_type()
pd.PeriodDtype("M")._cache_dtypes
# classes and types
type("X", (), {})
type(df).__name__.__class__
type(df).__bases__
type(type(df))("X", (), {})
type(lambda: 1)(1, {})
type(df.groupby("g"))(df)
type(df.loc)("loc", df)
type(x for x in [])()
str.mro()
int.mro()
type.mro(int)
object.__subclasses__()
Exception.__subclasses__()
ValueError("x").with_traceback(None)
ValueError("x").__traceback__
super
super()
property(len).fget
staticmethod(len).__func__
[].__class__
().__class__.__base__
"".__class__.__mro__
(1).__class__
{}.__class__
df.sum.__func__
df.sum.__self__
df.sum.__globals__
transform.__globals__
transform.__code__
transform.__closure__
transform.__defaults__
(lambda: 1).__code__
(x for x in []).gi_frame
(x for x in []).gi_frame.f_back.f_globals
(x for x in []).gi_yieldfrom
print.__self__
getattr.__globals__
len.__self__
df["a"].apply(lambda v: v.__class__)
# builtins that are not there
eval("1")
exec("1")
compile("1", "", "eval")
open("/etc/hostname")
globals()
locals()
vars()
dir(df)
id(df)
memoryview(b"x")
input()
breakpoint()
help(df)
__import__("os")
__builtins__
__loader__
__spec__
__file__
__doc__
__debug__.__class__
_getattr_
_import_("os")
_meta_
_item_
_attr_
_type_name_
# time zones that are paths
df["t"].dt.tz_localize("US/Eastern").dt.tz._offset
# private parts of own things
df.columns.__len__()
math.__dict__
math.__spec__.loader
datetime.datetime.__reduce__
datetime.datetime.now().__class__
datetime._datetime
datetime.sys
f"{df.__class__}"
f"{df!r:{df.__class__}}"
f"{getattr(df, '__cl' 'ass__')}"
df.__getattr__("to_csv")
df.__getattribute__("to_csv")
df.__class__.to_csv
df.iloc.obj
df.loc.name
df.at._takeable
df.iat.obj
df.loc.__getitem__
df.attrs.__class__
"%s" % df.__class__
np.int64(1).data
np.int64(1).__array_interface__
np.float64(1).tofile("/tmp/sbx_canary_own")
np.float64(1).dump("/tmp/sbx_canary_own")
np.str_("x").data
"""

STATEMENTS = [
    ("class with array interface", "#script\nclass A:\n    __array_interface__ = {}\ndef transform(df):\n    return df\n"),
    ("class with array", "#script\nclass A:\n    def __array__(self):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with array struct", "#script\nclass A:\n    __array_struct__ = 1\ndef transform(df):\n    return df\n"),
    ("class with dataframe", "#script\nclass A:\n    def __dataframe__(self):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with arrow", "#script\nclass A:\n    def __arrow_c_array__(self):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with getattr", "#script\nclass A:\n    def __getattr__(self, n):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with dlpack", "#script\nclass A:\n    def __dlpack__(self):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with buffer", "#script\nclass A:\n    def __buffer__(self, f):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with set_name", "#script\nclass A:\n    def __set_name__(self, o, n):\n        pass\ndef transform(df):\n    return df\n"),
    ("class with init_subclass", "#script\nclass A:\n    def __init_subclass__(cls):\n        pass\ndef transform(df):\n    return df\n"),
    ("class with new", "#script\nclass A:\n    def __new__(cls):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with descriptor", "#script\nclass A:\n    def __get__(self, o, t):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with del", "#script\nclass A:\n    def __del__(self):\n        pass\ndef transform(df):\n    return df\n"),
    ("class with reduce", "#script\nclass A:\n    def __reduce_ex__(self, p):\n        return 1\ndef transform(df):\n    return df\n"),
    ("class with instancecheck", "#script\nclass A:\n    def __instancecheck__(self, o):\n        return True\ndef transform(df):\n    return df\n"),
    ("class with ufunc override", "#script\nclass A:\n    __array_ufunc__ = None\ndef transform(df):\n    return df\n"),
    ("class dunder by loop target", "#script\nclass A:\n    for __array_interface__ in [1]:\n        pass\ndef transform(df):\n    return df\n"),
    ("class dunder by with", "#script\nclass A:\n    with open('x') as __slots__:\n        pass\ndef transform(df):\n    return df\n"),
    ("class dunder by import", "#script\nclass A:\n    import math as __array__\ndef transform(df):\n    return df\n"),
    ("class dunder by walrus", "#script\nclass A:\n    x = (__slots__ := 1)\ndef transform(df):\n    return df\n"),
    ("class dunder by nested def", "#script\nclass A:\n    class __array__:\n        pass\ndef transform(df):\n    return df\n"),
    ("class dunder annotated", "#script\nclass A:\n    __array_priority__: int = 1\ndef transform(df):\n    return df\n"),
    ("class attribute set later", 'class A:\n    pass\nA.__array_interface__ = {}'),
    ("class attribute setattr", 'class A:\n    pass\nsetattr(A, "__array_interface__", {})'),
    ("instance dunder setattr", 'class A:\n    pass\nsetattr(A(), "__class__", int)'),
    ("metaclass", "#script\nclass A(metaclass=type):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from computed base", "#script\nclass A(type(1)):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from DataFrame", "#script\nclass A(pd.DataFrame):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from str", "#script\nclass A(str):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from dict", "#script\nclass A(dict):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from ndarray", "#script\nclass A(np.ndarray):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from starred bases", "#script\nclass A(*[pd.DataFrame]):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from variable", "#script\nD = pd.DataFrame\nclass A(D):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from BaseException", "#script\nclass A(BaseException):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from offset", "#script\nclass A(pd.offsets.BDay):\n    pass\ndef transform(df):\n    return df\n"),
    ("class from tzinfo", "#script\nclass A(datetime.tzinfo):\n    pass\ndef transform(df):\n    return df\n"),
    ("class that pandas takes for a series", "#script\nclass A:\n    _typ = 'series'\ndef transform(df):\n    return df\n"),
    ("object that pandas takes for a series", "#script\nclass A:\n    def __init__(self):\n        self._typ = 'series'\ndef transform(df):\n    A()\n    return df\n"),
    ("class attribute that pandas reads", "#script\nclass A:\n    pass\ndef transform(df):\n    setattr(A, '_typ', 'series')\n    return df\n"),
    ("mangled attribute", "#script\nclass A:\n    def f(self):\n        return self.__x\ndef transform(df):\n    df['leak'] = A().f()\n    return df\n"),
    ("private of a parameter", "#script\ndef f(self):\n    return self._mgr\ndef transform(df):\n    df['leak'] = str(f(df))\n    return df\n"),
    ("method called with a frame", "#script\nclass A:\n    def f(self):\n        return self._mgr\ndef transform(df):\n    df['leak'] = str(A.f(df))\n    return df\n"),
    ("self renamed", "#script\nclass A:\n    def f(df):\n        return df._mgr\ndef transform(df):\n    df['leak'] = str(A.f(df))\n    return df\n"),
    ("match keyword", 'match df:\n    case object(_mgr=m):\n        df["leak"] = str(m)'),
    ("match method", 'match df:\n    case object(agg=f):\n        df["leak"] = str(f("to_csv"))'),
    ("match to_csv", 'match df:\n    case pd.DataFrame(to_csv=f):\n        df["leak"] = f()'),
    ("match format", 'match "x":\n    case str(format=f):\n        df["leak"] = f()'),
    ("match value dotted", 'match 1:\n    case df._mgr:\n        pass'),
    ("match value agg", 'class E:\n    def __eq__(self, o):\n        df["leak"] = str(o("to_csv"))\n        return True\nmatch E():\n    case df.agg:\n        pass'),
    ("match key dotted", 'match {1: 2}:\n    case {df._mgr: 1}:\n        pass'),
    ("match capture guard", 'match 1:\n    case _getattr_:\n        pass'),
    ("match star guard", 'match [1]:\n    case [*_item_]:\n        pass'),
    ("match rest guard", 'match {}:\n    case {**_attr_}:\n        pass'),
    ("match as guard", 'match 1:\n    case 1 as _import_:\n        pass'),
    ("import as guard", "#script\nimport math as _getattr_\ndef transform(df):\n    return df\n"),
    ("from import as guard", "#script\nfrom math import sin as _getattr_\ndef transform(df):\n    return df\n"),
    ("def guard", "#script\ndef _getattr_(o, n):\n    return 1\ndef transform(df):\n    return df\n"),
    ("class guard", "#script\nclass _getattr_:\n    pass\ndef transform(df):\n    return df\n"),
    ("global guard", "#script\ndef transform(df):\n    global _getattr_\n    return df\n"),
    ("nonlocal guard", "def f():\n    nonlocal _getattr_"),
    ("del guard", "del _getattr_"),
    ("for guard", "for _meta_ in [1]:\n    pass"),
    ("comprehension guard", "x = [1 for _getattr_ in [1]]"),
    ("lambda guard", "f = lambda _getattr_: 1"),
    ("lambda star guard", "f = lambda *_getattr_, **_item_: 1"),
    ("kwonly guard", "def f(*, _getattr_=1):\n    pass"),
    ("posonly guard", "def f(_getattr_, /):\n    pass"),
    ("except guard", "try:\n    pass\nexcept ValueError as _getattr_:\n    pass"),
    ("with guard", "class C:\n    def __enter__(self):\n        return 1\n    def __exit__(self, *a):\n        pass\nwith C() as _getattr_:\n    pass"),
    ("augmented guard", "_getattr_ += 1"),
    ("annotated guard", "_getattr_: int = 1"),
    ("starred guard", "a, *_getattr_ = [1, 2]"),
    ("builtins assigned", "__builtins__ = {}"),
    ("name assigned", '__name__ = "x"'),
    ("import os", "import os"),
    ("import sys in function", "def f():\n    import sys\nf()"),
    ("import from os", "from os import path"),
    ("import relative", "from . import os"),
    ("import relative parent", "from .. import os"),
    ("import star", "#script\nfrom math import *\ndef transform(df):\n    return df\n"),
    ("import private", "from math import __loader__"),
    ("import submodule", "import pandas.io.common"),
    ("import submodule as", "import pandas.io.common as c"),
    ("import from submodule", "from pandas.io import common"),
    ("import numpy.lib.format", "from numpy.lib import format"),
    ("import datetime.sys", "from datetime import sys"),
    ("import read_csv", "from pandas import read_csv"),
    ("import ctypeslib", "import numpy.ctypeslib"),
    ("import f2py", "import numpy.f2py"),
    ("import driver", "import driver"),
    ("import policy", "import policy"),
    ("import names", "import names"),
    ("import _transform_wire", "import _transform_wire"),
    ("import builtins", "import builtins"),
    ("import future", "#script\nfrom __future__ import braces\ndef transform(df):\n    return df\n"),
    ("module attribute", "pd.x = 1"),
    ("module attribute through variable", "m = pd\nm.x = 1"),
    ("module item", 'pd["x"] = 1'),
    ("module augmented", "math.pi += 1"),
    ("module delete", "del math.pi"),
    ("module setattr", 'setattr(np, "sum", 1)'),
    ("module for target", "for np.pi in [1]:\n    pass"),
    ("class attribute of library", "pd.DataFrame.x = 1"),
    ("class attribute of library 2", "D = type(df)\nD.head = 1"),
    ("class attribute of ndarray", "np.ndarray.x = 1"),
    ("class setattr", 'setattr(pd.Series, "x", 1)'),
    ("exception class attribute", "ValueError.x = 1"),
    ("function attribute", "def f():\n    pass\nf.x = 1"),
    ("function attribute setattr", 'setattr(transform, "__code__", 1)'),
    ("lambda attribute", "f = lambda: 1\nf.__code__ = 1"),
    ("frame attribute", "df.newcolumn = 1"),
    ("frame private", "df._mgr = 1"),
    ("frame private setattr", 'setattr(df, "_mgr", 1)'),
    ("frame class", 'setattr(df, "__class__", 1)'),
    ("frame flags", "df.flags.allows_duplicate_labels = False"),
    ("array dtype", 'x = np.arange(4)\nx.dtype = "O"'),
    ("array strides", "x = np.arange(4)\nx.strides = (1,)"),
    ("array data", "x = np.arange(4)\nx.data = b''"),
    ("array writeable", "x = np.arange(4)\nx.flags.writeable = True"),
    ("rolling attribute", 'r = df["a"].rolling(2)\nr.window = -1'),
    ("groupby attribute", 'r = df.groupby("g")\nr.keys = 1'),
    ("indexer attribute", "w = pd.api.indexers.FixedForwardWindowIndexer(window_size=2)\nw.window_size = -5"),
    ("option by attribute", 'pd.options.plotting.backend = "os"'),
    ("option callback", 'pd.options.display.float_format = "{0.__class__}".format'),
    ("print to a library object", 'print("x", file=df)'),
    ("print to a function", 'print("x", file=print)'),
    ("async def", "#script\nasync def f():\n    pass\ndef transform(df):\n    return df\n"),
    ("await", "#script\nasync def f():\n    await f()\ndef transform(df):\n    return df\n"),
    ("async comprehension", "#script\nasync def f():\n    return [x async for x in f()]\ndef transform(df):\n    return df\n"),
    ("except star", "try:\n    pass\nexcept* ValueError:\n    pass"),
    ("super elsewhere", "x = super"),
    ("super with arguments", "#script\nclass A:\n    def f(self):\n        return super(A, self).__init__\ndef transform(df):\n    return df\n"),
    ("super dunder", "#script\nclass A:\n    def f(self):\n        return super().__getattribute__('x')\ndef transform(df):\n    A().f()\n    return df\n"),
    ("super self", "#script\nclass A:\n    def f(self):\n        return super().__self__\ndef transform(df):\n    A().f()\n    return df\n"),
    ("super thisclass", "#script\nclass A:\n    def f(self):\n        return super().__thisclass__\ndef transform(df):\n    A().f()\n    return df\n"),
    ("class cell", "#script\nclass A:\n    def f(self):\n        return __class__\ndef transform(df):\n    df['leak'] = str(A().f())\n    return df\n"),
    ("traceback in exit", "class C:\n    def __enter__(self):\n        return 1\n    def __exit__(self, kind, value, tb):\n        df['leak'] = str(tb.tb_frame)\n        return True\nwith C():\n    1 / 0"),
    ("traceback in exit by getattr", "class C:\n    def __enter__(self):\n        return 1\n    def __exit__(self, kind, value, tb):\n        df['leak'] = str(getattr(tb, 'tb_' + 'frame'))\n        return True\nwith C():\n    1 / 0"),
    ("exception obj", "try:\n    df.head.nothing\nexcept AttributeError as e:\n    df['leak'] = str(e.obj)"),
    ("exception name", "try:\n    nothing_here\nexcept NameError as e:\n    df['leak'] = str(e.name)"),
    ("exception notes", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    e.add_note('x')"),
    ("exception context by getattr", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    df['leak'] = str(getattr(e, '__con' + 'text__'))"),
    ("exception traceback of own class", "class E(Exception):\n    def f(self):\n        return self.__traceback__\ntry:\n    raise E()\nexcept E as e:\n    df['leak'] = str(e.f())"),
    ("swallowed refusal", "try:\n    getattr(df, 'to_' + 'csv')\nexcept:\n    pass"),
    ("swallowed refusal 2", "try:\n    getattr(df, 'to_' + 'csv')\nexcept BaseException:\n    pass"),
    ("swallowed in finally", "def f():\n    try:\n        getattr(df, 'to_' + 'csv')\n    finally:\n        return 1\nf()"),
    ("swallowed by context manager", "class C:\n    def __enter__(self):\n        return 1\n    def __exit__(self, *a):\n        return True\nwith C():\n    getattr(df, '_m' + 'gr')"),
    ("swallowed in a generator", "def g():\n    try:\n        yield getattr(df, '_m' + 'gr')\n    except BaseException:\n        yield 1\nlist(g())"),
    ("two-faced list of functions", "class L:\n    def __init__(self):\n        self.n = 0\n    def __iter__(self):\n        self.n += 1\n        return iter(['sum'] if self.n < 2 else ['to_csv'])\n    def __len__(self):\n        return 1\n    def __call__(self, s):\n        return 1\ndf['leak'] = str(df.agg(L()))"),
    ("two-faced function name", "class S:\n    def __eq__(self, o):\n        return True\n    def __hash__(self):\n        return 1\n    def __str__(self):\n        return 'sum'\ndf['leak'] = str(df.agg(S()))"),
    ("decorator", "@pd.read_csv\ndef f():\n    pass"),
    ("decorator getattr", "@getattr(pd, 'read_' + 'csv')\ndef f():\n    pass"),
    ("default argument", "def f(x=pd.io):\n    pass"),
    ("lambda default", "f = lambda x=df.to_csv: x()\ndf['leak'] = f()"),
    ("annotation", "def f(x: __import__('os')):\n    pass"),
    ("return annotation", "def f() -> open('x'):\n    pass"),
    ("variable annotation", "x: pd.read_csv('/etc/hostname') = 1"),
    ("class body call", "class A:\n    x = open('/etc/hostname')"),
    ("conditional import", "if False:\n    import socket"),
    ("keyword dunder", "df.assign(__class__=1)"),
    ("keyword dunder 2", "dict(__reduce__=1)"),
    ("unbound method on own object", "#script\nclass Fake:\n    columns = []\n    def __getitem__(self, k):\n        return self\ndef transform(df):\n    df['leak'] = str(pd.DataFrame.to_csv(Fake()))\n    return df\n"),
    ("str subclass through numpy", 'x = np.str_("{0.__class__}")\ndf["leak"] = x.format(df)'),
    ("huge power", "x = 9 ** 9 ** 9"),
    ("huge shift", "x = 1 << (1 << 40)"),
    ("dateutil zone", 'df["leak"] = str(getattr(df["t"].dt, "_get" + "_values"))'),
    ("column named like a method", 'df["to_csv"] = 1\ndf["leak"] = str(df.to_csv)'),
    ("unicode private", 'df["leak"] = str(df.\uff3fmgr)'),
    ("unicode dunder in f-string", 'df["leak"] = f"{df._\uff3fclass__}"'),
    ("ligature", "\ufb01 = 1"),
    ("transform with three", "#script\ndef transform(a, b, c):\n    return a\n"),
    ("transform keyword-only", "#script\ndef transform(df, *, x):\n    return df\n"),
    ("transform without parameters", "#script\ndef transform():\n    return 1\n"),
    ("transform is a lambda", "#script\ntransform = lambda df: df\n"),
    ("transform inside if", "#script\nif True:\n    def transform(df):\n        return df\n"),
    ("deep nesting", "x = " + "[" * 150 + "]" * 150 + "\ny = " + "-" * 300 + "1"),
    ("return at module level", "#script\nreturn 1\ndef transform(df):\n    return df\n"),
    ("nonlocal at module level", "#script\nnonlocal x\ndef transform(df):\n    return df\n"),
    ("yield at module level", "#script\nyield 1\ndef transform(df):\n    return df\n"),
    ("invalid indentation", "#script\n  x = 1\ndef transform(df):\n    return df\n"),
    ("tab mixture", "#script\ndef transform(df):\n\tif 1:\n        return df\n"),

    # class patterns read attributes natively
    *((f"match args {names!r}", "#script\nclass A:\n    __match_args__ = %r\ndef transform(df):\n    match A():\n        case A(x):\n            df['leak'] = str(x)\n    return df\n" % (names,))
      for names in (("__dict__",), ("__class__",), ("__setattr__",), ("__reduce_ex__",), ("x", "__dict__"),
                    ("tb_frame",), ("mro",), ("_mgr",), ["x"], "x", 5)),
    ("match args computed", "#script\nclass A:\n    __match_args__ = ('__cla' + 'ss__',)\ndef transform(df):\n    match A():\n        case A(x):\n            df['leak'] = str(x)\n    return df\n"),
    ("match args of an exception", "#script\nclass E(AttributeError):\n    __match_args__ = ('obj',)\ndef transform(df):\n    return df\n"),
    ("match args inherited", "#script\nclass A:\n    __match_args__ = ('obj',)\nclass E(A, AttributeError):\n    pass\ndef transform(df):\n    return df\n"),
    ("match args assigned", "#script\nclass A:\n    x = 1\ndef transform(df):\n    setattr(A, '__match' + '_args__', ('__dict__',))\n    return df\n"),
    ("array interface on an instance", "#script\nclass A:\n    pass\ndef transform(df):\n    setattr(A(), '__array_' + 'interface__', {})\n    return df\n"),
    ("array interface on a class", "#script\nclass A:\n    pass\ndef transform(df):\n    setattr(A, '__array_' + 'struct__', 1)\n    return df\n"),
    ("method that is a property", "#script\nclass A:\n    @property\n    def __len__(self):\n        return len\ndef transform(df):\n    df['leak'] = len(A())\n    return df\n"),
    ("name of an instance", "#script\ndef f(x):\n    return x.__name__\ndef transform(df):\n    df['leak'] = str(f(df))\n    return df\n"),
    ("name of a module", "#script\ndef f(x):\n    return x.__name__\ndef transform(df):\n    df['leak'] = str(f(np))\n    return df\n"),
    ("name by getattr", "#script\ndef f():\n    pass\ndef transform(df):\n    df['leak'] = getattr(f, '__na' + 'me__')\n    return df\n"),
    ("name assigned", "#script\ndef f():\n    pass\ndef transform(df):\n    f.__name__ = 'x'\n    return df\n"),
    ("class of self", "#script\nclass A:\n    def f(self):\n        return self.__class__\ndef transform(df):\n    return df\n"),
    ("class of a caught exception", "try:\n    1 / 0\nexcept ValueError as e:\n    df['leak'] = str(e.__class__.__mro__)"),
    ("guard of names", "df['leak'] = _name_of_(df)"),
    ("private of a frame under a name of an own class", "#script\nclass A:\n    def __init__(self):\n        self._data = 1\ndef transform(df):\n    df['leak'] = str(df.index._data)\n    return df\n"),
    ("private of a group under a name of an own class", "#script\nclass A:\n    def _selected_obj(self):\n        return 1\ndef transform(df):\n    df['leak'] = str(df.groupby('g')._selected_obj)\n    return df\n"),
    ("private assigned on a frame", "#script\nclass A:\n    _item_cache = 1\ndef transform(df):\n    df._item_cache = 1\n    return df\n"),
    ("sparse accessor", "df['leak'] = str(pd.Series(pd.arrays.SparseArray([0, 1])).sparse._parent)"),
    ("sparse matrix", "df['leak'] = str(pd.DataFrame({'x': pd.arrays.SparseArray([0, 1])}).sparse.to_coo())"),
    ("dunder name outside of a class", "x = __mul__"),
    ("dunder name in a method", "#script\nclass A:\n    def f(self):\n        return __mul__\ndef transform(df):\n    return df\n"),
    ("dunder alias of another kind", "#script\nclass A:\n    __new__ = len\ndef transform(df):\n    return df\n"),
    ("dunder alias of a library function", "#script\nclass A:\n    __len__ = len\ndef transform(df):\n    return df\n"),
    *((f"class of {base}", f"class A({base}):\n    pass") for base in ("dict", "list", "str", "int", "type", "tuple", "BaseException")),
    # bytes of objects
    *((expression, "a = np.array([len, df], dtype=object)\nv = np.zeros(1, dtype='O,i8')\ndf['leak'] = str(" + expression + ")")
      for expression in ("bytes(a)", "bytearray(a)", "bytes(v)", "bytes(v[0])", "a.tobytes()", "v.tobytes()",
                         "v[0].tobytes()", "b''.join([a])", "b''.join(x for x in [a])", "b''.join({1: a}.values())",
                         "bytes.join(b'', (a,))", "b''.join(pd.Series([a]))", "int.from_bytes(a, 'little')",
                         "(5).from_bytes(a, 'little')", "list(map(bytes, [a]))", "list(map(b''.join, [[a]]))",
                         "bytearray().extend(a)", "b'x'.replace(b'x', a)", "np.ndarray.tobytes(a)",
                         "np.frombuffer(a, dtype='i8')", "np.frombuffer(v, dtype='i8')",
                         "np.frombuffer(b'x' * 8, dtype=object)", "np.frombuffer(b'x' * 16, dtype='O,i8')",
                         "np.frombuffer(df)")),
    ("bytearray slice of objects", "a = np.array([len], dtype=object)\nb = bytearray()\nb[:] = a\ndf['leak'] = str(b)"),
]


# Absent or plainly wrong: an ordinary error.
FAILING = [
    'df.pipe((pd.DataFrame.agg, "self"), func="to_csv")',
    'df.query("a := 1")',
    'df.query("@print")',
    'pd.eval("print")',
    'np.vectorize(len).pyfunc',
    'np.vectorize(len).cache',
    'np.ndenumerate([1]).iter',
    'df.groupby("g").grouper',
]


def harmless():
    yield "dateutil path zone", 'df["leak"] = df["t"].dt.tz_localize("dateutil//etc/hostname").astype(str)'
    yield "dateutil zone in dtype", 'df["leak"] = df["t"].astype("datetime64[ns, dateutil//etc/hostname]").astype(str)'
    yield "dateutil zone in Timestamp", 'df["leak"] = str(pd.Timestamp("2024-01-01", tz="dateutil//etc/hostname"))'
    yield "dateutil zone in date_range", 'df["leak"] = str(pd.date_range("2024-01-01", periods=2, tz="dateutil//etc/passwd"))'
    yield "unknown zone", 'df["leak"] = df["t"].dt.tz_localize("Europe/Nowhere").astype(str)'
    yield "unknown zone in Timestamp", 'df["leak"] = str(pd.Timestamp("2024-01-01", tz="Nowhere"))'
    yield "zone path", 'df["leak"] = df["t"].dt.tz_localize("../../../etc/hostname").astype(str)'
    yield "zone absolute", 'df["leak"] = df["t"].dt.tz_localize("/etc/hostname").astype(str)'
    yield "codec by name", 'df["leak"] = df["b"].str.encode("os").astype(str)'
    yield "codec by name 2", 'df["leak"] = "x".encode("test.support")'
    yield "multiindex unchecked", ('m = pd.MultiIndex(levels=[[1, 2]], codes=[[100, 5000]], verify_integrity=False)\n'
                                   'df["leak"] = str(m.get_level_values(0))')
    yield "set_codes unchecked", ('m = pd.MultiIndex.from_arrays([[1, 2], [3, 4]])\n'
                                  'df["leak"] = str(m.set_codes([[99, 98], [0, 1]], verify_integrity=False).tolist())')
    yield "from_codes unchecked", ('df["leak"] = str(list(pd.Categorical.from_codes([100, 101], categories=[1, 2], validate=False)))')
    yield "take out of bounds", 'df["leak"] = str(df["a"].take([10 ** 9]).tolist())'
    yield "sliding window", ('w = np.lib.stride_tricks.sliding_window_view(np.zeros(4), 3)\n'
                             'df["leak"] = None if w.sum() == 0 else "memory"')
    yield "empty", 'df["leak"] = None if np.empty(100000).sum() == 0 else "memory"'
    yield "empty_like", 'df["leak"] = None if np.empty_like(np.ones(100000)).sum() == 0 else "memory"'
    yield "attrs", 'df.attrs["x"] = 1\ndf.attrs["PANDAS_ATTRS"] = {"y": len}'
    yield "negative window", 'df["leak"] = df["a"].rolling(-5).sum().astype(str)'
    yield "forward window negative", ('w = pd.api.indexers.FixedForwardWindowIndexer(window_size=-5)\n'
                                      'df["leak"] = df["a"].rolling(w).sum().astype(str)')
    yield "index that lies", ('class I:\n    def __init__(self):\n        self.n = 0\n    def __index__(self):\n'
                              '        self.n += 1\n        return 3 if self.n < 2 else 10 ** 6\n'
                              'w = np.lib.stride_tricks.sliding_window_view(np.zeros(4), I())\n'
                              'df["leak"] = None if w.sum() == 0 else "memory"')
    yield "chained str methods as names", 'df["leak"] = str(df["b"].map("__class__"))'
    yield "hidden column", 'df["__class__"] = 1\ndf["_mgr"] = 2'
    yield "into", 'df["leak"] = str(df.to_dict(into=type(df)))'
    yield "namedtuple names", 'df["leak"] = str([r.__class__ for r in df.itertuples(name="import os")])'
    yield 'forward indexer override', "w = pd.api.indexers.FixedForwardWindowIndexer(window_size=2, get_window_bounds=lambda *a, **k: (np.array([-99]), np.array([99])))\ndf['leak'] = df['a'].rolling(w).sum()"
    for name, body in CHANGED_LATER:
        yield name, body
    for expression in FAILING:
        yield expression, f'df["leak"] = str({expression})'


# What was checked is changed before it is used, or objects answer differently
# each time: must end in an error or in what was there at the check.
LIAR = """#script
class L:
    def __len__(self):
        return 2
    def __iter__(self):
        return iter(range(100000))
class F:
    def __init__(self, change):
        self.change = change
    def __float__(self):
        self.change()
        return 1.0
    def __add__(self, other):
        self.change()
        return 1
def transform(df):
"""
CHANGED_LATER = [(name, LIAR + "".join("    " + line + "\n" for line in body.split("\n")) + "    return df\n") for name, body in [
    ("rows that lie", "pd.DataFrame([[1, 2], L(), L()])"),
    ("tuples that lie", "pd.DataFrame([(1, 2), L(), L()])"),
    ("records that lie", "pd.DataFrame.from_records([(1, 2), L(), L()])"),
    ("tuples of an index that lie", "pd.MultiIndex.from_tuples([(1, 2), L(), L()])"),
    ("short tuples in an array", "a = np.empty(2, dtype=object)\na[0], a[1] = (1, 2, 3, 4), (1,)\npd.MultiIndex.from_tuples(a)"),
    ("explode that lies", "pd.Series([L(), [1], L()]).explode()"),
    ("frame explode that lies", "pd.DataFrame({'x': [L(), [1], L()], 'y': 1}).explode('x')"),
    ("codes changed", "c = np.zeros(4, dtype='int8')\nx = pd.Categorical.from_codes(c, [1.5, 2.5])\nc[:] = 100\ndf['leak'] = None if (np.asarray(x) == 1.5).all() else 'memory'"),
    ("codes changed by keyword", "c = np.zeros(4, dtype='int8')\nx = pd.Categorical.from_codes(codes=c, categories=[1.5, 2.5], validate=False)\nc[:] = 100\ndf['leak'] = None if (np.asarray(x) == 1.5).all() else 'memory'"),
    ("codes of a series changed", "c = pd.Series(np.zeros(4, dtype='int8'))\nx = pd.Categorical.from_codes(c, [1.5, 2.5])\nc[:] = 100\ndf['leak'] = None if (np.asarray(x) == 1.5).all() else 'memory'"),
    ("codes of a multiindex changed", "c = np.zeros(8, dtype='int8')\nm = pd.MultiIndex(levels=[[1.5, 2.5], [1.0]], codes=[c[:4], c[4:]])\nc[:] = 100\ndf['leak'] = None if (m.get_level_values(0) == 1.5).all() else 'memory'"),
    ("set_codes changed", "c = np.zeros(2, dtype='int8')\nm = pd.MultiIndex.from_arrays([[1, 2], [3, 4]]).set_codes([c, c])\nc[:] = 100\ndf['leak'] = None if (m.get_level_values(0) == 1).all() else 'memory'"),
    ("indices of groups changed", "gb = df.groupby('g')\nfor k, v in gb.indices.items():\n    v[:] = 10 ** 8\ngb.indices.clear()\ngb.groups.clear()\ndf['leak'] = None if gb.get_group('a').equals(df[df['g'] == 'a']) else 'changed'"),
    ("ufunc.at on read-only codes", "c = pd.Categorical(['a', 'b'])\nnp.add.at(c.codes, [0], 99)\ndf['leak'] = 'written'"),
    ("ufunc.at", "i = np.zeros(1000, dtype=np.intp)\na = np.zeros(4, dtype=object)\ndef f(x, y):\n    i[:] = 10 ** 7\n    return 1\nnp.frompyfunc(f, 2, 1).at(a, i, 1)"),
    ("ufunc.at with a tuple", "i = np.zeros(1000, dtype=np.intp)\na = np.zeros((4, 4), dtype=object)\ndef f(x, y):\n    i[:] = 10 ** 7\n    return 1\nnp.ufunc.at(np.frompyfunc(f, 2, 1), a, (i, i), 1)"),
    ("ufunc.reduceat", "i = np.zeros(1000, dtype=np.intp)\na = np.array([1] * 4, dtype=object)\ndef f(x, y):\n    i[:] = 10 ** 7\n    return 1\nnp.frompyfunc(f, 2, 1).reduceat(a, i)"),
    ("fancy assignment", "i = np.zeros(40000, dtype=np.intp)\nj = i.copy()\na = np.zeros((4, 4))\ndef change():\n    i[9000:] = 10 ** 8\nv = np.empty(40000, dtype=object)\nv[:] = [F(change)] * 40000\na[i, j] = v"),
    ("mask assignment", "m = np.zeros(40000, dtype=bool)\nm[:10] = True\na = np.zeros(40000)\ndef change():\n    m[:] = True\nv = np.empty(10, dtype=object)\nv[:] = [F(change)] * 10\na[m] = v"),
    ("put_along_axis", "i = np.zeros((4, 10000), dtype=np.intp)\na = np.zeros((4, 4))\ndef change():\n    i[:] = 10 ** 8\nv = np.empty((4, 10000), dtype=object)\nv[:] = F(change)\nnp.put_along_axis(a, i, v, 1)"),
    ("join of objects", "class O:\n    def __init__(self, v):\n        self.v = v\n    def __lt__(self, o):\n        return self.v < o.v\n    def __gt__(self, o):\n        return self.v > o.v\n    def __le__(self, o):\n        return self.v <= o.v\n    def __ge__(self, o):\n        return self.v >= o.v\n    def __hash__(self):\n        return hash(self.v)\n    def __eq__(self, o):\n        n[0] += 1\n        return n[0] > 310 if n[1] else self.v == o.v\nn = [0, 0]\nl, r = (pd.Index([O(i) for i in range(300)]) for _ in range(2))\nl.is_monotonic_increasing, r.is_monotonic_increasing\nn[:] = [0, 1]\nl.join(r, how='inner')"),
    ("array emptied while it sorts", "class O:\n    def __lt__(self, o):\n        a[:] = 0\n        return NotImplemented\n    def __gt__(self, o):\n        a[:] = 0\n        return False\na = np.empty(500, dtype=object)\na[:] = [O() for _ in range(500)]\na.sort()"),
]]
