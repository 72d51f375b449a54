"""What a taken-over worker may send, and how the job must end.

Each case is played as a job and, where it has no destination of its own, as a
preview.  `sqlstate` is one or several that are sensible; none means that the
job succeeds: what was sent is legal, then `check` says what must be true.
"""
import dataclasses
import struct

import wire
from wire import answer, chunk, decimal, fixed, frame, lists, log, raw, schema, strings, DONE_FRAME, NULLS

PROTOCOL, MISMATCH, LIMIT, RANGE, UTF8 = "08P01", "42804", "53400", "22003", "22021"
MB = 1024 * 1024
I64 = (-(1 << 63), (1 << 63) - 1)


@dataclasses.dataclass
class Case:
    name: str
    play: object
    sqlstate: object = None
    ddl: str = ""               # the destination "out", for mode append
    says: str = ""              # a part of message and detail
    check: str = ""             # SQL that must be true afterwards
    database: str = "postgres"
    preview: bool = True        # also as a preview
    source: str = "source"
    settings: str = ""          # SET ... before the submit
    memory: int = 512 * MB      # the most the server's process may have used


def one(form, *values, code=None, **more):
    """A column of one fixed-width value per row."""
    return answer(form, fixed(code or form, *values), len(values), **more)


A = schema(("a", "i"))
ROW = chunk(1, fixed("i", 1))


def small(form, column, rows=1):
    """The same result as a table, before its DONE."""
    return schema(("a", form)) + chunk(rows, column)


def frames():
    """Malformed, out of phase, oversized, truncated."""
    for kind in list(range(0, 64)) + [64, 127, 255]:
        legal = kind in (wire.SCHEMA, wire.LOG, wire.FINDING, wire.ERROR, wire.DONE)
        if not legal:
            yield Case("frame of type %d first" % kind, frame(kind), PROTOCOL)
    for name, play in (
            ("nothing at all", b""),
            ("half a header", b"\1\0\0"),
            ("a header without its payload", frame(wire.LOG, length=100)),
            ("half a payload", log("x" * 1000)[:500]),
            ("half a chunk", A + chunk(1000, fixed("i", *range(1000)))[:-8]),
            ("a payload of 64 MB + 1", frame(wire.LOG, length=wire.MOST_PAYLOAD + 1)),
            ("a payload of 4 GB", frame(wire.CHUNK, length=0xFFFFFFFF)),
            ("garbage in the header's tail", frame(wire.DONE, tail=b"\1\0\0")),
            ("DONE with a payload", A + ROW + frame(wire.DONE, b"x")),
            ("noise", bytes(range(1, 256)) * 100),
            ("zeros", bytes(10000)),
            ("DONE first", DONE_FRAME),
            ("DONE twice", A + ROW + DONE_FRAME + DONE_FRAME),
            ("rows after DONE", A + ROW + DONE_FRAME + ROW),
            ("a schema without DONE", A),
            ("rows without DONE", A + ROW),
            ("rows before their schema", ROW),
            ("two schemas", A + A),
            ("an error after rows and more", A + ROW + wire.error() + ROW),
            ("a finding in a run", wire.finding() + wire.HONEST),
            ("a task", frame(wire.TASK, b"{}")),
            ("an empty log frame", frame(wire.LOG)),
            ("a log of an unknown stream", log("x", stream=9)),
            ("a log longer than its payload", log("x", length=2)),
            ("a log with bytes left over", log("xyz", length=1)),
            ("a log beyond 64 kB", log("x" * (wire.MOST_TEXT + 1))),
            ("an error of an unknown kind", wire.error(kind=0)),
            ("an error of kind 2^32-1", wire.error(kind=0xFFFFFFFF)),
            ("an error beyond 64 kB", wire.error("x" * (wire.MOST_TEXT + 1))),
            ("an empty error", frame(wire.ERROR))):
        yield Case(name, play, PROTOCOL)


