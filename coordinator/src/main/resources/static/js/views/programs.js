// Programs of all devices: what runs, how far it is, what it waits for, what came of it.

import { cancelButton } from '../actions.js';
import { get, path, serverNow } from '../api.js';
import { address, brief, count, micros, parseAddress, since } from '../format.js';
import { icon } from '../icons.js';
import { badge, device, meter } from '../marks.js';
import { Poller } from '../poller.js';
import { go, link, replace } from '../router.js';
import { empty, failure, loading, stale } from '../states.js';
import { Table } from '../table.js';
import { h, render } from '../vdom.js';
import { facts } from './details.js';
import { segments } from './waits.js';

const MOST = 1000;

export function open(element, place, context) {
  return new Programs(element, place, context);
}

class Programs {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.data = null;
    this.error = null;
    this.table = new Table({ label: 'Programs', id: (each) => each.id, columns: columns(), open: (each) => go('programs', [each.id], this.query()), visibleRows: 16, rowClass: (each) => (each.id === this.selected ? 'selected' : '') });
    this.poller = new Poller({ load: (signal) => this.load(signal), onData: (data) => this.onData(data), onError: (error) => this.onError(error) });
    this.read(place);
    this.draw();
    this.poller.start();
  }

  read(place) {
    this.selected = place.args[0] ?? null;
    this.device = place.query.get('device') ?? '';
    this.pendingOnly = place.query.get('state') === 'pending';
  }

  query() {
    return { device: this.device, state: this.pendingOnly ? 'pending' : '' };
  }

  async load(signal) {
    const wanted = /^[A-Za-z0-9._-]+\/\d+$/.test(this.device) ? this.device : '';
    const page = await get(path('/programs', { device: wanted, state: this.pendingOnly ? 'pending' : '', limit: MOST }), signal);
    const detail = this.selected ? await get(`/programs/${encodeURIComponent(this.selected)}`, signal) : null;
    return { page, detail };
  }

  onData(data) {
    this.data = data;
    this.error = null;
    this.at = new Date(serverNow()).toISOString();
    this.draw();
  }

  onError(error) {
    this.error = error;
    this.draw();
  }

  update(place) {
    this.read(place);
    this.draw();
    this.poller.now();
  }

  draw() {
    render(this.element, h('div', { class: `split ${this.selected ? 'with-panel' : ''}` }, h('div', { class: 'split-main' }, this.body()), this.selected && this.panel()));
    if (this.data) {
      this.table.update(this.data.page.items);
    }
  }

  body() {
    const head = h(
      'div',
      { class: 'view-head', key: 'head' },
      h('h1', {}, 'Programs'),
      h('span', { class: 'grow' }),
      segments('Which', [
        ['All', !this.pendingOnly, link('programs', [], { device: this.device })],
        ['Queued and running', this.pendingOnly, link('programs', [], { device: this.device, state: 'pending' })],
      ]),
      h('input', { class: 'search', type: 'search', 'data-search': '', placeholder: 'Device, as agent-1/0', 'aria-label': 'Only programs of this device', value: this.device, onchange: (event) => this.ofDevice(event.target.value.trim()) }),
    );
    if (!this.data) {
      return [head, this.error ? failure(this.error, this.context.login) : loading('programs')];
    }
    const { page } = this.data;
    return [
      head,
      this.error && stale(this.error, this.at),
      page.unavailableAgents?.length > 0 && h('div', { class: 'notice warn', key: 'missing' }, icon('warn'), h('span', {}, h('strong', {}, 'Some agents do not answer: '), page.unavailableAgents.map((each) => `${each.id} (${each.reason})`).join(', '))),
      page.items.length === 0 ? this.nothing() : this.table.vnode(),
      (page.truncated || page.nextCursor) && h('p', { class: 'muted', key: 'more' }, `The newest ${count(page.items.length)}; name a device to see further back.`),
    ];
  }

  nothing() {
    if (this.data.page.unavailableAgents?.length > 0) {
      return empty('No program is known', 'The agents that answered have none; of the others nothing can be said.', 'programs');
    }
    const whose = this.device ? ` on ${this.device}` : '';
    return this.pendingOnly
      ? empty(`Nothing is queued or running${whose}`, 'Programs that ended are under All.', 'programs')
      : empty(`No program has run${whose}`, 'Programs are submitted to devices over REST, the command line or gRPC; agents keep the last ones that ended.', 'programs');
  }

  ofDevice(text) {
    this.device = text;
    replace('programs', [], this.query());
    this.poller.now();
  }

  panel() {
    const program = this.data?.detail?.id === this.selected ? this.data.detail : null;
    return h(
      'aside',
      { class: 'panel', 'aria-label': `Program ${this.selected}`, key: `panel-${this.selected}` },
      h('div', { class: 'panel-head' }, h('div', {}, h('p', { class: 'kicker' }, 'program'), h('h2', { class: 'mono' }, this.selected)), h('a', { class: 'icon-button', href: link('programs', [], this.query()), 'aria-label': 'Close the panel', title: 'Close (Esc)' }, icon('close'))),
      program ? programBody(program) : this.error ? failure(this.error) : loading('the program'),
    );
  }

  wake() {
    this.poller.now();
  }

  repaint() {
    this.draw();
  }

  close() {
    this.poller.stop();
    this.table.dispose();
  }
}

