"""Arrays of objects do not show the addresses they are made of."""
from host import *

tap = Tap()
SCRIPT = """import numpy as np
import pandas as pd
def transform(df):
    objects = np.array([1, "x", None], dtype=object)
    numbers = np.arange(3, dtype="int8") + 65
    series = pd.Series([objects, numbers])
    got = %s
    raise ValueError("GOT " + repr(got))
"""
# Each takes the bytes of something without calling a function that the
# language wall looks at.
ROUTES = {
    'formatted into bytes': 'b"%%b" %% (%s,)',
    'formatted into a bytearray': 'bytearray(b"%%(a)b") %% {b"a": %s}',
    'decoded': 'str(%s, "latin-1")',
    'searched in bytes': '%s in b"A"',
}


def answer_of(host, expression):
    job = host.job(SCRIPT.replace("%s", expression, 1)).row().wait()
    return job.answer()[-1][1].decode("latin-1")


with Host("--workers", "2") as h:
    for name, route in ROUTES.items():
        said = answer_of(h, route % "objects")
        tap.ok("GOT" not in said, "an array of objects is not " + name, said[:300])
    for expression, want in (('b"%b" % (numbers,)', "GOT b'ABC'"),
                             ('str(numbers, "latin-1")', "GOT 'ABC'"),
                             ('pd.factorize(objects)[0].tolist()', "GOT [0, 1, -1]"),
                             ('np.sort(np.array([2, 1], dtype=object)).tolist()', "GOT [1, 2]")):
        said = answer_of(h, expression)
        tap.ok(want in said, expression + " works as ever", said[:300])

tap.done()