def schemas():
    many = [("c%d" % i, "n") for i in range(1601)]
    yield Case("a schema of no columns", schema() + DONE_FRAME, MISMATCH)
    yield Case("1600 columns", schema(*many[:1600]) + chunk(1, *[NULLS] * 1600) + DONE_FRAME,
               check="SELECT count(*) = 1 FROM out")
    for name, play in (
            ("1601 columns", schema(*many)),
            ("a count of 2^32-1 columns", schema(("a", "i"), count=0xFFFFFFFF)),
            ("a count higher than the columns", schema(("a", "i"), count=2)),
            ("a count lower than the columns", schema(("a", "i"), ("b", "i"), count=1)),
            ("a name beyond 1024 bytes", schema(("a" * 1025, "i"))),
            ("a format beyond 64 bytes", schema(("a", "i" * 65))),
            ("a NUL in a format", schema(("a", "i\0"))),
            ("an empty schema frame", frame(wire.SCHEMA))):
        yield Case(name, play, PROTOCOL)
    for name, columns in (
            ("a duplicate name", [("a", "i"), ("a", "i")]),
            ("1600 duplicate names", [("a", "i")] * 1600),
            ("an empty name", [("", "i")]),
            ("a name of 64 bytes", [("a" * 64, "i")]),
            ("a name of 1024 bytes", [("a" * 1024, "i")]),
            ("a NUL in a name", [("a\0b", "i")]),
            ("a name that is not UTF-8", [(b"a\xff\xfe", "i")]),
            ("a name that is cut UTF-8", [(b"a\xe2\x82", "i")]),
            ("a terminal escape in a name", [("a\x1b[2Jb", "i")]),
            ("a long name of wide characters", [("x" + "\u20ac" * 300, "\u20ac")]),
            ("1600 long names of wide characters", [("\u20ac" * 341, "?")] * 1600),
            ("%s%n in a name and a format", [("%s%n%999999d" * 10, "%s%n")])):
        yield Case(name, schema(*columns), MISMATCH)
    yield Case("a name the server's encoding lacks", schema(("\u20ac", "i")), MISMATCH, database="latin1")
    for form in ("", "?", "i ", "ii", "e", "v", "w:16", "+l", "+s", "+vl", "tts", "ttm", "tin", "d:0,0", "d:39,0", "d:77,0,256",
                 "d:5", "d:5,2,64", "d:99999,1", "d:--5,1", "d:5,77", "d:5,", "d:,5", "tsx:", "ts", "tsu", "tDx",
                 "u\u20ac", "%s%n", "i'); DROP TABLE source; --"):
        yield Case("format %r" % form, schema(("a", form)), MISMATCH)
    for name in ('"', "'", "a\"; DROP TABLE source; --", "x) SELECT 1; DROP TABLE source; --", "select", "\\", "$1",
                 " ", "a.b", "\u20ac" * 21, "x" * 63):
        yield Case("name %s" % ascii(name), answer("i", fixed("i", 1), name=name),
                   check="SELECT count(*) = 1 FROM out, pg_attribute WHERE attrelid = 'out'::regclass AND attnum = 1 "
                   "AND attname = '%s' AND to_regclass('source') IS NOT NULL" % name.replace("'", "''"))
    for name in ("ctid", "tableoid", "xmin"):
        yield Case("name %s" % name, answer("i", fixed("i", 1), name=name), "42701", preview=False)


