// Drives Chromium over the DevTools protocol, through a pipe: no library and no port is needed.

import { spawn } from "node:child_process";

/** The longest wait for an answer or a condition. */
const PATIENCE = 20_000;

/** Starts a headless Chromium with a profile in `folder`. */
export function start(program, folder) {
    const child = spawn(program, [
        "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking",
        "--disable-component-update", "--lang=en", `--user-data-dir=${folder}`, "about:blank",
    ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    return new Browser(child);
}

class Browser {
    constructor(child) {
        Object.assign(this, { child, last: 0, open: new Map(), listeners: [], rest: Buffer.alloc(0) });
        child.stdio[4].on("data", (bytes) => this.receive(bytes));
        child.on("exit", () => this.open.forEach(({ fail }) => fail(new Error("Chromium ended"))));
    }

    receive(bytes) {
        this.rest = Buffer.concat([this.rest, bytes]);
        for (let end = this.rest.indexOf(0); end >= 0; end = this.rest.indexOf(0)) {
            const message = JSON.parse(this.rest.subarray(0, end).toString());
            this.rest = this.rest.subarray(end + 1);
            const asked = this.open.get(message.id);
            if (!asked) {
                this.listeners.forEach((listen) => listen(message));
                continue;
            }
            this.open.delete(message.id);
            if (message.error) {
                asked.fail(new Error(`${asked.method}: ${message.error.message}`));
            } else {
                asked.done(message.result);
            }
        }
    }

    send(method, params = {}, sessionId = undefined) {
        const id = ++this.last;
        this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
        return new Promise((done, fail) => {
            const late = setTimeout(() => fail(new Error(`${method}: no answer`)), PATIENCE);
            const end = (then) => (value) => {
                clearTimeout(late);
                then(value);
            };
            this.open.set(id, { method, done: end(done), fail: end(fail) });
        });
    }

    /** Opens a tab of its own context, which has no cookies of others. */
    async page(width, height) {
        const { browserContextId } = await this.send("Target.createBrowserContext");
        const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId, width, height });
        const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
        const page = new Page(this, sessionId);
        this.listeners.push((message) => message.sessionId === sessionId && page.hear(message));
        for (const domain of ["Page", "Runtime", "Log", "Network"]) {
            await page.send(`${domain}.enable`);
        }
        return page;
    }

    stop() {
        this.child.kill();
    }
}

class Page {
    constructor(browser, session) {
        Object.assign(this, { browser, session, problems: [], requests: [] });
    }

    send(method, params) {
        return this.browser.send(method, params, this.session);
    }

    /** Records what goes wrong in the page, and what the page loads. */
    hear({ method, params }) {
        if (method === "Runtime.exceptionThrown") {
            this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
        } else if (method === "Log.entryAdded" && params.entry.level === "error") {
            this.problems.push(`${params.entry.text} ${params.entry.url ?? ""}`);
        } else if (method === "Network.requestWillBeSent") {
            this.requests.push(params.request.url);
        }
    }

    async go(url) {
        await this.send("Page.navigate", { url });
        await this.until("the page is loaded", "document.readyState === 'complete'");
    }

    /** Runs an expression in the page and returns its value. */
    async run(expression) {
        const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
            expression, awaitPromise: true, returnByValue: true,
        });
        if (exceptionDetails) {
            throw new Error(`${expression.slice(0, 80)}: ${exceptionDetails.exception?.description}`);
        }
        return result.value;
    }

    /** Waits until an expression is true, also over a change of the page. */
    async until(what, expression) {
        const end = Date.now() + PATIENCE;
        for (;;) {
            const value = await this.run(expression).catch(() => false);
            if (value) {
                return value;
            }
            if (Date.now() > end) {
                throw new Error(`waited in vain until ${what}`);
            }
            await new Promise((done) => setTimeout(done, 50));
        }
    }

    async type(text) {
        await this.send("Input.insertText", { text });
    }

    /** Presses a key: `Tab`, `Enter` or `Space`, with `shift` if asked for. */
    async press(key, shift = false) {
        const codes = { Tab: [9, ""], Enter: [13, "\r"], Space: [32, " "] };
        const [windowsVirtualKeyCode, text] = codes[key];
        const common = { key: key === "Space" ? " " : key, code: key, windowsVirtualKeyCode, modifiers: shift ? 8 : 0 };
        await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", text, ...common });
        await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...common });
    }

    async theme(name) {
        const features = [{ name: "prefers-color-scheme", value: name }];
        await this.send("Emulation.setEmulatedMedia", { features });
    }

    async picture() {
        const { data } = await this.send("Page.captureScreenshot", { format: "png" });
        return Buffer.from(data, "base64");
    }
}
