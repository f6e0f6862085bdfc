// Checks the dashboard in Chromium: check.mjs CHROMIUM AXE ADDRESS TOKEN FOLDER [PICTURES]

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { start } from "./browser.mjs";

const [program, axe, address, token, folder, pictures] = process.argv.slice(2);
const LARGEST_PICTURE = 150_000;
const LONGEST_WALK = 300;
/** Seconds of load that a picture shows, and between two invalidations. */
const [SHOWN, APART] = [110, 25];

const browser = start(program, folder);
const page = await browser.page(1280, 900);
const steps = [];
const step = (name) => {
    steps.push(name);
    console.log(`- ${name}`);
};

function expect(is, what) {
    if (!is) {
        throw new Error(what);
    }
}

const text = (selector) => page.run(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`);

/** Finds violations of the rules for accessibility, in both themes. */
async function checkAccess(view) {
    for (const theme of ["light", "dark"]) {
        await page.theme(theme);
        await page.run(readFileSync(axe, "utf8"));
        const { violations, passes } = await page.run(`axe.run(document, { resultTypes: ["violations"] })
            .then(({ violations, passes }) => ({ passes: passes.length, violations: violations.map((it) =>
                it.id + ": " + it.nodes.slice(0, 3).map((node) => node.html.slice(0, 120) + " " + node.failureSummary).join("; ")) }))`);
        expect(passes > 5, `axe has tested nothing in the view ${view}`);
        expect(violations.length === 0, `accessibility of ${view}, ${theme}:\n${violations.join("\n")}`);
    }
    await page.theme("light");
    step(`no violations: ${view}, light and dark`);
}

/** Presses Tab until the element with the id `id` has the focus, which must be visible. */
async function tabTo(id) {
    for (let count = 0; count < LONGEST_WALK; count++) {
        if (await page.run(`document.activeElement.id === ${JSON.stringify(id)}`)) {
            const outline = await page.run("getComputedStyle(document.activeElement).outlineStyle");
            expect(outline !== "none", `the focus on #${id} is not visible`);
            return;
        }
        await page.press("Tab");
    }
    throw new Error(`Tab does not reach #${id}`);
}

const cell = (name, column) => `(() => {
    const heads = [...document.querySelectorAll("#functions-table thead th")].map((it) => it.textContent.trim().split(" ↓")[0]);
    const row = [...document.querySelectorAll("#functions-table tbody tr")].find((it) => it.children[0].textContent === ${JSON.stringify(name)});
    return row?.children[heads.indexOf(${JSON.stringify(column)})].textContent.replaceAll(",", "") ?? "";
})()`;

async function logIn() {
    await page.go(address);
    expect(await page.run("document.title") === "Log in - cachekit", "no form for the token");
    await checkAccess("log in");
    expect(await page.run("document.activeElement.id") === "token", "the field for the token lacks the focus");
    await page.type("a wrong token, but long");
    await page.press("Enter");
    await page.until("a wrong token is refused", "document.getElementById('result').textContent.includes('the token is wrong')");
    step("a wrong token is refused");
    // The browser reports the two refused requests (the form, and the wrong token) as errors.
    page.problems = page.problems.filter((it) => !/status of 401/.test(it));
    await page.type(token);
    await page.press("Enter");
    await page.until("the page is shown", "document.title === 'cachekit' && document.querySelectorAll('#totals dd').length > 0");
    expect(await page.run("document.cookie") === "", "a script can read the cookie");
    step("logged in with the keyboard; no script can read the cookie");
}

