// What stands still: pages that are pinned, and faults that wait.

import { unpinButton } from '../actions.js';
import { get, path, serverNow } from '../api.js';
import { address, bytes, count, duration, micros, parseAddress, PAGE } from '../format.js';
import { badge, device } from '../marks.js';
import { Poller } from '../poller.js';
import { link } from '../router.js';
import { empty, failure, loading, stale, unavailable } from '../states.js';
import { Table } from '../table.js';
import { h, render } from '../vdom.js';

const MOST = 1000;

export function open(element, place, context) {
  return new Holds(element, context);
}

class Holds {
  constructor(element, context) {
    this.element = element;
    this.context = context;
    this.data = null;
    this.error = null;
    this.pins = new Table({ label: 'Pins', id: (each) => each.id, columns: pinColumns(), visibleRows: 10 });
    this.faults = new Table({ label: 'Faults', id: faultId, columns: faultColumns(), visibleRows: 10 });
    this.poller = new Poller({ load: (signal) => this.load(signal), onData: (data) => this.onData(data), onError: (error) => this.onError(error) });
    this.draw();
    this.poller.start();
  }

  async load(signal) {
    const [pins, faults] = await Promise.all([get(path('/pins', { limit: MOST }), signal), get(path('/faults', { limit: MOST }), signal)]);
    return { pins, faults };
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

  update() {
    this.poller.now();
  }

  draw() {
    render(this.element, h('div', { class: 'split' }, h('div', { class: 'split-main' }, this.body())));
    if (this.data) {
      this.pins.update(this.data.pins.items);
      this.faults.update(this.data.faults.items);
    }
  }

  body() {
    const head = h('div', { class: 'view-head', key: 'head' }, h('h1', {}, 'Pins and faults'), h('p', { class: 'muted' }, 'A pinned page keeps its frame; a fault waits until its page may be used again.'));
    if (!this.data) {
      return [head, this.error ? failure(this.error, this.context.login) : loading('pins and faults')];
    }
    const { pins, faults } = this.data;
    return [
      head,
      this.error && stale(this.error, this.at),
      unavailable(pins.unavailableHosts, 'Pins and faults'),
      section('Pins', pins.items.length, pins.nextCursor && `the first ${count(MOST)}`, pins.items.length === 0 ? empty('No page is pinned', 'Programs pin pages over gRPC while something reaches them by their frames.', 'holds') : this.pins.vnode()),
      section('Faults', faults.total, faults.truncated && `the oldest ${count(faults.items.length)}`, faults.items.length === 0 ? empty('No fault waits', 'A device or CPU that touches a page while it is being invalidated waits here.', 'holds') : this.faults.vnode()),
    ];
  }

  wake() {
    this.poller.now();
  }

  repaint() {
    this.draw();
  }

  close() {
    this.poller.stop();
    [this.pins, this.faults].forEach((table) => table.dispose());
  }
}

function section(title, rows, hint, body) {
  return h(
    'section',
    { class: 'section', key: `section-${title}`, 'aria-label': title },
    h('div', { class: 'section-head' }, h('h2', {}, title, h('span', { class: 'tally num' }, count(rows))), hint && h('p', { class: 'muted' }, hint)),
    body,
  );
}

function faultId(each) {
  return `${each.device} ${each.addressSpaceId} ${each.address}`;
}

function rangeLink(each, start, end) {
  return h('a', { class: 'mono', href: link('map', [each.addressSpaceId], { at: address(start) }), title: `${address(start)} to ${address(end)}` }, `${address(start)} +${bytes(end - start)}`);
}

function pinColumns() {
  return [
    { key: 'id', label: 'Pin', width: 'minmax(90px, 0.7fr)', cell: (each) => h('span', { class: 'mono' }, each.id) },
    { key: 'owner', label: 'Owner', width: 'minmax(110px, 1fr)', sort: (each) => each.owner, cell: (each) => each.owner || '–' },
    { key: 'reason', label: 'Why', width: 'minmax(120px, 1.2fr)', wide: true, sort: (each) => each.reason, cell: (each) => h('span', { title: each.reason }, each.reason || '–') },
    { key: 'range', label: 'Range', width: 'minmax(190px, 1.3fr)', sort: (each) => parseAddress(each.start), cell: (each) => rangeLink(each, parseAddress(each.start), parseAddress(each.end)) },
    { key: 'term', label: 'Term', width: '88px', wide: true, sort: (each) => String(each.longTerm), cell: (each) => badge(each.longTerm ? 'long' : 'short', each.write ? 'to write' : 'to read') },
    { key: 'gone', label: 'Unmapped', width: '88px', wide: true, align: 'right num', sort: (each) => each.unmappedPages, cell: (each) => (each.unmappedPages > 0 ? bytes(each.unmappedPages * PAGE) : '–') },
    { key: 'age', label: 'Age', width: '92px', align: 'right num', sort: (each) => each.ageMillis, cell: (each) => duration(each.ageMillis) },
    { key: 'remove', label: '', width: '92px', wide: true, align: 'right', cell: (each) => unpinButton(each.id, each.owner) },
  ];
}

function faultColumns() {
  return [
    { key: 'device', label: 'Device', width: 'minmax(110px, 1fr)', sort: (each) => each.device, cell: (each) => device(each.device, each.deviceName) },
    { key: 'space', label: 'Address space', width: 'minmax(100px, 0.8fr)', wide: true, sort: (each) => each.addressSpaceId, cell: (each) => h('a', { class: 'mono', href: link('map', [each.addressSpaceId]) }, each.addressSpaceId) },
    { key: 'address', label: 'Address', width: 'minmax(190px, 1.3fr)', sort: (each) => parseAddress(each.address), cell: (each) => rangeLink(each, parseAddress(each.address), parseAddress(each.address) + each.pages * PAGE) },
    { key: 'access', label: 'To', width: '72px', wide: true, cell: (each) => (each.write ? 'write' : 'read') },
    { key: 'for', label: 'Waits for', width: 'minmax(110px, 1fr)', wide: true, cell: (each) => (each.waitsForFenceId ? h('a', { class: 'mono', href: link('fences', [each.waitsForFenceId]) }, each.waitsForFenceId) : 'its turn') },
    { key: 'since', label: 'Waited', width: '92px', align: 'right num', sort: (each) => each.elapsedMicros, cell: (each) => micros(each.elapsedMicros) },
  ];
}
