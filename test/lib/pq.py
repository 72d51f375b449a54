"""A small PostgreSQL client over libpq, for the test programs: no package to
install, and blocking calls release the interpreter lock, so threads work.

    c = pq.connect(host="...", user="postgres", dbname="postgres")
    c.query("SELECT $1::int + 1 AS n", 41)   ->  [Row(n=42)]
    c.copy_in("COPY t FROM STDIN", b"1\\t2\\n")

Values come back as int, float, bool, parsed json, bytes or str; NULL as None.
A failed statement raises Error with sqlstate, message, detail and hint.
"""
import collections
import ctypes
import functools
import json

_pq = ctypes.CDLL("libpq.so.5")
_void, _text, _int = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_RECEIVER = ctypes.CFUNCTYPE(None, _void, _void)
for _name, _result, _arguments in (
        ("PQconnectdbParams", _void, [_void, _void, _int]), ("PQstatus", _int, [_void]),
        ("PQerrorMessage", _text, [_void]), ("PQfinish", None, [_void]),
        ("PQbackendPID", _int, [_void]), ("PQsocket", _int, [_void]),
        ("PQexecParams", _void, [_void, _text, _int, _void, _void, _void, _void, _int]),
        ("PQexec", _void, [_void, _text]), ("PQclear", None, [_void]),
        ("PQresultStatus", _int, [_void]), ("PQresultErrorField", _text, [_void, _int]),
        ("PQresultErrorMessage", _text, [_void]), ("PQntuples", _int, [_void]),
        ("PQnfields", _int, [_void]), ("PQfname", _text, [_void, _int]), ("PQftype", _int, [_void, _int]),
        ("PQgetisnull", _int, [_void, _int, _int]), ("PQgetvalue", _text, [_void, _int, _int]),
        ("PQsetNoticeReceiver", _void, [_void, _RECEIVER, _void]),
        ("PQputCopyData", _int, [_void, _text, _int]), ("PQputCopyEnd", _int, [_void, _text]),
        ("PQgetResult", _void, [_void])):
    getattr(_pq, _name).restype = _result
    getattr(_pq, _name).argtypes = _arguments

_CONNECTION_OK = 0
_EMPTY, _COMMAND_OK, _TUPLES_OK, _COPY_IN = 0, 1, 2, 4
_FIELDS = {"severity": "V", "sqlstate": "C", "message": "M", "detail": "D", "hint": "H", "context": "W"}
_FROM_TEXT = {16: lambda v: v == "t", 20: int, 21: int, 23: int, 26: int, 700: float, 701: float,
              114: json.loads, 3802: json.loads, 17: lambda v: bytes.fromhex(v[2:])}


class Error(Exception):
    """What the server said; the fields of a PostgreSQL error as attributes."""

    def __init__(self, fields):
        self.__dict__.update(dict.fromkeys(_FIELDS), **fields)
        super().__init__("%s: %s" % (self.sqlstate, self.message))


class Connection:
    def __init__(self, **parameters):
        self.parameters = dict(parameters)      # for another connection like it
        parameters.setdefault("client_encoding", "UTF8")
        n = len(parameters)
        keys = (_text * (n + 1))(*[k.encode() for k in parameters], None)
        values = (_text * (n + 1))(*[str(v).encode() for v in parameters.values()], None)
        self.notices = []
        self._conn = _pq.PQconnectdbParams(keys, values, 0)
        if _pq.PQstatus(self._conn) != _CONNECTION_OK:
            message = _pq.PQerrorMessage(self._conn).decode(errors="replace").strip()
            self.close()
            raise Error({"sqlstate": "08006", "message": message})
        self._receiver = _RECEIVER(lambda _, result: self.notices.append(_error_fields(result)))
        _pq.PQsetNoticeReceiver(self._conn, self._receiver, None)
        self.pid = _pq.PQbackendPID(self._conn)

    def close(self):
        if self._conn:
            _pq.PQfinish(self._conn)
            self._conn = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def query(self, sql, *values):
        """One statement with $1, $2, ... ; the rows, as named tuples."""
        texts = [_to_text(v) for v in values]
        array = (_text * max(len(texts), 1))(*texts)
        return self._take(_pq.PQexecParams(self._conn, sql.encode(), len(texts), None, array, None, None, 0))

    def value(self, sql, *values):
        """The first column of the first row, or None."""
        rows = self.query(sql, *values)
        return rows[0][0] if rows else None

    def script(self, sql):
        """Several statements at once, without parameters."""
        return self._take(_pq.PQexec(self._conn, sql.encode()))

    def copy_in(self, sql, data):
        self._take(_pq.PQexec(self._conn, sql.encode()), _COPY_IN)
        _pq.PQputCopyData(self._conn, data, len(data))
        _pq.PQputCopyEnd(self._conn, None)
        while True:
            result = _pq.PQgetResult(self._conn)
            if not result:
                return
            self._take(result)

    def _take(self, result, *also):
        try:
            status = _pq.PQresultStatus(result) if result else None
            if status == _TUPLES_OK:
                return _rows(result)
            if status in (_COMMAND_OK, _EMPTY) + also:
                return []
            raise Error(_error_fields(result) if result else {
                "sqlstate": "08006", "message": _pq.PQerrorMessage(self._conn).decode(errors="replace").strip()})
        finally:
            _pq.PQclear(result)


def connect(**parameters):
    return Connection(**parameters)


def _error_fields(result):
    found = {}
    for name, code in _FIELDS.items():
        value = _pq.PQresultErrorField(result, ord(code))
        found[name] = value.decode(errors="replace") if value is not None else None
    if not found["sqlstate"]:
        found.update(sqlstate="08006", message=_pq.PQresultErrorMessage(result).decode(errors="replace").strip())
    return found


def _to_text(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, (dict, list)):
        return json.dumps(value).encode()
    text = value if isinstance(value, bytes) else str(value).encode()
    if b"\0" in text:
        raise Error({"sqlstate": "22021", "message": "a parameter holds a NUL byte, which PostgreSQL text cannot"})
    return text


@functools.lru_cache(maxsize=500)
def _row_type(names):
    return collections.namedtuple("Row", names, rename=True)


def _rows(result):
    columns = range(_pq.PQnfields(result))
    names = tuple(_pq.PQfname(result, c).decode() for c in columns)
    row_type = _row_type(names)
    convert = [_FROM_TEXT.get(_pq.PQftype(result, c), str) for c in columns]
    rows = []
    for r in range(_pq.PQntuples(result)):
        rows.append(row_type(*[None if _pq.PQgetisnull(result, r, c)
                               else convert[c](_pq.PQgetvalue(result, r, c).decode()) for c in columns]))
    return rows
