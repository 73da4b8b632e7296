// Logs in with Chromium in a running sandbox: node sandbox.mjs PORT (the broker's; its neighbours are above it)
import assert from "node:assert/strict";
import { fits, judged, launch, picture, strict } from "./chromium.mjs";

const port = Number(process.argv[2]);
const at = (place) => `http://localhost:${port + place}`;
const [korsbaek, booking, bbr] = [at(1), at(3), at(4)];
const browser = await launch();

const words = {
  da: { logIn: "Log ind", korsbaek: "Korsbæk Kommune", who: "Hvem er du?", loggedIn: "Logget ind som Agnes Holm", refused: "Login blev afvist",
    lower: "Du er ikke logget ind med den sikkerhed, som systemet kræver." },
  en: { logIn: "Log in", korsbaek: "Korsbæk Kommune", who: "Who are you?", loggedIn: "Logged in as Agnes Holm", refused: "The login was refused",
    lower: "You did not log in with the assurance that this system requires." },
};

/** One test in a browser of its own; whatever the browser complains about fails it. */
async function test(name, options, steps) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = strict(page);
  await steps(page);
  assert.deepEqual(complaints.filter((complaint) => !/status of 403/.test(complaint)), [], name);
  await context.close();
  console.log(`ok ${name}`);
}

/** A page that a person looks at: in the right language, accessible, inside the window. */
async function seen(page, name, lang) {
  assert.equal(await page.getAttribute("html", "lang"), lang, name);
  await fits(page, name);
  await judged(page, name);
  await picture(page, `sandbox-${name}-${lang}`);
}

/** Presses the button of a page that would go on by itself with JavaScript. */
async function goOn(page, javaScript, to) {
  if (!javaScript) await page.locator("main button[type=submit]").first().click();
  await page.waitForURL(to);
}

for (const javaScriptEnabled of [true, false]) {
  for (const [lang, locale] of [["da", "da-DK"], ["en", "en-GB"]]) {
    const how = `${javaScriptEnabled ? "with" : "without"} JavaScript, ${lang}`;
    const t = words[lang];
    // Pages are judged by a script of ours, so only where scripts run.
    const look = (page, name) => javaScriptEnabled ? seen(page, name, lang) : picture(page, `sandbox-${name}-${lang}-plain`);

    await test(`BBR, Korsbæk, Agnes: logged in, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await page.goto(bbr);
      await look(page, "bbr");
      await page.getByRole("button", { name: t.logIn }).click();
      await page.waitForURL("**/discovery?*");
      await look(page, "choice");
      await page.locator("#choices").getByRole("button", { name: t.korsbaek }).click();
      await page.waitForURL(`${korsbaek}/**`);
      assert.equal(await page.textContent("h1"), t.who);
      await look(page, "people");
      await page.getByRole("button", { name: "Agnes Holm" }).click();
      if (!javaScriptEnabled) {
        await look(page, "provider-goes-on");
        await goOn(page, false, "**/saml/sp/acs");
        await look(page, "broker-goes-on");
      }
      await goOn(page, javaScriptEnabled, `${bbr}/`);
      assert.equal((await page.textContent("h1")).trim(), t.loggedIn);
      const told = await page.textContent("table");
      for (const value of ["Substantial", "11111111", "Korsbæk Kommune", "OIO-SAML-3.0", "agnes.holm@korsbaek.example"]) assert.ok(told.includes(value), value);
      await look(page, "logged-in");
    });

    await test(`Ellen is not sure enough for BBR, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await page.goto(`${bbr}/login`);
      await page.locator("#choices").getByRole("button", { name: t.korsbaek }).click();
      await page.waitForURL(`${korsbaek}/**`);
      await page.getByRole("button", { name: "Ellen Friis" }).click();
      if (!javaScriptEnabled) await goOn(page, false, "**/saml/sp/acs");
      await goOn(page, javaScriptEnabled, `${bbr}/acs`);
      assert.equal(await page.textContent("h1"), t.refused);
      assert.equal(await page.textContent("#words"), t.lower);
      await look(page, "refused");
    });

    await test(`Køreprøvebooking asks in a form, Feddet answers, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await page.goto(booking);
      await look(page, "booking");
      await page.getByRole("button", { name: t.logIn }).click();
      if (!javaScriptEnabled) await goOn(page, false, "**/discovery?*");
      await page.locator("#choices").getByRole("button", { name: "Feddet Kommune" }).click();
      await page.getByRole("button", { name: "Poul Kruse" }).click();
      if (!javaScriptEnabled) await goOn(page, false, "**/saml/sp/acs");
      await goOn(page, javaScriptEnabled, `${booking}/`);
      assert.match(await page.textContent("h1"), /Poul Kruse/);
      await look(page, "booking-logged-in");
    });
  }
}

await test("the language is chosen once and stays on the whole way", { locale: "da-DK" }, async (page) => {
  await page.goto(bbr);
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/discovery?*");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await page.locator("#choices").getByRole("button", { name: "Korsbæk Kommune" }).click();
  await page.waitForURL(`${korsbaek}/**`);
  await page.getByRole("link", { name: "Dansk" }).click();
  assert.equal(await page.textContent("h1"), "Hvem er du?");
  await page.getByRole("button", { name: "Agnes Holm" }).click();
  await page.waitForURL(`${bbr}/`);
  assert.equal((await page.textContent("h1")).trim(), "Logget ind som Agnes Holm");
});

await test("a narrow window, dark", { locale: "da-DK", colorScheme: "dark", viewport: { width: 320, height: 700 } }, async (page) => {
  await page.goto(`${bbr}/login`);
  await page.locator("#choices").getByRole("button", { name: "Korsbæk Kommune" }).click();
  await page.waitForURL(`${korsbaek}/**`);
  await seen(page, "people-narrow", "da");
  await page.getByRole("button", { name: "Agnes Holm" }).click();
  await page.waitForURL(`${bbr}/`);
  await seen(page, "logged-in-narrow", "da");
});

await browser.close();
