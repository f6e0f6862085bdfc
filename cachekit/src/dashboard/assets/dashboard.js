// The page: asks the service for figures each second, and shows them.

import { Chart, make } from "./chart.js";
import { Table } from "./table.js";
import { Rates } from "./rates.js";
import { amount, bytes, seconds, share } from "./units.js";

const PERIOD = 1000;
// Longer than an invalidation waits for its acknowledgement.
const LONGEST_WAIT = 15000;
const byId = (id) => document.getElementById(id);

/** Asks the service. A session that is over leads back to the form for the token. */
async function ask(path, body) {
    const signal = AbortSignal.timeout(LONGEST_WAIT);
    const options = body === undefined ? { signal } : {
        signal,
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
    };
    const response = await fetch(path, options);
    if (response.status === 401) {
        location.reload();
        throw new Error("the session is over");
    }
    const answer = await response.json();
    if (!response.ok) {
        throw new Error(answer.error);
    }
    return answer;
}

function keyButton(key) {
    const button = make("button", { type: "button", title: "Show the life of this key" }, key);
    button.addEventListener("click", () => {
        byId("life-key").value = key;
        showLife(key);
        byId("life-title").focus();
    });
    return button;
}

const figures = (title, value, show) => ({ title, value, show: (row) => show(value(row)) });
const text = (title, value, wraps = false) => ({ title, value, show: (row) => String(value(row)), isText: true, wraps });
const causes = (row) => row.causes.slice(0, 3).map(([name, count]) => `${name} ${amount(count)}`).join(", ") || "-";

const functions = new Table(byId("functions-table"), [
    text("Function", (row) => row.name),
    figures("Calls", (row) => row.calls, amount),
    figures("Hit rate", (row) => (row.calls ? row.hit_rate : null), share),
    figures("Misses", (row) => row.misses, amount),
    text("Causes of misses", causes, true),
    figures("Invalidated", (row) => row.invalidated, amount),
    figures("Runs", (row) => row.computations, amount),
    figures("Run time", (row) => row.mean_run, seconds),
    figures("99th percentile", (row) => row.p99_run, seconds),
    figures("Time saved", (row) => row.saved * (row.mean_run ?? 0), seconds),
    figures("Entries", (row) => row.entries, amount),
    figures("Evicted", (row) => row.evictions, amount),
    figures("Errors", (row) => row.errors, amount),
], (row) => row.name, { sortedBy: { column: 1, isDown: true } });

const processes = new Table(byId("processes-table"), [
    text("Process", (row) => (row.is_this ? `${row.node || "without Redis"} (this one)` : row.node)),
    figures("Runs for", (row) => row.elapsed, seconds),
    figures("Calls", (row) => row.calls, amount),
    figures("Hit rate", (row) => (row.calls ? row.hit_rate : null), share),
    figures("Runs", (row) => row.computations, amount),
    figures("Entries", (row) => row.entries, amount),
    figures("Memory", (row) => row.bytes || null, bytes),
], (row) => row.node);

const keyColumns = (title) => [
    { title: "Key", value: (row) => row.key, show: (row) => keyButton(row.key), isText: true },
    figures(title, (row) => row.count, amount),
    figures("Error", (row) => row.error, amount),
    text("Function", (row) => row.function, true),
];
const identity = (row) => `${row.function}\n${row.key}`;
const hottest = new Table(byId("hottest-table"), keyColumns("Uses"), identity);
const missed = new Table(byId("missed-table"), keyColumns("Misses"), identity, { empty: "No misses yet." });

const charts = {
    hitRate: new Chart(byId("hit-rate"), "Hit rate", ["calls answered by the cache"], share, 1),
    latency: new Chart(byId("latency"), "Latency", ["run, median", "run, 99th percentile", "mean of all calls"], seconds),
    load: new Chart(byId("load"), "Load saved", ["calls a second", "runs a second"], amount),
};

const rates = new Rates();
const totals = new Map();

function showTotals(figures, now) {
    const all = figures.totals;
    const values = {
        "Hit rate now": now ? share(now.hitRate) : "-",
        "Hit rate since the start": all.calls ? share(all.hits / all.calls) : "-",
        "Calls a second": now ? amount(now.calls) : "-",
        "Runs saved": now && now.saved !== null ? share(now.saved) : "-",
        "Run time saved, each second": now ? seconds(now.timeSaved) : "-",
        "Entries in memory": amount(all.entries),
        Invalidations: amount(all.invalidations),
        Processes: String(figures.processes.length + figures.silent),
    };
    for (const [name, value] of Object.entries(values)) {
        if (!totals.has(name)) {
            totals.set(name, make("dd"));
            byId("totals").append(make("div", {}, make("dt", {}, name), totals.get(name)));
        }
        totals.get(name).textContent = value;
    }
}

function problems(figures) {
    const found = [];
    if (figures.redis_is_up === false) {
        found.push("Redis cannot be reached.");
    }
    if (figures.problem) {
        found.push(`Other processes were not asked: ${figures.problem}.`);
    }
    if (figures.silent > 0) {
        found.push(`Processes that did not answer: ${figures.silent}.`);
    }
    return found.join(" ");
}

function showProblem(told) {
    const problem = byId("problem");
    if (problem.textContent !== told) {
        problem.textContent = told;
    }
    problem.hidden = told === "";
}

function showFigures(figures) {
    const now = rates.next(figures);
    // A cache without Redis shares no namespace.
    byId("namespace").textContent = figures.redis_is_up === null ? "" : figures.namespace;
    showTotals(figures, now);
    if (now) {
        charts.hitRate.add([now.hitRate]);
        charts.latency.add([now.median, now.p99, now.mean]);
        charts.load.add([now.calls, now.runs]);
    }
    functions.update(figures.functions);
    if (figures.left_out > 0) {
        byId("functions-note").textContent =
            `The ${figures.functions.length} functions and regions with the most calls; ${figures.left_out} more are left out.`;
    }
    processes.update(figures.processes);
    showProblem(problems(figures));
}

