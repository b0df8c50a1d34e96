// Who is there: hosts, agents with their leases, devices; and what needs attention.

import { get, getAll, path, serverNow } from '../api.js';
import { bytes, count, duration, plural, since, PAGE } from '../format.js';
import { badge, device, leaseMeter, meter } from '../marks.js';
import { Poller } from '../poller.js';
import { failure, loading, stale, unavailable, empty } from '../states.js';
import { go, link } from '../router.js';
import { Table } from '../table.js';
import { h, render } from '../vdom.js';
import { attention } from './attention.js';
import { detailsPanel, loadDetails } from './details.js';

export function open(element, place, context) {
  return new Overview(element, place, context);
}

class Overview {
  constructor(element, place, context) {
    this.element = element;
    this.context = context;
    this.data = null;
    this.error = null;
    this.ttls = new Map();
    this.filter = '';
    this.hosts = new Table({ label: 'Hosts', id: (host) => host.id, columns: hostColumns(), open: (host) => go('overview', ['host', host.id]), visibleRows: 6 });
    this.agents = new Table({ label: 'Agents', id: (agent) => agent.id, columns: agentColumns(this.ttls), open: (agent) => go('overview', ['agent', agent.id]), visibleRows: 8 });
    this.devices = new Table({ label: 'Devices', id: (each) => each.id, columns: deviceColumns(), open: (each) => go('overview', ['device', each.agentId, String(each.index)]), visibleRows: 12 });
    this.poller = new Poller({ load: (signal) => this.load(signal), onData: (data) => this.onData(data), onError: (error) => this.onError(error) });
    this.selectedPoller = new Poller({
      load: (signal) => loadDetails(this.selected, signal),
      onData: (details) => this.onDetails(details, null),
      onError: (error) => this.onDetails(null, error),
    });
    this.update(place);
    this.draw();
    this.poller.start();
  }

  async load(signal) {
    const [hosts, agents, devices, spaces, fences] = await Promise.all([
      getAll('/hosts', {}, signal),
      getAll('/agents', {}, signal),
      getAll('/devices', {}, signal),
      getAll('/address-spaces', {}, signal),
      get(path('/fences', { state: 'pending', limit: 100 }), signal),
    ]);
    await this.learnTtls(hosts.items, signal);
    return { hosts: hosts.items, agents: agents.items, devices: devices.items, spaces, fences };
  }

  /** A lease's margin means something only beside its length, which hosts tell one by one. */
  async learnTtls(hosts, signal) {
    const unknown = hosts.find((host) => !this.ttls.has(host.id) && host.node.state === 'live');
    if (unknown) {
      const detail = await get(`/hosts/${encodeURIComponent(unknown.id)}`, signal);
      this.ttls.set(unknown.id, detail.status?.leaseTtlMillis ?? null);
    }
  }

  onData(data) {
    this.data = data;
    this.error = null;
    this.at = new Date(serverNow()).toISOString();
    this.context.pending(data.fences.items.length);
    this.draw();
  }

  onError(error) {
    this.error = error;
    this.draw();
  }

  update(place) {
    const [kind, ...ids] = place.args;
    const selected = kind ? { kind, ids } : null;
    if (JSON.stringify(selected) === JSON.stringify(this.selected ?? null)) {
      return;
    }
    this.selected = selected;
    this.details = null;
    this.detailsError = null;
    this.selectedPoller.stop();
    if (selected) {
      this.selectedPoller.start();
    }
    this.draw();
  }

  onDetails(details, error) {
    this.details = details ?? this.details;
    this.detailsError = error;
    this.draw();
  }

  draw() {
    const panel = this.selected && detailsPanel(this.selected, this.details, this.detailsError, this.ttls);
    render(this.element, h('div', { class: `split ${panel ? 'with-panel' : ''}` }, h('div', { class: 'split-main' }, this.body()), panel));
    if (this.data) {
      this.hosts.update(this.data.hosts);
      this.agents.update(this.data.agents);
      this.devices.update(this.filtered());
    }
  }

