// Logs in with Chromium in a running sandbox: node sandbox.mjs PORT (the broker's; its neighbours are above it)
import assert from "node:assert/strict";
import { fits, judged, launch, picture, strict } from "./chromium.mjs";

const port = Number(process.argv[2]);
const at = (place) => `http://localhost:${port + place}`;
const [broker, korsbaek, feddet, booking, bbr, service, nemlogin, seb, byggesag] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(at);
const browser = await launch();

const words = {
  da: { logIn: "Log ind", korsbaek: "Korsbæk Kommune", who: "Hvem er du?", loggedIn: "Logget ind som", refused: "Login blev afvist",
    lower: "Du er ikke logget ind med den sikkerhed, som systemet kræver.", denied: "Det blev ikke bekræftet, hvem du er.",
    see: "Se bygninger", change: "Rette bygninger", approve: "Godkende sager", subjects: "KLE-emne: 02.34 eller 02.36", nothing: "Ingenting: systemet fik ingen rettigheder at vide.",
    book: "Booke køreprøver", category: "Kategori: A eller B", health: "Se sundhedsdata", kept: "Rettigheder, der ligger her",
    buildingCases: "Behandle byggesager", refresh: "Hent et nyt adgangstoken", userinfo: "Spørg userinfo", logOut: "Log ud", welcome: "Velkommen",
    left: "Du er logget ud her og i de andre systemer, som du var logget ind i.", logOutAt: "Log ud hos Korsbæk Kommune",
    where: "Hvor er jeg logget ind?", loggedOut: "Du er logget ud", leaving: "Du bliver logget ud", goOn: "Gå videre",
    inPart: "Du er logget ud her, men ikke alle har bekræftet", confirmed: "har bekræftet", notConfirmed: "har ikke bekræftet" },
  en: { logIn: "Log in", korsbaek: "Korsbæk Kommune", who: "Who are you?", loggedIn: "Logged in as", refused: "The login was refused",
    lower: "You did not log in with the assurance that this system requires.", denied: "It was not confirmed who you are.",
    see: "See buildings", change: "Change buildings", approve: "Approve cases", subjects: "KLE subject: 02.34 or 02.36", nothing: "Nothing: the system was told of no rights.",
    book: "Book driving tests", category: "Category: A or B", health: "See health data", kept: "The rights that are kept here",
    buildingCases: "Handle building cases", refresh: "Get a new access token", userinfo: "Ask userinfo", logOut: "Log out", welcome: "Welcome",
    left: "You are logged out here and of the other systems that you were logged in to.", logOutAt: "Log out at Korsbæk Kommune",
    where: "Where am I logged in?", loggedOut: "You are logged out", leaving: "You are being logged out", goOn: "Go on",
    inPart: "You are logged out here, but not everybody has confirmed", confirmed: "has confirmed", notConfirmed: "has not confirmed" },
};

const chain = "https://saml.korsbaek.example/idp → https://saml.nemlog-in.example";

/** The stories of the README: who logs in where, as whom they go on at NemLog-in, and what one sees at the end. */
const stories = (t) => [
  { name: "delegation", who: "Agnes Holm", at: "Korsbæk Kommune", system: booking, sees: [t.book, t.category, "Feddet Kommune"] },
  { name: "no-rights", who: "Viggo Lund", at: "Korsbæk Kommune", system: bbr, sees: [t.nothing] },
  { name: "attribute-service", who: "Poul Kruse", at: "Feddet Kommune", system: booking, sees: [t.book, "Feddet Kommune", "DK-SAML-2.0"] },
  { name: "groups", who: "Sofie Bak", at: "Feddet Kommune", system: booking, sees: [t.book] },
  { name: "too-low", who: "Karen Birk", at: "Feddet Kommune", system: booking, refused: t.lower, sees: ["loa.lower"] },
  { name: "step-up", who: "Ellen Friis", at: "Korsbæk Kommune", system: bbr, stepUp: "Ellen Friis", sees: [t.see, "02.34", "Substantial", chain] },
  { name: "another-person", who: "Ellen Friis", at: "Korsbæk Kommune", system: bbr, stepUp: "Benny Skov", refused: t.denied, sees: ["loa.stepup_user"] },
  { name: "robot", who: "Robot 7", at: "Korsbæk Kommune", system: booking, sees: [t.book] },
  { name: "robot-refused", who: "Robot 7", at: "Korsbæk Kommune", system: bbr, refused: t.lower, sees: ["robot.nsis", "API"] },
  { name: "seb", who: "Signe Vang", system: seb, sees: [t.health, "••••••-••••", "sivan"] },
];