def chunks():
    ab = schema(("a", "i"), ("b", "u"))
    two = (fixed("i", 1, 2), strings("x", "yy"))
    moved = lambda n, d: lambda t: t[:n] + [(t[n][0] + d, t[n][1])] + t[n + 1:]
    sized = lambda n, d: lambda t: t[:n] + [(t[n][0], t[n][1] + d)] + t[n + 1:]
    for name, play in (
            ("an empty chunk", frame(wire.CHUNK)),
            ("a chunk of no columns", chunk(2)),
            ("a column too few", chunk(2, two[0])),
            ("a column too many", chunk(2, *two, NULLS)),
            ("a count of columns of 2^32-1", chunk(2, *two, count=0xFFFFFFFF)),
            ("a count of buffers that is wrong", chunk(2, *two, buffers=5)),
            ("a count of buffers that wraps", chunk(2, *two, count=0x55555556, buffers=2)),
            ("unknown flags", chunk(2, *two, flags=2)),
            ("rows 2^31", chunk(1 << 31, *two)),
            ("rows 2^32-1", chunk(0xFFFFFFFF, *two)),
            ("a buffer before the table", chunk(2, *two, table=moved(2, -64))),
            ("a buffer at 0", chunk(2, *two, table=lambda t: t[:2] + [(0, 8)] + t[3:])),
            ("a buffer beyond the end", chunk(2, *two, table=moved(5, 4096))),
            ("an offset of 2^32-8", chunk(2, *two, table=lambda t: t[:2] + [(0xFFFFFFF8, 8)] + t[3:])),
            ("a length of 2^32-1", chunk(2, *two, table=lambda t: t[:2] + [(t[2][0], 0xFFFFFFFF)] + t[3:])),
            ("overlapping buffers", chunk(2, *two, table=lambda t: t[:4] + [t[2]] + t[5:])),
            ("misordered buffers", chunk(2, *two, table=lambda t: t[:2] + [t[4], t[3], t[2]] + t[5:])),
            ("an unaligned buffer", chunk(2, *two, table=moved(4, 1))),
            ("bytes left over", chunk(2, *two, tail=bytes(8))),
            ("an empty buffer with an offset", chunk(2, *two, table=lambda t: [(160, 0)] + t[1:])),
            ("values too short", chunk(3, fixed("i", 1, 2), strings("x", "y", "z"))),
            ("values too long", chunk(1, fixed("i", 1, 2, 3), strings("x"))),
            ("values missing", chunk(2, NULLS, two[1])),
            ("a validity too short", chunk(9, fixed("i", *range(9), validity=b"\xff"), strings(*"abcdefghi"))),
            ("a validity too long", chunk(2, fixed("i", 1, 2, validity=b"\xff\xff"), two[1])),
            ("offsets for numbers", chunk(2, (b"", bytes(8), bytes(8)), two[1])),
            ("offsets too short", chunk(2, two[0], strings("xyy", offsets=[0, 3]))),
            ("offsets that start at 1", chunk(2, two[0], strings("xyy", offsets=[1, 2, 3]))),
            ("offsets that fall", chunk(2, two[0], strings("xyy", offsets=[0, 3, 2]))),
            ("negative offsets", chunk(2, two[0], strings("xyy", offsets=[0, -1, 3]))),
            ("offsets beyond the bytes", chunk(2, two[0], strings("xyy", offsets=[0, 1, 4]))),
            ("offsets that leave bytes out", chunk(2, two[0], strings("xyy", offsets=[0, 1, 2]))),
            ("offsets of 2^31-1", chunk(2, two[0], strings("xyy", offsets=[0, 2**31 - 1, 2**31 - 1]))),
            ("no offsets", chunk(2, two[0], raw(b"abc")))):
        yield Case(name, ab + play, PROTOCOL)
    wide = schema(("a", "U"))
    for offsets in ([0, 1 << 62], [0, -1], [1, 3], [0, 1 << 32]):
        yield Case("wide offsets %r" % offsets, wide + chunk(1, strings("xyz", wide=True, offsets=offsets)), PROTOCOL)
    yield Case("NULLs with a buffer", schema(("a", "n")) + chunk(1, raw(bytes(8))), PROTOCOL)
    yield Case("a validity with garbage in its tail",
               small("i", fixed("i", 1, 2, 3, validity=b"\xfd"), 3) + DONE_FRAME,
               check="SELECT array_agg(a) = '{1,NULL,3}' FROM out")
    yield Case("bits with garbage in their tail", answer("b", raw(b"\xfd"), 3),
               check="SELECT array_agg(a) = '{t,f,t}' FROM out")
    yield Case("chunks of no rows", A + chunk(0, NULLS) * 5000 + ROW + DONE_FRAME,
               check="SELECT count(*) = 1 FROM out")
    yield Case("text of no rows with values", schema(("a", "u")) + chunk(0, (b"", b"", b"abc")), PROTOCOL)