async function seeLoad() {
    const rate = "document.querySelector('#hit-rate svg').getAttribute('aria-label')";
    const points = "document.querySelectorAll('#hit-rate path.line')[0].getAttribute('d').split(/[ML]/).length";
    await page.until("the hit rate has figures", `${rate}.includes('now') && !${rate}.includes('no figures')`);
    const first = await page.run(rate);
    await page.until("the hit rate moves", `${rate} !== ${JSON.stringify(first)} && ${points} > 4`);
    for (const id of ["latency", "load"]) {
        await page.until(`the chart ${id} has figures`, `document.querySelector('#${id} svg').getAttribute('aria-label').match(/now [0-9]/) !== null`);
    }
    step("the charts move under load, and say so in their descriptions");
    await page.run("document.querySelector('#hit-rate details').open = true");
    await page.until("the figures are a table too", "document.querySelectorAll('#hit-rate tbody tr').length > 2");
    step("each chart has a table of its figures");
}

async function sort() {
    await page.run("document.querySelector('#functions-table thead th button').focus()");
    await page.press("Space");
    const sorted = "document.querySelector('#functions-table th[aria-sort]')";
    expect(await page.run(`${sorted}.getAttribute('aria-sort')`) === "ascending", "the order is not told");
    expect((await page.run(`${sorted}.textContent`)).startsWith("Function"), "another column is sorted");
    const names = await page.run("[...document.querySelectorAll('#functions-table tbody th')].map((it) => it.textContent)");
    expect(names.join() === [...names].sort().join(), `not sorted: ${names}`);
    step("a column is sorted with the keyboard, and its head says so");
}

async function invalidate() {
    const before = Number(await page.run(cell("shop::price", "Invalidated")));
    expect(Number.isFinite(before), "no row of shop::price");
    await page.run("document.activeElement.blur(); window.scrollTo(0, 0)");
    await tabTo("invalidate-kind");
    // Typing the first letter of an option chooses it.
    await page.send("Input.dispatchKeyEvent", { type: "keyDown", key: "t", code: "KeyT", text: "t", windowsVirtualKeyCode: 84 });
    await page.send("Input.dispatchKeyEvent", { type: "keyUp", key: "t", code: "KeyT", windowsVirtualKeyCode: 84 });
    expect(await page.run("document.activeElement.value") === "tag", "the keyboard chooses no tag");
    await page.press("Tab");
    expect(await page.run("document.activeElement.id") === "invalidate-name", "the name does not follow the kind");
    await page.type("category:1");
    await page.press("Enter");
    const result = "document.getElementById('invalidate-result')";
    await page.until("the acknowledgement is shown", `${result}.textContent.includes('Acknowledged')`);
    expect(await page.run(`${result}.getAttribute('role')`) === "status", "the result is not announced");
    step(`with the keyboard: ${await page.run(`${result}.textContent`)}`);
    await page.until("the row changes", `Number(${cell("shop::price", "Invalidated")}) > ${before}`);
    expect((await page.run(cell("shop::price", "Causes of misses"))).includes("tag category:"), "the cause is not shown");
    step(`the row of the function changes: ${before} to ${await page.run(cell("shop::price", "Invalidated"))} misses by invalidation`);
    await page.run("document.getElementById('invalidate-name').value = '<b>x</b>'");
    await page.run("document.getElementById('invalidate-name').focus()");
    await page.press("Enter");
    await page.until("markup is text", `${result}.textContent.includes('<b>x</b>') && ${result}.children.length === 0`);
    step("markup in a name is shown as text");
}

async function life() {
    await page.run("document.getElementById('life-key').focus()");
    await page.type("price:1:0");
    await page.press("Enter");
    const reason = "document.getElementById('life-result').textContent";
    await page.until("the reason of the miss is shown", `${reason}.startsWith('Miss: ')`);
    const told = await page.run(reason);
    expect(told.includes("tag `category:1`"), `another reason: ${told}`);
    expect((await text("#life-report")).includes("In the memory of this process"), "no entry in memory");
    step(`one key: ${told}`);
    await page.until("keys are listed", "document.querySelectorAll('#missed-table tbody button').length > 0");
    await page.run("document.querySelector('#missed-table tbody button').focus()");
    const key = await page.run("document.activeElement.textContent");
    await page.press("Enter");
    await page.until("the key's life is shown", `document.getElementById('life-key').value === ${JSON.stringify(key)}`);
    step("a key of the list is opened with the keyboard");
}

