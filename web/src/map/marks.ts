// A conflict's place: a button on the map, so that the keyboard reaches it like the lists.

import { Marker, type Map } from "maplibre-gl";

import { select } from "../selection.ts";
import { conflictsOf, type Picture } from "./picture.ts";

const shown = new globalThis.Map<string, Marker>();

export function showMarks(map: Map, picture: Picture): void {
  const conflicts = conflictsOf(picture);
  const present = new Set(conflicts.map((c) => c.properties.key));
  for (const [key, marker] of shown) {
    if (present.has(key)) continue;
    marker.remove();
    shown.delete(key);
  }
  for (const { properties, geometry } of conflicts) {
    const [lon = 0, lat = 0] = geometry.coordinates;
    let marker = shown.get(properties.key);
    if (!marker) {
      const button = document.createElement("button");
      button.type = "button";
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        select("conflict", properties.key);
      });
      marker = new Marker({ element: button, anchor: "bottom", offset: [0, -7] }).setLngLat([lon, lat]).addTo(map);
      shown.set(properties.key, marker);
    }
    marker.setLngLat([lon, lat]);
    const element = marker.getElement();
    element.classList.add("mark", `mark-${properties.basis}`);
    element.classList.toggle("mark-area", properties.area);
    element.textContent = properties.tag;
    element.title = properties.summary;
    element.setAttribute("aria-label", `Conflict ${properties.tag}: ${properties.summary}`);
    element.dataset["select"] = `conflict:${properties.key}`;
  }
}
