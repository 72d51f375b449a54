def script(b): return b
def routes(): return []
def harmless(): return []