/** One test in a browser of its own; whatever the browser complains about fails it. */
async function test(name, options, steps) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = strict(page);
  await steps(page);
  // An icon that is still on its way when the next party's page is there is held against that page's policy; no fault.
  const noFault = /status of 403|localhost:\d+\/assets\/favicon-[0-9a-f]+\.svg/;
  assert.deepEqual(complaints.filter((complaint) => !noFault.test(complaint)), [], name);
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

/** Agnes is asked once, and logged in to two fagsystemer by SAML and to one by OpenID Connect. */
async function logInToThree(page, t, javaScript) {
  await page.goto(`${bbr}/login`);
  await page.locator("#choices").getByRole("button", { name: t.korsbaek }).click();
  await page.getByRole("button", { name: "Agnes Holm" }).click();
  if (!javaScript) await goOn(page, false, "**/saml/sp/acs");
  await goOn(page, javaScript, `${bbr}/`);
  for (const next of [booking, byggesag]) {
    await page.goto(`${next}/login`);
    // Køreprøvebooking's request and the broker's answer to it are forms, which a press sends where no script does.
    if (!javaScript && next === booking) for (const to of ["**/saml/idp/sso", `${next}/`]) await goOn(page, false, to);
    await page.waitForURL(`${next}/`);
    assert.equal((await page.textContent("h1")).trim(), `${t.loggedIn} Agnes Holm`, next);
  }
}