def trees():
    """Lists: a field and, behind it, that of its items."""
    a = schema(("a", "+L"), ("item", "i"))
    three = fixed("i", 1, 2, 3)
    for name, play in (
            ("items without a list", a + chunk(2, three)),
            ("a list without items", schema(("a", "+L")) + chunk(2, lists(0, 1, 3))),
            ("a list of nothing", schema(("a", "+L"), ("item", "n")) + chunk(1, lists(0, 1 << 30), NULLS)),
            ("lists too deep", schema(*[("a", "+L")] * 7, ("item", "i")) + chunk(0, *[NULLS] * 8)),
            ("3201 fields", schema(*[("a", "+L"), ("item", "i")] * 1600, ("b", "i"))),
            ("1601 columns of lists", schema(*[("a", "+L"), ("item", "i")] * 1601)),
            ("items too few", a + chunk(2, lists(0, 1, 4), three)),
            ("items too many", a + chunk(2, lists(0, 1, 2), three)),
            ("lists that fall", a + chunk(3, lists(0, 3, 2, 3), three)),
            ("lists beyond the last", a + chunk(3, lists(0, 5, 2, 3), three)),
            ("negative lists", a + chunk(2, lists(0, -1, 3), three)),
            ("lists that start late", a + chunk(2, lists(1, 2, 3), three)),
            ("2^31 items", a + chunk(2, lists(0, 1, 1 << 31), three)),
            ("2^63-1 items", a + chunk(2, lists(0, 1, (1 << 63) - 1), three)),
            ("fewer than no items", a + chunk(2, lists(0, 1, -3), three)),
            ("too few lists", a + chunk(2, lists(0, 3), three)),
            ("no lists", a + chunk(2, NULLS, three)),
            ("lists with values", a + chunk(2, lists(0, 1, 3, values=bytes(8)), three)),
            ("items with offsets", a + chunk(2, lists(0, 1, 3), (b"", bytes(8), three[2]))),
            ("a validity of items that is too short", a + chunk(1, lists(0, 9), fixed("i", *range(9), validity=b"\xff"))),
            ("text items that fall", schema(("a", "+L"), ("item", "U")) + chunk(
                1, lists(0, 2), strings("xyz", wide=True, offsets=[0, 3, 2]))),
            ("a list that becomes numbers", a + chunk(2, lists(0, 1, 3), three) + chunk(2, fixed("i", 1, 2)))):
        yield Case(name, play, PROTOCOL)
    yield Case("lists of lists", schema(("a", "+L"), ("a", "+L"), ("item", "i")) + chunk(
        1, lists(0, 1), lists(0, 3), three), MISMATCH, preview=False)
    yield Case("items of an unknown format", schema(("a", "+L"), ("item", "?")), MISMATCH)
    yield Case("lists, and a column behind them",
               schema(("a", "+L"), ("item", "i"), ("b", "i")) + chunk(2, lists(0, 1, 3), three, fixed("i", 4, 5))
               + DONE_FRAME, check="SELECT array_agg(a::text || b) = '{\"{1}4\",\"{2,3}5\"}' FROM out")
    yield Case("a NULL list that has items", schema(("a", "+L"), ("item", "i")) + chunk(
        2, lists(0, 1, 3, validity=b"\x02"), three) + DONE_FRAME, check="SELECT array_agg(a::text) = '{NULL,\"{2,3}\"}' FROM out")
    bad = schema(("a", "+L"), ("item", "u"))
    for name, values in (("a lone continuation byte", [b"x", b"\x80"]), ("a NUL", [b"x", b"a\0b"]),
                         ("a character over two items", [b"\xc3", b"\xa9"])):
        yield Case("%s in a list" % name, bad + chunk(2, lists(0, 1, 2), strings(*values)) + DONE_FRAME, (RANGE, UTF8))
    yield Case("512 million bits in one list", schema(("a", "+L"), ("item", "b")) + chunk(
        1, lists(0, 8 * (64 * MB - 128)), raw(b"\xaa" * (64 * MB - 128))) + DONE_FRAME, (RANGE, LIMIT))
    yield Case("16 million bits in one list", schema(("a", "+L"), ("item", "b")) + chunk(
        1, lists(0, 16 * MB), raw(b"\xaa" * (2 * MB))) + DONE_FRAME,
        check="SELECT array_length(a, 1) = 16777216 FROM out", preview=False)
    yield Case("lists of no rows with items", schema(("a", "+L"), ("item", "i")) + chunk(0, NULLS, three), PROTOCOL)


