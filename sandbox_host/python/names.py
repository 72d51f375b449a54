"""names.py - every name of pandas, numpy, datetime, math and the builtin types
that a script may reach, as plain word lists.

Runs in the zygote and in workers.  Nothing here decides anything: policy.py
reads these lists and adds the rules.  A name that is in no list is refused,
so a new release of a library adds nothing to what scripts can reach until
somebody writes it here.

How to add a name: it must be safe for *any* arguments, including objects of
the script's own classes, strings and functions.  If it is safe only for some
arguments, add a check to CHECKED in policy.py as well.  Names that read or
write files, take a path or a buffer, look up functions by name, hand out raw
memory or change state of the whole process stay out.
"""


def words(text):
    return frozenset(text.split())


# ---- pandas: what frames, series and indexes share ------------------------

_ARITHMETIC = words("""
    abs add div divide divmod eq floordiv ge gt le lt mod mul multiply ne pow
    radd rdiv rdivmod rfloordiv rmod rmul rpow rsub rtruediv sub subtract
    truediv dot""")

_REDUCTIONS = words("""
    all any argmax argmin count cummax cummin cumprod cumsum describe idxmax
    idxmin kurt kurtosis max mean median min mode nunique prod product quantile
    sem skew std sum var""")

_COMMON = words("""
    T array astype attrs copy diff drop drop_duplicates droplevel dropna dtype
    dtypes duplicated empty equals factorize fillna hasnans index isin isna
    isnull is_monotonic_decreasing is_monotonic_increasing is_unique item
    items memory_usage nbytes ndim notna notnull rank reindex rename repeat
    replace reset_index round searchsorted shape shift size sort_index
    sort_values squeeze swaplevel take to_list to_numpy tolist transpose unique
    value_counts values where mask infer_objects map name names tz_convert
    tz_localize asof truncate""")

_NDFRAME = words("""
    add_prefix add_suffix agg aggregate align apply asfreq at at_time axes
    between_time bfill clip combine combine_first compare convert_dtypes corr
    cov explode ewm expanding ffill filter first_valid_index get groupby head
    iat iloc interpolate keys last_valid_index loc nlargest nsmallest
    pct_change pipe pop reindex_like rename_axis reorder_levels resample
    rolling sample set_axis set_flags tail to_dict to_json to_period to_string
    to_timestamp transform unstack update xs info""")

FRAME = _ARITHMETIC | _REDUCTIONS | _COMMON | _NDFRAME | words("""
    assign columns corrwith eval from_dict from_records insert isetitem
    iterrows itertuples join melt merge pivot pivot_table query select_dtypes
    set_index sparse stack""") - words("""
    array dtype hasnans item repeat searchsorted name names tolist to_list
    factorize unique""")

SERIES = _ARITHMETIC | _REDUCTIONS | _COMMON | _NDFRAME | words("""
    argsort autocorr between case_when cat dt list sparse str struct to_frame
    """) - words("names columns")

INDEX = _REDUCTIONS | _COMMON | words("""
    append argsort asi8 delete difference get_indexer get_indexer_for
    get_indexer_non_unique get_level_values get_loc get_slice_bound
    groupby has_duplicates identical inferred_type insert intersection is_
    join nlevels ravel set_names slice_indexer slice_locs sortlevel str
    symmetric_difference to_flat_index to_frame to_series union
    append start stop step
    codes equal_levels from_arrays from_frame from_product from_tuples
    get_loc_level get_locs levels set_codes set_levels levshape remove_unused_levels reorder_levels
    from_breaks from_range""") - words("attrs where")

# Parts of a point in time, of a length of time, of a period: the same words
# on Timestamp, on indexes, on arrays and behind .dt.
_TIME_PARTS = words("""
    as_unit ceil date day day_name day_of_week day_of_year dayofweek dayofyear
    days days_in_month daysinmonth components end_time floor freq freqstr hour
    inferred_freq is_full is_leap_year is_month_end is_month_start
    is_normalized is_quarter_end is_quarter_start is_year_end is_year_start
    isocalendar microsecond microseconds minute month month_name nanosecond
    nanoseconds normalize quarter qyear resolution round second seconds snap
    start_time strftime time timetz to_julian_date to_period to_pydatetime
    to_pytimedelta to_timestamp total_seconds tz tz_convert tz_localize tzinfo
    unit week weekday weekofyear year asfreq indexer_at_time
    indexer_between_time from_fields from_ordinals""")

