// Line charts of the last two minutes, drawn as SVG, each with a description and a table of figures.

const SVG = "http://www.w3.org/2000/svg";
/** Length of the time axis, and of the longest time between two samples that a line joins, in milliseconds. */
const SPAN = 120_000;
const LONGEST_GAP = 5_000;
const ROWS = 10;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [380, 170, 46, 8, 8, 22];
const CLASSES = ["first", "second", "third"];

/** Makes an element with text or elements inside. Text is never read as HTML. */
export function make(name, attributes = {}, ...inside) {
    const element = name.startsWith("svg:")
        ? document.createElementNS(SVG, name.slice(4))
        : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        element.setAttribute(key, value);
    }
    element.append(...inside);
    return element;
}

/** The least "round" number that is not below `value`: 1, 2 or 5 times a power of ten. */
function round(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    const factor = [1, 2, 5, 10].find((it) => it * power >= value * 0.999);
    return (factor ?? 10) * power;
}

export class Chart {
    /**
     * A chart in `figure`. Each of `names` is a line. `show` writes a value with its unit. With
     * `top`, the axis ends there, else at a round number above all values.
     */
    constructor(figure, title, names, show, top) {
        Object.assign(this, { title, names, show, top, samples: [] });
        this.svg = make("svg:svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
        this.body = make("tbody");
        const heads = ["Seconds ago", ...names].map((it) => make("th", { scope: "col" }, it));
        const table = make("table", {},
            make("caption", {}, `${title}, the last ${ROWS} figures`),
            make("thead", {}, make("tr", {}, ...heads)),
            this.body);
        const legend = names.map((name, index) => make("li", {},
            make("svg:svg", { viewBox: "0 0 26 10", "aria-hidden": "true" },
                make("svg:path", { d: "M0 5H26", class: `line ${CLASSES[index]}` })),
            name));
        this.details = make("details", {}, make("summary", {}, "Figures"),
            make("div", { class: "scroll", role: "region", "aria-label": `${title}, figures`, tabindex: "0" }, table));
        this.details.addEventListener("toggle", () => this.fillTable());
        figure.append(make("figcaption", {}, title), this.svg,
            make("ul", { class: "legend" }, ...legend), this.details);
        this.draw();
    }

    /** Adds the values of the lines at one moment. `null` is a gap. */
    add(values) {
        const at = performance.now();
        this.samples.push({ at, values });
        this.samples = this.samples.filter((sample) => at - sample.at <= SPAN);
        this.draw();
        this.fillTable();
    }

    known() {
        return this.samples.flatMap((sample) => sample.values).filter((it) => it !== null);
    }

    draw() {
        const most = Math.max(...this.known(), 0);
        const top = this.top ?? (most > 0 ? round(most) : 1);
        const last = this.samples.at(-1)?.at ?? 0;
        const x = (at) => WIDTH - RIGHT - ((WIDTH - LEFT - RIGHT) * (last - at)) / SPAN;
        const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(value, top) / top);
        const parts = [];
        for (const share of [0, 0.5, 1]) {
            const at = y(top * share);
            parts.push(make("svg:path", { d: `M${LEFT} ${at}H${WIDTH - RIGHT}`, class: "grid" }));
            parts.push(make("svg:text", { x: LEFT - 5, y: at + 4, "text-anchor": "end", class: "axis" }, this.show(top * share)));
        }
        parts.push(make("svg:text", { x: LEFT, y: HEIGHT - 5, class: "axis" }, "2 minutes ago"));
        parts.push(make("svg:text", { x: WIDTH - RIGHT, y: HEIGHT - 5, "text-anchor": "end", class: "axis" }, "now"));
        this.names.forEach((_, line) => {
            let path = "";
            let before = -Infinity;
            for (const { at, values } of this.samples.filter((sample) => sample.values[line] !== null)) {
                path += `${at - before < LONGEST_GAP ? "L" : "M"}${x(at).toFixed(1)} ${y(values[line]).toFixed(1)}`;
                before = at;
            }
            parts.push(make("svg:path", { d: path, class: `line ${CLASSES[line]}` }));
        });
        this.svg.replaceChildren(...parts);
        this.svg.setAttribute("aria-label", this.description());
    }

    description() {
        const lines = this.names.map((name, line) => {
            const values = this.samples.map((sample) => sample.values[line]).filter((it) => it !== null);
            if (values.length === 0) {
                return `${name}: no figures yet`;
            }
            const [last, least, most] = [values.at(-1), Math.min(...values), Math.max(...values)];
            return `${name}: now ${this.show(last)}, between ${this.show(least)} and ${this.show(most)}`;
        });
        return `${this.title} in the last two minutes. ${lines.join("; ")}.`;
    }

    fillTable() {
        if (!this.details.open) {
            return;
        }
        const now = performance.now();
        const rows = this.samples.slice(-ROWS).reverse().map((sample) => make("tr", {},
            make("th", { scope: "row" }, ((now - sample.at) / 1000).toFixed(0)),
            ...sample.values.map((value) => make("td", {}, value === null ? "-" : this.show(value)))));
        this.body.replaceChildren(...rows);
    }
}
