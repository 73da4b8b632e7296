// Drives Chromium over the report of a trust run: node report.mjs http://localhost:PORT
import assert from "node:assert/strict";
import { join } from "node:path";
import { fits, judged, launch, picture, shots, strict } from "./chromium.mjs";

const base = process.argv[2];
setTimeout(() => { console.error("not done in ten minutes"); process.exit(1); }, 600_000).unref();
const browser = await launch();
const reports = ["green", "yellow", "red", "hostile"];

/** One test in a context of its own; whatever the browser complains about fails it. */
async function test(name, options, steps) {
  const context = await browser.newContext({ locale: "da-DK", viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = strict(page);
  await steps(page, context);
  assert.deepEqual(complaints, [], name);
  await context.close();
  console.log(`ok ${name}`);
}

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));

for (const [lang, locale] of [["da", "da-DK"], ["en", "en-GB"]]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 320]) {
      await test(`reports and the page before them, ${lang}, ${colorScheme}, ${width} px`, { locale, colorScheme, viewport: { width, height: 900 } }, async (page) => {
        for (const name of [...reports, "waiting", "unanswered"]) {
          if (colorScheme === "dark" && ["green", "yellow"].includes(name)) continue; // red has all the colours
          await page.goto(`${base}/trust/${name}`);
          assert.equal(await page.getAttribute("html", "lang"), lang, name);
          await fits(page, name);
          await picture(page, `trust-${name}-${lang}-${colorScheme}-${width}`);
          await unfold(page);
          await fits(page, `${name}, unfolded`);
          await judged(page, `${name}, unfolded`);
          await picture(page, `trust-${name}-unfolded-${lang}-${colorScheme}-${width}`);
        }
      });
    }
  }
}

await test("what failed is open and what passed is folded, without JavaScript, by keyboard", { javaScriptEnabled: false }, async (page) => {
  await page.goto(`${base}/trust/red`);
  assert.match(await page.textContent("h1"), /^Tillid er ikke etableret: 7 fejl og 3 advarsler\.$/);
  assert.equal(await page.locator("details.is-fail:not([open]), details.is-warning:not([open])").count(), 0);
  assert.equal(await page.locator("details.is-pass[open], details.is-not-applicable[open]").count(), 0);
  const encryption = page.locator("#encryption > summary");
  await encryption.focus();
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#encryption .finding").first().isVisible());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  assert.ok(await page.locator("#encryption .finding-body").first().isVisible());
  await picture(page, "trust-keyboard");
  await page.locator(".to-do a").first().focus();
  await page.keyboard.press("Enter");
  assert.match(page.url(), /#finding-\d+$/);
});

await test("the first difference of two values is marked and told", {}, async (page) => {
  await page.goto(`${base}/trust/red?lang=en`);
  const audience = page.locator("#audience .finding").first();
  assert.equal(await audience.locator("dd").nth(0).locator("mark").textContent(), "");
  assert.equal(await audience.locator("dd").nth(1).locator("mark").textContent(), "/");
  assert.equal((await audience.locator(".differs").textContent()).trim(), "Difference from character 40: expected nothing, received /.");
});

await test("on paper everything is unfolded", {}, async (page) => {
  for (const name of ["red", "green"]) {
    await page.goto(`${base}/trust/${name}`);
    await page.emulateMedia({ media: "print" });
    const folded = await page.evaluate(() => [...document.querySelectorAll("details > :not(summary)")]
      .filter((part) => part.getBoundingClientRect().height === 0).map((part) => part.outerHTML.slice(0, 80)));
    assert.deepEqual(folded, [], name);
    await page.pdf({ path: join(shots, `trust-${name}.pdf`), format: "A4", printBackground: true, margin: { top: "12mm", bottom: "12mm", left: "12mm", right: "12mm" } });
  }
});

await test("the file of a report asks for nothing and looks like the page", {}, async (page, context) => {
  const asked = [];
  for (const lang of ["da", "en"]) {
    await page.goto(`${base}/trust-file/${lang}`);
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    assert.equal(asked.filter((address) => !address.includes("/trust-file/")).length, 0, asked.join());
    await fits(page, "file");
    await judged(page, "file");
    await picture(page, `trust-file-${lang}`);
  }
  await context.setOffline(true);
});

await test("text at 200 % and spaced out still fits, and forced colours still show what is what", { viewport: { width: 640, height: 900 }, forcedColors: "active" }, async (page) => {
  await page.goto(`${base}/trust/red`);
  await picture(page, "trust-red-forced-colours");
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("html{font-size:125%!important} *{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}");
    document.adoptedStyleSheets = [sheet];
  });
  await unfold(page);
  await fits(page, "red at 200 %");
  await picture(page, "trust-red-200percent");
});

await browser.close();
