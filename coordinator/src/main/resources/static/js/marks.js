// Small marks that several views share: states, devices, bars.

import { duration, micros } from './format.js';
import { link } from './router.js';
import { h } from './vdom.js';

const TONES = {
  live: 'ok', healthy: 'ok', active: 'ok', attached: 'ok', completed: 'ok', done: 'ok', ready: 'ok', acked: 'ok', resident: 'ok', present: 'ok',
  suspect: 'warn', draining: 'info', drained: 'info', recovering: 'warn', pending: 'warn', waiting: 'warn', scheduled: 'warn', queued: 'idle',
  'backed-off': 'info', invalidating: 'warn', dialing: 'warn', running: 'info', fenced: 'bad',
  lost: 'bad', quarantined: 'bad', failed: 'bad', 'lease-expired': 'bad', left: 'idle', cancelled: 'idle', disconnected: 'bad',
  detached: 'warn', reattached: 'info', 'not-held': 'idle', 'partly-resident': 'idle', 'not-resident': 'idle', 'not-present': 'idle', zero: 'idle', unmapped: 'idle',
};

/** A state word, told by its text first and by its colour second. */
export function badge(state, title) {
  return h('span', { class: `badge ${TONES[state] ?? 'idle'}`, title }, String(state).replaceAll('-', ' '));
}

/** A colour of its own for each device, the same in every view and at every visit. */
export function deviceHue(device) {
  let hash = 2166136261;
  for (let i = 0; i < device.length; i++) {
    hash = Math.imul(hash ^ device.charCodeAt(i), 16777619) >>> 0;
  }
  // The golden angle spreads neighbours like agent-1/0 and agent-1/1 over the circle.
  return Math.round(((hash % 997) * 137.508) % 360);
}

export function deviceColour(device, dark) {
  if (device.startsWith('cpu/')) {
    return dark ? '#a3abb3' : '#60666e';
  }
  return dark ? `hsl(${deviceHue(device)} 52% 62%)` : `hsl(${deviceHue(device)} 48% 42%)`;
}

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

export function swatch(device) {
  return h('span', { class: 'swatch', 'aria-hidden': 'true', css: { background: deviceColour(device, isDark()) } });
}

export function device(id, name) {
  const label = id.startsWith('cpu/') ? 'CPU' : id;
  const [agent] = id.split('/');
  const target = id.startsWith('cpu/') ? null : link('overview', ['agent', agent]);
  return h(
    'span',
    { class: 'device', title: name ? `${id} (${name})` : id },
    swatch(id),
    target ? h('a', { href: target, class: 'mono' }, label) : h('span', { class: 'mono' }, label),
  );
}

/** A share of something as a bar; the text stands beside it. */
export function meter(share, label, tone = '') {
  const bounded = Math.max(0, Math.min(1, share));
  return h(
    'span',
    { class: 'meter-line', title: label },
    h('span', { class: `meter ${tone}`, 'aria-hidden': 'true' }, h('span', { css: { width: `${(bounded * 100).toFixed(1)}%` } })),
    h('span', { class: 'meter-label num' }, label),
  );
}

/** What is left of a lease. */
export function leaseMeter(leftMillis, ttlMillis) {
  const share = ttlMillis ? leftMillis / ttlMillis : 1;
  const label = ttlMillis ? `${duration(Math.max(0, leftMillis))} of ${duration(ttlMillis)}` : duration(leftMillis);
  return meter(share, leftMillis <= 0 ? 'run out' : label, share < 0.2 ? 'bad' : share < 0.45 ? 'warn' : 'ok');
}

/** The three phases of an invalidation as one bar; widths are shares of the whole. */
export function phases(fence, wide) {
  const parts = [
    ['schedule', fence.scheduleMicros],
    ['unmap', fence.unmapMicros],
    ['wait', fence.waitMicros],
  ];
  const whole = parts.reduce((sum, [, value]) => sum + value, 0) || 1;
  const words = parts.map(([name, value]) => `${name} ${micros(value)}`).join(', ');
  return h(
    'span',
    { class: `phases ${wide ? 'wide' : ''} ${fence.pending ? 'running' : ''}`, role: 'img', 'aria-label': words, title: words },
    parts.map(([name, value]) =>
      h('span', { class: `phase ${name}`, css: { 'flex-grow': String(Math.max(value / whole, value > 0 ? 0.015 : 0).toFixed(4)) } }),
    ),
  );
}
