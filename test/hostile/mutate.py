"""Honest conversations with random faults in them: frames and bytes flipped,
inserted, removed, repeated.  Whatever comes of it, the server goes on."""
import collections
import random
import struct
import threading
import time

import fake_host
import pq
import wire

LANES = 3               # of jobs; one more previews and validates
GROWTH = 32 << 20       # of the previewing backend, over the whole run
TABLE = """
CREATE TABLE %s (i int, l bigint, n numeric(10,2), d numeric, f real, g double precision, t text, v varchar(20),
	b boolean, y bytea, u uuid, j jsonb, m mood, dt date, ts timestamp(3), tz timestamptz, iv interval, p positive,
	nothing text)"""
INTERESTING = (0, 1, 7, 8, 255, 256, 1 << 15, (1 << 31) - 1, 1 << 31, (1 << 32) - 8, (1 << 32) - 1, 1600, 1601)


def columns(rows):
    """(name, format, column) for every layout there is."""
    numbers = list(range(1, rows + 1))
    uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    return (
        ("i", "i", wire.fixed("i", *numbers)), ("l", "s", wire.fixed("h", *numbers)),
        ("n", "d:10,2", wire.decimal(*numbers)), ("d", "d:40,3,256", wire.decimal(*numbers, width=32)),
        ("f", "f", wire.fixed("f", *numbers)), ("g", "g", wire.fixed("d", *numbers)),
        ("t", "u", wire.strings(*["w\u00e9rt %d" % n for n in numbers])),
        ("v", "U", wire.strings(*["v%d" % n for n in numbers], wide=True)),
        ("b", "b", wire.raw(bytes((rows + 7) // 8))), ("y", "Z", wire.strings(*[b"\0\xff"] * rows, wide=True)),
        ("u", "u", wire.strings(*[uuid] * rows)), ("j", "u", wire.strings(*['{"a": [1, "x"]}'] * rows)),
        ("m", "u", wire.strings(*["good"] * rows)), ("dt", "tdD", wire.fixed("i", *numbers)),
        ("ts", "tsm:", wire.fixed("q", *numbers)), ("tz", "tsu:UTC", wire.fixed("q", *numbers)),
        ("iv", "tDu", wire.fixed("q", *numbers)),
        ("p", "l", wire.fixed("q", *numbers, validity=b"\xff" * ((rows + 7) // 8))), ("nothing", "n", wire.NULLS))


def honest(rng, validating=False):
    if validating:
        return [wire.finding(line=n) for n in range(1, 4)] + [wire.log("hello"), wire.DONE_FRAME]
    names = [(name, form) for name, form, _ in columns(1)]
    frames = [wire.log("begin\n"), wire.schema(*names)]
    for _ in range(rng.randint(1, 3)):
        rows = rng.choice((1, 3, 8, 9, 50))
        frames += [wire.chunk(rows, *[c for _, _, c in columns(rows)]), wire.log("rows\n", rng.randint(1, 3))]
    frames.append(wire.DONE_FRAME if rng.random() < 0.8 else wire.error("an error", "detail", "hint", "traceback"))
    return frames


def change_bytes(rng, data):
    """One change of a few bytes."""
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 1, 2, 4, 8, 16, 100))
    how = rng.choice((0, 0, 0, 1, 2, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6))     # most keep the length
    if how == 0 and data:
        at = min(at, len(data) - 1)
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
    if how == 1:
        return data[:at] + rng.randbytes(size) + data[at:]
    if how == 2:
        return data[:at] + data[at + size:]
    if how == 3:
        return data[:at] + data[at:at + size] + data[at:]
    if how == 4:
        at &= ~3
        return data[:at] + struct.pack("<I", rng.choice(INTERESTING)) + data[at + 4:]
    if how == 5:
        return data[:at] + rng.randbytes(size) + data[at + size:]
    at = rng.randrange(0, min(len(data), 500) + 1) & ~3         # the tables are at the beginning
    value = struct.unpack("<I", data[at:at + 4])[0] if len(data) >= at + 4 else 0
    return data[:at] + struct.pack("<I", (value + rng.choice((-8, -1, 1, 8))) & 0xFFFFFFFF) + data[at + 4:]


def change_frames(rng, frames):
    at, other = rng.randrange(len(frames)), rng.randrange(len(frames))
    how = rng.randrange(4)
    if how == 0:
        frames.insert(at, frames[other])
    elif how == 1:
        del frames[at]
    elif how == 2:
        frames[at], frames[other] = frames[other], frames[at]
    else:
        frames[at] = bytes([*frames[at][:4], rng.randrange(64), *frames[at][5:]])


def mutated(rng, validating=False):
    frames = honest(rng, validating)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 8))):
        how = rng.random()
        if how < 0.7 and frames:    # within a payload whose frame stays whole: the decoders behind it
            at = max(range(len(frames)), key=lambda n: rng.random() * len(frames[n]) ** 0.5)
            kind, payload = frames[at][4], change_bytes(rng, frames[at][8:])
            frames[at] = wire.frame(kind, payload)
        elif how < 0.9 and frames:
            change_frames(rng, frames)
        elif frames:
            frames = [change_bytes(rng, b"".join(frames)) or b"\0"]
    return b"".join(frames)


class Mutator:
    def __init__(self, hostile, rounds, seed):
        self.hostile, self.rounds, self.seed = hostile, rounds, seed
        self.next = 0
        self.lock = threading.Lock()
        self.outcomes = collections.Counter()
        self.faults = []

    def take(self):
        with self.lock:
            if self.next >= self.rounds or len(self.faults) >= 10:
                return None
            self.next += 1
            return self.next

    def fault(self, number, what):
        with self.lock:
            self.faults.append("round %d: %s" % (number, what))

    def judge(self, number, sqlstate, said):
        self.outcomes[sqlstate] += 1
        if sqlstate and sqlstate[:2] in ("XX", "08") and sqlstate != "08P01":
            self.fault(number, "%s %s" % (sqlstate, said))

    def jobs(self, lane):
        with self.hostile.cluster.connect() as c:
            table = "lane_%d" % lane
            c.script(TABLE % table)
            while (number := self.take()) is not None:
                try:
                    self.one_job(c, table, number)
                except (pq.Error, UnicodeDecodeError) as e:
                    self.fault(number, str(e))

    def one_job(self, c, table, number):
        rng = random.Random(self.seed * 1000003 + number)
        play, append = mutated(rng), rng.random() < 0.5
        destination = table if append else table + "_new"
        before = c.value("SELECT count(*) FROM " + table)
        job = self.hostile.submit(c, play, mode="append" if append else "create", destination=destination)
        state, row = self.hostile.outcome(c, job)
        self.judge(number, row.sqlstate, row.error)
        if state not in ("succeeded", "failed"):
            self.fault(number, "the job is %s" % state)
        elif append and state == "failed" and c.value("SELECT count(*) FROM " + table) != before:
            self.fault(number, "a failed job has left rows")
        elif not append and state == "failed" and c.value("SELECT to_regclass($1)", destination) is not None:
            self.fault(number, "a failed job has left its table")
        c.script("DROP TABLE IF EXISTS %s_new" % table)

    def clients(self):
        """Previews and validations, all in one backend, whose memory is watched."""
        with self.hostile.cluster.connect() as c:
            c.script("SET client_min_messages = error; SET statement_timeout = '30 s'")
            begin, done = None, 0
            while done < self.rounds // 3 and (number := self.take()) is not None:
                done += 1
                rng = random.Random(self.seed * 1000003 + number)
                validating = rng.random() < 0.3
                self.hostile.host.play = mutated(rng, validating)
                try:
                    c.query("SELECT count(*) FROM transform_validate('x')" if validating else
                            "SELECT sum(length(data::text)) FROM transform_preview('s', 'source')")
                    self.judge(number, None, "")
                except pq.Error as e:
                    self.judge(number, e.sqlstate, e.message)
                    if e.sqlstate == "57014":
                        self.fault(number, "a preview that never ends")
                if begin is None and done > min(50, self.rounds // 6):
                    begin = fake_host.memory_of(c.pid, "RssAnon")
            self.growth = (fake_host.memory_of(c.pid, "RssAnon") or 0) - (begin or 0) if begin else 0


def run(hostile, rounds, seed):
    print("# SEED=%d" % seed, flush=True)
    mutator = Mutator(hostile, rounds, seed)
    began = time.monotonic()
    threads = [threading.Thread(target=mutator.jobs, args=(lane,)) for lane in range(LANES)]
    threads.append(threading.Thread(target=mutator.clients))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hostile.host.play = wire.HONEST
    seconds = time.monotonic() - began
    print("# %d rounds in %.1f s; %s" % (mutator.next, seconds, ", ".join(
        "%s %d" % (state or "succeeded", n) for state, n in mutator.outcomes.most_common())))
    faults = mutator.faults + hostile.unharmed()
    if mutator.growth > GROWTH and not hostile.sanitized:
        faults.append("the previewing backend has grown by %d MB" % (mutator.growth >> 20))
    faults += hostile.memory() + hostile.honest_job(hostile.connection())
    hostile.report("%d mutated conversations" % rounds, faults)
    hostile.whole_texts()
