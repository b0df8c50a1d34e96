// Line icons of 16 units, drawn for this console.

import { h } from './vdom.js';

const PATHS = {
  overview: 'M2.5 3.5h4.5v4.5h-4.5zM9 3.5h4.5v3H9zM9 9h4.5v4H9zM2.5 10.5h4.5v2.5h-4.5z',
  map: 'M2 4.5h12M2 8h12M2 11.5h12M4 3.2v2.6M9 3.2v2.6M6.5 6.7v2.6M12 6.7v2.6M3.5 10.2v2.6M10 10.2v2.6',
  fences: 'M4 2.5v11M8 2.5v11M12 2.5v11M1.8 6h12.4M1.8 10.5h12.4',
  waits: 'M2 13.5h12M3.5 11V8.5M6.5 11V5M9.5 11V7M12.5 11V3',
  graph: 'M4 5.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM12 9.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM4 13.9a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM5.6 4.6l4.8 2.6M10.4 8.8l-4.8 2.6',
  holds: 'M8 9.5v4.5M5 9.5h6M6 9.5l.6-5M10 9.5l-.6-5M5.8 2.5h4.4v2H5.8z',
  programs: 'M3 3.5l4 4.5-4 4.5M8 12.5h5',
  events: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01',
  theme: 'M8 2.2a5.8 5.8 0 1 0 0 11.6zM8 2.2a5.8 5.8 0 0 1 0 11.6',
  help: 'M6 6.1a2 2 0 1 1 2.8 1.9c-.6.3-.8.6-.8 1.3M8 11.6h.01M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  left: 'M10 3L5 8l5 5',
  right: 'M6 3l5 5-5 5',
  warn: 'M8 2.5l6 10.8H2zM8 6.5v3.2M8 11.6h.01',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  none: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM4 12l8-8',
  user: 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.6c.5-2.6 2.4-3.9 5-3.9s4.5 1.3 5 3.9',
};

export function icon(name) {
  return h(
    'svg',
    { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { d: PATHS[name] }),
  );
}

/** The sign of the product: posts, and a rail that one post has let go. */
export function logo() {
  return h(
    'svg',
    { class: 'logo', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { class: 'posts', d: 'M5 3.5v17M12 3.5v17M19 3.5v17' }),
    h('path', { class: 'rails', d: 'M2 9h20M2 15.5h12' }),
  );
}
