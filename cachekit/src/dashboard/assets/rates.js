// Rates between two answers of the service, whose counters only rise.

/** Number of answers over which the run times of the latency chart are taken. */
const WINDOW = 10;

/** The run time below which a share `p` of the runs lies. `runs` has the bounds and the counts of buckets. */
function quantile(runs, p) {
    const count = runs.reduce((sum, [, count]) => sum + count, 0);
    if (count === 0) {
        return null;
    }
    let below = 0;
    for (const [bound, inBucket] of runs) {
        if (below + inBucket >= p * count) {
            // Each bound is twice the bound before. Run times in a bucket are taken to be spread evenly.
            const lower = bound === null ? null : bound > 1.5e-6 ? bound / 2 : 0;
            return lower === null ? null : lower + (bound - lower) * ((p * count - below) / inBucket);
        }
        below += inBucket;
    }
    return null;
}

function difference(runs, earlier) {
    const before = new Map(earlier);
    return runs.map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]).filter(([, count]) => count > 0);
}

export class Rates {
    answers = [];

    /** Returns what happened since the last answer, or `null` if the two cannot be compared. */
    next(figures) {
        const at = performance.now();
        const nodes = figures.processes.map((process) => process.node).sort().join(" ");
        const last = this.answers.at(-1);
        // Other processes, a restarted one, or an answer after a pause: the sums have another meaning.
        const isComparable = last && last.nodes === nodes && at - last.at < 5000
            && figures.totals.calls >= last.figures.totals.calls;
        if (!isComparable) {
            this.answers = [];
        }
        this.answers.push({ at, nodes, figures });
        if (this.answers.length > WINDOW) {
            this.answers.shift();
        }
        return isComparable ? this.between(last, this.answers.at(-1), this.answers[0]) : null;
    }

    between(last, now, first) {
        const [a, b] = [last.figures.totals, now.figures.totals];
        const time = (now.at - last.at) / 1000;
        const [calls, runs] = [b.calls - a.calls, b.computations - a.computations];
        const recent = difference(b.runs, first.figures.totals.runs);
        const saved = timeSaved(last.figures.functions, now.figures.functions);
        return {
            hitRate: calls > 0 ? (b.hits - a.hits) / calls : null,
            calls: calls / time,
            runs: runs / time,
            saved: calls > 0 ? Math.max(0, 1 - runs / calls) : null,
            timeSaved: saved / time,
            median: quantile(recent, 0.5),
            p99: quantile(recent, 0.99),
            mean: calls > 0 ? Math.max(0, b.run_time - a.run_time) / calls : null,
        };
    }
}

/** The run time that calls without a run would have taken, if a run takes as long as on average. */
function timeSaved(earlier, functions) {
    const before = new Map(earlier.map((row) => [row.name, row.saved]));
    return functions.reduce((sum, row) => {
        const saved = Math.max(0, row.saved - (before.get(row.name) ?? row.saved));
        return sum + saved * (row.mean_run ?? 0);
    }, 0);
}
