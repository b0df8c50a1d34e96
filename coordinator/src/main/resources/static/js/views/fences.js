// Invalidations and their fences: those that wait, who holds them up, why, and what happens next.

import { get, path, serverNow } from '../api.js';
import { absolute, address, bytes, count, duration, micros, parseAddress, since } from '../format.js';
import { icon } from '../icons.js';
import { badge, device, phases } from '../marks.js';
import { Poller } from '../poller.js';
import { go, link } from '../router.js';
import { empty, failure, loading, stale, unavailable } from '../states.js';
import { Table } from '../table.js';
import { h, render } from '../vdom.js';
import { facts } from './details.js';

const RECENT = 200;
const RECENT_EVERY_MILLIS = 2000;

export function open(element, place, context) {
  return new Fences(element, place, context);
}

class Fences {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.data = null;
    this.error = null;
    this.recent = new Table({ label: 'Recent invalidations', id: (fence) => fence.id, columns: columns(), open: (fence) => go('fences', [fence.id]), visibleRows: 14, rowClass: (fence) => (fence.id === this.selected ? 'selected' : '') });
    this.poller = new Poller({ load: (signal) => this.load(signal), onData: (data) => this.onData(data), onError: (error) => this.onError(error), everyMillis: 500 });
    this.detailPoller = new Poller({
      load: (signal) => get(`/fences/${encodeURIComponent(this.selected)}`, signal),
      onData: (detail) => this.onDetail(detail, null),
      onError: (error) => this.onDetail(null, error),
      everyMillis: 500,
    });
    this.update(place);
    this.draw();
    this.poller.start();
  }

  async load(signal) {
    const pending = await get(path('/fences', { state: 'pending', limit: 100 }), signal);
    const recent = await this.loadRecent(signal);
    const late = pending.items.slice(0, 8);
    const details = await Promise.all(late.map((fence) => get(`/fences/${encodeURIComponent(fence.id)}`, signal).catch((e) => ignoreGone(e))));
    const still = details.filter((detail) => detail?.fence.pending);
    // Some ended between the two answers; a count of them beside an empty list would confuse.
    const over = new Set(late.map((fence) => fence.id));
    still.forEach((detail) => over.delete(detail.fence.id));
    return { pending: { ...pending, items: pending.items.filter((fence) => !over.has(fence.id)) }, recent, details: still };
  }

  /** What is over is long and not urgent: it is asked for less often than what is pending. */
  async loadRecent(signal) {
    if (!this.recentFences || performance.now() - this.recentAt >= RECENT_EVERY_MILLIS) {
      this.recentFences = await get(path('/fences', { limit: RECENT }), signal);
      this.recentAt = performance.now();
    }
    return this.recentFences;
  }

  onData(data) {
    this.data = data;
    this.error = null;
    this.at = new Date(serverNow()).toISOString();
    this.context.pending(data.pending.items.length);
    this.draw();
  }

  onError(error) {
    this.error = error;
    this.draw();
  }

  onDetail(detail, error) {
    this.detail = detail ?? this.detail;
    this.detailError = error;
    if (detail && !detail.fence.pending) {
      // What is over does not change any more.
      this.detailPoller.stop();
    }
    this.draw();
  }

  update(place) {
    const selected = place.args[0] ?? null;
    if (selected === (this.selected ?? null)) {
      return;
    }
    this.selected = selected;
    this.detail = null;
    this.detailError = null;
    this.detailPoller.stop();
    if (selected) {
      this.detailPoller.start();
    }
    this.draw();
  }

  draw() {
    render(this.element, h('div', { class: `split ${this.selected ? 'with-panel' : ''}` }, h('div', { class: 'split-main' }, this.body()), this.selected && this.panel()));
    if (this.data) {
      this.recent.update(this.data.recent.items.filter((fence) => !fence.pending));
    }
  }

  body() {
    const head = h('div', { class: 'view-head', key: 'head' }, h('h1', {}, 'Fences'), h('p', { class: 'muted' }, 'An invalidation is scheduled on all devices, the host unmaps meanwhile, then waits for each fence.'));
    if (!this.data) {
      return [head, this.error ? failure(this.error, this.context.login) : loading('fences')];
    }
    const { pending, recent, details } = this.data;
    const over = recent.items.filter((fence) => !fence.pending);
    return [
      head,
      this.error && stale(this.error, this.at),
      unavailable(recent.unavailableHosts, 'Fences'),
      h(
        'section',
        { class: 'section pending', key: 'pending', 'aria-label': 'Pending' },
        h('div', { class: 'section-head' }, h('h2', {}, 'Pending', h('span', { class: 'tally num' }, count(pending.items.length))), h('span', { class: 'grow' }), legend()),
        details.length === 0
          ? empty('No fence is pending', 'Every device has answered for what was taken from it. A fence shows up here while a device still drains.', 'fences')
          : h('div', { class: 'cards' }, details.map((detail) => card(detail))),
        pending.items.length > details.length && details.length > 0 && h('p', { class: 'muted' }, `and ${pending.items.length - details.length} more`),
      ),
      h(
        'section',
        { class: 'section', key: 'recent', 'aria-label': 'Recent' },
        h('div', { class: 'section-head' }, h('h2', {}, 'Recent', h('span', { class: 'tally num' }, count(over.length))), recent.truncated && h('p', { class: 'muted' }, `the newest ${RECENT}`)),
        over.length === 0 ? empty('Nothing has been invalidated yet', 'Unmapping, protecting or reclaiming memory that a device uses begins an invalidation.', 'fences') : this.recent.vnode(),
      ),
    ];
  }

  panel() {
    return h(
      'aside',
      { class: 'panel', 'aria-label': `Fence ${this.selected}`, key: `panel-${this.selected}` },
      h('div', { class: 'panel-head' }, h('div', {}, h('p', { class: 'kicker' }, 'invalidation'), h('h2', { class: 'mono' }, this.selected)), h('a', { class: 'icon-button', href: link('fences'), 'aria-label': 'Close the panel', title: 'Close (Esc)' }, icon('close'))),
      this.detailError && !this.detail ? failure(this.detailError) : this.detail ? detailBody(this.detail) : loading('the fence'),
    );
  }

  wake() {
    this.poller.now();
    if (this.selected && (!this.detail || this.detail.fence.pending)) {
      this.detailPoller.now();
    }
  }

  repaint() {
    this.draw();
  }

  close() {
    this.poller.stop();
    this.detailPoller.stop();
    this.recent.dispose();
  }
}

