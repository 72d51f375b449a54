"""Every type, the values that are likely to break, and how random ones are made.

FAMILIES: name of a table -> its columns.  A column has a name, a declaration,
edge values (SQL literals), an SQL expression for a random value, and how two
values are compared where IS DISTINCT FROM says too little or is not there:
exact(column) is an expression that differs whenever the values do.
"""
import dataclasses


def as_text(column):
    return "%s::text" % column


@dataclasses.dataclass
class Value:
    name: str
    type: str
    edges: tuple
    random: str
    exact: object = None        # compare this, too
    equality: bool = True       # has IS DISTINCT FROM
    not_null: bool = False
    nan: bool = False           # is one of its values
    scaled: bool = False        # a new table has it without its scale, after float64

    def expression(self, nulls=0.06):
        """A random value in SQL: NULL, an edge or any."""
        edges = "(ARRAY[%s]::%s[])[1 + floor(random() * %d)::int]" % (
            ", ".join("'%s'" % e.replace("'", "''") for e in self.edges), self.type, len(self.edges))
        null = "" if self.not_null else "WHEN random() < %s THEN NULL " % nulls
        return "CASE %sWHEN random() < 0.3 THEN %s ELSE (%s)::%s END" % (null, edges, self.random, self.type)

    def with_nan(self):
        """For columns that tell NaN from NULL."""
        return dataclasses.replace(self, edges=self.edges + ("NaN",)) if self.nan else self

    def differs(self, scale=True):
        """A condition on rows s and d; scale: numbers keep their trailing zeros."""
        parts = ["s.{0} IS DISTINCT FROM d.{0}".format(self.name)] if self.equality else []
        if self.exact and (scale or not self.scaled):
            parts.append("%s IS DISTINCT FROM %s" % (self.exact("s." + self.name), self.exact("d." + self.name)))
        return " OR ".join(parts)


class Loose(Value):
    """Told apart by its text alone."""

    def __init__(self, name, type, edges, random):
        super().__init__(name, type, edges, random, exact=as_text, equality=False)


WORD = "substr(md5(random()::text), 1, 1 + floor(random() * 20)::int)"
CHARACTERS = ("'', ' ', 'NULL', 'null', 'nan', 'NaN', 'None', '<NA>', 'NaT', '0', '\\', '\"', '''', '{}', '\\N', ',', "
              "'a\tb\nc\r\n', 'trailing  ', '  leading', '\u00e9', 'e\u0301', '\u00df', '\u0130', '\u65e5\u672c\u8a9e', '\U0001f600', "
              "'\U0001f468\u200d\U0001f469\u200d\U0001f467', '\u202eright to left', '\ufeff', '\uffff', '\U0010ffff', '\u0001', '\u007f', '\u0085', "
              "'\u2028', '%s%n', '${x}', 'x'")
TEXTS = tuple(c[1:-1].replace("''", "'") for c in CHARACTERS.split(", ") if len(c) > 1)
FLOATS = ("0", "-0", "1", "-1", "0.1", "1e15", "1e16", "9007199254740992", "9007199254740993", "-9007199254740993",
          "1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "-5e-324",
          "Infinity", "-Infinity", "0.30000000000000004", "123456789.123456789")
FLOATS4 = ("0", "-0", "1", "-1", "0.1", "16777216", "16777217", "3.4028235e38", "-3.4028235e38", "1.1754944e-38",
           "1e-45", "-1e-45", "Infinity", "-Infinity", "0.3")
DATES = ("4713-01-01 BC", "0001-01-01", "0001-12-31 BC", "1582-10-04", "1582-10-15", "1677-09-21", "1677-09-22", "1899-12-31",
         "1970-01-01", "1969-12-31", "2000-02-29", "1900-02-28", "2262-04-11", "2262-04-12", "9999-12-31", "10000-01-01",
         "5874897-12-31")
STAMPS = ("4713-11-24 00:00:00 BC", "0001-01-01 00:00:00", "1677-09-21 00:12:43.145224", "1677-09-21 00:12:43.145223",
          "1969-12-31 23:59:59.999999", "1970-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2000-01-01 00:00:00.000001",
          "2262-04-11 23:47:16.854775", "2262-04-11 23:47:16.854776", "9999-12-31 23:59:59.999999", "10000-01-01",
          "294247-01-10 04:00:54.775806", "2024-03-31 02:30:00", "2024-10-27 02:30:00")
