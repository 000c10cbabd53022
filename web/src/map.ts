// The map island: what own and peer activities occupy, and where they meet. It shows what the
// lists say, never more: everything drawn comes from one document of our own node.

import { Map, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";

import { addActivities, addPatterns, showActivities } from "./map/activities.ts";
import { addBasemap, baseStyle } from "./map/basemap.ts";
import { showCursor } from "./map/cursor.ts";
import { fetchPicture, type Picture } from "./map/picture.ts";
import { showLegend } from "./map/legend.ts";
import { showMarks } from "./map/marks.ts";
import { showPreview } from "./map/preview.ts";
import { follow, lookAt } from "./map/selection.ts";

async function start(box: HTMLElement): Promise<void> {
  const url = box.dataset["picture"] ?? "";
  const built = box.dataset["built"] ?? "";
  setWorkerUrl(`${built}/map-worker.js`);
  // Labels are drawn with the page's own font; it has to be there first.
  await Promise.all([document.fonts.load("400 16px Plex"), document.fonts.load("16px 'Plex Names'")]);

  let picture: Picture = await fetchPicture(url);
  const map = new Map({
    container: box,
    locale: { "ScaleControl.NauticalMiles": "NM" },
    style: baseStyle(built),
    bounds: picture.bounds,
    fitBoundsOptions: { padding: 24 },
    attributionControl: { compact: true, customAttribution: picture.attribution },
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: true,
    maxZoom: 13,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: "nautical", maxWidth: 120 }), "bottom-right");
  map.on("error", (event) => console.error("map:", event.error.message));
  await map.once("load");

  addBasemap(map, built);
  addPatterns(map);
  addActivities(map);
  const draw = () => {
    showActivities(map, picture);
    showMarks(map, picture);
    showLegend(box, picture);
  };
  draw();
  lookAt(map, picture.bounds, 0);
  follow(map, () => picture);
  showPreview(map);
  showCursor(map, box);
  const whole = box.parentElement?.querySelector("[data-whole]");
  whole?.addEventListener("click", () => lookAt(map, picture.bounds));
  // It opens by itself on wide maps and would lie over the scale.
  box.querySelector(".maplibregl-ctrl-attrib")?.removeAttribute("open");
  box.querySelector(".maplibregl-ctrl-attrib")?.classList.remove("maplibregl-compact-show");

  document.body.addEventListener("detente:map", () => {
    void fetchPicture(url).then((next) => {
      picture = next;
      draw();
    });
  });
  box.dataset["ready"] = "true";
}

const box = document.getElementById("map");
if (box) {
  start(box).catch((error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    box.dataset["failed"] = words;
    box.textContent = `The map could not be drawn (${words}). The lists beside it are complete.`;
  });
}
