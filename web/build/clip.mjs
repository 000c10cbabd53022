// Clipping planar rings and lines to a box in longitude and latitude.

/** The parts of the box's boundary: which coordinate, its value, and which side is inside. */
const sides = ([west, south, east, north]) => [
  [0, west, 1],
  [0, east, -1],
  [1, south, 1],
  [1, north, -1],
];

function crossing(a, b, axis, value) {
  const t = (value - a[axis]) / (b[axis] - a[axis]);
  const point = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  point[axis] = value;
  return point;
}

function outside(points, [west, south, east, north]) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    if (y > y1) y1 = y;
  }
  return x1 < west || x0 > east || y1 < south || y0 > north;
}

const edgeOutside = ([ax, ay], [bx, by], [west, south, east, north]) =>
  (ax < west && bx < west) ||
  (ax > east && bx > east) ||
  (ay < south && by < south) ||
  (ay > north && by > north);

/**
 * A closed ring clipped to a box (Sutherland and Hodgman, 1974); [] when nothing is left.
 *
 * Where a ring leaves the box and comes back, the pieces stay joined by edges along the box. They
 * enclose nothing, so a fill is right; for outlines use cutLine.
 */
export function clipRing(ring, box) {
  if (outside(ring, box)) return [];
  let points = ring.slice(0, -1);
  for (const [axis, value, sign] of sides(box)) {
    const kept = [];
    points.forEach((b, i) => {
      const a = points[(i + points.length - 1) % points.length];
      const aIn = sign * (a[axis] - value) >= 0;
      const bIn = sign * (b[axis] - value) >= 0;
      if (aIn !== bIn) kept.push(crossing(a, b, axis, value));
      if (bIn) kept.push(b);
    });
    points = kept;
    if (points.length < 3) return [];
  }
  return [...points, points[0]];
}

/** The runs of a line whose edges touch the box. They may stick out of it by one edge. */
export function cutLine(line, box) {
  if (outside(line, box)) return [];
  const runs = [];
  let run = [];
  for (let i = 1; i < line.length; i++) {
    if (edgeOutside(line[i - 1], line[i], box)) {
      if (run.length) runs.push(run);
      run = [];
    } else {
      if (!run.length) run.push(line[i - 1]);
      run.push(line[i]);
    }
  }
  if (run.length) runs.push(run);
  return runs;
}