async function pause() {
    await page.run("document.getElementById('pause').focus()");
    await page.press("Enter");
    expect(await page.run("document.activeElement.getAttribute('aria-pressed')") === "true", "not paused");
    step("paused with the keyboard");
}

/** Lets the charts fill, with invalidations at times. */
async function fillCharts() {
    for (let second = 1; second <= SHOWN; second++) {
        await new Promise((done) => setTimeout(done, 1000));
        if (second % APART === 0) {
            const body = JSON.stringify(JSON.stringify({ tag: `category:${second % 2}` }));
            await page.run(`fetch("api/invalidate", { method: "POST", headers: { "Content-Type": "application/json" }, body: ${body} }).then((it) => it.status)`);
        }
    }
}

async function takePictures() {
    await page.run("[...document.querySelectorAll('#functions-table thead button')][1].click()");
    if (pictures) {
        await fillCharts();
    }
    await page.send("Emulation.setDeviceMetricsOverride", { width: 1200, height: 900, deviceScaleFactor: 1, mobile: false });
    await page.run("document.activeElement.blur(); window.scrollTo(0, 0); document.querySelector('#hit-rate details').open = false");
    for (const theme of ["light", "dark"]) {
        await page.theme(theme);
        const picture = await page.picture();
        expect(picture.length < LARGEST_PICTURE, `the picture has ${picture.length} bytes`);
        const background = await page.run("getComputedStyle(document.body).backgroundColor");
        expect((background === "rgb(255, 255, 255)") === (theme === "light"), `the background of ${theme}: ${background}`);
        if (pictures) {
            writeFileSync(join(pictures, `dashboard-${theme}.png`), picture);
        }
    }
    await page.theme("light");
    await page.send("Emulation.clearDeviceMetricsOverride");
    step("both themes are shown");
}

async function narrow() {
    await page.send("Emulation.setDeviceMetricsOverride", { width: 360, height: 740, deviceScaleFactor: 1, mobile: false });
    const [wide, window] = await page.run("[document.documentElement.scrollWidth, innerWidth]");
    expect(wide <= window, `the page is ${wide} wide in a window of ${window}`);
    await checkAccess("narrow window");
    await page.send("Emulation.clearDeviceMetricsOverride");
}

async function logOut() {
    await page.run("document.getElementById('logout').focus()");
    await page.press("Enter");
    await page.until("the form is back", "document.title === 'Log in - cachekit'");
    step("logged out");
}

try {
    await logIn();
    await seeLoad();
    await checkAccess("charts, functions and keys");
    await sort();
    await invalidate();
    await life();
    await page.run("document.querySelectorAll('details').forEach((it) => { it.open = true })");
    await checkAccess("the life of a key, with results and all figures");
    await page.run("document.querySelectorAll('details').forEach((it) => { it.open = false })");
    await narrow();
    await takePictures();
    await pause();
    await logOut();
    const own = new URL(address).origin;
    const foreign = page.requests.filter((it) => !it.startsWith(own) && !it.startsWith("about:"));
    expect(foreign.length === 0, `loaded from elsewhere: ${foreign.join(" ")}`);
    const problems = page.problems.filter((it) => !/status of 401/.test(it));
    expect(problems.length === 0, `errors in the page: ${problems.join("\n")}`);
    step("nothing is loaded from elsewhere, and the page has no errors");
    console.log(`dashboard: ${steps.length} checks passed`);
} catch (error) {
    console.error(`error: ${error.message}`);
    console.error(`the page: ${await page.run("location.href + ' ' + document.activeElement?.outerHTML.slice(0, 200)").catch(() => "?")}`);
    console.error(page.problems.join("\n"));
    if (process.env.CACHEKIT_PICTURE_OF_ERROR) {
        writeFileSync(process.env.CACHEKIT_PICTURE_OF_ERROR, await page.picture());
    }
    process.exitCode = 1;
} finally {
    browser.stop();
}