_INTERVAL_PARTS = words("""
    closed closed_left closed_right contains is_empty
    is_non_overlapping_monotonic is_overlapping left length mid open_left
    open_right overlaps right set_closed to_tuples""")

_CATEGORIES = words("""
    add_categories as_ordered as_unordered categories codes ordered
    remove_categories remove_unused_categories rename_categories
    reorder_categories set_categories set_ordered""")

INDEX |= _TIME_PARTS | _INTERVAL_PARTS | _CATEGORIES

# What pandas keeps inside a column: .array, .values, Categorical(...).
EXTENSION_ARRAY = _REDUCTIONS | _TIME_PARTS | _INTERVAL_PARTS | _CATEGORIES \
    | words("""
    T argsort asi8 astype copy delete dropna dtype duplicated equals factorize
    fillna insert interpolate isin isna isnull item map nbytes ndim notna
    notnull ravel repeat reshape searchsorted shape shift size sort sort_values
    take to_numpy tolist transpose unique value_counts from_codes from_arrays
    from_breaks from_tuples density fill_value npoints sp_values to_dense
    nonzero memory_usage""")

GROUPBY = words("""
    agg aggregate all any apply bfill corr corrwith count cov cumcount cummax
    cummin cumprod cumsum describe diff dtype dtypes ewm expanding ffill fillna
    filter first get_group groups head idxmax idxmin indices
    is_monotonic_decreasing is_monotonic_increasing kurt last max mean median
    min ndim ngroup ngroups nlargest nsmallest nth nunique ohlc pct_change pipe
    prod quantile rank resample rolling sample sem shift size skew std sum tail
    take transform unique value_counts var""")

WINDOW = words("""
    agg aggregate apply corr count cov first kurt last max mean median min
    ndim nunique pipe quantile rank sem skew std sum var""")

RESAMPLE = words("""
    agg aggregate apply asfreq bfill count cumsum ffill first get_group groups
    indices interpolate last max mean median min ndim nearest ngroups nunique
    ohlc pct_change pipe prod quantile sem size std sum transform var""")

STR = words("""
    capitalize casefold cat center contains count decode encode endswith
    extract extractall find findall fullmatch get get_dummies index isalnum
    isalpha isascii isdecimal isdigit islower isnumeric isspace istitle
    isupper join len ljust lower lstrip match normalize pad partition
    removeprefix removesuffix repeat replace rfind rindex rjust rpartition
    rsplit rstrip slice slice_replace split startswith strip swapcase title
    translate upper wrap zfill""")

DT = _TIME_PARTS
CAT = _CATEGORIES
LIST = words("flatten len")
STRUCT = words("dtypes explode field")
SPARSE = words("density fill_value npoints sp_values to_dense")

TIMESTAMP = _TIME_PARTS | words("""
    asm8 astimezone combine ctime dst fold fromisocalendar fromisoformat
    fromordinal fromtimestamp isoformat isoweekday max min now replace strptime
    timestamp timetuple to_datetime64 to_numpy today toordinal tzname utcnow
    utcoffset utctimetuple value""")
TIMEDELTA = _TIME_PARTS | words("""
    asm8 isoformat max min resolution_string to_numpy to_timedelta64 value""")
PERIOD = _TIME_PARTS | words("now ordinal")
INTERVAL = _INTERVAL_PARTS
OFFSET = words("""
    copy end freqstr holidays is_month_end is_month_start is_on_offset
    is_quarter_end is_quarter_start is_year_end is_year_start n name nanos
    normalize rollback rollforward rule_code start weekmask weekday month
    delta startingMonth week variation days hours minutes months years""")
PANDAS_DTYPE = words("""
    name kind itemsize na_value ordered categories tz unit freq closed subtype
    numpy_dtype storage type fill_value""")
