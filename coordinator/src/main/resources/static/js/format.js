// Numbers with units, addresses, times.

import { serverNow } from './api.js';
import { h } from './vdom.js';

export const PAGE = 4096;
export const SPACE_END = 2 ** 47;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const GROUPED = new Intl.NumberFormat('en-GB');

export function count(value) {
  return value === null || value === undefined ? '–' : GROUPED.format(value);
}

/** As it is up to a million, then in millions and billions. */
export function brief(value) {
  return value < 1e6 ? count(value) : value < 1e9 ? `${three(value / 1e6)} M` : `${three(value / 1e9)} G`;
}

/** 1 page, 2 pages. */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function three(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

export function bytes(value) {
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${three(scaled)} ${UNITS[unit]}`;
}

export function pages(value) {
  return `${plural(value, 'page')} · ${bytes(value * PAGE)}`;
}

export function percent(share) {
  return share > 0 && share < 0.001 ? '< 0.1 %' : `${three(share * 100)} %`;
}

export function micros(value) {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size === 0) {
    return '0 µs';
  }
  if (size < 1000) {
    return `${three(value)} µs`;
  }
  return size < 1e6 ? `${three(value / 1000)} ms` : duration(value / 1000);
}

/** Milliseconds, for people. */
export function duration(millis) {
  const size = Math.abs(millis);
  if (size < 1000) {
    return `${three(millis)} ms`;
  }
  const seconds = millis / 1000;
  if (size < 60_000) {
    return `${three(seconds)} s`;
  }
  const total = Math.floor(seconds);
  const [days, hours] = [Math.floor(total / 86_400), Math.floor((total % 86_400) / 3600)];
  const minutes = Math.floor((total % 3600) / 60);
  if (days > 0) {
    return `${days} d ${hours} h`;
  }
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${total % 60} s`;
}

/** Addresses are below 2^47, so that a number holds them exactly. */
export function address(value) {
  return `0x${value.toString(16)}`;
}

export function parseAddress(text) {
  return Number(text);
}

export function ago(instant) {
  const millis = serverNow() - Date.parse(instant);
  if (millis < 1500) {
    return 'just now';
  }
  const seconds = Math.floor(millis / 1000);
  if (seconds < 60) {
    return `${seconds} s ago`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  return seconds < 86_400
    ? `${Math.floor(seconds / 3600)} h ago`
    : `${Math.floor(seconds / 86_400)} d ago`;
}

/** A time as people say it, with the exact one behind it. */
export function since(instant) {
  return h('time', { datetime: instant, title: absolute(instant), class: 'nowrap' }, ago(instant));
}

export function absolute(instant) {
  const time = new Date(instant);
  const local = `${time.toLocaleDateString('sv-SE')} ${clock(instant)}`;
  return `${local} (${time.toISOString()})`;
}

export function clock(instant) {
  const time = new Date(instant);
  const millis = String(time.getMilliseconds()).padStart(3, '0');
  return `${time.toLocaleTimeString('sv-SE')}.${millis}`;
}
