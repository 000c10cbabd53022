// Where the pointer is: degrees and decimal minutes, as they are read over a radio.

import type { Map } from "maplibre-gl";

function minutes(degrees: number, width: number, hemispheres: string): string {
  const hemisphere = degrees < 0 ? hemispheres[1] : hemispheres[0];
  const tenths = Math.round(Math.abs(degrees) * 600);
  const whole = String(Math.floor(tenths / 600)).padStart(width, "0");
  return `${whole}°${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}′${hemisphere ?? ""}`;
}

export function showCursor(map: Map, box: HTMLElement): void {
  const place = box.parentElement?.querySelector<HTMLElement>("[data-cursor]");
  if (!place) return;
  map.on("mousemove", ({ lngLat }) => {
    const { lng, lat } = lngLat.wrap();
    place.textContent = `${minutes(lat, 2, "NS")} ${minutes(lng, 3, "EW")}`;
  });
  map.on("mouseout", () => (place.textContent = ""));
}