GROUPER = words("key level freq axis sort closed label")
NAMED_AGG = words("column aggfunc")

# ---- pandas: the module ----------------------------------------------------

PANDAS = words("""
    BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame
    DateOffset DatetimeIndex DatetimeTZDtype Float32Dtype Float64Dtype Grouper
    Index IndexSlice Int16Dtype Int32Dtype Int64Dtype Int8Dtype Interval
    IntervalDtype IntervalIndex NA NaT NamedAgg Period PeriodDtype PeriodIndex
    RangeIndex Series SparseDtype StringDtype Timedelta TimedeltaIndex
    Timestamp UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype array bdate_range
    concat cut date_range factorize from_dummies get_dummies get_option
    infer_freq interval_range isna isnull json_normalize lreshape melt merge
    merge_asof merge_ordered notna notnull period_range pivot qcut
    timedelta_range to_datetime to_numeric to_timedelta unique wide_to_long
    """)

PANDAS_TYPES = words("""
    CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype infer_dtype
    is_any_real_numeric_dtype is_array_like is_bool is_bool_dtype
    is_categorical_dtype is_complex is_complex_dtype is_datetime64_any_dtype
    is_datetime64_dtype is_datetime64_ns_dtype is_datetime64tz_dtype
    is_dict_like is_dtype_equal is_extension_array_dtype is_float
    is_float_dtype is_hashable is_int64_dtype is_integer is_integer_dtype
    is_interval_dtype is_iterator is_list_like is_named_tuple is_number
    is_numeric_dtype is_object_dtype is_period_dtype is_re is_scalar
    is_signed_integer_dtype is_sparse is_string_dtype is_timedelta64_dtype
    is_timedelta64_ns_dtype is_unsigned_integer_dtype pandas_dtype
    union_categoricals""")

PANDAS_ARRAYS = words("""
    BooleanArray Categorical DatetimeArray FloatingArray IntegerArray
    IntervalArray PeriodArray SparseArray StringArray TimedeltaArray""")

PANDAS_OFFSETS = words("""
    BDay BHalfYearBegin BHalfYearEnd BMonthBegin BMonthEnd BQuarterBegin
    BQuarterEnd BYearBegin BYearEnd BusinessDay BusinessHour
    BusinessMonthBegin BusinessMonthEnd CBMonthBegin CBMonthEnd CDay
    CustomBusinessDay CustomBusinessHour CustomBusinessMonthBegin
    CustomBusinessMonthEnd DateOffset Day Easter FY5253 FY5253Quarter
    HalfYearBegin HalfYearEnd Hour LastWeekOfMonth Micro Milli Minute
    MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin
    SemiMonthEnd Week WeekOfMonth YearBegin YearEnd""")

# Options that change how things are shown, or that older scripts set out of
# habit; never a callback, a module name or an engine.
PANDAS_OPTIONS = words("""
    display.max_rows display.max_columns display.min_rows display.width
    display.precision display.max_colwidth display.expand_frame_repr
    display.show_dimensions display.max_info_rows display.max_info_columns
    display.colheader_justify display.max_seq_items display.multi_sparse
    mode.chained_assignment mode.copy_on_write
    future.no_silent_downcasting""")

# ---- numpy -----------------------------------------------------------------

NDARRAY = words("""
    T all any argmax argmin argpartition argsort astype choose clip compress
    conj conjugate copy cumprod cumsum diagonal dot dtype fill flat flatten
    imag item itemsize mT max mean min nbytes ndim nonzero partition prod put
    ravel real repeat reshape round searchsorted shape size sort squeeze std
    sum swapaxes take tobytes tolist trace transpose var""")
NUMPY_SCALAR = (NDARRAY - words("fill put partition sort resize")) | words("""
    as_integer_ratio hex is_integer bit_count bit_length numerator denominator
    decode""")
NUMPY_DTYPE = words("""
    char fields isnative itemsize kind name names ndim shape str type num""")
UFUNC = words("""
    accumulate at identity nargs nin nout ntypes outer reduce reduceat
    types""")
