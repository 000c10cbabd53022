// The map follows the selection and makes it: a click on an outline or a mark selects.

import type { FilterSpecification, Map } from "maplibre-gl";

import { select, shownOnArrival, type Selection } from "../selection.ts";
import { conflictsOf, extentOf, type Picture } from "./picture.ts";

const NONE: FilterSpecification = ["in", ["get", "key"], ["literal", []]];

/** The activities that a selection is about: both sides of a conflict. */
function keysOf(selection: Selection, picture: Picture): string[] {
  if (selection.kind === "activity") return [selection.id];
  const conflict = conflictsOf(picture).find((c) => c.properties.key === selection.id);
  return conflict ? conflict.properties.sides : [];
}

// Below a shape stands its name, in up to three lines.
const PADDING_PX = { top: 44, bottom: 60, left: 50, right: 50 };

/** Shows all that the chosen ones occupy. */
export function lookAt(map: Map, bounds: Picture["bounds"], duration = 400): void {
  map.fitBounds(bounds, { padding: PADDING_PX, duration, maxZoom: 9 });
}

export function follow(map: Map, picture: () => Picture): void {
  const show = (chosen: Selection) => {
    const keys = keysOf(chosen, picture());
    map.setFilter(
      "chosen-edges",
      keys.length ? ["in", ["get", "key"], ["literal", keys]] : NONE,
    );
    return extentOf(picture(), keys);
  };
  document.addEventListener("detente:select", (event) => {
    const extent = show((event as CustomEvent<Selection>).detail);
    if (extent) lookAt(map, extent);
  });
  const arrived = shownOnArrival();
  const extent = arrived ? show(arrived) : null;
  if (extent) lookAt(map, extent, 0);

  map.on("click", (event) => {
    const hits = map.queryRenderedFeatures(event.point, { layers: ["names", "fills"] });
    const key = hits[0]?.properties["key"] as string | undefined;
    if (key) select("activity", key);
  });
  for (const layer of ["names", "fills"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
}
