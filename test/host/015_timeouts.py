"""Connections that never say what they want are dropped (ten seconds)."""
from host import *

tap = Tap()
with Host() as h:
    silent, lone_data, lone_control = (Link(h.path) for _ in range(3))
    lone_data.send(hello(DATA, secrets.token_bytes(16)))
    lone_control.send(hello(CONTROL, secrets.token_bytes(16)) + job())
    half = Link(h.path)
    half.send(hello(CONTROL, secrets.token_bytes(16))[:11])
    left = Link(h.path)
    left.send(hello(DATA, secrets.token_bytes(16)))
    left.close()
    begin = time.monotonic()
    for link, what in ((silent, "no hello"), (lone_data, "no control"),
                       (lone_control, "no data"), (half, "half a hello")):
        tap.ok(link.closed(), "%s: dropped" % what)
    tap.ok(8 < time.monotonic() - begin < 30, "after about ten seconds")
    tap.equal(h.process.poll(), None, "and the broker lives")
tap.done()