_DRAWS = words("""
    beta binomial bytes chisquare choice dirichlet exponential f gamma
    geometric gumbel hypergeometric laplace logistic lognormal logseries
    multinomial multivariate_normal negative_binomial noncentral_chisquare
    noncentral_f normal pareto permutation poisson power random rayleigh
    shuffle standard_cauchy standard_exponential standard_gamma
    standard_normal standard_t triangular uniform vonmises wald weibull
    zipf""")
GENERATOR = _DRAWS | words("integers multivariate_hypergeometric permuted spawn")
RANDOM_STATE = _DRAWS | words("""
    rand randint randn random_integers random_sample seed tomaxint""")
SEED_SEQUENCE = words("entropy generate_state spawn spawn_key")
POLYNOMIAL = words("""
    coef convert copy cutdeg degree deriv domain fit fromroots has_samecoef
    identity integ linspace mapparms roots trim truncate window symbol basis
    c coeffs coefficients o order r variable""")
NUMPY_INFO = words("""
    bits eps epsneg iexp kind machep max maxexp min minexp negep nexp nmant
    precision resolution smallest_normal smallest_subnormal tiny dtype""")
BUSDAY = words("holidays weekmask")
VECTORIZE = words("")
LINALG_RESULT = words("""
    Q R S U Vh eigenvalues eigenvectors logabsdet sign values counts indices
    inverse_indices""")

NUMPY = words("""
    False_ True_ abs absolute acos acosh add all allclose amax amin angle any
    append apply_along_axis apply_over_axes arange arccos arccosh arcsin
    arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort argwhere
    around array array2string array_equal array_equiv array_repr array_split
    array_str asanyarray asarray asarray_chkfinite ascontiguousarray
    asfortranarray asin asinh astype atan atan2 atanh atleast_1d atleast_2d
    atleast_3d average bartlett base_repr binary_repr bincount bitwise_and
    bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor blackman block bool bool_ broadcast_arrays
    broadcast_shapes broadcast_to busday_count busday_offset busdaycalendar
    byte bytes_ c_ can_cast cbrt cdouble ceil character choose clip clongdouble
    column_stack common_type complex128 complex64 complexfloating compress
    concat concatenate conj conjugate convolve copy copysign copyto corrcoef
    correlate cos cosh count_nonzero cov cross csingle cumprod cumsum
    cumulative_prod cumulative_sum datetime64 datetime_as_string datetime_data
    deg2rad degrees delete diag diag_indices diag_indices_from diagflat
    diagonal diff digitize divide divmod dot double dsplit dstack dtype e
    ediff1d einsum einsum_path equal euler_gamma exp exp2 expand_dims expm1
    extract eye fabs fill_diagonal finfo fix flatnonzero flexible flip fliplr
    flipud float16 float32 float64 float_power floating floor floor_divide
    fmax fmin fmod format_float_positional format_float_scientific frexp
    frombuffer fromfunction fromiter frompyfunc full full_like gcd generic
    geomspace geterr gradient greater greater_equal half hamming hanning
    heaviside histogram histogram2d histogram_bin_edges histogramdd hsplit
    hstack hypot i0 identity iinfo imag indices inexact inf inner insert int16
    int32 int64 int8 int_ intc integer interp intersect1d intp invert is_busday
    isclose iscomplex iscomplexobj isdtype isfinite isfortran isin isinf isnan
    isnat isneginf isposinf isreal isrealobj isscalar issubdtype iterable ix_
    kaiser kron lcm ldexp left_shift less less_equal lexsort linspace
    little_endian log log10 log1p log2 logaddexp logaddexp2 logical_and
    logical_not logical_or logical_xor logspace long longdouble longlong
    mask_indices matmul matrix_transpose matvec max maximum may_share_memory
    mean median meshgrid mgrid min min_scalar_type minimum mintypecode mod modf
    moveaxis multiply nan nan_to_num nanargmax nanargmin nancumprod nancumsum
    nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd
    nansum nanvar ndenumerate ndim ndindex negative newaxis nextafter nonzero
    not_equal number object_ ogrid ones ones_like outer packbits pad partition
    percentile permute_dims pi piecewise place poly poly1d polyadd polyder
    polydiv polyfit polyint polymul polysub polyval positive pow power prod
    promote_types ptp put put_along_axis putmask quantile r_ rad2deg radians
    ravel ravel_multi_index real real_if_close reciprocal remainder repeat
    reshape resize result_type right_shift rint roll rollaxis roots rot90 round
    s_ searchsorted select setdiff1d setxor1d shape short sign signbit
    signedinteger sin sinc single sinh size sort sort_complex spacing split
    sqrt square squeeze stack std str_ subtract sum swapaxes take
    take_along_axis tan tanh tensordot tile timedelta64 trace transpose
    trapezoid tri tril tril_indices tril_indices_from trim_zeros triu
    triu_indices triu_indices_from true_divide trunc typename ubyte ufunc
    uint uint16 uint32 uint64 uint8 uintc uintp ulong ulonglong union1d unique
    unique_all unique_counts unique_inverse unique_values unpackbits
    unravel_index unsignedinteger unstack unwrap ushort vander var vdot vecdot
    vecmat vectorize vsplit vstack where zeros zeros_like""")

