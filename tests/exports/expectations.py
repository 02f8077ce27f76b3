CASES=0
QUICK_CASES=0
def expected(name): return ("pass","")
def is_quick(name): return True
