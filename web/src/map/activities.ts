// Activities on the map. Whose they are is told three times over: by colour, by the line's dashes
// and the hatching inside it, and by name; so it reads in the dark, in print and without colours.

import type { DataDrivenPropertyValueSpecification, GeoJSONSource, Map } from "maplibre-gl";

import { FONT, NAME_FONT } from "./basemap.ts";
import { colour } from "./colours.ts";
import { ofRole, type Picture, type Properties } from "./picture.ts";

type FeatureRole = Properties["role"];

const STYLES = ["own", "plan", "peer-0", "peer-1", "peer-2", "peer-3"];
const DASHES: Record<string, number[]> = {
  own: [1, 0],
  plan: [1, 2],
  "peer-0": [4, 1.5],
  "peer-1": [4, 1.5, 1, 1.5],
  "peer-2": [2, 1],
  "peer-3": [6, 1, 1, 1, 1, 1],
};
const HATCH_PX = 12;
const COMB_PX = 7;

const byStyle = (suffix = ""): DataDrivenPropertyValueSpecification<string> =>
  [
    "match",
    ["get", "style"],
    ...STYLES.flatMap((style) => [style, suffix ? `${suffix}-${style}` : colour(style)]),
    suffix ? `${suffix}-own` : colour("own"),
  ] as unknown as DataDrivenPropertyValueSpecification<string>;

/** Draws one tile of hatching: own areas a plain tint, each peer's in a direction of its own. */
function hatch(style: string): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = HATCH_PX;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws no canvas");
  pen.strokeStyle = pen.fillStyle = colour(style);
  const stroke = (x0: number, y0: number, x1: number, y1: number) => {
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  };
  pen.globalAlpha = 0.1;
  if (style !== "plan") pen.fillRect(0, 0, HATCH_PX, HATCH_PX);
  pen.globalAlpha = 0.5;
  const crossed = style === "peer-2" || style.startsWith("overlap");
  const rising = style === "peer-0" || crossed;
  const falling = style === "peer-1" || crossed;
  const level = style === "peer-3";
  // Each stroke is drawn thrice, so that the tile joins its neighbours without gaps.
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    if (rising) stroke(shift, HATCH_PX, shift + HATCH_PX, 0);
    if (falling) stroke(shift, 0, shift + HATCH_PX, HATCH_PX);
  }
  if (level) stroke(0, HATCH_PX / 2, HATCH_PX, HATCH_PX / 2);
  return pen.getImageData(0, 0, HATCH_PX, HATCH_PX);
}

export function addPatterns(map: Map): void {
  for (const style of [...STYLES, "overlap", "overlap-area"]) map.addImage(`hatch-${style}`, hatch(style));
}

export function addActivities(map: Map): void {
  const empty = { type: "FeatureCollection" as const, features: [] };
  for (const role of ["area", "outline", "overlap", "mark", "name"]) {
    map.addSource(role, { type: "geojson", data: empty, tolerance: 0.1 });
  }
  map.addLayer({
    id: "area",
    type: "line",
    source: "area",
    paint: { "line-color": colour("area"), "line-width": 1, "line-dasharray": [8, 4] },
  });
  map.addLayer({
    id: "fills",
    type: "fill",
    source: "outline",
    paint: { "fill-pattern": byStyle("hatch") },
  });
  map.addLayer({
    id: "overlaps",
    type: "fill",
    source: "overlap",
    paint: {
      "fill-pattern": ["match", ["get", "style"], "overlap", "hatch-overlap", "hatch-overlap-area"],
    },
  });
  map.addLayer({
    id: "overlap-edges",
    type: "line",
    source: "overlap",
    paint: {
      "line-color": ["match", ["get", "style"], "overlap", colour("overlap"), colour("overlap-area")],
      "line-width": 1.5,
    },
  });
  map.addLayer({
    id: "chosen-edges",
    type: "line",
    source: "outline",
    filter: ["in", ["get", "key"], ["literal", []]],
    layout: { "line-join": "round" },
    paint: { "line-color": colour("chosen"), "line-width": 7, "line-opacity": 0.35 },
  });
  // Charts give the edge of a restricted area a comb that points inward; so do we.
  map.addLayer({
    id: "combs",
    type: "line",
    source: "outline",
    filter: ["!=", ["get", "area"], ""],
    paint: {
      "line-color": byStyle(),
      "line-width": COMB_PX,
      "line-offset": COMB_PX / 2,
      "line-dasharray": [0.25, 0.6],
    },
  });
  // A line's dashes cannot depend on the feature, so each style has its layer.
  for (const style of STYLES) {
    map.addLayer({
      id: `edges-${style}`,
      type: "line",
      source: "outline",
      filter: ["==", ["get", "style"], style],
      layout: { "line-join": "round" },
      paint: {
        "line-color": colour(style),
        "line-width": style === "plan" ? 1.6 : 2.2,
        "line-dasharray": DASHES[style] ?? [1, 0],
      },
    });
  }
  map.addLayer({
    id: "names",
    type: "symbol",
    source: "name",
    layout: {
      "text-field": ["get", "label"],
      "text-font": NAME_FONT,
      "text-size": 12.5,
      "text-line-height": 1.15,
      "text-max-width": 14,
      "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
      "text-radial-offset": 0.6,
      "text-justify": "auto",
      // Where there is no room for all names, those in an open conflict stand.
      "symbol-sort-key": ["case", ["get", "meets"], 0, 1],
    },
    paint: {
      "text-color": byStyle(),
      "text-halo-color": colour("halo"),
      "text-halo-width": 2.5,
    },
  });
  // Marks are buttons over the map (marks.ts); this keeps names from hiding under them,
  // for labels of the topmost layer take their room first.
  map.addLayer({
    id: "room-for-marks",
    type: "symbol",
    source: "mark",
    layout: {
      "text-field": "MMMM",
      "text-font": FONT,
      "text-size": 16,
      "text-anchor": "bottom",
      "text-offset": [0, -0.4],
      "text-allow-overlap": true,
    },
    paint: { "text-opacity": 0 },
  });
}

export function showActivities(map: Map, picture: Picture): void {
  const put = (source: string, role: FeatureRole) =>
    map
      .getSource<GeoJSONSource>(source)
      ?.setData({ type: "FeatureCollection", features: ofRole(picture, role) });
  put("area", "area");
  put("outline", "outline");
  put("overlap", "overlap");
  put("mark", "conflict");
  put("name", "name");
}
