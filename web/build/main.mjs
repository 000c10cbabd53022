// Builds everything the console's pages load, into one directory:
//   node build/main.mjs OUT
// Called by hatch_build.py while the Python package is installed.

import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import { cells, world } from "./basemap.mjs";
import { licences } from "./licences.mjs";
import { places } from "./places.mjs";

const require = createRequire(import.meta.url);
const web = dirname(dirname(fileURLToPath(import.meta.url)));
const target = process.argv[2];
if (!target) throw new Error("usage: node build/main.mjs OUT");
// Built beside its place and then put there at once: a running console never finds half of it.
const out = `${target}.new`;

function write(name, object) {
  const path = join(out, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(object));
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const { metafile } = await build({
  metafile: true,
  absWorkingDir: web,
  entryPoints: [
    "src/console.ts",
    "src/map.ts",
    "src/guest.ts",
    "src/escort.ts",
    "src/console.css",
    "src/map.css",
  ],
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  splitting: true, // both scripts share one selection
  chunkNames: "chunks/[name]-[hash]",
  legalComments: "none", // the licences stand in licences.txt
  loader: { ".woff2": "file", ".woff": "empty" },
  assetNames: "fonts/[name]",
  logLevel: "warning",
});
// MapLibre starts its worker from a file of its own, under our own address (see src/map.ts).
cpSync(
  join(dirname(require.resolve("maplibre-gl/package.json")), "dist/maplibre-gl-worker.mjs"),
  join(out, "map-worker.js"),
);

writeFileSync(join(out, "licences.txt"), licences(web, Object.keys(metafile.inputs)));

const { map, countries } = world();
write("basemap/world.json", map);
write("basemap/places.json", places(countries));
for (const [name, cell] of cells()) write(`basemap/cells/${name}.json`, cell);

rmSync(target, { recursive: true, force: true });
renameSync(out, target);
