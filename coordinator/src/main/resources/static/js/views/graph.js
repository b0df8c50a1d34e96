// Who waits for whom: operations, fences, devices, programs, faults; circles marked.

import { get, serverNow } from '../api.js';
import { bytes, duration, parseAddress, plural } from '../format.js';
import { icon } from '../icons.js';
import { layered } from '../layers.js';
import { Poller } from '../poller.js';
import { link } from '../router.js';
import { empty, failure, loading, stale, unavailable } from '../states.js';
import { h, render } from '../vdom.js';

const WIDTH = 216;
const HEIGHT = 46;
const ACROSS = 44;
const DOWN = 16;
const MARGIN = 8;
const MOST = 400;

export function open(element, place, context) {
  return new Graph(element, place, context);
}

class Graph {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.data = null;
    this.error = null;
    this.chosen = null;
    this.poller = new Poller({ load: (signal) => get('/graph', signal), onData: (data) => this.onData(data), onError: (error) => this.onError(error) });
    this.draw();
    this.poller.start();
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

  draw() {
    render(
      this.element,
      h('div', { class: 'view-head', key: 'head' }, h('h1', {}, 'Wait-for graph'), h('p', { class: 'muted' }, 'An arrow leads from who waits to whom it waits for.')),
      this.body(),
    );
  }

  body() {
    if (!this.data) {
      return this.error ? failure(this.error, this.context.login) : loading('who waits for whom');
    }
    const { nodes, edges, cycles, truncated, unavailableHosts } = this.data;
    const missing = [this.error && stale(this.error, this.at), unavailable(unavailableHosts, 'Waits', 'node')];
    if (nodes.length === 0) {
      if (unavailableHosts.length > 0) {
        return [missing, empty('No wait is known', 'Nobody waits at the nodes that answered; of the others nothing can be said.', 'graph')];
      }
      return [missing, empty('Nobody waits for anybody', 'Operations, fences, programs and faults appear here while they wait, with the reason on each arrow.', 'graph')];
    }
    return [
      missing,
      cycles.length > 0 ? cycles.map((cycle) => this.cycle(cycle)) : null,
      h('p', { class: 'muted num', key: 'sum' }, `${plural(nodes.length, 'node')}, ${plural(edges.length, 'wait')}, ${cycles.length ? plural(cycles.length, 'circle') : 'no circle'}${truncated || nodes.length > MOST ? '; too many to show them all' : ''}`),
      this.legend(),
      this.picture(nodes.slice(0, MOST), edges, cycles),
      this.list(edges, new Map(nodes.map((node) => [node.id, node]))),
    ];
  }

  cycle(cycle) {
    const labels = cycle.nodes.map((id) => this.data.nodes.find((node) => node.id === id)?.label ?? id);
    return h('div', { class: 'notice bad', role: 'alert', key: `cycle-${cycle.nodes.join()}` }, icon('warn'), h('span', {}, h('strong', {}, `A circle of waits, for ${duration(cycle.sinceMillis)}: `), [...labels, labels[0]].join(' → '), cycle.why ? `. ${cycle.why}` : ''));
  }

  legend() {
    return h('p', { class: 'legend', key: 'legend' }, ['operation', 'fence', 'device', 'program', 'fault'].map((kind) => [h('span', { class: `key node-${kind}` }), kind]));
  }