def floods():
    """Rows that cost no bytes, and bytes without rows."""
    most = (1 << 31) - 1
    yield Case("2^31-1 NULLs", answer("n", NULLS, most), LIMIT)
    yield Case("1600 columns of 2^31-1 NULLs",
               schema(*[("c%d" % i, "n") for i in range(1600)]) + chunk(most, *[NULLS] * 1600), LIMIT)
    yield Case("1000001 NULLs", answer("n", NULLS, 1000001), LIMIT)
    yield Case("rows that add up beyond the limit", schema(("a", "n")) + chunk(40, NULLS) * 3 + DONE_FRAME, LIMIT,
               settings="SET transform.job_output_rows = 100")
    yield Case("512 million bits", answer("b", raw(b"\xaa" * (64 * MB - 64)), 8 * (64 * MB - 64)), LIMIT)
    yield Case("bytes beyond the limit", schema(("a", "z")) + chunk(1, strings(b"x" * MB)) * 3 + DONE_FRAME, LIMIT,
               settings="SET transform.job_output_bytes = '2MB'")
    yield Case("16 million empty texts", schema(("a", "u")) + chunk(
        16000000, (b"", bytes(4 * 16000001), b"")) + DONE_FRAME, LIMIT)
    yield Case("a preview's wide rows of NULLs",
               schema(*[("%d" % i + "x" * 58, "n") for i in range(1600)]) + chunk(20000, *[NULLS] * 1600)
               + DONE_FRAME, (None, LIMIT), memory=900 * MB)
    escaped = schema(("a", "u")) + chunk(1, strings(b"\x01" * (20 * MB)))
    yield Case("text that grows sixfold as JSON", escaped * 1 + DONE_FRAME, (None, LIMIT), memory=900 * MB)


def texts():
    for database in ("postgres", "latin1"):
        more = {"database": database, "preview": database == "postgres"}
        for name, values in (
                ("a lone continuation byte", [b"\x80"]), ("an overlong slash", [b"\xc0\xaf"]),
                ("a surrogate", [b"\xed\xa0\x80"]), ("beyond U+10FFFF", [b"\xf4\x90\x80\x80"]),
                ("a cut character", [b"ab\xe2\x82"]), ("0xff", [b"\xff" * 100]),
                ("a NUL", [b"a\0b"]), ("a NUL alone", [b"\0"])):
            yield Case("%s: %s" % (database, name), answer("u", strings(*values), len(values)),
                       (RANGE, UTF8), **more)
            yield Case("%s: %s among good ones" % (database, name),
                       answer("U", strings("x", *values, "y", wide=True), len(values) + 2), (RANGE, UTF8), **more)
        yield Case("%s: a character over the border of two values" % database,
                   answer("u", strings(b"\xc3", b"\xa9"), 2), (RANGE, UTF8), **more)
        yield Case("%s: a NUL under a NULL" % database,
                   answer("u", strings(b"\0", b"x", validity=b"\x02"), 2), (RANGE, UTF8, None), **more)
    yield Case("latin1: a character it lacks", answer("u", strings("\u20ac")), "22P05", database="latin1",
               preview=False)
    yield Case("bytea may be anything", answer("z", strings(bytes(range(256)))),
               check="SELECT length(a) = 256 FROM out")