  body() {
    const head = h('div', { class: 'view-head', key: 'head' }, h('h1', {}, 'Overview'));
    if (!this.data) {
      return [head, this.error ? failure(this.error, this.context.login) : loading('hosts, agents and devices')];
    }
    const { hosts, agents, devices, spaces, fences } = this.data;
    return [
      head,
      this.error && stale(this.error, this.at),
      unavailable(spaces.unavailableHosts, 'Address spaces and fences'),
      tiles(this.data),
      attention(this.data, this.ttls),
      section('Hosts', 'They own the address spaces.', hosts, this.hosts, empty('No host has registered', 'A host dials the coordinator when it starts; fenceline.host.coordinators names it.')),
      section('Agents', 'Lease: how long an agent may still use memory without hearing from its host.', agents, this.agents, empty('No agent has registered', 'An agent dials the coordinator when it starts; fenceline.agent.coordinators names it.')),
      section('Devices', null, devices, this.devices, empty('No device', 'Devices come with their agents.'), this.search()),
      h('p', { class: 'visually-hidden', role: 'status', key: 'said' }, `${plural(fences.items.length, 'fence')} pending`),
    ];
  }

  search() {
    return h('input', {
      class: 'search',
      type: 'search',
      'data-search': '',
      placeholder: 'Filter devices  /',
      'aria-label': 'Filter devices by id, name, agent or state',
      value: this.filter,
      oninput: (event) => {
        this.filter = event.target.value;
        this.draw();
      },
    });
  }

  filtered() {
    const wanted = this.filter.trim().toLowerCase();
    if (!wanted) {
      return this.data.devices;
    }
    return this.data.devices.filter((each) => `${each.id} ${each.name} ${each.agentState} ${each.standing ?? ''}`.toLowerCase().includes(wanted));
  }

  wake() {
    this.poller.now();
    if (this.selected) {
      this.selectedPoller.now();
    }
  }

  repaint() {
    this.draw();
  }

  close() {
    this.poller.stop();
    this.selectedPoller.stop();
    [this.hosts, this.agents, this.devices].forEach((table) => table.dispose());
  }
}

function section(title, hint, rows, table, nothing, extra) {
  return h(
    'section',
    { class: 'section', key: `section-${title}`, 'aria-label': title },
    h('div', { class: 'section-head' }, h('h2', {}, title, h('span', { class: 'tally num' }, count(rows.length))), hint && h('p', { class: 'muted' }, hint), h('span', { class: 'grow' }), extra),
    rows.length === 0 ? nothing : table.vnode(),
  );
}

function tiles({ hosts, agents, devices, spaces, fences }) {
  const mapped = spaces.items.reduce((sum, space) => sum + space.mappedPages, 0);
  const programs = devices.reduce((sum, each) => sum + each.runningPrograms, 0);
  return h(
    'dl',
    { class: 'tiles', key: 'tiles' },
    tile('Hosts', count(hosts.length), byState(hosts), '#/overview'),
    tile('Agents', count(agents.length), byState(agents), '#/overview'),
    tile('Devices', count(devices.length), `${plural(programs, 'program')} under way`, link('programs')),
    tile('Address spaces', count(spaces.items.length), `${bytes(mapped * PAGE)} mapped`, link('map')),
    tile('Fences pending', count(fences.items.length), oldest(fences.items), link('fences')),
  );
}

function tile(label, value, note, target) {
  return h('div', { class: 'tile' }, h('dt', {}, h('a', { href: target }, label)), h('dd', { class: 'num' }, value), h('dd', { class: 'tile-note' }, note));
}

function byState(nodes) {
  const states = new Map();
  for (const { node } of nodes) {
    states.set(node.state, (states.get(node.state) ?? 0) + 1);
  }
  return [...states].map(([state, number]) => `${number} ${state}`).join(' · ') || 'none registered';
}

function oldest(fences) {
  if (fences.length === 0) {
    return 'nobody waits';
  }
  const started = Math.min(...fences.map((fence) => Date.parse(fence.startedAt)));
  return `oldest ${duration(Math.max(0, serverNow() - started))}`;
}