INTERVALS = ("0", "1 year 2 mons -3 days 04:05:06.789", "-1 mons +1 day", "178000000 years", "-178000000 years",
             "2147483647 days", "-2147483648 days", "00:00:00.000001", "-00:00:00.000001", "-1 day +00:00:00.5", "1 day -00:00:00.5",
             "2147483647 mons", "-2147483648 mons", "2562047788:00:54.775807", "-2562047788:00:54.775807", "00:59:59.999999",
             "24:00:00", "1 day", "30 days", "1 mon", "999999:59:59.999999")
ANY_STAMP = "timestamp '2000-01-01' + (random() - 0.5) * interval '600 years'"
ANY_INTERVAL = ("make_interval(months => (random() * 2000 - 1000)::int, days => (random() * 2000 - 1000)::int, "
                "secs => round((random() * 2e6 - 1e6)::numeric, 6)::float8)")
INTEGERS = {"smallint": 15, "integer": 31, "bigint": 63}


def integer(name, type, **more):
    bits = INTEGERS[type]
    edges = tuple(str(v) for v in (0, 1, -1, 127, 128, -128, -129, 255, 256, 2**15 - 1, -2**15, 2**15, 2**31 - 1, -2**31, 2**31,
                                   2**53 - 1, 2**53, 2**53 + 1, -2**53 - 1, 2**63 - 1, -2**63, -2**63 + 1)
                  if -2**bits <= v < 2**bits)
    random = {"smallint": "floor(random() * 65536) - 32768", "integer": "floor(random() * 4294967296) - 2147483648",
              "bigint": "(('x' || substr(md5(random()::text), 1, 16))::bit(64)::bigint)"}[type]
    return Value(name, type, edges, random, **more)


def floats(name, type, **more):
    edges, send = (FLOATS, "float8send") if type == "double precision" else (FLOATS4, "float4send")
    random = "(random() - 0.5) * 10 ^ (floor(random() * %d) - %d)" % ((600, 300) if send == "float8send" else (70, 35))
    return Value(name, type, edges, random, exact=lambda c: "%s(%s)" % (send, c), nan=True, **more)


NUMBERS = (
    integer("i2", "smallint"), integer("i4", "integer"), integer("i8", "bigint"),
    integer("i2n", "smallint", not_null=True), integer("i4n", "integer", not_null=True), integer("i8n", "bigint", not_null=True),
    floats("f4", "real"), floats("f8", "double precision"), floats("f8n", "double precision", not_null=True),
    Value("b", "boolean", ("t", "f"), "random() < 0.5"), Value("bn", "boolean", ("t", "f"), "random() < 0.5", not_null=True),
    integer("small", "smallint"),
    Value("n", "numeric", ("0", "1", "-1", "0.1", "-0.001", "9007199254740992", "1e300", "-1e-300", "123456789012345", "Infinity",
                           "-Infinity", "0.000000000000001"), "(random() * 1e6)::numeric", nan=True),
    Value("n2", "numeric(12,2)", ("0", "0.01", "-0.01", "9999999999.99", "-9999999999.99", "1.50", "100.00"),
          "random() * 1e9", exact=as_text, scaled=True),
    Value("pos", "positive", ("1", "2147483647"), "1 + floor(random() * 1e6)"))
DIGITS = "translate(md5(random()::text) || md5(random()::text), 'abcdef', '012345')"
DECIMALS = (
    Value("wide", "numeric", ("0", "1", "-1", "9" * 38, "-" + "9" * 38, "9" * 38 + "." + "9" * 38, "-0." + "0" * 37 + "1", "1." + "0" * 37 + "1",
                             "0.1", "9007199254740993", "18446744073709551616"),
          "(CASE WHEN random() < 0.5 THEN '-' ELSE '' END || substr(%s, 1, 1 + floor(random() * 37)::int) || '.' || "
          "substr(%s, 1, 1 + floor(random() * 37)::int))::numeric" % (DIGITS, DIGITS)),
    Value("money_like", "numeric(19,4)", ("0", "0.0001", "-0.0001", "999999999999999.9999", "-999999999999999.9999", "1.5"),
          "random() * 1e12", exact=as_text),
    Value("all_38", "numeric(38,0)", ("9" * 38, "-" + "9" * 38, "0"), "substr(%s, 1, 37)::numeric" % DIGITS, exact=as_text),
    Value("fraction", "numeric(38,38)", ("0." + "9" * 38, "-0." + "0" * 37 + "1", "0"), "('0.' || substr(%s, 1, 38))::numeric" % DIGITS,
          exact=as_text),
    Value("all_76", "numeric(76,20)", ("9" * 56 + "." + "9" * 20, "-" + "9" * 56 + "." + "9" * 20, "0", "1"),
          "(substr(%s, 1, 50) || '.' || substr(%s, 1, 20))::numeric" % (DIGITS, DIGITS), exact=as_text),
    Value("short", "numeric(2,1)", ("9.9", "-9.9", "0", "0.1"), "random() * 9", exact=as_text))