NUMPY_LINALG = words("""
    LinAlgError cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv
    lstsq matmul matrix_norm matrix_power matrix_rank matrix_transpose
    multi_dot norm outer pinv qr slogdet solve svd svdvals tensordot tensorinv
    tensorsolve trace vecdot vector_norm""")
NUMPY_FFT = words("""
    fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft
    irfft2 irfftn rfft rfft2 rfftfreq rfftn""")
NUMPY_RANDOM = _DRAWS | words("""
    Generator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64 SeedSequence
    default_rng rand randint randn random_integers random_sample ranf sample
    seed""")
NUMPY_STRINGS = words("""
    add capitalize center count decode encode endswith equal expandtabs find
    greater greater_equal index isalnum isalpha isdecimal isdigit islower
    isnumeric isspace istitle isupper less less_equal ljust lower lstrip mod
    multiply not_equal partition replace rfind rindex rjust rpartition rstrip
    slice startswith str_len strip swapcase title translate upper zfill""")
NUMPY_CHAR = (NUMPY_STRINGS - words("slice")) | words("join rsplit split splitlines")
NUMPY_EMATH = words("arccos arcsin arctanh log log10 log2 logn power sqrt")
NUMPY_POLYNOMIAL = words("""
    polyadd polyder polydiv polydomain polyfit polyfromroots polyint polymul
    polyone polypow polyroots polysub polytrim polyval polyvander polyx
    polyzero""")

# ---- builtin types ---------------------------------------------------------

BUILTIN_TYPES = {
    "str": words("""
        capitalize casefold center count encode endswith expandtabs find index
        isalnum isalpha isascii isdecimal isdigit isidentifier islower
        isnumeric isprintable isspace istitle isupper join ljust lower lstrip
        maketrans partition removeprefix removesuffix replace rfind rindex
        rjust rpartition rsplit rstrip split splitlines startswith strip
        swapcase title translate upper zfill format format_map"""),
    "bytes": words("""
        capitalize center count decode endswith expandtabs find fromhex hex
        index isalnum isalpha isascii isdigit islower isspace istitle isupper
        join ljust lower lstrip maketrans partition removeprefix removesuffix
        replace rfind rindex rjust rpartition rsplit rstrip split splitlines
        startswith strip swapcase title translate upper zfill"""),
    "bytearray": words("""
        append clear copy count decode endswith extend find fromhex hex index
        insert join pop remove replace reverse rfind rindex split startswith
        strip"""),
    "int": words("""
        as_integer_ratio bit_count bit_length conjugate denominator from_bytes
        imag is_integer numerator real to_bytes"""),
    "float": words("""
        as_integer_ratio conjugate fromhex hex imag is_integer real"""),
    "complex": words("conjugate imag real"),
    "list": words("""
        append clear copy count extend index insert pop remove reverse sort"""),
    "tuple": words("count index"),
    "dict": words("""
        clear copy fromkeys get items keys pop popitem setdefault update
        values"""),
    "set": words("""
        add clear copy difference difference_update discard intersection
        intersection_update isdisjoint issubset issuperset pop remove
        symmetric_difference symmetric_difference_update union update"""),
    "frozenset": words("""
        copy difference intersection isdisjoint issubset issuperset
        symmetric_difference union"""),
    "range": words("count index start step stop"),
    "slice": words("indices start step stop"),
    "property": words("deleter getter setter"),
}