/** A fence that ended between two questions has been forgotten by its host: nothing to show. */
function ignoreGone(error) {
  if (error.slug === 'unknown-fence' || error.slug === 'host-unreachable') {
    return null;
  }
  throw error;
}

export function legend() {
  return h('span', { class: 'legend', 'aria-hidden': 'true' }, ['schedule', 'unmap', 'wait'].map((name) => [h('span', { class: `key ${name}` }), name]));
}

export function rangeWords(fence) {
  const start = parseAddress(fence.start);
  return `${address(start)} +${bytes(parseAddress(fence.end) - start)}`;
}

function rangeLink(fence) {
  const [start, end] = [parseAddress(fence.start), parseAddress(fence.end)];
  const margin = Math.max(4096 * 4, end - start);
  return link('map', [fence.addressSpaceId], { start: address(Math.max(0, start - margin)), end: address(end + margin), at: fence.start });
}

function card({ fence, summary, late }) {
  const age = Math.max(0, serverNow() - Date.parse(fence.startedAt));
  return h(
    'article',
    { class: 'card fence', key: fence.id },
    h('div', { class: 'card-head' }, h('a', { class: 'mono strong', href: link('fences', [fence.id]) }, fence.id), badge(fence.state), h('span', { class: 'muted' }, `${fence.kind}, ${fence.notificationMode}`), h('span', { class: 'grow' }), h('span', { class: 'age num', title: fence.startedAt }, duration(age))),
    phases(fence),
    h('p', { class: 'summary' }, summary),
    late.length > 0 && h('ul', { class: 'late' }, late.map(lateLine)),
    h('p', { class: 'muted' }, h('a', { class: 'mono', href: rangeLink(fence) }, rangeWords(fence)), ` in ${fence.addressSpaceId}`),
  );
}

function lateLine(each) {
  return h('li', {}, h('div', { class: 'line' }, device(each.device, each.deviceName), h('span', { class: 'muted', title: absolute(each.since) }, `late for ${duration(Math.max(0, serverNow() - Date.parse(each.since)))}`)), h('p', {}, each.why), h('p', { class: 'next' }, h('span', { class: 'kicker' }, 'next'), ' ', each.next));
}

