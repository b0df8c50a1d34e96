// The panel beside the overview: one host, agent or device, with what it says itself and what may be done to it.

import { drainButton, quarantineButton, returnButton } from '../actions.js';
import { get } from '../api.js';
import { bytes, count, duration, micros, plural, since, PAGE } from '../format.js';
import { icon } from '../icons.js';
import { badge, device, leaseMeter } from '../marks.js';
import { link } from '../router.js';
import { failure, loading } from '../states.js';
import { h } from '../vdom.js';

const RESOURCES = { host: 'hosts', agent: 'agents', device: 'devices' };

export async function loadDetails({ kind, ids }, signal) {
  const url = `/${RESOURCES[kind] ?? 'hosts'}/${ids.map(encodeURIComponent).join('/')}`;
  const details = await get(url, signal);
  if (kind !== 'host' || details.unavailable) {
    return details;
  }
  return { ...details, policy: await get(`${url}/policy`, signal).catch(() => null) };
}

export function detailsPanel(selected, details, error, ttls) {
  const name = selected.ids.join('/');
  return h(
    'aside',
    { class: 'panel', 'aria-label': `${selected.kind} ${name}`, key: `panel-${selected.kind}-${name}` },
    h('div', { class: 'panel-head' }, h('div', {}, h('p', { class: 'kicker' }, selected.kind), h('h2', { class: 'mono' }, name)), h('a', { class: 'icon-button', href: link('overview'), 'aria-label': 'Close the panel', title: 'Close (Esc)' }, icon('close'))),
    error && !details ? failure(error) : !details ? loading(name) : bodyOf(selected.kind, details, ttls),
  );
}

function bodyOf(kind, details, ttls) {
  switch (kind) {
    case 'host':
      return hostBody(details);
    case 'agent':
      return agentBody(details, ttls);
    default:
      return deviceBody(details);
  }
}

export function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(Boolean).map(([name, value]) => [h('dt', {}, name), h('dd', { class: 'num' }, value)]));
}

function nodeFacts(node) {
  return [
    ['State', [badge(node.state), ' ', since(node.since)]],
    ['Reason', node.reason],
    ['Last report', `${duration(node.silentMillis)} ago`],
    ['Started', since(node.registeredAt)],
    ['Boot token', h('code', {}, node.bootToken)],
    ['gRPC', h('code', {}, node.endpoint)],
    node.httpEndpoint && ['HTTP', h('code', {}, node.httpEndpoint)],
  ];
}

function notAnswering(gone) {
  return gone && h('div', { class: 'notice warn' }, icon('warn'), h('span', {}, h('strong', {}, 'It does not answer'), ` since `, since(gone.since), `: ${gone.reason}. What is below is its last report.`));
}

/** What the host does by itself; `policy --set` changes it. */
function policyFacts(policy) {
  const quarantine =
    policy.quarantineStrikes === 0
      ? 'never by itself'
      : `after ${plural(policy.quarantineStrikes, 'strike')} within ${duration(policy.quarantineWindowSeconds * 1000)}`;
  return facts([
    ['Quarantines', quarantine],
    policy.quarantineStrikes > 0 && ['Holds for', `${duration(policy.quarantineHoldSeconds * 1000)}, doubled up to ${duration(policy.quarantineGreatestHoldSeconds * 1000)}`],
    ['New spaces notify', policy.defaultNotificationMode],
  ]);
}

function swapFact(memory) {
  if (memory.swapSlots === 0) return 'none: who finds no frame is refused';
  return `${bytes(memory.swapSlotsUsed * PAGE)} of ${bytes(memory.swapSlots * PAGE)}; ${bytes(memory.swappedOutCount * PAGE)} written, ${bytes(memory.swappedInCount * PAGE)} read since the start`;
}

function hostBody({ host, status, sessions, unavailable, policy }) {
  return [
    notAnswering(unavailable),
    facts([
      ...nodeFacts(host.node),
      ['Epoch', h('code', {}, host.hostEpoch)],
      ['Address spaces', h('a', { href: link('map') }, count(host.spaceCount))],
      ['Frames', `${bytes((host.totalFrames - host.freeFrames) * PAGE)} of ${bytes(host.totalFrames * PAGE)}`],
      status && ['Pinned', `${plural(status.memory.pinnedFrames, 'frame')} by ${plural(status.memory.pinCount, 'pin')}`],
      status && ['Swap', swapFact(status.memory)],
      status && ['Fences pending', count(status.pendingInvalidationCount)],
      status && ['Lease', `${duration(status.leaseTtlMillis)}; dead after ${duration(status.leaseExpiryMillis)}`],
      status && ['Late messages', count(status.lateMessageCount)],
    ]),
    policy && [h('h3', {}, 'Policy'), policyFacts(policy)],
    h('h3', {}, 'Sessions'),
    sessions.length === 0
      ? h('p', { class: 'muted' }, 'No agent is attached.')
      : h('ul', { class: 'lines' }, sessions.map((session) => sessionLine(session, status?.leaseTtlMillis))),
  ];
}

