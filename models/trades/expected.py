#!/usr/bin/env python3
"""Writes data/trades.csv and what each window must emit for it, without Tidegate: `python3 models/trades/expected.py`.

The generator is the linear congruence x -> 6364136223846793005 x + 1442695040888963407 (mod 2^64) from 2026, of which the upper
33 bits are used. Prices walk in steps of at most 25 cents; prices have two decimals, so that `value` is exact to six decimals.
Every aggregate is recomputed from the rows that are kept: nothing here adds or subtracts.
"""

import os
from collections import deque
from datetime import datetime, timedelta

HERE = os.path.dirname(os.path.abspath(__file__))
TRADES = 4000
KEPT = 1000
SMALLEST = 100
SYMBOLS = ["AMBR", "BASL", "CORL", "DUNE", "FJRD", "GALE", "HAVN", "ISLE", "KELP", "MOLE"]


class Generator:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 31) % bound


def trades():
    generator, time = Generator(2026), datetime(2026, 3, 2, 9, 0, 0)
    cents = [1000 + 700 * n for n in range(len(SYMBOLS))]
    for id_ in range(1, TRADES + 1):
        n = generator.below(len(SYMBOLS))
        cents[n] = max(100, cents[n] + generator.below(51) - 25)
        time += timedelta(seconds=generator.below(8))
        yield id_, SYMBOLS[n], cents[n], 10 * (1 + generator.below(60)), time


def number(value):
    """A double as a CSV field: at most six decimals, compared as a number."""
    return ("%.6f" % value).rstrip("0").rstrip(".")


def group_of(rows):
    """The aggregate of one group; all of it afresh."""
    cents = [c for _, _, _, c in rows]
    return [len(rows), sum(q for _, _, q, _ in rows), number(sum(cents) / 100), number(min(cents) / 100),
            number(max(cents) / 100)]


def main():
    files = {name: [] for name in ("Large", "Valued", "Recent", "BySymbol")}

    def emit(window, opcode, flags, values):
        files[window].append(",".join(map(str, [opcode, flags] + values)) + "\n")

    data, kept, groups = ["opcode,flags,id,symbol,price,quantity,time\n"], deque(), {}
    for id_, symbol, cents, quantity, time in trades():
        fields = [id_, symbol, "%d.%02d" % divmod(cents, 100), quantity, time.strftime("%Y-%m-%d %H:%M:%S")]
        data.append(",".join(map(str, ["i", "n"] + fields)) + "\n")
        if quantity < SMALLEST:
            continue
        row = (id_, symbol, quantity, cents * quantity)
        emit("Large", "I", "N", fields)
        emit("Valued", "I", "N", [id_, symbol, quantity, number(row[3] / 100)])
        emit("Recent", "I", "N", [id_, symbol, quantity, number(row[3] / 100)])
        kept.append(row)
        touched = [symbol]
        if len(kept) > KEPT:
            old = kept.popleft()
            emit("Recent", "D", "R", [old[0], old[1], old[2], number(old[3] / 100)])
            touched += [old[1]] if old[1] != symbol else []
        for name in touched:
            before, rows = groups.pop(name, None), [r for r in kept if r[1] == name]
            after = groups[name] = group_of(rows) if rows else None
            if after:
                emit("BySymbol", "UB" if before else "I", "N", [name] + after)
            if before:
                emit("BySymbol", "D", "N", [name] + before)
        files["BySymbol"].append("\n")
    for name, lines in [("data/trades.csv", data)] + [("expected/%s.csv" % n, f) for n, f in files.items()]:
        with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="") as f:
            f.writelines(lines)


if __name__ == "__main__":
    main()
