def tests(*a): return []