function columns() {
  return [
    { key: 'id', label: 'Invalidation', width: 'minmax(110px, 1fr)', cell: (fence) => h('a', { class: 'mono', href: link('fences', [fence.id]) }, fence.id) },
    { key: 'state', label: 'Outcome', width: '104px', wide: true, sort: (fence) => fence.state, cell: (fence) => badge(fence.state) },
    { key: 'kind', label: 'Kind', width: '92px', wide: true, sort: (fence) => fence.kind, cell: (fence) => fence.kind },
    { key: 'range', label: 'Range', width: 'minmax(190px, 1.4fr)', wide: true, sort: (fence) => parseAddress(fence.start), cell: (fence) => h('span', { class: 'mono' }, rangeWords(fence)) },
    { key: 'phases', label: 'Phases', width: 'minmax(90px, 1fr)', cell: (fence) => phases(fence) },
    { key: 'whole', label: 'Took', width: '84px', align: 'right num', sort: whole, cell: (fence) => micros(whole(fence)) },
    { key: 'last', label: 'Last to resolve', width: 'minmax(120px, 1fr)', wide: true, cell: lastOne },
    { key: 'started', label: 'When', width: '92px', align: 'right', wide: true, sort: (fence) => Date.parse(fence.startedAt), cell: (fence) => since(fence.startedAt) },
  ];
}

function whole(fence) {
  return fence.scheduleMicros + fence.unmapMicros + fence.waitMicros;
}

function lastOne(fence) {
  const waited = fence.participants.filter((each) => each.resolution !== 'not-held');
  if (waited.length === 0) {
    return h('span', { class: 'muted' }, 'nobody held it');
  }
  const last = waited.reduce((a, b) => (b.elapsedMicros > a.elapsedMicros ? b : a));
  return h('span', {}, device(last.device, last.deviceName), last.resolution !== 'acked' && [' ', badge(last.resolution)]);
}

function detailBody({ fence, summary, late }) {
  const longest = Math.max(1, ...fence.participants.map((each) => each.elapsedMicros));
  const participants = fence.participants.toSorted((a, b) => b.elapsedMicros - a.elapsedMicros);
  return [
    h('p', { class: 'summary' }, summary),
    late.length > 0 && h('ul', { class: 'late' }, late.map(lateLine)),
    phases(fence, true),
    h('dl', { class: 'phase-values' }, [['schedule', fence.scheduleMicros], ['unmap', fence.unmapMicros], ['wait', fence.waitMicros]].map(([name, value]) => h('div', {}, h('dt', {}, h('span', { class: `key ${name}`, 'aria-hidden': 'true' }), name), h('dd', { class: 'num' }, micros(value), name === 'wait' && fence.pending && h('span', { class: 'muted' }, ' so far'))))),
    facts([
      ['State', badge(fence.state)],
      ['Kind', `${fence.kind}, ${fence.notificationMode}`],
      ['Address space', h('a', { class: 'mono', href: link('map', [fence.addressSpaceId]) }, fence.addressSpaceId)],
      ['Range', h('a', { class: 'mono', href: rangeLink(fence) }, rangeWords(fence))],
      ['Sequence', count(fence.sequence)],
      ['Started', since(fence.startedAt)],
    ]),
    h('h3', {}, `Participants (${fence.participants.length})`),
    fence.participants.length === 0
      ? h('p', { class: 'muted' }, 'Nobody mirrored this range.')
      : h('ul', { class: 'participants' }, participants.map((each) => participantLine(each, longest))),
  ];
}

function participantLine(each, longest) {
  return h(
    'li',
    { class: each.resolution === 'pending' ? 'pending' : '' },
    h('div', { class: 'line' }, device(each.device, each.deviceName), badge(each.resolution), h('span', { class: 'grow' }), h('span', { class: 'num' }, micros(each.elapsedMicros))),
    h('span', { class: 'lane', 'aria-hidden': 'true' }, h('span', { css: { width: `${((each.elapsedMicros / longest) * 100).toFixed(1)}%` } })),
    each.latenessMicros > 0 && h('p', { class: 'muted num' }, `${micros(each.latenessMicros)} behind the first`),
    each.diagnosis && h('p', {}, each.diagnosis),
  );
}

