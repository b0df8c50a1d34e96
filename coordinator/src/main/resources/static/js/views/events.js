// What happened, live; after a lost connection it goes on where it was, and says what is missing.

import { get, path } from '../api.js';
import { dialog } from '../dialog.js';
import { absolute, ago, clock, count } from '../format.js';
import { icon } from '../icons.js';
import { device } from '../marks.js';
import { link, replace } from '../router.js';
import { empty, failure, loading } from '../states.js';
import { Table } from '../table.js';
import { h, render } from '../vdom.js';
import { facts } from './details.js';

const KEPT = 5000;
const AGAIN_MILLIS = 3000;
const DRAW_MILLIS = 250;
const TONES = {
  'node-lost': 'bad', 'lease-expired': 'bad', 'agent-quarantined': 'bad', 'deadlock-found': 'bad', 'deadlock-broken': 'info', 'frames-exhausted': 'bad', 'oom-kill': 'bad', 'host-events-lost': 'bad', gap: 'bad',
  'node-suspect': 'warn', 'fence-overdue': 'warn', 'agent-refused': 'warn', 'agent-detached': 'warn', 'coordinator-started': 'warn',
  'node-joined': 'ok', 'node-live': 'ok', 'agent-attached': 'ok', 'agent-returned': 'ok', 'coordinator-ready': 'ok',
  'operator-action': 'info', 'policy-set': 'info', 'invalidation-backed-off': 'info', 'notification-mode-set': 'info',
};

export function open(element, place, context) {
  return new Events(element, place, context);
}

class Events {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.events = null;
    this.error = null;
    this.stream = 'connecting';
    this.held = null;
    this.kind = place.query.get('kind') ?? '';
    this.text = '';
    this.table = new Table({ label: 'Events', id: (event) => event.id, columns: columns(), open: showEvent, visibleRows: 20, rowClass: (event) => (event.kind === 'gap' ? 'gap' : '') });
    this.draw();
    this.begin();
  }

  async begin() {
    this.controller = new AbortController();
    try {
      const page = await get(path('/events', { limit: 1000, after: this.last }), this.controller.signal);
      this.error = null;
      this.add([...(page.gap ? [gapRow(page.gap)] : []), ...page.items]);
      this.last = page.nextAfter ?? page.newestId ?? this.last;
      this.draw();
      this.follow();
    } catch (e) {
      if (e.name !== 'AbortError') {
        this.error = e;
        this.stream = 'broken';
        this.draw();
        this.again();
      }
    }
  }

  /** The browser resumes by Last-Event-ID when a connection breaks; a refusal it takes for final, so that is tried anew. */
  follow() {
    this.source = new EventSource(`/api/v1${path('/events', { after: this.last })}`);
    this.source.onopen = () => this.state('live');
    this.source.onmessage = (message) => this.hear(JSON.parse(message.data), message.lastEventId);
    this.source.addEventListener('gap', (message) => this.hear(gapRow(JSON.parse(message.data))));
    this.source.onerror = () => {
      this.state('broken');
      if (this.source.readyState === EventSource.CLOSED) {
        this.again();
      }
    };
  }

  again() {
    this.source?.close();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.begin(), AGAIN_MILLIS);
  }

  state(stream) {
    this.stream = stream;
    this.draw();
  }

  hear(event, id) {
    this.last = id || this.last;
    this.add([event]);
    // Many at once are drawn at once.
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.draw();
    }, DRAW_MILLIS);
  }

  /** Newest first. */
  add(events) {
    const known = new Set((this.events ?? []).slice(0, 1200).map((event) => event.id));
    const fresh = events.filter((event) => !known.has(event.id)).reverse();
    this.events = [...fresh, ...(this.events ?? [])].slice(0, KEPT);
  }

  shown() {
    const text = this.text.toLowerCase();
    const from = this.held ?? this.events;
    return from.filter((event) => (!this.kind || event.kind === this.kind || event.kind === 'gap') && (!text || `${event.kind} ${event.message} ${event.device ?? ''} ${event.agentId ?? ''} ${event.hostId ?? ''}`.toLowerCase().includes(text)));
  }

  draw() {
    render(this.element, this.head(), this.body());
    if (this.events) {
      this.table.update(this.shown());
    }
  }

  head() {
    const kinds = [...new Set((this.events ?? []).map((event) => event.kind))].filter((kind) => kind !== 'gap').sort();
    return h(
      'div',
      { class: 'view-head', key: 'head' },
      h('h1', {}, 'Events'),
      this.streamState(),
      h('span', { class: 'grow' }),
      h('select', { 'aria-label': 'Only this kind', value: this.kind, onchange: (event) => this.only(event.target.value) }, h('option', { value: '' }, 'Every kind'), kinds.map((kind) => h('option', { value: kind, key: kind }, kind.replaceAll('-', ' ')))),
      h('input', { class: 'search', type: 'search', 'data-search': '', placeholder: 'Filter  /', 'aria-label': 'Filter events by their words', value: this.text, oninput: (event) => { this.text = event.target.value; this.draw(); } }),
      h('button', { class: 'button', 'aria-pressed': String(this.held !== null), onclick: () => this.hold() }, this.held ? `Go on (${count(this.events.length - this.held.length)} new)` : 'Hold'),
    );
  }

  streamState() {
    const words = { live: 'live', connecting: 'connecting', broken: 'connection lost, trying again' };
    const tone = { live: 'ok', connecting: 'idle', broken: 'warn' };
    return h('span', { class: `live ${tone[this.stream]}`, role: 'status' }, h('span', { class: 'dot' }), words[this.stream]);
  }

  body() {
    if (!this.events) {
      return this.error ? failure(this.error, this.context.login) : loading('events');
    }
    if (this.events.length === 0) {
      return empty('Nothing has happened yet', 'Nodes that come and go, late fences, quarantines and what operators do appear here as they happen.', 'events');
    }
    return [
      this.shown().length === 0 ? empty('No event matches', 'Take the filter away to see the others.', 'events') : this.table.vnode(),
      h('p', { class: 'muted foot', key: 'foot' }, `${count(this.events.length)} events here, newest first.`),
    ];
  }

  only(kind) {
    this.kind = kind;
    replace('events', [], { kind });
    this.draw();
  }

  hold() {
    this.held = this.held ? null : this.events;
    this.draw();
  }

  update(place) {
    this.kind = place.query.get('kind') ?? '';
    this.draw();
  }

  wake() {
    if (this.stream === 'broken') {
      this.again();
    }
  }

  repaint() {
    this.draw();
  }

  close() {
    this.controller?.abort();
    this.source?.close();
    clearTimeout(this.timer);
    clearTimeout(this.soon);
    this.table.dispose();
  }
}

