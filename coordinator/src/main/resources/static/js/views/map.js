// The map of an address space: who holds and mirrors what, from terabytes down to single pages.

import { get, getAll, path, serverNow } from '../api.js';
import { addressOn, clusters, fold, largest } from '../clusters.js';
import { PAGE, SPACE_END, address, bytes, count, parseAddress, plural } from '../format.js';
import { icon } from '../icons.js';
import { addressAt, drawMap, drawStrip } from '../mapcanvas.js';
import { swatch } from '../marks.js';
import { Poller } from '../poller.js';
import { go, replace } from '../router.js';
import { empty, failure, loading, stale, unavailable } from '../states.js';
import { h, render } from '../vdom.js';
import { around, clamp, pan, parsePlace, same, zoom } from '../viewport.js';
import { pagePanel } from './mappage.js';
import { rangeTable } from './mapranges.js';
import { steer } from './mapsteering.js';

const LANES = 14;
const RANGES = 300;
const WHOLE_EVERY_MILLIS = 5000;

export function open(element, place, context) {
  return new MapView(element, place, context);
}

class MapView {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.spaces = null;
    this.error = null;
    this.viewport = null;
    this.map = null;
    this.whole = null;
    this.hovered = null;
    this.ranges = rangeTable((range) => this.look(around(range.from, range.to)));
    this.resized = new ResizeObserver(() => this.paint());
    this.read(place);
    this.poller = new Poller({ load: (signal) => this.load(signal), onData: (data) => this.onData(data), onError: (error) => this.onError(error) });
    this.draw();
    this.poller.start();
  }

  read(place) {
    const id = place.args[0] ?? null;
    if (id !== this.id) {
      this.id = id;
      this.viewport = null;
      this.map = null;
      this.whole = null;
      this.page = null;
      this.rangePage = null;
    }
    const { query } = place;
    this.selected = query.has('at') ? Math.floor(parseAddress(query.get('at')) / PAGE) * PAGE : null;
    this.device = query.get('device') ?? '';
    if (query.has('start') && query.has('end')) {
      this.viewport = clamp(parseAddress(query.get('start')), parseAddress(query.get('end')));
    } else if (this.selected !== null) {
      this.viewport = clamp(this.selected - 16 * PAGE, this.selected + 16 * PAGE);
    }
  }

  update(place) {
    this.read(place);
    this.draw();
    this.poller.now();
  }

  async load(signal) {
    const spaces = await getAll('/address-spaces', {}, signal);
    const id = this.id ?? spaces.items[0]?.id;
    if (!id) {
      return { spaces };
    }
    const base = `/address-spaces/${encodeURIComponent(id)}`;
    const space = spaces.items.find((each) => each.id === id) ?? (await get(base, signal));
    const whole = await this.loadWhole(base, space, signal);
    const first = this.viewport ? null : largest(whole ?? []);
    const viewport = this.viewport ?? (first ? around(first.start, first.end, 0.04) : { start: 0, end: SPACE_END });
    const interval = { start: address(viewport.start), end: address(viewport.end) };
    const [map, rangePage, page] = await Promise.all([
      space.mappingCount > 0 ? get(path(`${base}/map`, { ...interval, cells: this.cells() }), signal) : null,
      get(path(`${base}/ranges`, { ...interval, device: isDevice(this.device) ? this.device : '', limit: RANGES }), signal),
      this.selected === null ? null : get(`${base}/pages/${address(this.selected)}`, signal),
    ]);
    return { id, spaces, space, whole, viewport, map: map && understood(map), rangePage, page };
  }

  /** Groups of all that is mapped: by mappings if they are few, else by cells. They change seldom and are only asked for now and then. */
  async loadWhole(base, space, signal) {
    const old = !this.whole || performance.now() - this.wholeAt > WHOLE_EVERY_MILLIS || this.wholeOf !== base;
    if (space.mappingCount === 0) {
      return null;
    }
    if (!old) {
      return this.whole;
    }
    const few = space.mappingCount <= 1000 ? await get(path(`${base}/ranges`, { limit: 1000 }), signal) : null;
    const whole = few ? few.items.map((range) => ({ start: parseAddress(range.start), end: parseAddress(range.end) })) : filled(understood(await get(path(`${base}/map`, { cells: 2048 }), signal)));
    this.wholeAt = performance.now();
    this.wholeOf = base;
    return clusters(whole);
  }

  cells() {
    const width = this.canvas?.clientWidth ?? 900;
    return Math.max(64, Math.min(1024, Math.floor(width / 2)));
  }

  onData(data) {
    // Somebody may have looked elsewhere while the answer was on its way.
    Object.assign(this, data, { viewport: this.viewport ?? data.viewport ?? null });
    this.error = null;
    this.at = new Date(serverNow()).toISOString();
    this.draw();
  }

  onError(error) {
    this.error = error;
    this.draw();
  }

  query(change = {}) {
    const { viewport, selected, device } = this;
    return { start: viewport && address(viewport.start), end: viewport && address(viewport.end), at: selected === null ? '' : address(selected), device, ...change };
  }

  /** Shows another interval: at once from what is known, then from the host. */
  look(viewport) {
    if (this.viewport && same(viewport, this.viewport)) {
      return;
    }
    this.viewport = viewport;
    replace('map', [this.id], this.query());
    this.draw();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.poller.now(), 90);
  }

  lookAtAll() {
    if (this.whole?.length) {
      this.look(around(this.whole[0].start, this.whole[this.whole.length - 1].end, 0.02));
    }
  }

  /** The next mapping behind the middle, or the one before it. */
  step(direction) {
    const { start, end } = this.viewport;
    const near = (this.rangePage?.items ?? []).map((range) => [parseAddress(range.start), parseAddress(range.end)]);
    const far = (this.whole ?? []).flatMap((group) => group.parts.map((part) => [part.start, part.end]));
    const places = [...near, ...far.filter(([from, to]) => to <= start || from >= end)].sort((a, b) => a[0] - b[0]);
    const middle = (start + end) / 2;
    const found = direction > 0 ? places.find(([from]) => from > middle) : places.findLast(([, to]) => to < middle);
    if (found) {
      this.look(around(found[0], found[1]));
    }
  }

  select(at) {
    this.selected = at === null ? null : Math.max(0, Math.floor(at / PAGE) * PAGE);
    this.page = null;
    replace('map', [this.id], this.query());
    this.draw();
    this.poller.now();
  }

  /** A click: far away it goes closer, near by it selects the page. */
  pick(at) {
    const length = this.viewport.end - this.viewport.start;
    if (length <= 512 * PAGE) {
      this.select(at);
    } else {
      this.look(zoom(this.viewport, 1 / 4, at));
    }
  }

  lanes() {
    const devices = (this.map?.devices ?? []).map((each, position) => ({ ...each, position, label: each.device.startsWith('cpu/') ? 'CPU' : each.device }));
    const wanted = this.device.toLowerCase();
    return devices
      .filter((each) => !wanted || `${each.device} ${each.deviceName}`.toLowerCase().includes(wanted))
      .sort((a, b) => b.heldPages - a.heldPages || a.device.localeCompare(b.device, 'en', { numeric: true }))
      .slice(0, LANES)
      .sort((a, b) => a.device.localeCompare(b.device, 'en', { numeric: true }));
  }

  draw() {
    const panel = this.selected !== null && this.id;
    render(this.element, h('div', { class: `split ${panel ? 'with-panel' : ''}` }, h('div', { class: 'split-main' }, this.head(), this.body()), panel && pagePanel(this)));
    this.paint();
    if (this.rangePage) {
      this.ranges.update(this.rangePage.items.map((range) => ({ ...range, from: parseAddress(range.start), to: parseAddress(range.end) })));
    }
  }

  paint() {
    const width = this.canvas?.clientWidth ?? 0;
    if (this.canvas && this.viewport && width > 0) {
      this.shownLanes = this.lanes();
      drawMap(this.canvas, width, { viewport: this.viewport, map: this.map, lanes: this.shownLanes, selected: this.selected });
      if (this.whole?.length && this.strip) {
        this.folded = fold(this.whole, width);
        drawStrip(this.strip, width, { folded: this.folded, viewport: this.viewport });
      }
    }
  }

  head() {
    const spaces = this.spaces?.items ?? [];
    return h(
      'div',
      { class: 'view-head', key: 'head' },
      h('h1', {}, 'Address spaces'),
      spaces.length > 0 &&
        h(
          'select',
          { 'aria-label': 'Address space', value: this.id ?? '', onchange: (event) => go('map', [event.target.value]) },
          spaces.map((space) => h('option', { value: space.id, key: space.id }, `${space.id}  ${space.name}`)),
        ),
      this.space && h('p', { class: 'muted num' }, `${bytes(this.space.mappedPages * PAGE)} mapped in ${plural(this.space.mappingCount, 'mapping')}, ${bytes(this.space.residentPages * PAGE)} resident, ${plural(this.space.mirrorCount, 'mirror')}, ${this.space.notificationMode}`),
    );
  }

  body() {
    if (!this.spaces) {
      return this.error ? failure(this.error, this.context.login) : loading('address spaces');
    }
    const missing = unavailable(this.spaces.unavailableHosts, 'Address spaces');
    if (!this.id) {
      return [missing, empty('There is no address space', 'A program creates one at a host, or an operator does over REST; then it shows up here.', 'map')];
    }
    if (!this.space) {
      return [missing, this.error ? failure(this.error, this.context.login) : loading('the map')];
    }
    if (this.space.mappingCount === 0) {
      return [missing, empty('Nothing is mapped in this address space', 'Mappings show up here as soon as a program makes one.', 'map')];
    }
    return [missing, this.error && stale(this.error, this.at), this.controls(), this.picture(), this.legend(), this.table()];
  }

  controls() {
    const tool = (name, label, action) => h('button', { class: 'icon-button', 'aria-label': label, title: label, onclick: action }, icon(name));
    const { start, end } = this.viewport;
    return h(
      'div',
      { class: 'map-controls', key: 'controls' },
      h('form', { class: 'goto', role: 'search', onsubmit: (event) => this.goTo(event) }, h('input', { class: 'mono', name: 'place', 'data-search': '', placeholder: '0x7f00… or a-b or a+64k  /', 'aria-label': 'Go to an address, a range a-b or a+length', autocomplete: 'off', spellcheck: 'false' }), h('button', { class: 'button' }, 'Go')),
      h('input', { class: 'search', type: 'search', placeholder: 'Only devices …', 'aria-label': 'Only devices whose id or name contains', value: this.device, oninput: (event) => this.filter(event.target.value.trim()) }),
      h('span', { class: 'grow' }),
      tool('left', 'Back by a quarter (←)', () => this.look(pan(this.viewport, (start - end) / 4))),
      tool('right', 'On by a quarter (→)', () => this.look(pan(this.viewport, (end - start) / 4))),
      tool('plus', 'Closer (+)', () => this.look(zoom(this.viewport, 1 / 2, this.centre()))),
      tool('minus', 'Further (−)', () => this.look(zoom(this.viewport, 2, this.centre()))),
      tool('fit', 'Everything that is mapped (0)', () => this.lookAtAll()),
    );
  }

  centre() {
    const { start, end } = this.viewport;
    return this.selected !== null && this.selected >= start && this.selected < end ? this.selected : (start + end) / 2;
  }

  goTo(event) {
    event.preventDefault();
    const field = event.target.elements.place;
    const place = parsePlace(field.value);
    field.setCustomValidity(place ? '' : 'An address below 2^47 as 0x7f00…, a range a-b, or a+length with k, m, g, t or p for pages');
    if (!place) {
      field.reportValidity();
      field.oninput = () => field.setCustomValidity('');
      return;
    }
    if (place.end) {
      this.look(around(place.start, place.end));
    } else {
      this.selected = Math.floor(place.start / PAGE) * PAGE;
      this.page = null;
      this.look(clamp(this.selected - 16 * PAGE, this.selected + 16 * PAGE));
      this.select(place.start);
    }
  }

  filter(text) {
    this.device = text;
    replace('map', [this.id], this.query());
    this.draw();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.poller.now(), 250);
  }

  picture() {
    const { start, end } = this.viewport;
    return h(
      'div',
      { class: 'map-place', key: 'map' },
      h('canvas', { opaque: true, class: 'map-strip', key: 'strip', 'aria-hidden': 'true', ref: (canvas) => (this.strip = canvas), onpointerdown: (event) => this.jump(event) }),
      h('canvas', {
        opaque: true,
        class: 'map',
        key: 'canvas',
        tabindex: '0',
        role: 'application',
        'aria-roledescription': 'address-space map',
        'aria-label': this.words(),
        ref: (canvas) => this.attach(canvas),
      }),
      h('p', { class: 'map-range mono', key: 'range' }, `${address(start)} – ${address(end)}`, h('span', { class: 'muted' }, ` ${bytes(end - start)}`)),
      this.tip(),
      h('p', { class: 'visually-hidden', role: 'status', key: 'said' }, this.words()),
    );
  }

  attach(canvas) {
    this.canvas = canvas;
    this.resized.disconnect();
    this.resized.observe(canvas.parentElement);
    steer(canvas, this);
  }

  jump(event) {
    const at = addressOn(this.folded, event.offsetX);
    const half = (this.viewport.end - this.viewport.start) / 2;
    this.look(clamp(at - half, at + half));
  }

  words() {
    const { start, end } = this.viewport;
    const cells = this.map?.cells ?? [];
    const sum = (name) => cells.reduce((total, cell) => total + cell[name], 0);
    return `${address(start)} to ${address(end)}, ${bytes(end - start)}: ${plural(sum('mappedPages'), 'page')} mapped, ${count(sum('residentPages'))} resident, ${count(sum('invalidatingPages'))} invalidating; ${plural(this.map?.devices.length ?? 0, 'device')}`;
  }

  hover(x, y) {
    const width = this.canvas.clientWidth;
    const at = addressAt(this.viewport, width, x);
    const size = this.map && this.map.cellPages * PAGE;
    const cell = this.map?.cells.find((each) => at >= this.map.start + each.index * size && at < this.map.start + (each.index + 1) * size);
    this.hovered = at >= this.viewport.start && at < this.viewport.end ? { x, y, at, cell, right: x > width - 280 } : null;
    this.draw();
  }

  unhover() {
    this.hovered = null;
    this.draw();
  }

  tip() {
    const at = this.hovered;
    if (!at) {
      return null;
    }
    const place = at.right ? { right: `${this.canvas.clientWidth - at.x + 14}px`, top: `${at.y + 40}px` } : { left: `${at.x + 14}px`, top: `${at.y + 40}px` };
    if (!at.cell) {
      return h('div', { class: 'tip', css: place, key: 'tip' }, h('code', {}, address(Math.floor(at.at / PAGE) * PAGE)), h('span', { class: 'muted' }, 'nothing mapped'));
    }
    const from = this.map.start + at.cell.index * this.map.cellPages * PAGE;
    const names = at.cell.holders.map((position) => this.map.devices[position]?.device).filter(Boolean);
    return h(
      'div',
      { class: 'tip', css: place, key: 'tip' },
      h('code', {}, this.map.cellPages === 1 ? address(from) : `${address(from)} +${bytes(this.map.cellPages * PAGE)}`),
      h('span', { class: 'num' }, `${count(at.cell.mappedPages)} mapped, ${count(at.cell.residentPages)} resident${at.cell.invalidatingPages ? `, ${count(at.cell.invalidatingPages)} invalidating` : ''}`),
      at.cell.holderCount === 0 ? h('span', { class: 'muted' }, 'held by nobody') : h('span', { class: 'tip-devices' }, names.slice(0, 8).map((name) => h('span', { class: 'device' }, swatch(name), h('span', { class: 'mono' }, name))), at.cell.holderCount > Math.min(8, names.length) && h('span', {}, `+${count(at.cell.holderCount - Math.min(8, names.length))}`)),
    );
  }

  legend() {
    const lanes = this.shownLanes ?? this.lanes();
    const all = this.map?.devices.length ?? 0;
    return h(
      'p',
      { class: 'legend map-legend', key: 'legend' },
      [['mapped', 'mapped'], ['resident', 'resident'], ['invalidating', 'invalidating']].map(([name, words]) => [h('span', { class: `key map-${name}` }), words]),
      h('span', {}, all === 0 ? ' · no device mirrors or holds anything here' : all > lanes.length ? ` · ${lanes.length} of ${plural(all, 'device')}, those that hold most; filter to see others` : ` · ${plural(all, 'device')}`),
    );
  }

  table() {
    const { items, nextCursor } = this.rangePage ?? { items: [] };
    return h(
      'section',
      { class: 'section', key: 'ranges', 'aria-label': 'Mappings in view' },
      h('div', { class: 'section-head' }, h('h2', {}, 'Mappings in view', h('span', { class: 'tally num' }, nextCursor ? `first ${count(items.length)}` : count(items.length))), h('p', { class: 'muted' }, this.device ? `of which ${this.device} holds part` : 'Choose one to go there.')),
      items.length === 0 ? empty('No mapping in this interval', 'Go further out, or press 0 for everything that is mapped.', 'map') : this.ranges.vnode(),
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
    clearTimeout(this.soon);
    this.resized.disconnect();
    this.ranges.dispose();
  }
}

function isDevice(text) {
  return /^[A-Za-z0-9._-]+\/\d+$/.test(text);
}

function filled(map) {
  const size = map.cellPages * PAGE;
  return map.cells.map((cell) => ({ start: map.start + cell.index * size, end: Math.min(map.end, map.start + (cell.index + 1) * size) }));
}

function understood(map) {
  return { ...map, start: parseAddress(map.start), end: parseAddress(map.end) };
}

