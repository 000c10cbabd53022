// The legend: only what is on the map now.

import type { Picture } from "./picture.ts";

export function showLegend(box: HTMLElement, picture: Picture): void {
  const list = box.parentElement?.querySelector<HTMLElement>("[data-legend]");
  if (!list) return;
  list.replaceChildren(
    ...picture.legend.map(({ style, text }) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = `swatch swatch-${style}`;
      swatch.ariaHidden = "true";
      item.append(swatch, text);
      return item;
    }),
  );
}