async function poll() {
    try {
        const [figures, keys] = await Promise.all([ask("api/stats"), ask("api/keys")]);
        showFigures(figures);
        hottest.update(keys.hottest);
        missed.update(keys.missed);
    } catch (error) {
        showProblem(`No new figures: ${error.message}.`);
    }
}

let isPaused = false;
async function run() {
    for (;;) {
        if (!isPaused && !document.hidden) {
            await poll();
        }
        await new Promise((done) => setTimeout(done, PERIOD));
    }
}

byId("pause").addEventListener("click", (event) => {
    isPaused = !isPaused;
    event.currentTarget.setAttribute("aria-pressed", String(isPaused));
});

byId("logout").addEventListener("click", async () => {
    await ask("logout", {});
    location.reload();
});

function facts(pairs) {
    const list = make("dl", { class: "totals" });
    for (const [name, value] of pairs.filter(([, value]) => value !== null)) {
        list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
    }
    return list;
}

function dependencies(title, all) {
    const element = make("table", {}, make("caption", {}, title));
    new Table(element, [
        text("Name", (row) => `${row.kind.replace("_", " ")} ${row.name}`.trim()),
        text("State", (row) => row.state.replace("_", " ")),
    ], (row) => `${row.kind} ${row.name}`).update(all);
    return make("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" }, element);
}

function inMemory(report) {
    const title = make("h3", {}, "In the memory of this process");
    if (report.memory.length === 0) {
        return [title, make("p", {}, "No entry.")];
    }
    return [title, ...report.memory.flatMap((entry) => [
        facts([
            ["State", entry.state],
            ["Content", entry.content],
            ["Age", seconds(entry.age)],
            ["Fresh for", seconds(entry.fresh_for)],
            ["Size", entry.bytes === null ? null : bytes(entry.bytes)],
            ["Function", entry.function],
        ]),
        dependencies("What the entry in memory depends on", entry.dependencies),
    ])];
}

function inRedis(report) {
    const title = make("h3", {}, "In Redis");
    if (!report.has_redis) {
        return [title, make("p", {}, "The cache has no Redis.")];
    }
    if (report.redis === null) {
        return [title, make("p", {}, report.problem ?? "No entry.")];
    }
    const content = report.redis.content;
    const shared = [["Size", bytes(report.redis.bytes)], ["Kept for", seconds(report.redis.left)]];
    if (!content.value) {
        const told = content.unreadable ?? "no value yet: a process computes it";
        return [title, facts([["Content", told], ...shared])];
    }
    const value = content.value;
    return [title,
        facts([
            ["Content", value.is_none ? "none" : "value"],
            ["Age", seconds(value.age)],
            ["Fresh for", seconds(value.fresh_for)],
            ["Computed in", seconds(value.computed_in)],
            ...shared,
            ["Codec", value.codec],
            ["Function", value.function],
        ]),
        dependencies("What the entry in Redis depends on", value.dependencies)];
}

function events(report) {
    const element = make("table", {}, make("caption", {}, "Last events in this process, the newest first"));
    let number = 0;
    const table = new Table(element, [
        { ...text("Ago", (row) => row.ago), show: (row) => seconds(row.ago) },
        text("Event", (row) => row.text, true),
        text("Function", (row) => row.function ?? "-", true),
    ], () => number++, { empty: "No event of this key is kept. Its events are kept from now on." });
    table.update(report.events);
    return make("div", { class: "scroll", role: "region", "aria-label": "Events", tabindex: "0" }, element);
}

let lastAsked = 0;

async function showLife(key) {
    const result = byId("life-result");
    const number = ++lastAsked;
    try {
        const report = await ask("api/key", { key });
        if (number !== lastAsked) {
            return; // Another key was asked for meanwhile.
        }
        result.textContent = report.why ?? "No miss of this key is among the events.";
        byId("life-report").replaceChildren(
            events(report),
            make("div", { class: "pair" },
                make("div", {}, ...inMemory(report)),
                make("div", {}, ...inRedis(report))));
    } catch (error) {
        if (number !== lastAsked) {
            return;
        }
        result.textContent = `Not shown: ${error.message}.`;
        byId("life-report").replaceChildren();
    }
}

byId("life-form").addEventListener("submit", (event) => {
    event.preventDefault();
    showLife(byId("life-key").value);
});

function effect(kind, name, soft, answer) {
    const took = seconds(answer.took);
    const warning = answer.known ? "" : " This process knows no function of this name.";
    const served = soft ? "old values are served at most as stale ones" : "no process serves the old values";
    if (answer.acknowledged) {
        return `Invalidated ${kind} ${name}. Acknowledged after ${took}: ${served}.${warning}`;
    }
    const reason = answer.accepted
        ? "not every process confirmed in time"
        : "Redis has not accepted it, and gets it again until it does";
    return `Invalidated ${kind} ${name} in this process. Not acknowledged after ${took}: ${reason}.${warning}`;
}

byId("invalidate-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [kind, name] = [byId("invalidate-kind").value, byId("invalidate-name").value];
    const result = byId("invalidate-result");
    result.textContent = "Invalidating...";
    try {
        const soft = byId("invalidate-soft").checked;
        const answer = await ask("api/invalidate", { [kind]: name, soft });
        result.textContent = effect(kind, name, soft, answer);
    } catch (error) {
        result.textContent = `Not invalidated: ${error.message}.`;
    }
});

run();
