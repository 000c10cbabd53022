// The document that the node draws the map from: /console/lines/<line>/map.json.
// Outlines are made by the node, on the ellipsoid, for display only: conflicts are never found
// from them.

import type { Feature, FeatureCollection, Geometry, Point } from "geojson";

/** One volume's outline. */
export interface OutlineProperties {
  role: "outline";
  key: string; // "<party>/<id>"
  style: string; // "own", "plan" (own, not released), "peer-0" …
  area: string; // "protected site" …, or empty
  heights: string;
  window: string;
}

/** Where an activity's name stands. */
export interface NameProperties {
  role: "name";
  key: string;
  style: string;
  label: string;
  meets: boolean; // takes part in an open conflict
}

export interface OverlapProperties {
  role: "overlap";
  key: string; // the conflict's id
  style: "overlap" | "overlap-area";
}

export interface ConflictProperties {
  role: "conflict";
  key: string;
  tag: string; // short name, the same on both sides; after the kind of area, if it is with one
  area: boolean;
  summary: string;
  basis: "joint" | "own";
  sides: string[]; // the two activities' keys
}

export interface AreaProperties {
  role: "area";
  label: string;
}

export type Properties =
  | OutlineProperties
  | NameProperties
  | OverlapProperties
  | ConflictProperties
  | AreaProperties;

/** What a style stands for, in the order of the legend. */
export interface LegendEntry {
  style: string;
  text: string;
}

export interface Picture {
  features: FeatureCollection<Geometry, Properties>;
  bounds: [number, number, number, number];
  legend: LegendEntry[];
  attribution: string;
}

export async function fetchPicture(url: string): Promise<Picture> {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the node answered ${answer.status}`);
  return (await answer.json()) as Picture;
}

/** The features of one role, typed. */
export function ofRole<R extends Properties["role"]>(
  picture: Picture,
  role: R,
): Feature<Geometry, Extract<Properties, { role: R }>>[] {
  return picture.features.features.filter((f) => f.properties.role === role) as Feature<
    Geometry,
    Extract<Properties, { role: R }>
  >[];
}

/** The smallest box round the outlines of some activities; null when none is drawn. */
export function extentOf(picture: Picture, keys: string[]): Picture["bounds"] | null {
  const box: Picture["bounds"] = [Infinity, Infinity, -Infinity, -Infinity];
  const take = (coordinates: unknown): void => {
    const [x, y] = coordinates as [unknown, unknown];
    if (typeof x === "number" && typeof y === "number") {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    } else if (Array.isArray(coordinates)) coordinates.forEach(take);
  };
  for (const outline of ofRole(picture, "outline")) {
    if (!keys.includes(outline.properties.key)) continue;
    if (outline.geometry.type !== "GeometryCollection") take(outline.geometry.coordinates);
  }
  return box[0] <= box[2] ? box : null;
}

export function conflictsOf(picture: Picture): Feature<Point, ConflictProperties>[] {
  return ofRole(picture, "conflict") as Feature<Point, ConflictProperties>[];
}