DICT_VIEW = words("isdisjoint")
GENERATOR_OBJECT = words("close send")
RE_MATCH = words("""
    end endpos expand group groupdict groups lastgroup lastindex pos regs span
    start string""")
EXCEPTION = words("args")
STOP_ITERATION = words("args value")
DATE = words("""
    ctime day fromisocalendar fromisoformat fromordinal fromtimestamp
    isocalendar isoformat isoweekday max min month replace resolution strftime
    timetuple today toordinal weekday year""")
DATETIME = DATE | words("""
    astimezone combine date dst fold hour microsecond minute now second
    strptime time timestamp timetz tzinfo tzname utcfromtimestamp utcnow
    utcoffset utctimetuple""")
TIME = words("""
    dst fold fromisoformat hour isoformat max microsecond min minute replace
    resolution second strftime tzinfo tzname utcoffset""")
PY_TIMEDELTA = words("days max microseconds min resolution seconds total_seconds")
TIMEZONE = words("dst fromutc tzname utc utcoffset max min key")
DECIMAL = words("""
    adjusted as_integer_ratio as_tuple canonical compare compare_signal
    compare_total conjugate copy_abs copy_negate copy_sign exp fma from_float
    imag is_canonical is_finite is_infinite is_nan is_normal is_qnan is_signed
    is_snan is_subnormal is_zero ln log10 logb max max_mag min min_mag
    next_minus next_plus next_toward normalize number_class quantize radix
    real remainder_near rotate same_quantum scaleb shift sqrt
    to_eng_string to_integral to_integral_exact to_integral_value""")
UUID = words("bytes fields hex int node time urn variant version")
ISO_CALENDAR = words("week weekday year")

DATETIME_MODULE = words("""
    MAXYEAR MINYEAR UTC date datetime time timedelta timezone tzinfo""")

# ---- builtins ---------------------------------------------------------------

BUILTINS = words("""
    abs all any ascii bin bool bytearray bytes callable chr classmethod complex
    dict divmod enumerate filter float format frozenset hash hex int
    isinstance issubclass iter len list map max min next object oct ord pow
    property range repr reversed round set slice sorted staticmethod str sum
    tuple zip
    Ellipsis False None NotImplemented True
    ArithmeticError AssertionError AttributeError BaseException BufferError
    DeprecationWarning EOFError Exception FileNotFoundError
    FloatingPointError FutureWarning GeneratorExit IOError ImportError
    IndexError KeyError KeyboardInterrupt LookupError MemoryError
    ModuleNotFoundError NameError NotImplementedError OSError OverflowError
    PermissionError RecursionError ReferenceError RuntimeError RuntimeWarning
    StopIteration SyntaxError SystemExit TimeoutError TypeError
    UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError""")
# and from policy.py: getattr hasattr setattr delattr print type

# Function names that may be given as strings to agg, apply, transform,
# aggfunc=: reductions and transforms without a path, a buffer, a function or
# an engine among their parameters.
FUNCTION_NAMES = words("""
    abs absolute all any argmax argmin average bfill ceil corr count cov cumcount cummax
    cummin cumprod cumsum describe diff exp expm1 ffill first floor head
    idxmax idxmin kurt kurtosis last len log log10 log1p log2 max mean median
    min mode ngroup nth nunique ohlc pct_change prod product quantile rank
    rint round sem sign shift size skew sqrt square std sum tail trunc unique
    value_counts var isna isnull notna notnull sin cos tan nanmean nansum
    nanmax nanmin nanmedian nanstd nanvar dropna fillna
    upper lower is_unique is_monotonic_increasing is_monotonic_decreasing
    hasnans""") - words("upper lower len average")