function columns() {
  return [
    { key: 'id', label: 'Program', width: 'minmax(100px, 1fr)', cell: (each) => h('a', { class: 'mono', href: link('programs', [each.id]) }, each.id) },
    { key: 'device', label: 'Device', width: 'minmax(100px, 1fr)', sort: (each) => each.device, cell: (each) => device(each.device) },
    { key: 'kind', label: 'Kind', width: '110px', wide: true, sort: (each) => each.kind, cell: (each) => each.kind.replaceAll('-', ' ') },
    { key: 'state', label: 'State', width: '88px', sort: (each) => each.state, cell: (each) => badge(each.state, each.result?.message || undefined) },
    { key: 'progress', label: 'Done', width: 'minmax(216px, 1.6fr)', sort: (each) => each.operationsDone, cell: progress },
    { key: 'waits', label: 'Waits for', width: 'minmax(140px, 1fr)', wide: true, sort: (each) => each.waitsElapsedMicros, cell: waitsFor },
    { key: 'took', label: 'Took', width: '80px', align: 'right num', sort: (each) => each.result?.elapsedMicros ?? 0, cell: (each) => (each.result ? micros(each.result.elapsedMicros) : '–') },
    { key: 'submitted', label: 'Submitted', width: '92px', align: 'right', wide: true, sort: (each) => Date.parse(each.submittedAt), cell: (each) => (each.submittedAt ? since(each.submittedAt) : '–') },
  ];
}

function progress(each) {
  if (!each.operationsTotal) {
    return h('span', { class: 'num muted' }, `${count(each.operationsDone)} operations`);
  }
  return meter(each.operationsDone / each.operationsTotal, `${brief(each.operationsDone)} of ${brief(each.operationsTotal)}`);
}

function waitsFor(each) {
  return each.waitsAtAddress ? h('span', { class: 'mono' }, `${address(parseAddress(each.waitsAtAddress))} · ${micros(each.waitsElapsedMicros)}`) : h('span', { class: 'muted' }, '–');
}

function programBody(each) {
  const pending = each.state === 'queued' || each.state === 'running';
  return [
    pending && h('div', { class: 'actions' }, cancelButton(each.id)),
    facts([
      ['State', badge(each.state)],
      ['Device', device(each.device)],
      ['Kind', each.kind.replaceAll('-', ' ')],
      ['Address space', h('a', { class: 'mono', href: link('map', [each.addressSpaceId]) }, each.addressSpaceId)],
      ['Done', progress(each)],
      each.waitsAtAddress && ['Waits for', h('a', { class: 'mono', href: link('map', [each.addressSpaceId], { at: each.waitsAtAddress }) }, `${each.waitsAtAddress} · ${micros(each.waitsElapsedMicros)}`)],
      each.submittedAt && ['Submitted', since(each.submittedAt)],
      each.startedAt && ['Started', since(each.startedAt)],
      each.endedAt && ['Ended', since(each.endedAt)],
    ]),
    each.result && [h('h3', {}, 'Result'), facts(resultFacts(each.result))],
  ];
}

function resultFacts(result) {
  return [
    ['Outcome', result.errno ? h('span', {}, h('span', { class: 'badge bad' }, result.errno), ` ${result.message}`) : 'succeeded'],
    result.faultAddress && ['Failed at', h('code', {}, result.faultAddress)],
    ['Took', micros(result.elapsedMicros)],
    ['Operations', count(result.operations)],
    ['Faults', `${count(result.faults)}, ${count(result.faultRetries)} retried`],
    ['Sum', h('code', {}, result.sum)],
    ['CRC-32C', h('code', {}, result.crc32c)],
    ['Value', h('code', {}, result.value)],
  ];
}