  picture(nodes, edges, cycles) {
    const graph = layered(nodes, edges);
    const inCycle = new Set(cycles.flatMap((cycle) => cycle.nodes.map((id, i) => `${id} ${cycle.nodes[(i + 1) % cycle.nodes.length]}`)));
    const cyclic = new Set(cycles.flatMap((cycle) => cycle.nodes));
    const tallest = Math.max(...graph.layers.map((layer) => layer.length));
    const width = MARGIN * 2 + graph.layers.length * WIDTH + (graph.layers.length - 1) * ACROSS;
    const height = MARGIN * 2 + tallest * (HEIGHT + DOWN) + (graph.edges.some((edge) => edge.back) ? 26 : 0);
    const at = new Map(graph.nodes.map((node) => [node.id, placeOf(node, graph.layers[node.layer].length, tallest)]));
    return h(
      'div',
      { class: 'graph-place', key: 'picture', tabindex: '0', role: 'region', 'aria-label': 'Graph; the same as a list below' },
      h(
        'svg',
        { class: 'graph', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${nodes.length} nodes and ${edges.length} waits` },
        h('defs', {}, ['plain', 'bad', 'chosen'].map((kind) => h('marker', { id: `head-${kind}`, class: `head ${kind}`, viewBox: '0 0 8 8', refX: '7', refY: '4', markerWidth: '7', markerHeight: '7', orient: 'auto-start-reverse' }, h('path', { d: 'M0 0.8L7 4L0 7.2z' })))),
        graph.edges.map((edge) => this.edge(edge, at, inCycle)),
        graph.nodes.map((node) => this.node(node, at.get(node.id), cyclic.has(node.id))),
      ),
    );
  }

  edge(edge, at, inCycle) {
    const [from, to] = [at.get(edge.from), at.get(edge.to)];
    const kind = inCycle.has(`${edge.from} ${edge.to}`) ? 'bad' : this.chosen === edge.from || this.chosen === edge.to ? 'chosen' : 'plain';
    return h('path', { key: `${edge.from} ${edge.to} ${edge.why}`, class: `edge ${kind}`, d: curve(from, to, edge.back), 'marker-end': `url(#head-${kind})` }, h('title', {}, edge.why));
  }

  node(node, at, cyclic) {
    const { head, note } = wordsOf(node);
    const choose = () => {
      this.chosen = this.chosen === node.id ? null : node.id;
      this.draw();
    };
    return h(
      'g',
      { key: node.id, class: `node ${node.kind} ${cyclic ? 'cyclic' : ''} ${this.chosen === node.id ? 'chosen' : ''}`, transform: `translate(${at.x} ${at.y})`, tabindex: '0', role: 'button', 'aria-label': `${node.kind} ${node.label}${node.sinceMillis > 0 ? `, waits for ${duration(node.sinceMillis)}` : ''}`, onclick: choose, onkeydown: (event) => (event.key === 'Enter' || event.key === ' ') && (event.preventDefault(), choose()) },
      h('title', {}, node.label),
      h('rect', { width: WIDTH, height: HEIGHT, rx: 6 }),
      h('rect', { class: 'side-mark', width: 4, height: HEIGHT - 12, x: 6, y: 6, rx: 2 }),
      h('text', { x: 18, y: 19, class: 'node-label' }, cut(head, 28)),
      h('text', { x: 18, y: 36, class: 'node-note' }, cut(node.sinceMillis > 0 ? `${note} · ${duration(node.sinceMillis)}` : note, 36)),
    );
  }

  list(edges, nodes) {
    const shown = this.chosen ? edges.filter((edge) => edge.from === this.chosen || edge.to === this.chosen) : edges;
    const name = (id) => nameOf(nodes.get(id) ?? { id, kind: '', label: id });
    return h(
      'section',
      { class: 'section', key: 'list', 'aria-label': 'Waits' },
      h('div', { class: 'section-head' }, h('h2', {}, 'Waits', h('span', { class: 'tally num' }, String(shown.length))), this.chosen && h('button', { class: 'button small', onclick: () => { this.chosen = null; this.draw(); } }, 'Show all')),
      h('ul', { class: 'waits' }, shown.slice(0, 200).map((edge) => h('li', { key: `${edge.from} ${edge.to} ${edge.why}` }, name(edge.from), h('span', { class: 'muted' }, ' waits for '), name(edge.to), h('span', { class: 'muted' }, ` · ${edge.why}`)))),
    );
  }

  update() {
    this.draw();
  }

  wake() {
    this.poller.now();
  }

  repaint() {
    this.draw();
  }

  close() {
    this.poller.stop();
  }
}

function placeOf(node, count, tallest) {
  const free = ((tallest - count) * (HEIGHT + DOWN)) / 2;
  return { x: MARGIN + node.layer * (WIDTH + ACROSS), y: MARGIN + free + node.place * (HEIGHT + DOWN) };
}

function curve(from, to, back) {
  const [y1, y2] = [from.y + HEIGHT / 2, to.y + HEIGHT / 2];
  if (back) {
    const low = Math.max(from.y, to.y) + HEIGHT + 20;
    const [x1, x2] = [from.x + WIDTH / 2, to.x + WIDTH / 2];
    return `M${x1} ${from.y + HEIGHT}C${x1} ${low} ${x2} ${low} ${x2} ${to.y + HEIGHT + 2}`;
  }
  const [x1, x2] = [from.x + WIDTH, to.x - 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function nameOf(node) {
  const id = node.id.slice(node.id.indexOf(':') + 1);
  const targets = { fence: link('fences', [id]), program: link('programs', [id]), device: link('overview', ['device', ...id.split('/')]) };
  const target = id.startsWith('cpu') ? null : targets[node.kind];
  return target ? h('a', { href: target }, node.label) : h('span', {}, node.label);
}

/** A label that names an interval is told in two lines. */
function wordsOf(node) {
  const interval = /^(.*?)\s*\[(0x[0-9a-f]+), (0x[0-9a-f]+)\)(.*)$/.exec(node.label);
  if (!interval) {
    return { head: node.label, note: node.kind };
  }
  const [, before, start, end, after] = interval;
  return { head: `${before}${after}`, note: `${start} +${bytes(parseAddress(end) - parseAddress(start))}` };
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
