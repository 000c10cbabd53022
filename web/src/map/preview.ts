// What a release would show: while a preview lies on the desk, its outline is drawn over the map.

import type { FeatureCollection } from "geojson";
import type { GeoJSONSource, Map } from "maplibre-gl";

import { colour } from "./colours.ts";
import { lookAt } from "./selection.ts";

interface Preview {
  features: FeatureCollection;
  bounds: [number, number, number, number];
}

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

export function showPreview(map: Map): void {
  map.addSource("preview", { type: "geojson", data: NOTHING, tolerance: 0.1 });
  map.addLayer({
    id: "preview",
    type: "line",
    source: "preview",
    paint: { "line-color": colour("preview"), "line-width": 3, "line-dasharray": [1, 1] },
  });
  const source = () => map.getSource<GeoJSONSource>("preview");
  document.addEventListener("detente:desk", () => {
    const url = document.querySelector<HTMLElement>("#desk [data-preview]")?.dataset["preview"];
    if (!url) {
      source()?.setData(NOTHING);
      return;
    }
    void fetch(url).then(async (answer) => {
      if (!answer.ok) return;
      const preview = (await answer.json()) as Preview;
      source()?.setData(preview.features);
      lookAt(map, preview.bounds);
    });
  });
}