def numbers():
    for form, low, high in (("d:5,2", -100000, 100000), ("d:38,0", -10**38, 10**38), ("d:1,0", -10, 10),
                            ("d:38,38", -10**38, 10**38)):
        for value in (low, high, -2**127, 2**127 - 1):
            yield Case("decimal %s of %d" % (form, value), answer(form, decimal(value)), RANGE)
    for value in (10**76, -10**76, 2**255 - 1, -2**255):
        yield Case("decimal 256 of %d" % value, answer("d:76,0,256", decimal(value, width=32)), RANGE)
    yield Case("decimals at their borders", answer("d:5,-2", decimal(0, 99999, -99999), 3),
               check="SELECT array_agg(a) = '{0,9999900,-9999900}' FROM out")
    yield Case("a decimal of scale above precision", answer("d:2,38", decimal(99)),
               check="SELECT a = 99e-38 FROM out")
    yield Case("uint64 max", one("L", 2**64 - 1, code="Q"), check="SELECT a = 18446744073709551615 FROM out")
    yield Case("floats", one("g", float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, -0.0, code="d"),
               check="SELECT count(*) = 6 FROM out")
    yield Case("a signalling NaN", answer("g", raw(struct.pack("<Q", 0x7FF0000000000001))),
               check="SELECT a = 'NaN' FROM out")
    for ddl, values in (("int", (1.5, float("nan"), float("inf"), 2.0**31, -2.0**31 - 1, 1e308, 5e-324)),
                        ("smallint", (40000.0, -40000.0, 0.5)),
                        ("bigint", (2.0**63, -2.0**63, 2.0**62, float("-inf"))),
                        ("real", (1e308, 0.1, 1e-300)),
                        ("numeric(5,2)", (1e308, 0.001, 1000.0, float("inf")))):
        for value in values:
            yield Case("%r into %s" % (value, ddl), one("g", value, code="d"), RANGE, ddl="a " + ddl)
    for ddl, form, code, value in (("smallint", "i", "i", 32768), ("int", "l", "q", 2**31), ("bigint", "L", "Q", 2**63),
                                   ("real", "l", "q", 2**24 + 1), ("double precision", "l", "q", 2**53 + 1),
                                   ("numeric(3,0)", "L", "Q", 2**64 - 1), ("numeric(3,0)", "l", "q", I64[0])):
        yield Case("%d as %s into %s" % (value, form, ddl), one(form, value, code=code), RANGE, ddl="a " + ddl)


def times():
    for value in (-2**31, 2**31 - 1):
        yield Case("date32 of %d" % value, one("tdD", value, code="i"), RANGE)
    yield Case("date32 in many rows", one("tdD", 0, -1, 11000, 20000, code="i"),
               check="SELECT array_agg(a) = '{1970-01-01,1969-12-31,2000-02-13,2024-10-04}' FROM out")
    for value in I64 + (1, -1, 86400000 * 2**33):
        yield Case("date64 of %d" % value, one("tdm", value, code="q"), RANGE)
    for unit in "smun":
        for zone in ("", "UTC"):
            for value in I64:
                legal = unit == "u" and value > 0       # the year 294247
                yield Case("ts%s:%s of %d" % (unit, zone, value), one("ts%s:%s" % (unit, zone), value, code="q"),
                           None if legal else RANGE)
        for value in I64:
            yield Case("duration %s of %d" % (unit, value), one("tD" + unit, value, code="q"),
                       (RANGE, None) if unit in "un" else RANGE,
                       check="SELECT a::text::interval = a FROM out" if unit in "un" else "")
    yield Case("nanoseconds", one("tsn:", 1, code="q"), RANGE)
    yield Case("a time of day into date", one("tsu:", 1, code="q"), RANGE, ddl="a date")
    yield Case("fractions into timestamp(0)", one("tsu:", 1, code="q"), RANGE, ddl="a timestamp(0)")
    yield Case("fractions into interval(0)", one("tDu", 500000, code="q"), RANGE, ddl="a interval(0)")
    yield Case("seconds into interval day", one("tDs", 61, code="q"), RANGE, ddl="a interval day")


