// Takes from the installed design system what the templates use: rules, Latin fonts, icons and the licences of all three.
// Writes web/dist; build.rs embeds it. Reads the templates, our licence, and what lies beside it.
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, "node_modules", "dkfds");
const dist = join(here, "dist");
const fonts = { 400: "Regular", 600: "SemiBold", 700: "Bold" };
const icons = {
  "check-white": "check-white", chevron: "chevron-right", info: "info", language: "language", search: "search",
  warning: "warning",
};

const { classes, elements } = used(join(here, "..", "templates"));
for (const name of readdirSync(dist)) if (name !== ".gitignore") rmSync(join(dist, name), { recursive: true });

for (const weight of Object.values(fonts)) {
  const name = `IBMPlexSans-${weight}-Latin1.woff2`;
  copyFileSync(join(from, "dist/fonts/IBMPlexSans/split/woff2", name), join(dist, name));
}
for (const [ours, theirs] of Object.entries(icons)) {
  copyFileSync(join(from, "dist/img/svg-icons", `${theirs}.svg`), join(dist, `icon-${ours}.svg`));
}

const sheet = readFileSync(join(from, "dist/css/dkfds.css"), "utf8").replace(/\/\*[^]*?\*\//g, "");
const css = keep(sheet).replace(/url\("\.\.\/img\/svg-icons\/([\w-]+)\.svg"\)/g, (_, name) => {
  const ours = Object.keys(icons).find((key) => icons[key] === name);
  return ours ? `url("icon-${ours}.svg")` : "none";
});
writeFileSync(join(dist, "designsystem.css"), Object.entries(fonts).map(face).join("") + css);
writeFileSync(join(dist, "notices.txt"), notices());
console.log(`web: ${css.length} bytes of CSS, ${Object.keys(fonts).length} fonts, ${Object.keys(icons).length} icons`);

/** The classes and elements that stand in the templates. */
function used(folder) {
  const text = readdirSync(folder).filter((f) => f.endsWith(".html")).map((f) => readFileSync(join(folder, f), "utf8")).join("\n");
  const classes = new Set([...text.matchAll(/class="([^"]*)"/g)].flatMap((m) => m[1].split(/[^\w-]+/)));
  const elements = new Set([...text.matchAll(/<([a-z][a-z0-9]*)/g)].map((m) => m[1]));
  return { classes, elements };
}

/** The rules of a style sheet of which at least one selector can match a page of ours. */
function keep(css) {
  let out = "";
  for (const [head, body] of blocks(css)) {
    if (head.startsWith("@media")) {
      const inner = keep(body);
      if (inner) out += `${head}{${inner}}\n`;
    } else if (!head.startsWith("@")) {
      const selectors = split(head).filter(matches);
      if (selectors.length) out += `${selectors.join(",")}{${body.replace(/\s+/g, " ").trim()}}\n`;
    }
  }
  return out;
}

/** The blocks of one level, each as head and body. */
function* blocks(css) {
  let depth = 0, start = 0, head = "";
  for (let i = 0; i < css.length; i++) {
    if (css[i] === "{" && depth++ === 0) {
      head = css.slice(start, i).split(";").pop().trim();
      start = i + 1;
    } else if (css[i] === "}" && --depth === 0) {
      yield [head, css.slice(start, i)];
      start = i + 1;
    }
  }
}

/** A selector list, split at the commas that stand outside brackets. */
function split(list) {
  return list.split(/,(?![^(]*\))/).map((s) => s.replace(/\s+/g, " ").trim());
}

/** Whether everything that a selector names stands in our templates. */
function matches(selector) {
  const plain = selector.replace(/:not\([^)]*\)/g, "").replace(/\[[^\]]*\]/g, "").replace(/::?[\w-]+(\([^)]*\))?/g, "");
  const named = [...plain.matchAll(/\.([\w-]+)/g)].map((m) => m[1]);
  const tags = [...plain.replace(/[.#][\w-]+/g, "").matchAll(/[a-z][a-z0-9]*/g)].map((m) => m[0]);
  return named.every((c) => classes.has(c)) && tags.every((t) => elements.has(t));
}

function face([weight, name]) {
  return `@font-face{font-family:"IBM Plex Sans";font-weight:${weight};font-style:normal;font-display:swap;`
    + `src:url("IBMPlexSans-${name}-Latin1.woff2") format("woff2")}\n`;
}

/** The licences that ask to travel with what is embedded. */
function notices() {
  const parts = ["THIRD-PARTY.md", "node_modules/dkfds/LICENSE.md", "node_modules/dkfds/dist/fonts/IBMPlexSans/complete/woff2/license.txt", "../LICENSE"];
  const read = (part) => readFileSync(join(here, part), "utf8").trim();
  return parts.map(read).join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}
