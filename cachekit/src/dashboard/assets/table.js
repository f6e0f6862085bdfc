// Tables whose rows stay the same elements while their figures change, so that the focus stays.

import { make } from "./chart.js";

/**
 * A table in `element`. A column has a `title`, a `value` of a row, by which rows are sorted, and a
 * `show` that returns a text or an element. The first column is the name of the row. Rows have the
 * identity `identity(row)`.
 */
export class Table {
    constructor(element, columns, identity, { sortedBy = null, empty = "Nothing yet." } = {}) {
        Object.assign(this, { columns, identity, empty, rows: [], made: new Map() });
        this.sort = sortedBy;
        this.isSortable = sortedBy !== null;
        this.body = make("tbody");
        this.heads = columns.map((column, index) => this.head(column, index));
        element.append(make("thead", {}, make("tr", {}, ...this.heads)), this.body);
        this.mark();
        this.render();
    }

    head(column, index) {
        const head = make("th", { scope: "col" });
        if (column.isText) {
            head.className = "text";
        }
        if (!this.isSortable) {
            head.append(column.title);
            return head;
        }
        const button = make("button", { type: "button" }, column.title, make("span", { "aria-hidden": "true" }));
        button.addEventListener("click", () => {
            const isSame = this.sort.column === index;
            this.sort = { column: index, isDown: isSame ? !this.sort.isDown : !column.isText };
            this.mark();
            this.render(true);
        });
        head.append(button);
        return head;
    }

    /** Marks the column by which rows are sorted, for eyes and for screen readers. */
    mark() {
        this.heads.forEach((head, index) => {
            if (!this.isSortable) {
                return;
            }
            const isSorted = this.sort.column === index;
            head.querySelector("span").textContent = isSorted ? (this.sort.isDown ? " ↓" : " ↑") : "";
            if (isSorted) {
                head.setAttribute("aria-sort", this.sort.isDown ? "descending" : "ascending");
            } else {
                head.removeAttribute("aria-sort");
            }
        });
    }

    update(rows) {
        this.rows = rows;
        this.render();
    }

    sorted() {
        if (!this.isSortable) {
            return this.rows;
        }
        const { column, isDown } = this.sort;
        const value = this.columns[column].value;
        const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
        return [...this.rows].sort((a, b) => (isDown ? -1 : 1) * order(value(a), value(b)));
    }

    render(isAsked = false) {
        const rows = this.sorted();
        const names = new Set(rows.map(this.identity));
        for (const [name, row] of this.made) {
            if (!names.has(name)) {
                row.remove();
                this.made.delete(name);
            }
        }
        const elements = rows.map((row) => this.row(row));
        if (elements.length === 0) {
            const cell = make("td", { colspan: this.columns.length, class: "text" }, this.empty);
            this.body.replaceChildren(make("tr", {}, cell));
            return;
        }
        // Moving a row takes the focus from it, so rows under the focus move only when asked.
        const isInOrder = elements.every((element, index) => this.body.children[index] === element);
        const isFocused = this.body.contains(document.activeElement);
        const isComplete = elements.every((element) => element.parentNode === this.body);
        if (!isInOrder && (!isFocused || isAsked || !isComplete)) {
            const focused = document.activeElement;
            this.body.replaceChildren(...elements);
            if (isFocused && focused.isConnected) {
                focused.focus({ preventScroll: true });
            }
        }
    }

    /** Returns the element of `row`, with its present figures. */
    row(row) {
        const name = this.identity(row);
        let element = this.made.get(name);
        if (!element) {
            const cells = this.columns.map((column, index) => index === 0
                ? make("th", { scope: "row" })
                : make("td", { class: `${column.isText ? "text" : ""} ${column.wraps ? "wrap" : ""}`.trim() }));
            element = make("tr", {}, ...cells);
            this.made.set(name, element);
        }
        this.columns.forEach((column, index) => {
            const cell = element.children[index];
            const shown = column.show(row);
            if (typeof shown !== "string") {
                // An element depends on the identity alone, and is made once.
                if (!cell.hasChildNodes()) {
                    cell.append(shown);
                }
            } else if (cell.textContent !== shown) {
                cell.textContent = shown;
            }
        });
        return element;
    }
}