function hostColumns() {
  return [
    { key: 'id', label: 'Host', width: 'minmax(110px, 1.2fr)', sort: (host) => host.id, cell: (host) => h('a', { class: 'mono', href: link('overview', ['host', host.id]) }, host.id) },
    { key: 'state', label: 'State', width: '96px', sort: (host) => host.node.state, cell: (host) => badge(host.node.state, host.node.reason) },
    { key: 'frames', label: 'Frames in use', width: 'minmax(220px, 2fr)', sort: (host) => host.totalFrames - host.freeFrames, cell: frames },
    { key: 'spaces', label: 'Spaces', width: '76px', align: 'right num', sort: (host) => host.spaceCount, cell: (host) => count(host.spaceCount) },
    { key: 'sessions', label: 'Sessions', width: '86px', align: 'right num', wide: true, sort: (host) => host.sessionCount, cell: (host) => count(host.sessionCount) },
    { key: 'since', label: 'Since', width: '116px', wide: true, cell: (host) => since(host.node.since) },
    { key: 'silent', label: 'Last report', width: '96px', align: 'right num', wide: true, sort: (host) => host.node.silentMillis, cell: (host) => duration(host.node.silentMillis) },
    { key: 'endpoint', label: 'Endpoint', width: 'minmax(130px, .9fr)', wide: true, cell: (host) => h('span', { class: 'mono muted' }, host.node.endpoint) },
  ];
}

function frames(host) {
  const used = host.totalFrames - host.freeFrames;
  const share = host.totalFrames ? used / host.totalFrames : 0;
  return meter(share, `${bytes(used * PAGE)} of ${bytes(host.totalFrames * PAGE)}`, share > 0.9 ? 'bad' : '');
}

function agentColumns(ttls) {
  return [
    { key: 'id', label: 'Agent', width: 'minmax(110px, 1.2fr)', sort: (agent) => agent.id, cell: (agent) => h('a', { class: 'mono', href: link('overview', ['agent', agent.id]) }, agent.id) },
    { key: 'state', label: 'State', width: '80px', sort: (agent) => agent.node.state, cell: (agent) => badge(agent.node.state, agent.node.reason) },
    { key: 'standing', label: 'Standing', width: '104px', wide: true, sort: standingOf, cell: (agent) => badge(standingOf(agent), agent.quarantinedAt?.length ? `at ${agent.quarantinedAt.join(', ')}` : undefined) },
    { key: 'lease', label: 'Lease left', width: 'minmax(190px, 1.6fr)', sort: leastLease, cell: (agent) => lease(agent, ttls) },
    { key: 'links', label: 'Hosts', width: 'minmax(110px, 1fr)', wide: true, cell: links },
    { key: 'devices', label: 'Devices', width: '80px', align: 'right num', sort: (agent) => agent.deviceCount, cell: (agent) => count(agent.deviceCount) },
    { key: 'silent', label: 'Last report', width: '96px', align: 'right num', wide: true, sort: (agent) => agent.node.silentMillis, cell: (agent) => duration(agent.node.silentMillis) },
  ];
}

export function standingOf(agent) {
  return agent.standing ?? (agent.node.state === 'live' ? 'healthy' : agent.node.state);
}

export function leastLease(agent) {
  const left = agent.links.filter((each) => each.state === 'attached').map((each) => each.leaseLeftMillis);
  return left.length ? Math.min(...left) : -1;
}

function lease(agent, ttls) {
  const attached = agent.links.filter((each) => each.state === 'attached');
  if (attached.length === 0) {
    return h('span', { class: 'muted' }, 'not attached');
  }
  const least = attached.reduce((a, b) => (b.leaseLeftMillis < a.leaseLeftMillis ? b : a));
  return leaseMeter(least.leaseLeftMillis, ttls.get(least.hostId));
}

function links(agent) {
  return h('span', { class: 'mono' }, agent.links.map((each) => each.hostId).join(', ') || '–');
}

function deviceColumns() {
  return [
    { key: 'id', label: 'Device', width: 'minmax(130px, 1.4fr)', sort: (each) => each.id, cell: (each) => device(each.id, each.name) },
    { key: 'name', label: 'Name', width: 'minmax(90px, 1fr)', wide: true, sort: (each) => each.name, cell: (each) => each.name },
    { key: 'agent', label: 'Agent', width: '96px', sort: (each) => each.agentState, cell: (each) => badge(each.agentState) },
    { key: 'standing', label: 'Standing', width: '104px', wide: true, sort: (each) => each.standing ?? 'active', cell: (each) => badge(each.standing || 'active') },
    { key: 'units', label: 'Units', width: '70px', align: 'right num', wide: true, sort: (each) => each.units, cell: (each) => count(each.units) },
    { key: 'programs', label: 'Programs', width: '90px', align: 'right num', sort: (each) => each.runningPrograms, cell: (each) => count(each.runningPrograms) },
    { key: 'entries', label: 'Translations', width: '108px', align: 'right num', sort: (each) => each.mirrorEntries, cell: (each) => count(each.mirrorEntries) },
  ];
}

