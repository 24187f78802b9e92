from __future__ import annotations

import numpy as np
from digits_search import digits
from oracle import largest_error, log_density
from records import Comparison, Record, Run, error_goal

WRONG = 1e-6  # nats


def tails(run: Run) -> Comparison:
    from sklearn.neighbors import KernelDensity as Peer

    from parzen import KernelDensity

    data = digits()
    train, test = data[:1437], data[1437 : run.size(None, 1557)]
    records = []
    for h in run.size((0.1, 0.5, 1.0, 1.83, 3.79269, 10.0), (1.0,)):
        run.tick(f"h = {h}")
        exact = log_density(test, train, h)
        for library, model in (("parzen", KernelDensity), ("scikit-learn", Peer)):
            answer = model(bandwidth=h).fit(train).score_samples(test)
            wrong = np.count_nonzero(~(np.abs(answer - exact) <= WRONG))
            records.append(
                Record(
                    f"digits, d = 15, h = {h:g}",
                    library,
                    error=largest_error(answer, exact),
                    note=f"{wrong} of {len(test)} off by more than {WRONG:g}",
                    headline=True,
                )
            )
    return Comparison(
        "tails", "Log densities in the tails", records, [error_goal(records, 1e-8)]
    )
