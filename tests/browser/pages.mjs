// Drives Chromium over every page: node pages.mjs http://localhost:PORT
import assert from "node:assert/strict";
import { fits, judged, launch, picture, strict } from "./chromium.mjs";

const base = process.argv[2];
const login = "0123456789abcdef0123456789abcdef";
setTimeout(() => { console.error("not done in five minutes"); process.exit(1); }, 300_000).unref();
const browser = await launch();
const pages = {
  home: "/", errors: "/errors", error: "/errors/agreement.missing", missing: "/no/such/page", messages: "/messages", unavailable: "/unavailable",
  discovery: `/discovery?login=${login}`, remembered: `/discovery?login=${login}&last=20000137`,
  nothing: `/discovery?login=${login}&q=Atlantis`, hostile: `/discovery?login=${login}&hostile=1`,
  refusal: "/refusal/agreement.missing", untrusted: "/refusal/sig.invalid", mine: "/refusal/irt.unknown",
  sessions: "/sessions", nowhere: "/nowhere", leftSilent: "/logout/silent", leftConfirmed: "/logout/confirmed",
  leftInPart: "/logout/in-part", leftBack: "/logout/back", gone: "/gone",
};

/** One test in a context of its own; whatever the browser complains about fails it. */
async function test(name, options, steps) {
  const context = await browser.newContext({ locale: "da-DK", viewport: { width: 1180, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = strict(page);
  await steps(page, context);
  const expected = /status of (403|404|405|503)/;
  assert.deepEqual(complaints.filter((c) => !expected.test(c)), [], name);
  await context.close();
  console.log(`ok ${name}`);
}

for (const [lang, locale] of [["da", "da-DK"], ["en", "en-GB"]]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1180, 320]) {
      await test(`all pages, ${lang}, ${colorScheme}, ${width} px`, { locale, colorScheme, viewport: { width, height: 900 } }, async (page) => {
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(base + path);
          assert.equal(await page.getAttribute("html", "lang"), lang, name);
          await fits(page, name);
          await judged(page, name);
          await picture(page, `${name}-${lang}-${colorScheme}-${width}`);
        }
      });
    }
  }
}

// A long page, which is looked at once in each language.
for (const [lang, locale, colorScheme] of [["da", "da-DK", "light"], ["en", "en-GB", "dark"]]) {
  await test(`the API for people, ${lang}`, { locale, colorScheme, viewport: { width: 320, height: 900 } }, async (page) => {
    await page.goto(`${base}/api/docs`);
    assert.equal(await page.getAttribute("html", "lang"), lang);
    await fits(page, "api");
    await judged(page, "api");
    await picture(page, `api-${lang}-320`);
  });
}

await test("text at 200 % and spaced out still fits", { viewport: { width: 640, height: 900 } }, async (page) => {
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(base + path);
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("html{font-size:125%!important} *{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}");
      document.adoptedStyleSheets = [sheet];
    });
    await fits(page, name);
    await picture(page, `${name}-da-200percent`);
  }
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with JavaScript" : "without JavaScript";

  await test(`the choice is found, remembered and carried to another origin, ${how}`, { javaScriptEnabled }, async (page) => {
    await page.goto(`${base}/discovery?login=${login}`);
    assert.equal(await page.locator("#choices > li:visible").count(), 99);
    await page.fill("#q", "aeroe");
    if (!javaScriptEnabled) await page.click(".button-search");
    assert.equal(await page.locator("#choices > li:visible").count(), 1);
    assert.match(await page.textContent("#count"), /^1 kommune$/);
    await page.check("#remember");
    await page.click("#choices > li:visible button");
    await page.waitForURL("**/idp/login/*");
    assert.equal(new URL(page.url()).hostname, "127.0.0.1");
  });

  await test(`a search that finds nothing says so and leads back, ${how}`, { javaScriptEnabled }, async (page) => {
    await page.goto(`${base}/discovery?login=${login}`);
    await page.fill("#q", "Atlantis");
    await page.press("#q", "Enter");
    assert.ok(await page.isVisible("#none"));
    await page.click("#none a");
    assert.equal(await page.locator("#choices > li:visible").count(), 99);
  });

  await test(`the message arrives byte by byte, ${how}`, { javaScriptEnabled }, async (page) => {
    await page.goto(`${base}/post`, { waitUntil: "commit" });
    if (!javaScriptEnabled) {
      await fits(page, "post");
      await picture(page, "post-da");
      await page.keyboard.press("Enter"); // the button has the focus
    }
    await page.waitForURL("**/received/*");
    assert.match(page.url(), /\/exactly$/);
  });

  await test(`the language is switched and stays, ${how}`, { javaScriptEnabled }, async (page) => {
    await page.goto(`${base}/discovery?login=${login}&q=ærø`);
    await page.click("a.switch");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    assert.equal(await page.inputValue("#q"), "ærø");
    await page.fill("#q", "odense");
    await page.click(".button-search");
    assert.equal(await page.textContent("h1"), "Choose your municipality");
    await page.goto(`${base}/`);
    assert.equal(await page.getAttribute("html", "lang"), "en");
  });
}

await test("the page that posts is a page for whoever stays on it", { viewport: { width: 320, height: 700 } }, async (page) => {
  await page.route("**/receive", (route) => route.fulfill({ status: 204 })); // so that the page stays
  await page.goto(`${base}/post`, { waitUntil: "commit" });
  await page.waitForFunction(() => document.activeElement.textContent === "Fortsæt");
  await fits(page, "post");
  await judged(page, "post");
  await picture(page, "post-da-320");
});

await test("the hop to the login is a page for whoever stays on it", { viewport: { width: 320, height: 700 } }, async (page) => {
  await page.route("**/idp/*", (route) => route.fulfill({ status: 204 })); // so that the page stays
  await page.goto(`${base}/discovery?login=${login}&q=viborg`);
  await page.click("#choices > li:visible button");
  await page.waitForSelector("main a.button");
  await fits(page, "onward");
  await judged(page, "onward");
  await picture(page, "onward-da-320");
});

await test("a page that answers a form holds both languages", {}, async (page) => {
  await page.setContent(`<form method="post" action="${base}/refusal/irt.unknown"><button>x</button></form>`);
  await page.click("button");
  await page.waitForURL("**/refusal/*");
  await page.click("a.switch");
  assert.equal(await page.getAttribute("#other", "lang"), "en");
  assert.ok(await page.locator("#other .digits").isVisible());
});

await test("everything by keyboard: skip, search, choose", {}, async (page) => {
  await page.goto(`${base}/discovery?login=${login}`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skipnav");
  await picture(page, "keyboard-skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.type("korsør ");
  assert.ok(await page.isVisible("#none"));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("viborg");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "remember");
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Viborg Kommune/);
  await picture(page, "keyboard-choice");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/idp/login/*");
});

await test("no page can be framed", {}, async (page) => {
  await page.goto(`${base}/errors`);
  const response = await page.request.get(`${base}/discovery?login=${login}`);
  assert.match(response.headers()["content-security-policy"], /frame-ancestors 'none'/);
});

await test("forced colours still show what is what", { forcedColors: "active" }, async (page) => {
  await page.goto(`${base}/discovery?login=${login}&last=20000137`);
  await picture(page, "discovery-forced-colours");
});

await browser.close();
