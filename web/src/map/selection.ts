// The map follows the selection and makes it: a click on an outline or a mark selects.

import type { FilterSpecification, Map } from "maplibre-gl";

import { select, type Selection } from "../selection.ts";
import { conflictsOf, ofRole, type Picture } from "./picture.ts";

const NONE: FilterSpecification = ["in", ["get", "key"], ["literal", []]];

/** The activities that a selection is about: both sides of a conflict. */
function keysOf(selection: Selection, picture: Picture): string[] {
  if (selection.kind === "activity") return [selection.id];
  const conflict = conflictsOf(picture).find((c) => c.properties.key === selection.id);
  return conflict ? conflict.properties.sides : [];
}

/** Moves the view only when what was chosen is out of it. */
function bringIntoView(map: Map, selection: Selection, picture: Picture): void {
  const place =
    selection.kind === "conflict"
      ? conflictsOf(picture).find((c) => c.properties.key === selection.id)?.geometry
      : ofRole(picture, "name").find((n) => n.properties.key === selection.id)?.geometry;
  if (place?.type !== "Point") return;
  const [lon = 0, lat = 0] = place.coordinates;
  if (!map.getBounds().contains([lon, lat])) map.easeTo({ center: [lon, lat], duration: 400 });
}

export function follow(map: Map, picture: () => Picture): void {
  const show = (chosen: Selection) => {
    const keys = keysOf(chosen, picture());
    map.setFilter(
      "chosen-edges",
      keys.length ? ["in", ["get", "key"], ["literal", keys]] : NONE,
    );
    bringIntoView(map, chosen, picture());
  };
  document.addEventListener("detente:select", (event) =>
    show((event as CustomEvent<Selection>).detail),
  );
  const initial = document.getElementById("detail")?.dataset["selected"];
  if (initial) show({ kind: "conflict", id: initial });

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
