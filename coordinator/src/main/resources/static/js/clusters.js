// Mappings in an address space of 128 TiB lie far apart: the strip above the map folds what lies between them.

import { PAGE } from './format.js';

const FOLDED = 2 ** 30;
const GAP_PIXELS = 26;

/** Groups of intervals that lie close together; intervals are {start, end}, ascending. */
export function clusters(intervals) {
  const found = [];
  for (const each of intervals) {
    const last = found[found.length - 1];
    if (last && each.start - last.end <= FOLDED) {
      last.end = Math.max(last.end, each.end);
      last.parts.push(each);
    } else {
      found.push({ start: each.start, end: each.end, parts: [each] });
    }
  }
  return found;
}

/** Where most is: what one wants to see first. */
export function largest(groups) {
  const size = (group) => group.parts.reduce((sum, part) => sum + part.end - part.start, 0);
  return groups.reduce((best, group) => (best === null || size(group) > size(best) ? group : best), null);
}

/** Gives each group a place: wider for more, by magnitude, with a break between two. */
export function fold(groups, width) {
  const room = Math.max(10, width - GAP_PIXELS * (groups.length - 1));
  const weights = groups.map((group) => Math.log2(2 + (group.end - group.start) / PAGE));
  const whole = weights.reduce((a, b) => a + b, 0);
  let x = 0;
  return groups.map((group, index) => {
    const w = (room * weights[index]) / whole;
    const placed = { ...group, x, w };
    x += w + GAP_PIXELS;
    return placed;
  });
}

/** Where an address lies on the strip; in the middle of a break if it is folded away. */
export function placeOf(folded, at) {
  let before = null;
  for (const group of folded) {
    if (at < group.start) {
      return before === null ? group.x : (before + group.x) / 2;
    }
    if (at <= group.end) {
      return group.x + ((at - group.start) / (group.end - group.start)) * group.w;
    }
    before = group.x + group.w;
  }
  return before ?? 0;
}

/** The address at a place of the strip. */
export function addressOn(folded, x) {
  const group = folded.findLast((each) => x >= each.x) ?? folded[0];
  const share = Math.max(0, Math.min(1, (x - group.x) / group.w));
  return group.start + share * (group.end - group.start);
}
