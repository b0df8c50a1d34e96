// How long invalidations take: percentiles, their course, and a heat map.

import { get, path, serverNow } from '../api.js';
import { Chart } from '../charts.js';
import { count, micros } from '../format.js';
import { Heatmap } from '../heatmap.js';
import { Poller } from '../poller.js';
import { link } from '../router.js';
import { empty, failure, loading, stale } from '../states.js';
import { h, render } from '../vdom.js';

const WINDOWS = [
  { seconds: 120, step: 1, label: '2 min' },
  { seconds: 300, step: 2, label: '5 min' },
  { seconds: 900, step: 5, label: '15 min' },
];
const PHASES = ['schedule', 'unmap', 'wait'];
const COLUMNS = [['p50Micros', 'p50'], ['p90Micros', 'p90'], ['p99Micros', 'p99'], ['p999Micros', 'p99.9']];

export function open(element, place, context) {
  return new Waits(element, place, context);
}

class Waits {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.data = null;
    this.error = null;
    this.hovered = null;
    this.read(place);
    this.poller = new Poller({
      load: (signal) => get(path('/waits', { seconds: this.window.seconds, step: this.window.step, host: this.host }), signal),
      onData: (data) => this.onData(data),
      onError: (error) => this.onError(error),
    });
    this.draw();
    this.poller.start();
  }

  read(place) {
    const seconds = Number(place.query.get('seconds'));
    this.window = WINDOWS.find((each) => each.seconds === seconds) ?? WINDOWS[1];
    this.phase = PHASES.includes(place.query.get('phase')) ? place.query.get('phase') : 'wait';
    this.host = place.query.get('host') ?? '';
  }

  update(place) {
    const before = `${this.window.seconds} ${this.host}`;
    this.read(place);
    this.draw();
    this.feed();
    if (before !== `${this.window.seconds} ${this.host}`) {
      this.poller.now();
    }
  }

  onData(data) {
    this.data = data;
    this.error = null;
    this.at = new Date(serverNow()).toISOString();
    this.draw();
    this.feed();
  }

  onError(error) {
    this.error = error;
    this.draw();
  }

  target(change) {
    return link('waits', [], { seconds: this.window.seconds, phase: this.phase, host: this.host, ...change });
  }

  draw() {
    render(
      this.element,
      h(
        'div',
        { class: 'view-head', key: 'head' },
        h('h1', {}, 'Wait times'),
        h('p', { class: 'muted' }, 'How long invalidations took, by phase, as the hosts counted them.'),
        h('span', { class: 'grow' }),
        segments('Window', WINDOWS.map((each) => [each.label, each === this.window, this.target({ seconds: each.seconds })])),
      ),
      this.body(),
    );
  }

  body() {
    if (!this.data) {
      return this.error ? failure(this.error, this.context.login) : loading('wait times');
    }
    const ended = this.data.samples.reduce((sum, sample) => sum + sample.completed + sample.backedOff, 0);
    if (ended === 0) {
      return [
        this.error && stale(this.error, this.at),
        empty(`No invalidation ended in the last ${this.window.label}`, 'Times appear here as soon as memory that devices use is unmapped, protected or reclaimed.', 'waits'),
      ];
    }
    return [
      this.error && stale(this.error, this.at),
      this.table(),
      h(
        'section',
        { class: 'section', key: 'course', 'aria-label': 'Course' },
        h('div', { class: 'section-head' }, h('h2', {}, `Course of the ${this.phase}`), h('span', { class: 'grow' }), this.phaseChoice()),
        h('div', { class: 'chart', opaque: true, key: 'percentiles', role: 'img', 'aria-label': this.words(), ref: (place) => this.openPercentiles(place) }),
      ),
      h(
        'section',
        { class: 'section', key: 'heat', 'aria-label': 'Heat map' },
        h('div', { class: 'section-head' }, h('h2', {}, `How many took how long`), h('p', { class: 'muted' }, 'Each column is a moment, each row a duration; stronger is more.')),
        h('div', { class: 'chart heat', key: 'heat-place' }, h('canvas', { opaque: true, role: 'img', 'aria-label': this.words(), ref: (canvas) => this.openHeat(canvas) }), this.tip()),
      ),
      h(
        'section',
        { class: 'section', key: 'rate', 'aria-label': 'Rate' },
        h('div', { class: 'section-head' }, h('h2', {}, 'Invalidations per second')),
        h('div', { class: 'chart', opaque: true, key: 'rates', role: 'img', 'aria-label': `${count(ended)} invalidations in the last ${this.window.label}`, ref: (place) => this.openRates(place) }),
      ),
    ];
  }

  phaseChoice() {
    return segments('Phase', PHASES.map((each) => [each, each === this.phase, this.target({ phase: each })]));
  }

  words() {
    const all = this.data.percentiles[this.phase];
    return `${this.phase}: ${count(all.count)} in the last ${this.window.label}, half within ${micros(all.p50Micros)}, 99 % within ${micros(all.p99Micros)}`;
  }

  table() {
    return h(
      'div',
      { class: 'plain-table', key: 'table' },
      h(
        'table',
        {},
        h('caption', { class: 'visually-hidden' }, `Percentiles over the last ${this.window.label}`),
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Phase'), h('th', { scope: 'col', class: 'right' }, 'Count'), COLUMNS.map(([, label]) => h('th', { scope: 'col', class: 'right' }, label)))),
        h(
          'tbody',
          {},
          PHASES.map((phase) => {
            const row = this.data.percentiles[phase];
            return h('tr', {}, h('th', { scope: 'row' }, h('span', { class: `key ${phase}`, 'aria-hidden': 'true' }), phase), h('td', { class: 'right num' }, count(row.count)), COLUMNS.map(([name]) => h('td', { class: 'right num' }, row.count ? micros(row[name]) : '–')));
          }),
        ),
      ),
    );
  }

  tip() {
    const at = this.hovered;
    return (
      at &&
      h(
        'div',
        { class: 'tip', css: { left: `${at.left + 14}px`, top: `${at.top + 10}px` } },
        h('strong', {}, `${at.from} to ${at.to}`),
        h('span', { class: 'num' }, `${count(at.count)} at ${new Date(at.time * 1000).toLocaleTimeString('sv-SE')}`),
      )
    );
  }

  openPercentiles(place) {
    this.percentiles?.close();
    this.percentiles = new Chart(place, {
      height: 210,
      log: true,
      format: micros,
      series: [
        { label: 'p99', colour: '--bad', width: 1.5 },
        { label: 'p90', colour: '--wait', width: 1.5 },
        { label: 'p50', colour: '--accent', width: 1.5 },
      ],
    });
  }

  openRates(place) {
    this.rates?.close();
    this.rates = new Chart(place, {
      height: 140,
      format: (value) => `${Number(value.toFixed(1))}/s`,
      series: [
        { label: 'completed', colour: '--accent', fill: true },
        { label: 'backed off', colour: '--info', fill: true },
      ],
    });
  }

  openHeat(canvas) {
    this.heat?.close();
    this.heat = new Heatmap(canvas, (at) => {
      this.hovered = at;
      this.draw();
    });
  }

  /** Gives the charts what they show; the last step is still under way and would look like a drop. */
  feed() {
    if (!this.percentiles || !this.data || !document.contains(this.element)) {
      return;
    }
    const { samples, bucketBoundMicros: bounds, stepSeconds } = this.data;
    const whole = samples.slice(0, -1);
    const times = whole.map((sample) => Date.parse(sample.at) / 1000);
    const counts = whole.map((sample) => sample[this.phase]);
    this.percentiles.show([times, ...[0.99, 0.9, 0.5].map((share) => counts.map((each) => quantile(each, bounds, share)))]);
    this.rates.show([times, whole.map((sample) => sample.completed / stepSeconds), whole.map((sample) => sample.backedOff / stepSeconds)]);
    this.heat.show({ times, counts, bounds });
  }

  wake() {
    this.poller.now();
  }

  repaint() {
    this.percentiles?.rebuild();
    this.rates?.rebuild();
    this.heat?.draw();
  }

  close() {
    this.poller.stop();
    [this.percentiles, this.rates, this.heat].forEach((each) => each?.close());
  }
}

export function segments(label, choices) {
  return h(
    'span',
    { class: 'segments', role: 'group', 'aria-label': label },
    choices.map(([words, chosen, target]) => h('button', { 'aria-pressed': String(chosen), onclick: () => (location.hash = target) }, words)),
  );
}

/** Interpolated within the bucket; null where nothing was counted. */
export function quantile(counts, bounds, share) {
  const total = counts.reduce((sum, each) => sum + each, 0);
  if (total === 0) {
    return null;
  }
  let left = share * total;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    if (counts[bucket] > 0 && left <= counts[bucket]) {
      const from = bucket === 0 ? 0 : bounds[bucket - 1];
      const to = bucket < bounds.length ? bounds[bucket] : from;
      return Math.max(0.1, from + ((to - from) * left) / counts[bucket]);
    }
    left -= counts[bucket];
  }
  return bounds[bounds.length - 1];
}
