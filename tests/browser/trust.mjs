// Drives Chromium over the pages about trust of a sandbox: node trust.mjs PORT PROGRAMME MUNICIPALITY, the latter two being
// invitations.
import assert from "node:assert/strict";
import { fits, judged, launch, picture, strict } from "./chromium.mjs";

const [port, programme, municipality] = process.argv.slice(2);
const base = `http://localhost:${port}`;
setTimeout(() => { console.error("not done in ten minutes"); process.exit(1); }, 600_000).unref();
const browser = await launch();

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

/** Follows an invitation, by keyboard alone. */
async function enter(page, invitation) {
  await page.goto(invitation);
  await page.locator("main form button").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.includes("/invitations/"));
}

const seen = { matrix: "/trust/matrix", authority: "/trust/authorities/11111111", certificates: "/trust/certificates", metadata: "/trust/metadata", front: "/trust", systems: "/trust/sp", system: "/trust/sp?system=https%3A%2F%2Fsaml.bbr.example" };
let state;
await test("an invitation is good once and leads to the table of all municipalities", { javaScriptEnabled: false }, async (page, context) => {
  await page.goto(programme);
  await picture(page, "trust-invitation");
  await enter(page, programme);
  assert.match(page.url(), /\/trust/);
  state = await context.storageState();
  await page.goto(`${base}/trust/matrix`);
  assert.match(await page.textContent("main"), /Korsbæk Kommune/);
  const again = await browser.newContext();
  const other = await again.newPage();
  await other.goto(programme);
  assert.equal(await other.locator("main form button").count(), 0, "used");
  await again.close();
});

for (const [lang, locale] of [["da", "da-DK"], ["en", "en-GB"]]) {
  for (const [colorScheme, width] of [["light", 1280], ["light", 320], ["dark", 1280]]) {
    await test(`every page about trust, ${lang}, ${colorScheme}, ${width} px`, { locale, colorScheme, viewport: { width, height: 900 }, storageState: state }, async (page) => {
      for (const [name, path] of Object.entries(seen)) {
        await page.goto(`${base}${path}`);
        assert.equal(await page.getAttribute("html", "lang"), lang, name);
        await picture(page, `trust-${name}-${lang}-${colorScheme}-${width}`);
        await fits(page, name);
        await judged(page, name);
      }
    });
  }
}

await test("a municipality orders a run, logs in and reads its report, without JavaScript", { javaScriptEnabled: false }, async (page) => {
  await enter(page, municipality);
  await page.goto(`${base}/trust/authorities/11111111`);
  await page.locator("button[value=nsis-substantial]").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/trust\//);
  await picture(page, "trust-ordered");
  await page.locator(".slip button").focus();
  await page.keyboard.press("Enter");
  for (let hops = 0; hops < 8 && !(await page.locator("article.report").count()); hops++) {
    const onward = page.locator("main a[href*='SAMLRequest='], main a[href*='/sso']").first();
    const persona = page.locator("button[value=agnes], button:has-text('Agnes')").first();
    const post = page.locator("form#post button, form button").first();
    if (await onward.count()) await onward.click();
    else if (await persona.count()) await persona.click();
    else if (await post.count()) await post.click();
    await page.waitForLoadState();
  }
  assert.match(page.url(), /\/trust\/runs\//);
  assert.match(await page.textContent("h1"), /Tillid er etableret/);
  await picture(page, "trust-run-of-korsbaek");
  await page.goto(`${base}/trust/authorities/11111111`);
  await picture(page, "trust-authority-after");
  const other = await page.request.get(`${base}/trust/authorities/99999999`);
  assert.equal(other.status(), 403, "another municipality's page is nobody else's");
});

await browser.close();
