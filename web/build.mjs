// Copies what the pages use of other projects into dist/, without a bundler:
// each package's own distribution serves as it is. Go embeds dist/.
import { appendFile, copyFile, mkdir, readdir, rm, writeFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = (...path) => join(here, "node_modules", ...path);
const to = (...path) => join(here, "dist", ...path);

const keep = "placeholder.txt";
for (const name of await readdir(to())) {
  if (name !== keep) await rm(to(name), { recursive: true });
}

// A source map is not copied, so nothing may point at one.
async function copyText(source, target) {
  await mkdir(dirname(target), { recursive: true });
  const text = await readFile(source, "utf8");
  await writeFile(target, text.replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*?(\*\/)?\s*$/, "\n"));
}

await copyText(from("@tabler", "core", "dist", "css", "tabler.min.css"), to("tabler.css"));
await copyText(from("echarts", "dist", "echarts.min.js"), to("echarts.js"));
await copyText(from("htmx.org", "dist", "htmx.min.js"), to("htmx.js"));

// The reader of bar codes, for kiosks with a camera: its script looks for the
// wasm file beside itself.
await copyText(from("zxing-wasm", "dist", "iife", "reader", "index.js"), to("zxing.js"));
await copyFile(from("zxing-wasm", "dist", "reader", "zxing_reader.wasm"), to("zxing_reader.wasm"));

// Be Vietnam Pro: the letters of Vietnamese and English, three weights.
const ranges = {
  vietnamese:
    "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB",
  latin:
    "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
};
await mkdir(to("fonts"), { recursive: true });
let css = "";
for (const weight of [400, 600, 700]) {
  for (const [subset, range] of Object.entries(ranges)) {
    const file = `be-vietnam-pro-${subset}-${weight}-normal.woff2`;
    await copyFile(from("@fontsource", "be-vietnam-pro", "files", file), to("fonts", file));
    css += `@font-face{font-family:"Be Vietnam Pro";font-style:normal;font-weight:${weight};font-display:swap;src:url(fonts/${file}) format("woff2");unicode-range:${range}}\n`;
  }
}
// Lao letters, under the same name, so that style sheets have one: a page
// without such letters never loads these files.
for (const weight of [400, 600, 700]) {
  const file = `noto-sans-lao-lao-${weight}-normal.woff2`;
  await copyFile(from("@fontsource", "noto-sans-lao", "files", file), to("fonts", file));
  css += `@font-face{font-family:"Be Vietnam Pro";font-style:normal;font-weight:${weight};font-display:swap;src:url(fonts/${file}) format("woff2");unicode-range:U+0E81-0EDF}\n`;
}
await writeFile(to("fonts.css"), css);

// Tinos has the widths of Times New Roman, which administrative letters are
// written in: for PDFs, never for pages.
for (const [folder, style] of [["400Regular", "regular"], ["700Bold", "bold"], ["400Regular_Italic", "italic"]]) {
  await copyFile(from("@expo-google-fonts", "tinos", folder, `Tinos_${folder}.ttf`), to("fonts", `tinos-${style}.ttf`));
}

// The licences go with the copies.
const licences = [
  ["@tabler/core", "tabler"],
  ["echarts", "echarts"],
  ["htmx.org", "htmx"],
  ["@fontsource/be-vietnam-pro", "be-vietnam-pro"],
  ["@fontsource/noto-sans-lao", "noto-sans-lao"],
  ["zxing-wasm", "zxing"],
];
await mkdir(to("licences"), { recursive: true });
await copyFile(from("@expo-google-fonts", "tinos", "LICENSE_FONT"), to("licences", "tinos.txt"));
for (const [name, short] of licences) {
  const file = (await readdir(from(name))).find((f) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(f));
  const text = file
    ? await readFile(from(name, file), "utf8")
    : JSON.parse(await readFile(from(name, "package.json"), "utf8")).license + "\n";
  await writeFile(to("licences", short + ".txt"), text);
}
await appendFile(to("licences", "zxing.txt"), "\nzxing_reader.wasm holds zxing-cpp, under the Apache License 2.0: its text is in echarts.txt.\n");