def inputs():
    """Types that travel as text, through their input functions."""
    huge = b"x" * (30 * MB)
    deep = b"[" * 1000000
    yield Case("uuid: nonsense", answer("u", strings("'; DROP TABLE source; --")), "22P02", ddl="a uuid")
    yield Case("enum: nonsense", answer("u", strings("%s%n%n\x1b[2J")), "22P02", ddl="a mood")
    yield Case("jsonb: nonsense", answer("u", strings("{")), "22P02", ddl="a jsonb")
    yield Case("jsonb: deep", answer("u", strings(deep)), ("54001", "22P02"), ddl="a jsonb")
    yield Case("json: deep", answer("u", strings(deep)), ("54001", "22P02"), ddl="a json")
    yield Case("jsonb: a NUL escape", answer("u", strings('"\\u0000"')), "22P05", ddl="a jsonb")
    yield Case("jsonb: a huge number", answer("u", strings("1e999999")), (RANGE, "22P02"), ddl="a jsonb")
    yield Case("name: too long", answer("u", strings("n" * 64)), (RANGE, "22001", "42622"), ddl="a name")
    for ddl in ("uuid", "mood", "json", "jsonb", "name"):
        yield Case("%s: 30 MB" % ddl, answer("u", strings(huge)), ("22P02", RANGE, "22001", "42622"), ddl="a " + ddl,
                   check="SELECT length(error) + length(coalesce(error_detail, '')) < 10000 FROM transform.jobs "
                   "ORDER BY id DESC LIMIT 1", memory=700 * MB)
    yield Case("varchar(3): longer", answer("u", strings("abcd")), "22001", ddl="a varchar(3)")
    yield Case("char(3): longer by spaces", answer("u", strings("abc ")), "22001", ddl="a char(3)")
    yield Case("a domain's check", one("i", -1), "23514", ddl="a positive")
    yield Case("a domain over text", answer("u", strings("NO")), "23514", ddl="a small_text")
    yield Case("a domain that is not null", answer("n", NULLS), ("23502", MISMATCH), ddl="a never_null")


