// The base map: drawn from our own files, quiet, so that what is planned stands out.
//
// The whole world is there at 1:50 million. Closer in, cells of 20 degrees at 1:10 million are
// fetched for what is in view and cover the coarse map under them, sea and all.

import type { Feature, FeatureCollection } from "geojson";
import type { ExpressionSpecification, GeoJSONSource, Map, StyleSpecification } from "maplibre-gl";

import { colour } from "./colours.ts";

const CELL_DEG = 20;
const CELLS_FROM_ZOOM = 4;
export const FONT = ["Plex"];
export const NAME_FONT = ["Plex Names"];

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

export function baseStyle(built: string): StyleSpecification {
  return {
    version: 8,
    sources: {
      world: { type: "geojson", data: `${built}/basemap/world.json`, tolerance: 0.2 },
      cells: { type: "geojson", data: NOTHING, tolerance: 0.2 },
      places: { type: "geojson", data: `${built}/basemap/places.json` },
      graticule: { type: "geojson", data: graticule() },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colour("sea") } },
      ...layersOf("world"),
      {
        id: "cells-sea",
        type: "fill",
        source: "cells",
        filter: ["==", ["get", "layer"], "sea"],
        paint: { "fill-color": colour("sea"), "fill-antialias": false },
      },
      ...layersOf("cells"),
      {
        id: "lakes",
        type: "fill",
        source: "world",
        filter: ["==", ["get", "layer"], "lake"],
        paint: { "fill-color": colour("sea") },
      },
      {
        id: "rivers",
        type: "line",
        source: "world",
        filter: ["==", ["get", "layer"], "river"],
        minzoom: 3,
        paint: { "line-color": colour("river"), "line-width": 1 },
      },
      {
        id: "graticule",
        type: "line",
        source: "graticule",
        minzoom: 3,
        paint: { "line-color": colour("graticule"), "line-width": 0.5 },
      },
    ],
  };
}

function layersOf(source: "world" | "cells"): StyleSpecification["layers"] {
  return [
    {
      id: `${source}-land`,
      type: "fill",
      source,
      filter: ["==", ["get", "layer"], "land"],
      paint: { "fill-color": colour("land"), "fill-antialias": false },
    },
    {
      id: `${source}-coast`,
      type: "line",
      source,
      filter: ["==", ["get", "layer"], "coast"],
      paint: { "line-color": colour("coast"), "line-width": 0.8 },
    },
    {
      id: `${source}-border`,
      type: "line",
      source,
      filter: ["==", ["get", "layer"], "border"],
      layout: { "line-join": "round" },
      paint: { "line-color": colour("border"), "line-width": 1.3 },
    },
  ];
}

/** Meridians and parallels every five degrees. */
function graticule(): FeatureCollection {
  const features: Feature[] = [];
  const line = (coordinates: [number, number][]) =>
    features.push({
      type: "Feature",
      properties: {},
      geometry: { type: "LineString", coordinates },
    });
  for (let lon = -180; lon < 180; lon += 5) {
    line([
      [lon, -85],
      [lon, 85],
    ]);
  }
  for (let lat = -85; lat <= 85; lat += 5) {
    line([
      [-180, lat],
      [180, lat],
    ]);
  }
  return { type: "FeatureCollection", features };
}

/** Names, and the finer cells as the view moves. */
export function addBasemap(map: Map, built: string): void {
  const fetched = new globalThis.Map<string, Feature[]>();

  const refine = async () => {
    if (map.getZoom() < CELLS_FROM_ZOOM) return;
    const wanted = cellsIn(map).filter((name) => !fetched.has(name));
    if (!wanted.length) return;
    for (const name of wanted) fetched.set(name, []); // asked for; not twice
    await Promise.all(
      wanted.map(async (name) => {
        const answer = await fetch(`${built}/basemap/cells/${name}.json`);
        if (!answer.ok) return; // the coarse map stays
        const cell = (await answer.json()) as FeatureCollection;
        fetched.set(name, [seaUnder(name), ...cell.features]);
      }),
    );
    map
      .getSource<GeoJSONSource>("cells")
      ?.setData({ type: "FeatureCollection", features: [...fetched.values()].flat() });
  };
  map.on("moveend", () => void refine());
  void refine();
  addNames(map);
}

/** The names of the cells in view: by their west and south edge. */
function cellsIn(map: Map): string[] {
  const view = map.getBounds();
  // Cells are counted from the map's south-west corner.
  const edge = (deg: number, from: number) =>
    Math.floor((deg - from) / CELL_DEG) * CELL_DEG + from;
  const names: string[] = [];
  for (let west = edge(view.getWest(), -180); west < view.getEast(); west += CELL_DEG) {
    for (let south = edge(view.getSouth(), -90); south < view.getNorth(); south += CELL_DEG) {
      const wrapped = ((((west + 180) % 360) + 360) % 360) - 180;
      names.push(`${wrapped}_${south}`);
    }
  }
  return [...new Set(names)];
}

function seaUnder(name: string): Feature {
  const [west = 0, south = 0] = name.split("_").map(Number);
  const [east, north] = [west + CELL_DEG, south + CELL_DEG];
  return {
    type: "Feature",
    properties: { layer: "sea" },
    geometry: {
      type: "Polygon",
      coordinates: [
        [
          [west, south],
          [east, south],
          [east, north],
          [west, north],
          [west, south],
        ],
      ],
    },
  };
}

function addNames(map: Map): void {
  map.addLayer({
    id: "town-dots",
    type: "circle",
    source: "places",
    filter: ["all", ["==", ["get", "kind"], "town"], IN_RANK],
    minzoom: 4,
    paint: { "circle-radius": 2, "circle-color": colour("town") },
  });
  map.addLayer({
    id: "towns",
    type: "symbol",
    source: "places",
    filter: ["all", ["==", ["get", "kind"], "town"], IN_RANK],
    minzoom: 4,
    layout: {
      "text-field": ["get", "name"],
      "text-font": FONT,
      "text-size": ["match", ["get", "rank"], 0, 13, 1, 12.5, 11.5],
      "text-anchor": "left",
      "text-offset": [0.5, 0],
      "symbol-sort-key": ["get", "rank"],
    },
    paint: textPaint("town"),
  });
  map.addLayer({
    id: "countries",
    type: "symbol",
    source: "places",
    filter: ["==", ["get", "kind"], "country"],
    maxzoom: 6,
    layout: {
      "text-field": ["upcase", ["get", "name"]],
      "text-font": FONT,
      "text-size": 11,
      "text-letter-spacing": 0.15,
      "text-max-width": 8,
      "symbol-sort-key": ["get", "rank"],
    },
    paint: textPaint("country"),
  });
}

/** A town appears when the map is large enough for its rank. */
const IN_RANK: ExpressionSpecification = [
  "<=",
  ["get", "rank"],
  ["step", ["zoom"], 0, 4.5, 1, 5.5, 2, 7, 3, 8, 4],
];

function textPaint(name: "town" | "country") {
  return {
    "text-color": colour(name),
    "text-halo-color": colour("sea"),
    "text-halo-width": 1.2,
  };
}