/** Nobody is logged in at any of them. */
async function nobodyIsIn(page) {
  for (const place of [bbr, booking, byggesag, korsbaek]) {
    await page.goto(place);
    assert.equal(await page.locator("#who").count(), 0, place);
  }
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
      assert.equal((await page.textContent("h1")).trim(), `${t.loggedIn} Agnes Holm`);
      const may = await page.textContent("table.rights");
      for (const right of [t.see, t.change, t.subjects, t.approve, "Korsbæk Kommune"]) assert.ok(may.includes(right), right);
      const told = await page.textContent("table:not(.rights)");
      for (const value of ["Substantial", "11111111", "Korsbæk Kommune", "OIO-SAML-3.0", "agnes.holm@korsbaek.example"]) assert.ok(told.includes(value), value);
      await look(page, "logged-in");
    });

    await test(`a robot is no person for BBR, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await page.goto(`${bbr}/login`);
      await page.locator("#choices").getByRole("button", { name: t.korsbaek }).click();
      await page.waitForURL(`${korsbaek}/**`);
      await page.getByRole("button", { name: "Robot 7" }).click();
      if (!javaScriptEnabled) await goOn(page, false, "**/saml/sp/acs");
      await goOn(page, javaScriptEnabled, `${bbr}/acs`);
      assert.equal(await page.textContent("h1"), t.refused);
      assert.equal(await page.textContent("#words"), t.lower);
      await look(page, "refused");
    });

    await test(`Ellen goes on to NemLog-in, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await page.goto(`${bbr}/login`);
      await page.locator("#choices").getByRole("button", { name: t.korsbaek }).click();
      await page.waitForURL(`${korsbaek}/**`);
      await page.getByRole("button", { name: "Ellen Friis" }).click();
      // The broker's page in between goes on by itself with and without scripts.
      await goOn(page, javaScriptEnabled, `${nemlogin}/**`);
      await look(page, "nemlogin");
      await page.getByRole("button", { name: "Ellen Friis" }).click();
      if (!javaScriptEnabled) await goOn(page, false, "**/saml/sp/acs");
      await goOn(page, javaScriptEnabled, `${bbr}/`);
      assert.ok((await page.textContent("table:not(.rights)")).includes(chain));
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

    await test(`Byggesag speaks OpenID Connect, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await page.goto(byggesag);
      await look(page, "byggesag");
      await page.locator("button[value=Substantial]").click();
      await page.getByRole("button", { name: "Agnes Holm" }).click();
      await goOn(page, javaScriptEnabled, `${byggesag}/`);
      assert.equal((await page.textContent("h1")).trim(), `${t.loggedIn} Agnes Holm`);
      assert.ok((await page.textContent("table.rights")).includes(t.buildingCases));
      await page.getByRole("button", { name: t.refresh }).click();
      await page.getByRole("button", { name: t.userinfo }).click();
      await look(page, "byggesag-logged-in");
    });

    await test(`a logout at BBR reaches everybody, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await logInToThree(page, t, javaScriptEnabled);
      await page.goto(bbr);
      await page.getByRole("button", { name: t.logOut, exact: true }).click();
      await page.waitForURL(`${bbr}/slo?*`);
      assert.equal(await page.textContent("#notice"), t.left);
      await look(page, "left");
      await nobodyIsIn(page);
    });

    await test(`a user who logs out at the broker sees that all have confirmed, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await logInToThree(page, t, javaScriptEnabled);
      await page.goto(`${broker}/sessions`);
      assert.equal(await page.textContent("h1"), t.where);
      await look(page, "sessions");
      await page.getByRole("button", { name: t.logOutAt }).click();
      await page.getByRole("heading", { level: 1, name: t.loggedOut, exact: true }).waitFor();
      assert.equal((await page.textContent("ul.parties")).split(t.confirmed).length - 1, 4);
      await look(page, "logged-out");
      await nobodyIsIn(page);
    });

    await test(`a fagsystem that is dead holds nobody up, ${how}`, { javaScriptEnabled, locale }, async (page) => {
      await logInToThree(page, t, javaScriptEnabled);
      await page.route(`${booking}/slo?*`, (route) => route.fulfill({ status: 204 })); // so that the browser stays
      await page.goto(`${broker}/sessions`);
      await page.getByRole("button", { name: t.logOutAt }).click();
      await page.getByRole("heading", { level: 1, name: t.leaving }).waitFor();
      await page.locator("p[role=status]", { hasText: "Køreprøvebooking" }).waitFor();
      await look(page, "logging-out");
      await page.getByRole("link", { name: t.goOn }).click();
      await page.getByRole("heading", { level: 1, name: t.inPart }).waitFor();
      const parties = page.locator("ul.parties li");
      assert.equal(await parties.filter({ hasText: t.notConfirmed }).count(), 1);
      assert.ok((await parties.filter({ hasText: t.notConfirmed }).textContent()).includes("Køreprøvebooking"));
      assert.equal(await parties.filter({ hasText: t.confirmed }).filter({ hasNotText: t.notConfirmed }).count(), 3);
      await look(page, "logged-out-in-part");
    });
  }
}

for (const [lang, locale] of [["da", "da-DK"], ["en", "en-GB"]]) {
  const t = words[lang];
  for (const story of stories(t)) {
    await test(`the story "${story.name}", ${lang}`, { locale }, async (page) => {
      await page.goto(story.system);
      await page.getByRole("button", { name: t.logIn }).click();
      // Where only one municipality uses the fagsystem there is nothing to choose.
      if (story.at) await page.locator("#choices").getByRole("button", { name: story.at }).click();
      await page.getByRole("button", { name: story.who }).click();
      if (story.stepUp) {
        await page.waitForURL(`${nemlogin}/**`);
        await page.getByRole("button", { name: story.stepUp }).click();
      }
      await page.waitForURL(story.refused ? `${story.system}/acs` : `${story.system}/`);
      assert.equal((await page.textContent("h1")).trim(), story.refused ? t.refused : `${t.loggedIn} ${story.who}`);
      if (story.refused) assert.equal(await page.textContent("#words"), story.refused);
      const main = await page.textContent("main");
      for (const text of story.sees) assert.ok(main.includes(text), text);
      await seen(page, `story-${story.name}`, lang);
      if (story.system === seb) {
        const cpr = page.getByText("6102850004");
        assert.equal(await cpr.isVisible(), false, "the number is covered");
        await page.getByText("••••••-••••").click();
        assert.equal(await cpr.isVisible(), true, "and shown to whoever asks");
      }
    });
  }

  await test(`the attribute service shows what it keeps, ${lang}`, { locale }, async (page) => {
    await page.goto(service);
    assert.equal(await page.textContent("h1"), t.kept);
    assert.ok((await page.textContent("table")).includes("Poul Kruse"));
    await seen(page, "service", lang);
  });
}

await test("the people of Feddet", { locale: "da-DK" }, async (page) => {
  await page.goto(feddet);
  await seen(page, "feddet", "da");
});

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
