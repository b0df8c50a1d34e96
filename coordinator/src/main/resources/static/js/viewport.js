// The part of an address space that is looked at: an interval, from terabytes down to single pages.

import { PAGE, SPACE_END } from './format.js';

const LEAST = 8 * PAGE;

/** Clamped to the address space and to a length that can be looked at; bounds stay whole pages. */
export function clamp(start, end) {
  const length = Math.min(SPACE_END, Math.max(LEAST, end - start));
  const from = Math.max(0, Math.min(SPACE_END - length, start));
  const first = Math.floor(from / PAGE) * PAGE;
  return { start: first, end: Math.min(SPACE_END, first + Math.ceil(length / PAGE) * PAGE) };
}

/** Closer (factor below 1) or further, about a place that stays where it is. */
export function zoom({ start, end }, factor, about) {
  const length = (end - start) * factor;
  const share = (about - start) / (end - start);
  return clamp(about - length * share, about + length * (1 - share));
}

export function pan({ start, end }, bytes) {
  return clamp(start + bytes, end + bytes);
}

/** An interval with some room around it. */
export function around(start, end, room = 0.08) {
  const margin = Math.max(2 * PAGE, (end - start) * room);
  return clamp(start - margin, end + margin);
}

export function same(a, b) {
  return a.start === b.start && a.end === b.end;
}

/** Places for marks on the axis: multiples of a power of two, about so many. */
export function ticks({ start, end }, about) {
  const step = Math.max(PAGE, 2 ** Math.ceil(Math.log2((end - start) / about)));
  const marks = [];
  for (let at = Math.ceil(start / step) * step; at < end; at += step) {
    marks.push(at);
  }
  return { step, marks };
}

const UNITS = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: PAGE };

/** What a person types: an address, `a-b`, or `a+length` with a unit (64k, 2m, 16p for pages). Null if it is none of these. */
export function parsePlace(text) {
  const parts = /^(0x[0-9a-f]+|\d+)(?:\s*(-|\+)\s*(0x[0-9a-f]+|\d+)\s*(?:([bkmgtp])(?:ib|ages?)?)?)?$/i.exec(text.trim().replaceAll('_', ''));
  if (!parts) {
    return null;
  }
  const start = Number(parts[1]);
  const second = parts[3] === undefined ? null : Number(parts[3]) * UNITS[(parts[4] ?? 'b').toLowerCase()];
  const end = second === null ? null : parts[2] === '+' ? start + second : second;
  const valid = Number.isFinite(start) && start < SPACE_END && (end === null || (end > start && end <= SPACE_END));
  return valid ? { start, end } : null;
}
