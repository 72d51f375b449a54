"""How a script is called: groups cut anywhere by frames, generators, several
inputs.  tests() yields (name, problem or None)."""
import json
import random

import pandas as pd
import pyarrow as pa

import convert
import fakewire
import outcome

HEAD = "import pandas as pd\n"
SIZES = [1, 3, 1, 40, 2, 1, 1, 200, 5, 7, 1]


def wired(frame, cuts, begins=None):
    """SCHEMA and CHUNKs of a frame, cut before these rows."""
    arrays = [convert.to_arrow(name, frame[name]) for name in frame.columns]
    columns = [(*convert.fields(name, a.type)[0][:2], fakewire.NULLABLE)
               for name, a in zip(frame.columns, arrays)]
    if begins is not None:
        arrays.append(pa.array(begins, pa.bool_()))
        columns.append(("", "b", 0))
    frames = [(33, columns)]
    edges = [0, *cuts, len(frame)]
    for a, b in zip(edges, edges[1:]):
        last = b == len(frame)
        frames.append((34, fakewire.chunk_of([x.slice(a, b - a) for x in arrays], 1 if last else 0)))
    return frames


def keyed(sizes):
    """Groups of these sizes: frame, where each begins."""
    keys = [k for k, n in enumerate(sizes) for _ in range(n)]
    frame = pd.DataFrame({"k": keys, "i": range(len(keys)),
                          "t": pd.Series([None if i % 5 == 0 else f"t{i}" for i in range(len(keys))], dtype="str")})
    frame["k"] = frame["k"].astype("Int64").where(frame["k"] != 3, pd.NA)
    begins = [i == 0 or keys[i] != keys[i - 1] for i in range(len(keys))]
    return frame, begins