# "size", "is_unique" and the like are attributes: pandas reads them without
# a call, they are plain values.

# Dunder methods that the script's own classes may define: those the language
# calls for operators, containers, iteration, with and printing.  Never one
# that a library reads to reach memory (__array_interface__, __array__,
# __dataframe__, __buffer__, __arrow_*), to copy or unpickle (__reduce__), or
# that changes how attributes and classes work (__getattr__, __slots__,
# __class__, __new__, __del__, __init_subclass__, __set_name__, ...).
CLASS_DUNDERS = words("""
    __init__ __len__ __iter__ __next__ __getitem__ __setitem__ __delitem__
    __contains__ __reversed__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__
    __hash__ __bool__ __repr__ __str__ __format__ __call__ __enter__ __exit__
    __int__ __float__ __complex__ __index__ __round__ __trunc__ __floor__
    __ceil__ __abs__ __neg__ __pos__ __invert__ __missing__
    __add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __divmod__
    __pow__ __and__ __or__ __xor__ __lshift__ __rshift__ __matmul__
    __radd__ __rsub__ __rmul__ __rtruediv__ __rfloordiv__ __rmod__
    __rdivmod__ __rpow__ __rand__ __ror__ __rxor__ __rlshift__ __rrshift__
    __rmatmul__
    __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__
    __iand__ __ior__ __ixor__ __ilshift__ __irshift__ __imatmul__
    __match_args__ __doc__""") - words("__missing__")

# ---- modules an administrator may add ---------------------------------------

# Known to be pure: given as a proxy of these names (or of __all__ if empty).
EXTRA_MODULES = {
    "bisect": "", "calendar": "", "collections": "", "colorsys": "",
    "decimal": "", "difflib": "", "fractions": "", "heapq": "",
    "itertools": "", "random": "", "statistics": "", "textwrap": "",
    "cmath": "", "unicodedata": "", "hashlib": "md5 sha1 sha224 sha256 sha384 "
    "sha512 blake2b blake2s sha3_256 sha3_512", "base64": "", "binascii": "",
    "functools": "reduce cmp_to_key",
    "json": "dumps loads JSONDecodeError",
    "operator": "add sub mul truediv floordiv mod neg pos abs pow and_ or_ "
    "xor not_ eq ne lt le gt ge is_ is_not contains countOf indexOf truth",
    "re": "compile search match fullmatch split findall finditer sub subn "
    "escape error Pattern Match A ASCII I IGNORECASE M MULTILINE S DOTALL X "
    "VERBOSE U UNICODE",
    "string": "ascii_letters ascii_lowercase ascii_uppercase capwords digits "
    "hexdigits octdigits printable punctuation whitespace",
    "uuid": "UUID uuid3 uuid5 NAMESPACE_DNS NAMESPACE_URL NAMESPACE_OID",
    "zoneinfo": "ZoneInfo ZoneInfoNotFoundError",
    "typing": "Any Callable Dict Iterable Iterator List Mapping Optional "
    "Sequence Set Tuple Union",
}
# Without these nobody can add a module: they reach files, processes, memory,
# frames, or look up attributes by name.
NEVER_MODULES = words("""
    os posix nt sys io subprocess socket ssl select selectors signal
    multiprocessing threading asyncio concurrent ctypes cffi mmap resource
    fcntl pty shutil pathlib tempfile glob pickle cPickle dill cloudpickle
    marshal shelve dbm sqlite3 importlib imp pkgutil runpy code codeop ast
    inspect dis gc builtins types weakref atexit traceback linecache trace
    pdb bdb profile cProfile tracemalloc faulthandler site sysconfig platform
    urllib http ftplib smtplib poplib imaplib telnetlib socketserver xmlrpc
    webbrowser zipfile tarfile gzip bz2 lzma zipimport csv configparser
    logging warnings copyreg contextvars curses getpass pwd grp spwd crypt
    email ensurepip venv distutils setuptools pip pyarrow RestrictedPython
    policy driver warmup names numba scipy matplotlib jinja2 fsspec requests
    unittest doctest test time copy dataclasses enum symtable tokenize""")