function sessionLine(session, ttl) {
  return h(
    'li',
    {},
    h('div', { class: 'line' }, h('a', { class: 'mono', href: link('overview', ['agent', session.agentId]) }, session.agentId), badge(session.state), session.overdue && h('span', { class: 'badge bad' }, 'overdue fence'), h('span', { class: 'grow' }), h('span', { class: 'muted num' }, `${session.pendingFenceCount} fences owed`)),
    leaseMeter(session.leaseLeftMillis, ttl),
  );
}

function agentBody({ agent, devices, standings, unavailable }, ttls) {
  const path = `/agents/${encodeURIComponent(agent.id)}`;
  return [
    notAnswering(unavailable),
    h('div', { class: 'actions' }, drainButton(path, agent.id), returnButton(path, agent.id), quarantineButton(agent.id)),
    standings?.some((each) => each.state !== 'healthy') && h('ul', { class: 'lines' }, standings.filter((each) => each.state !== 'healthy').map(standingLine)),
    facts([agent.standing && ['Standing', badge(agent.standing)], ...nodeFacts(agent.node)]),
    h('h3', {}, 'Leases'),
    agent.links.length === 0
      ? h('p', { class: 'muted' }, 'It is linked to no host.')
      : h(
          'ul',
          { class: 'lines' },
          agent.links.map((each) =>
            h('li', {}, h('div', { class: 'line' }, h('a', { class: 'mono', href: link('overview', ['host', each.hostId]) }, each.hostId), badge(each.state), h('span', { class: 'grow' }), h('code', { class: 'muted' }, each.sessionId)), leaseMeter(each.leaseLeftMillis, ttls.get(each.hostId))),
          ),
        ),
    h('h3', {}, 'Devices'),
    h('ul', { class: 'lines' }, devices.map((each) => h('li', {}, deviceLine(each)))),
  ];
}

/** What a host holds against an agent, and until when. */
function standingLine(each) {
  const until = each.holdLeftMillis === null ? (each.state === 'quarantined' ? 'until somebody returns it' : null) : `for ${duration(each.holdLeftMillis)} more`;
  const words = [plural(each.strikes, 'strike'), each.reason, each.byOperator && 'by an operator', until].filter(Boolean).join(', ');
  return h('li', {}, h('div', { class: 'line' }, badge(each.state), h('span', {}, 'at '), h('a', { class: 'mono', href: link('overview', ['host', each.hostId]) }, each.hostId), since(each.since)), h('p', { class: 'muted' }, words));
}

function deviceLine({ device: each, counters }) {
  return [
    h('div', { class: 'line' }, h('a', { href: link('overview', ['device', each.agentId, String(each.index)]) }, device(each.id, each.name)), h('span', { class: 'muted' }, each.name), h('span', { class: 'grow' }), badge(each.standing || 'active')),
    counters && h('p', { class: 'muted num' }, `${count(counters.runningPrograms)} programs · ${count(counters.mirrorEntries)} translations · ${count(counters.invalidations)} invalidations`),
  ];
}

function deviceBody({ device: each, counters, unavailable }) {
  const path = `/devices/${encodeURIComponent(each.agentId)}/${each.index}`;
  return [
    notAnswering(unavailable),
    h('div', { class: 'actions' }, drainButton(path, each.id), returnButton(path, each.id)),
    facts([
      ['Name', each.name],
      ['Agent', [h('a', { class: 'mono', href: link('overview', ['agent', each.agentId]) }, each.agentId), ' ', badge(each.agentState)]],
      ['Standing', badge(each.standing || 'active')],
      ['Execution units', count(each.units)],
      ...counterFacts(counters),
    ]),
    h('p', {}, h('a', { href: link('programs', [], { device: each.id }) }, 'Its programs'), ' · ', h('a', { href: link('map', [], { device: each.id }) }, 'Its part of the map')),
  ];
}

function counterFacts(counters) {
  if (!counters) {
    return [];
  }
  return [
    ['Programs', `${count(counters.runningPrograms)} running, ${count(counters.queuedPrograms)} queued`],
    ['Translations', count(counters.mirrorEntries)],
    ['Faults', `${count(counters.faults)}, ${count(counters.faultRetries)} retried`],
    ['Invalidations', count(counters.invalidations)],
    ['DMA read', bytes(counters.dmaReadBytes)],
    ['DMA written', bytes(counters.dmaWrittenBytes)],
    ['Refused as stale', count(counters.staleRefusals)],
    counters.drainDelayMicros > 0 && ['Drain delay', micros(counters.drainDelayMicros)],
    counters.dmaDelayMicros > 0 && ['DMA delay', micros(counters.dmaDelayMicros)],
    counters.faultDelayMicros > 0 && ['Fault delay', micros(counters.faultDelayMicros)],
  ];
}

