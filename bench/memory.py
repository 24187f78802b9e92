from __future__ import annotations

from child import run_child
from records import Comparison, Goal, Record, Run

MIB = 2**20
# The largest resident set of this process's own memory: unlike `ru_maxrss` it does not
# begin with that of the parent. A smaller job before has loaded and compiled all; where
# the system lets us, the mark is then set back to what is resident.
CODE = """
import json, sys
from pathlib import Path
import numpy as np
import parzen

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

def peak():
    if STATUS.exists():
        line = STATUS.read_text().split("VmHWM:")[1].split()
        return int(line[0]) * 1024
    import resource
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

def job(n):
    options = {{"bandwidth": {h}, "rtol": {rtol}}}
    density = parzen.kde(x[:n], **options)
    return density.method, density.pdf(q[:n])

rng = np.random.default_rng(0)
x = rng.normal(size=({n}, {d}))
q = rng.normal(size=({n}, {d}))
for _ in range(2):
    job(max(1000, {n} // 10))
try:
    RESET.write_text("5")
except OSError:
    pass
before = peak()
method, answer = job({n})
print(json.dumps([method, peak() - before, x.nbytes + q.nbytes, answer.nbytes]))
"""
# n = m, d, bandwidth, rtol
JOBS = (
    (30_000, 6, 0.5, 1e-8),
    (30_000, 6, 0.5, 1e-4),
    (1_000_000, 1, 0.067, 1e-9),
    (1_000_000, 2, 0.1, 1e-6),
)


def memory(run: Run) -> Comparison:
    records, goals = [], []
    for n, d, h, rtol in run.size(JOBS, JOBS[2:3]):
        count = run.size(n, 3_000)
        run.tick(f"{count:,} in {d} dimensions")
        method, extra, given, answer = run_child(
            CODE.format(n=count, d=d, h=h, rtol=rtol)
        )
        job = f"gaussian, {count:,} x {count:,}, d = {d}, h = {h:g}, rtol {rtol:g}"
        note = (
            f"{extra / MIB:.0f} MiB over the inputs of {given / MIB:.0f} MiB, with the "
            f"copy of the points and the answer of {answer / MIB:.0f} MiB; {method}"
        )
        records.append(Record(job, "parzen", note=note, headline=True))
        if d == 6:
            text = f"MiB over the inputs, {count:,} x {count:,}, d = 6, rtol {rtol:g}"
            goals.append(Goal(text, extra / MIB, 120.0))
    return Comparison("memory", "Peak memory over the inputs", records, goals)
