def scripts(): return []