def destinations():
    for name, ddl, state in (
            ("a check", "a int CHECK (a > 1)", "23514"), ("NOT NULL b", "a int, b int NOT NULL", MISMATCH),
            ("a unique key", "a int UNIQUE", "23505"), ("a foreign key", "a int REFERENCES keys (k)", "23503"),
            ("a generated column", "a int GENERATED ALWAYS AS (1) STORED", MISMATCH),
            ("an identity", "a int GENERATED ALWAYS AS IDENTITY", MISMATCH),
            ("a trigger that raises", "a int", "P0001"),
            ("a deferred foreign key", "a int REFERENCES keys (k) DEFERRABLE INITIALLY DEFERRED", "23503"),
            ("a policy", "a int", "42501")):
        yield Case("append: " + name, A + chunk(2, fixed("i", 1, 1)) + DONE_FRAME, state, ddl=ddl)
    yield Case("append: an unknown column", answer("i", fixed("i", 1), name="ctid"), MISMATCH, ddl="a int")
    yield Case("append: rows, then a bad one",
               A + chunk(1000, fixed("i", *range(1000))) * 20 + chunk(1, NULLS), PROTOCOL, ddl="a int")
    yield Case("create: rows, then an error", A + chunk(1000, fixed("i", *range(1000))) * 20 + wire.error(), "38000")
    # values that are small on the wire and large in memory
    many = {"source": "source", "preview": False, "memory": 400 * MB}
    yield Case("append: 4 million small numerics",
               schema(*[("c%d" % i, "c") for i in range(1000)]) + chunk(4000, *[raw(b"\x07" * 4000)] * 1000)
               + DONE_FRAME, ddl=", ".join("c%d numeric" % i for i in range(1000)),
               check="SELECT count(*) = 4000 FROM out", **many)
    yield Case("append: 900000 small jsonb values", answer("u", strings(*[b'"\\n"'] * 300000), 300000),
               ddl="a jsonb", check="SELECT count(*) = 300000 FROM out", **many)
    yield Case("create: 300000 small jsonb values", answer("u", strings(*[b'"\\n"'] * 300000), 300000, name="j"),
               check="SELECT count(*) = 300000 FROM out", **dict(many, source="documents"))


def words():
    """What a worker says: data, never a format, never control characters."""
    nasty = "%s%n%d \x1b]0;pwn\x07\x1b[2J\x9b31m\r\x00\x7f\u202e end"
    quiet = ("SELECT NOT (error || coalesce(error_detail, '') || coalesce(error_hint, '') || coalesce(traceback, '')) "
             "~ '[\\x01-\\x08\\x0b-\\x1f\\x7f-\\x9f]' FROM transform.jobs ORDER BY id DESC LIMIT 1")
    yield Case("an error of control characters and formats", wire.error(nasty, nasty, nasty, nasty), "38000",
               check=quiet)
    yield Case("an error that is not UTF-8", wire.error(b"\xff\xfe\x80", b"\xe2\x82", b"\xc0", b"\xff" * 1000),
               "38000", check=quiet)
    yield Case("an empty error text", wire.error("", call=0), "38000")
    yield Case("an error with impossible rows", wire.error(call=2**32 - 1, first=2**64 - 1, last=0), "38000")
    yield Case("an error of 256 kB", wire.error(*["\u20ac" * (wire.MOST_TEXT // 3)] * 4), "38000")
    for kind, state in ((1, "42601"), (2, "42P13"), (3, "42P13"), (5, "42501"), (6, LIMIT), (7, MISMATCH), (8, LIMIT),
                        (9, LIMIT), (10, RANGE), (11, "58000")):
        yield Case("an error of kind %d" % kind, wire.error(kind=kind), state)
    last = "(SELECT max(id) FROM transform.jobs)"
    logs = "transform_logs(%s)" % last
    yield Case("a log of control characters", log(nasty) + wire.HONEST, preview=False,
               check="SELECT count(*) = 1 AND NOT bool_or(message ~ '[\\x01-\\x08\\x0b-\\x1f\\x7f-\\x9f]') FROM " + logs)
    yield Case("a log that is not UTF-8", log(b"\xff\xc3") + log(b"\xa9") + wire.HONEST,
               check="SELECT count(*) = 2 FROM " + logs, preview=False)
    yield Case("a log beyond its limit", log("x" * 60000) * 100 + wire.HONEST, preview=False,
               check="SELECT sum(length(message)) < 1200000 FROM " + logs)
    yield Case("300000 empty log frames", log("") * 300000 + wire.HONEST, preview=False,
               check="SELECT count(*) < 30000 FROM " + logs)
    yield Case("300000 log frames of a byte", log("x") * 300000 + wire.HONEST, preview=False,
               check="SELECT count(*) < 30000 FROM " + logs)


def data_cases():
    for part in (frames, schemas, chunks, trees, floods, texts, numbers, times, inputs, destinations, words):
        yield from part()
