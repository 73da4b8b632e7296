// Starts Debian's Chromium so that it talks to nobody but the pages, and gives the helpers of all browser tests.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** Where the pictures are. */
export const shots = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "target", "screenshots");
mkdirSync(shots, { recursive: true });

/** A browser of our own. */
export function launch() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args });
}

/** Fails the test on anything that the browser complains about: a blocked style, script or form, a broken file. */
export function strict(page) {
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("requestfailed", (request) => {
    // A page that is left while it loads gives its files up; that is no fault.
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()} ${why}`);
  });
  return complaints;
}

/** No violation of WCAG 2.2 AA or of good practice. Runs through the debugger, past the page's policy; needs JavaScript. */
export async function judged(page, name) {
  await page.evaluate(await (await import("node:fs/promises")).readFile(axe, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(told, [], `${name}: axe`);
}

/** Nothing stands out to the right of the window. */
export async function fits(page, name) {
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window_, `${name}: ${content} wide in a window of ${window_}`);
}

/** A picture for the person who wants to see it. */
export function picture(page, name) {
  return page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}