def tests(serve, wire, sample):
    task = {"shape": "group", "group_by": ["k"]}

    def served(code, frames, **more):
        serve(HEAD + code, None, frames=frames, **more)
        if wire.done:
            return fakewire.result_frame(wire), None
        return None, f"{wire.error[4]} | {wire.error[5]} | {wire.error[7]}"

    def group(code, sizes=SIZES, cuts=()):
        frame, begins = keyed(sizes)
        return served(code, wired(frame, cuts, begins) + [(35, None)], **task)

    def refused(code, word, kind, sizes=SIZES, cuts=(50,)):
        out, error = group(code, sizes, cuts)
        if error is None:
            return "gave rows"
        if wire.error[0] != kind:
            return f"kind {wire.error[0]}: {error}"
        return None if word in wire.error[4] else f"{word} not in {wire.error[4]}"

    # -- groups: every row once, in its group, whatever the frames are
    count = "def transform(df):\n    df['n'] = len(df)\n    df['at'] = df.index\n    return df\n"
    rng = random.Random(5)
    expected, _ = keyed(SIZES)
    expected["n"] = [n for n in SIZES for _ in range(n)]
    expected["at"] = [i for n in SIZES for i in range(n)]
    for case in range(40):
        cuts = sorted(rng.sample(range(1, len(expected)), rng.randrange(0, 12)))
        out, error = group(count, cuts=cuts)
        if error is None and not out.astype(str).equals(expected.astype(str)):
            error = "other rows"
        yield f"groups cut at {cuts}", error
    out, error = group(count, sizes=[100], cuts=(10, 20, 30))
    yield "one group of many frames", error or (None if set(out["n"]) == {100} else "not one call")
    frame, begins = keyed([])
    out, error = served(count, wired(frame.astype({"t": "str"}), (), begins) + [(35, None)], **task)
    yield "no rows: called once", error or (None if len(out) == 0 and "n" in out else "no columns")
    out, error = group("kept = []\ndef transform(df):\n    kept.append(df)\n"
                       "    kept[0].loc[:, 'i'] = -1\n    df['n'] = len(kept)\n    return df\n")
    yield "groups share nothing", error or (
        None if out["i"].tolist() == [-1, *range(1, len(out))] else f"{out['i'].tolist()[:8]}")
    out, error = group("whole = pd.DataFrame({'x': [0]})\ndef transform(df):\n"
                       "    whole.loc[0, 'x'] += 1\n    return whole\n")
    yield "a result is what it was when it was returned", error or (
        None if out["x"].tolist() == list(range(1, len(SIZES) + 1)) else f"{out['x'].tolist()}")
    out, error = group("def transform(df):\n    df = df[['i']]\n"
                       "    df.attrs['x'] = pd.DataFrame({'a': [1, 2]})\n    return df\n")
    yield "attributes stay behind", error or (None if len(out) == sum(SIZES) else "rows are missing")
    out, error = group("def transform(df):\n    return df[['i']].astype('float64' if len(df) == 40 else 'int64')\n")
    yield "results that differ in type go one by one", error or (
        None if wire.schema[0][1] == "l" and len(out) == sum(SIZES) else f"{wire.schema}")
    yield "no integer passes through a float", refused(
        "def transform(df):\n    df['x'] = 2**60 + 1 if len(df) != 40 else 0.5\n    return df\n",
        "(group k = NULL)", outcome.RESULT)

    # -- a failing group is named
    yield "script error", refused(
        "def transform(df):\n    if len(df) == 200:\n        raise ValueError('bad')\n    return df\n",
        "ValueError: bad (group k = 7)", outcome.SCRIPT)
    yield "script error in the NULL group", refused(
        "def transform(df):\n    if len(df) == 40:\n        raise ValueError('bad')\n    return df\n",
        "(group k = NULL)", outcome.SCRIPT)
    yield "result error, found later", refused(
        "def transform(df):\n    df['x'] = complex(1, 2) if len(df) == 7 else 1.0\n    return df\n",
        "(group k = 9)", outcome.RESULT)
    yield "other columns", refused(
        "def transform(df):\n    return df[['i']] if len(df) == 5 else df\n", "(group k = 8)", outcome.RESULT)
    yield "not a data frame", refused(
        "def transform(df):\n    return None if len(df) == 5 else df\n", "(group k = 8)", outcome.RESULT)

    # -- a transform that yields is called once
    frame, _ = sample()
    running = "def transform(chunks{}):\n    total = 0\n    for df in chunks:\n        total += len(df)\n" \
        "        df['sum'] = total\n        yield df\n"
    serve(HEAD + running.format(""), frame, shape="chunk", per_call=7)
    out = fakewire.result_frame(wire) if wire.done else None
    yield "generator", None if wire.done and sorted(set(out["sum"])) == [7, 14, 21, 28, 30] else f"{wire.error}"
    serve(HEAD + running.format(", params"), frame, params={"a": 1})
    yield "generator over a table, params", None if wire.done else f"{wire.error}"
    out, error = group(running.format(""), cuts=(3, 60))
    yield "generator over groups", error or (
        None if sorted(set(out["sum"])) == [sum(SIZES[:i + 1]) for i in range(len(SIZES))] else "other groups")
    serve(HEAD + "def transform(chunks):\n    df = next(chunks)\n    yield df.head(1)\n    yield df.head(2)\n",
          frame, shape="chunk", per_call=7)
    yield "generator that stops early", None if wire.done and len(fakewire.result_frame(wire)) == 3 and \
        not wire.inbox else f"{wire.error} {wire.inbox}"
    for name, code, kind, words in (
            ("yields nothing", "    for df in chunks:\n        pass\n    if False:\n        yield 1\n", outcome.RESULT, "yielded no data frame"),
            ("yields a number", "    yield 1\n", outcome.RESULT, "int"),
            ("raises", "    for df in chunks:\n        yield df\n        raise ValueError('x')\n", outcome.SCRIPT, "line 5: ValueError: x"),
            ("asks for attributes", "    yield chunks.gi_frame\n", None, "gi_frame"),
            ("asks for more", "    yield chunks.__self__\n", None, "__self__")):
        serve(HEAD + "def transform(chunks):\n" + code, frame, shape="chunk", per_call=7)
        text = f"{wire.error}"
        yield "generator that " + name, None if wire.error and words in text and \
            kind in (None, wire.error[0]) else text
    serve(HEAD + "def transform(chunks):\n    try:\n        for df in chunks:\n            yield df\n"
          "    except Exception:\n        yield pd.DataFrame({'n': [1]})\n", None,
          frames=[(33, [("x", "tsu:", 1)]), (34, (1, 1, b"\xff" * 8, [(None, None, (0, 8), 0)])), (35, None)][:2] +
          [(33, [])])
    yield "generator cannot hide an error of the input", None if wire.error else "ran on"

    # -- several inputs, by name
    left = pd.DataFrame({"k": [1, 2, 3], "x": [1.5, 2.5, 3.5]})
    right = pd.DataFrame({"k": [2, 3, 4], "y": ["b", "c", "d"]})
    frames = wired(left, (2,)) + wired(right, ()) + [(35, None)]
    names = {"sources": {"orders": "a", "customers": "b"}}
    merge = "def transform({}):\n    return orders.merge(customers, on='k'){}\n"
    out, error = served(merge.format("customers, orders", ""), frames, **names)
    yield "two inputs", error or (None if out["y"].tolist() == ["b", "c"] else f"{out}")
    out, error = served(merge.format("orders, customers, params", ".head(params['n'])"), frames, params={"n": 1}, **names)
    yield "two inputs and params", error or (None if len(out) == 1 else f"{out}")
    for name, parameters in (("another name", "orders, clients"), ("one too few", "orders"), ("one too many", "orders, customers, more")):
        _, error = served(f"def transform({parameters}):\n    return orders\n", frames, **names)
        yield "inputs: " + name, None if error and "the sources are customers, orders" in error and \
            wire.error[0] == outcome.NO_TRANSFORM else error or "ran"
    _, error = served("def transform(orders, customers):\n    yield orders\n", frames, **names)
    yield "inputs: a generator", None if error and "one source" in error else error or "ran"
    _, error = served("def transform(orders, customers):\n    return orders\n", wired(left, ()) + [(35, None)])
    yield "two parameters, one input", None if error and "the job has one source" in error else error or "ran"
