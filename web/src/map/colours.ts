// The map takes its colours from the page's style sheet, so that legend, lists and map agree.

const taken = new Map<string, string>();

export function colour(name: string): string {
  let value = taken.get(name);
  if (!value) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
    if (!value) throw new Error(`no colour --map-${name} in the style sheet`);
    taken.set(name, value);
  }
  return value;
}