CHARS = (
    Value("t", "text", TEXTS, WORD), Value("tn", "text", TEXTS, WORD, not_null=True),
    Value("v", "varchar(10)", tuple(t for t in TEXTS if len(t) <= 10), "substr(md5(random()::text), 1, 10)"),
    Value("c", "char(5)", tuple(t for t in TEXTS if len(t) <= 5), "substr(md5(random()::text), 1, 3)", exact=lambda c: "bpcharsend(%s)" % c),
    Value("nm", "name", ("", "x", "\u00e9" * 31, "x" * 63), WORD),
    Value("by", "bytea", ("", "\\x00", "\\xff", "\\x5c78", "\\x" + "00" * 100), "decode(md5(random()::text), 'hex')"),
    Value("u", "uuid", ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"), "md5(random()::text)"),
    Value("e", "mood", ("sad", "ok", "it's \"fine\""), "'ok'"),
    Value("jb", "jsonb", ("null", "{}", "[]", "\"\"", "0.10", "1e400", "{\"a\": [1, 2.50, null, \"\\u00e9\"]}"),
          "jsonb_build_object('k', random(), 's', md5(random()::text))"),
    Loose("j", "json", ("null", "{}", "[1,  2]", "{\"a\" :1, \"a\": 2}", "\"\\u00e9\"", "-0.0"), "json_build_object('k', random())"),
    Value("cx", "citext", ("", "MiXeD", "\u00dcMLAUT"), "upper(%s)" % WORD, exact=as_text),
    Value("h", "hstore", ("", "a=>1,b=>NULL", "\"\"=>\"\"", "\"a \\\"q\\\"\"=>\"\\\\\""), "hstore(%s, %s)" % (WORD, WORD)))
TIMES = (
    Value("d", "date", DATES, "date '2000-01-01' + (random() * 2e6 - 7e5)::int"), Value("dn", "date", DATES, "date '2000-01-01' + (random() * 1e5)::int", not_null=True),
    Value("ts", "timestamp", STAMPS, ANY_STAMP), Value("tz", "timestamptz", STAMPS, ANY_STAMP), Value("ts3", "timestamp(3)", STAMPS[3:9], ANY_STAMP),
    Value("tzn", "timestamptz", STAMPS, ANY_STAMP, not_null=True),
    Value("ti", "time", ("00:00", "00:00:00.000001", "23:59:59.999999", "12:00"), "(random() * interval '23:59:59')::time"),
    Value("ti0", "time(0)", ("00:00", "23:59:59"), "(random() * interval '23:59:58')::time"),
    Value("tt", "timetz", ("24:00:00-15:59", "00:00+15:59", "12:34:56.789012+05:30:15", "00:00+00"), "(%s)::timestamptz::timetz" % ANY_STAMP),
    Value("iv", "interval", INTERVALS, ANY_INTERVAL, exact=as_text),
    Value("iv0", "interval day to second(0)", ("0", "1 day 00:00:01", "-1 day -1 second"), "random() * interval '1000 days'", exact=as_text))
NETWORK = (
    Value("ip", "inet", ("0.0.0.0/0", "255.255.255.255", "192.168.0.1/24", "::", "::1/128", "::ffff:1.2.3.4", "2001:db8::1/64"),
          "inet '10.0.0.0' + floor(random() * 1e7)::bigint"),
    Value("ci", "cidr", ("0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32"), "'192.168.' || floor(random() * 256) || '.0/24'"),
    Value("ma", "macaddr", ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"), "substr(md5(random()::text), 1, 12)"),
    Value("m8", "macaddr8", ("00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff"), "substr(md5(random()::text), 1, 16)"),
    Value("bi", "bit(12)", ("0" * 12, "1" * 12), "floor(random() * 4096)::int::bit(12)"),
    Value("vb", "varbit", ("", "0", "1", "01" * 40), "floor(random() * 4096)::int::bit(12)"),
    Value("mo", "money", ("0", "-0.01", "92233720368547758.07", "-92233720368547758.08"), "(random() * 1e9)::numeric"),
    Value("o", "oid", ("0", "4294967295"), "floor(random() * 4294967296)::bigint"), Value("rc", "regclass", ("-", "pg_class", "4294967295"), "1259"),
    Value("rt", "regtype", ("integer", "character varying", "timestamp with time zone", "text[]", "-"), "'name'"),
    Value("xi", "xid", ("0", "4294967295"), "floor(random() * 1e9)::bigint::text"),
    Value("x8", "xid8", ("0", "18446744073709551615"), "floor(random() * 1e9)::bigint::text"),
    Value("cd", "cid", ("0", "4294967295"), "floor(random() * 1e9)::bigint::text"), Value("td", "tid", ("(0,0)", "(4294967295,65535)"), "format('(%s,1)', floor(random() * 1e9))"),
    Value("ls", "pg_lsn", ("0/0", "FFFFFFFF/FFFFFFFF"), "pg_lsn '0/0' + floor(random() * 1e9)::numeric"),
    Loose("sn", "pg_snapshot", ("1:1:", "10:20:10,14,15"), "'5:9:6,7'"),
    Value("ch", '"char"', ("", "a", "\\377", "\\200", "\\", "'"), "chr(1 + floor(random() * 126)::int)"))
SEARCH = (
    Value("tv", "tsvector", ("", "a", "'it''s':1A,2B 'b\\\\c'", "a:16383"), "to_tsvector('simple', %s || ' x ' || %s)" % (WORD, WORD)),
    Value("tq", "tsquery", ("", "a & !b | c:*A", "a <3> b", "'it''s'"), "plainto_tsquery('simple', %s)" % WORD),
    Loose("xm", "xml", ("", "<a/>", "<a b=\"c\">d &amp; \u00e9</a>", "<a/><b/>"), "xmlelement(name x, random())"),
    Loose("jp", "jsonpath", ("$", "$.a[*] ? (@ > 1)", "strict $.\"a b\""), "'$.k[' || floor(random() * 9) || ']'"),
    Value("k", "pair", ("(,,)", "(1,0.1,\"a, \"\"b\"\" \\\\ \")", "(-2147483648,-0,)", "(0,Infinity,\"\")"),
          "row(floor(random() * 1e6)::int, random(), %s)" % WORD, exact=as_text),
    Value("dk", "pair_up", ("(1,,)",), "row(1, random(), %s)" % WORD, exact=as_text))
RANGES = (
    Value("r4", "int4range", ("empty", "(,)", "[1,5)", "[-2147483648,2147483647)"), "int4range(0, floor(random() * 1e6)::int)"),
    Value("r8", "int8range", ("empty", "(,)", "[-9223372036854775808,9223372036854775807)"), "int8range(0, floor(random() * 1e15)::bigint)"),
    Value("rn", "numrange", ("empty", "(,)", "(0.10,1.500]", "[-Infinity,Infinity]"), "numrange(0, random()::numeric)", exact=as_text),
    Value("rd", "daterange", ("empty", "(,)", "[-infinity,infinity]", "[2024-02-29,2024-03-01)"), "daterange('2000-01-01', '2000-01-01'::date + (random() * 1e4)::int)"),
    Value("rs", "tsrange", ("empty", "(,)", "[\"0001-01-01 00:00:00.000001 BC\",\"294276-12-31 23:59:59.999999\"]"), "tsrange('1000-01-01', %s, '[]')" % ANY_STAMP.replace("600", "60")),
    Value("rz", "tstzrange", ("empty", "(,)", "[\"2024-10-27 02:30:00+02\",\"2024-10-27 02:30:00+01\")"), "tstzrange('1000-01-01', %s, '[]')" % ANY_STAMP.replace("600", "60")),
    Value("m4", "int4multirange", ("{}", "{(,)}", "{[1,3),[5,9)}"), "int4multirange(int4range(0, 5), int4range(9, 10 + floor(random() * 1e6)::int))"),
    Value("mn", "nummultirange", ("{}", "{[0.10,0.20]}"), "nummultirange(numrange(0, random()::numeric))", exact=as_text),
    Value("fr", "floatrange", ("empty", "[0.1,0.30000000000000004]", "(-Infinity,5e-324]"), "floatrange(0, random())", exact=as_text))
GEOMETRY = (
    Loose("po", "point", ("(0,0)", "(-0,0.1)", "(Infinity,-Infinity)", "(NaN,5e-324)"), "point(random(), random() * 1e300)"),
    Loose("li", "line", ("{1,-1,0.3}", "{0,1,5e-324}"), "line(point(0, 0), point(random() + 0.1, random()))"),
    Loose("sg", "lseg", ("[(0,0),(0,0)]", "[(1,2),(0.1,4)]"), "lseg(point(random(), random()), point(random(), 1))"),
    Loose("bo", "box", ("(0,0),(0,0)", "(3,4),(1.1,2)"), "box(point(random(), random()), point(random(), 1))"),
    Loose("pa", "path", ("((1,1))", "[(0,0),(1,1.7),(2,0)]"), "path(polygon(box(point(0, 0), point(random(), random()))))"),
    Loose("pg", "polygon", ("((1,1))", "((0,0),(1,1.7),(2,0))"), "polygon(box(point(0, 0), point(random(), random())))"),
    Loose("ce", "circle", ("<(0,0),0>", "<(1,2),0.30000000000000004>"), "circle(point(random(), random()), random())"),
    Loose("cu", "cube", ("(0)", "(0.1, 0.30000000000000004, -1),(1, 2, 3)"), "cube(ARRAY[random(), random()])"),
    Value("lt", "ltree", ("", "a", "a.b_1.c"), "'x.' || md5(random()::text)"))


class List(Value):
    """An array of up to three values of another type; edges: '{}', NULLs alone."""

    def __init__(self, item, exact=None, keeps_nan=False):
        super().__init__(item.name, item.type + "[]", (), "", exact=as_text if exact or not item.equality or item.exact else None,
                         equality=item.equality, scaled=item.scaled)
        self.item = item

    def expression(self, nulls=0.06):
        items = ", ".join(self.item.expression(0.2) for _ in range(3))
        return ("CASE WHEN random() < %s THEN NULL WHEN random() < 0.1 THEN '{}' WHEN random() < 0.05 THEN '{NULL,NULL}' "
                "ELSE (ARRAY[%s]::%s)[1:1 + floor(random() * 3)::int] END" % (nulls, items, self.type))


def lists(*families):
    return tuple(List(v) for family in families for v in family)


def only(family, *names):
    return tuple(v for v in family if v.name in names)


def within(values, edges, **changes):
    """The same type, as a list of Python's own objects can hold it."""
    return dataclasses.replace(values, edges=edges, **changes)


PYTHON_DATES = tuple(d for d in DATES if "BC" not in d and len(d) == 10)
PYTHON_STAMPS = tuple(s for s in STAMPS if "BC" not in s and s.index("-") == 4)
NAN = ("NaN",)
LISTS_OF_NUMBERS = lists(only(NUMBERS, "i2", "i4", "i8", "b")) + (
    List(dataclasses.replace(floats("f4", "real"), edges=FLOATS4 + NAN)), List(dataclasses.replace(floats("f8", "double precision"), edges=FLOATS + NAN)),
    List(only(NUMBERS, "n2")[0]))
LISTS_OF_TEXTS = lists(only(CHARS, "t", "v", "c", "by", "u", "e", "jb"))
LISTS_OF_TIMES = tuple(map(List, (within(TIMES[0], PYTHON_DATES, random="date '2000-01-01' + (random() * 1e6 - 5e5)::int"), within(TIMES[2], PYTHON_STAMPS), within(TIMES[3], PYTHON_STAMPS[1:]),
                                  *only(TIMES, "ti", "iv", "tt"))))
LISTS_OF_OTHERS = lists(only(NETWORK, "ip", "bi", "o"), only(SEARCH, "k", "tv"), only(RANGES, "r4"), only(GEOMETRY, "po"))
LISTS_OF_DECIMALS = lists(only(DECIMALS, "wide", "money_like", "all_76"))

FAMILIES = {"numbers": NUMBERS, "decimals": DECIMALS, "characters": CHARS, "times": TIMES, "network": NETWORK, "search": SEARCH,
            "ranges": RANGES, "geometry": GEOMETRY, "lists_of_numbers": LISTS_OF_NUMBERS, "lists_of_decimals": LISTS_OF_DECIMALS,
            "lists_of_texts": LISTS_OF_TEXTS, "lists_of_times": LISTS_OF_TIMES, "lists_of_others": LISTS_OF_OTHERS}
# What exact decimals are needed for, and where both ways are tried.
NUMERIC = {"decimals": ("decimal",), "lists_of_decimals": ("decimal",), "numbers": ("float64",), "lists_of_numbers": ("float64", "decimal")}

TYPES = """
CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION cube; CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE pair AS (n integer, d double precision, t text);
CREATE TYPE floatrange AS RANGE (subtype = double precision);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN pair_up AS pair CHECK ((VALUE).n > 0);
"""