/** All of it: a row shows what fits into a line. */
function showEvent(event) {
  const named = [['Kind', event.kind.replaceAll('-', ' ')], ['When', event.at && absolute(event.at)], ['Id', event.id], ['Host', event.hostId], ['Agent', event.agentId], ['Device', event.device], ['Address space', event.addressSpaceId], ['Fence', event.fenceId], ['By', event.actor]];
  dialog('Event', () => [h('p', { class: 'summary' }, event.message), facts(named.filter(([, value]) => value).map(([name, value]) => [name, h('span', { class: 'mono' }, value)]))]);
}

function gapRow(gap) {
  const which = gap.lostFrom ? `Events ${gap.lostFrom} to ${gap.lostTo} are lost: ${gap.reason}` : `Events are missing here: ${gap.reason}`;
  return { id: `gap-${gap.lostFrom}-${gap.lostTo}-${Date.now()}`, kind: 'gap', at: null, message: which };
}

function columns() {
  return [
    { key: 'at', label: 'Time', width: '104px', cell: (event) => (event.at ? h('time', { class: 'num', datetime: event.at, title: `${ago(event.at)} · ${absolute(event.at)}` }, clock(event.at)) : '–') },
    { key: 'kind', label: 'Kind', width: '168px', wide: true, cell: (event) => h('span', { class: `badge ${TONES[event.kind] ?? 'idle'}` }, event.kind.replaceAll('-', ' ')) },
    { key: 'message', label: 'What', width: 'minmax(160px, 4fr)', cell: (event) => h('span', { title: event.message }, event.kind === 'gap' && icon('warn'), event.message) },
    { key: 'whom', label: 'Where', width: 'minmax(120px, 1.2fr)', wide: true, cell: whom },
  ];
}

function whom(event) {
  if (event.fenceId) {
    return h('a', { class: 'mono', href: link('fences', [event.fenceId]) }, event.fenceId);
  }
  if (event.device) {
    return device(event.device);
  }
  if (event.agentId) {
    return h('a', { class: 'mono', href: link('overview', ['agent', event.agentId]) }, event.agentId);
  }
  if (event.addressSpaceId) {
    return h('a', { class: 'mono', href: link('map', [event.addressSpaceId]) }, event.addressSpaceId);
  }
  return event.hostId ? h('a', { class: 'mono', href: link('overview', ['host', event.hostId]) }, event.hostId) : h('span', { class: 'muted' }, event.actor ?? '–');
}
