// What an operator should look at first, in sentences; or that there is nothing.

import { serverNow } from '../api.js';
import { duration, plural, since } from '../format.js';
import { icon } from '../icons.js';
import { link } from '../router.js';
import { h } from '../vdom.js';

const OLD_FENCE_MILLIS = 250;
const SHOWN = 6;

export function attention(data, ttls) {
  const found = [...nodesGone(data.hosts, 'host', 'Host'), ...nodesGone(data.agents, 'agent', 'Agent'), ...standings(data), ...leases(data.agents, ttls), ...fences(data.fences.items)];
  return h(
    'section',
    { class: `attention ${found.length ? '' : 'calm'}`, key: 'attention', 'aria-label': 'What needs attention' },
    h('h2', {}, found.length ? 'Needs attention' : 'Nothing needs attention'),
    found.length === 0
      ? h('p', { class: 'muted' }, 'Every node reports, every lease has its margin, no fence is old.')
      : h('ul', {}, found.slice(0, SHOWN).map(item)),
    found.length > SHOWN && h('p', { class: 'muted' }, `and ${plural(found.length - SHOWN, 'more thing', 'more things')} below`),
  );
}

function item({ tone, text, target }) {
  return h('li', { class: tone }, icon('warn'), h('a', { href: target }, text));
}

function nodesGone(nodes, kind, word) {
  return nodes
    .filter(({ node }) => node.state === 'suspect' || node.state === 'lost')
    .map(({ id, node }) => ({
      tone: node.state === 'lost' ? 'bad' : 'warn',
      text: [`${word} ${id} is ${node.state}: ${node.reason}, `, since(node.since)],
      target: link('overview', [kind, id]),
    }));
}

function standings({ agents, devices }) {
  const odd = agents
    .filter((agent) => agent.standing === 'quarantined' || agent.standing === 'suspect')
    .map((agent) => ({
      tone: agent.standing === 'quarantined' ? 'bad' : 'warn',
      text: `Agent ${agent.id} is ${agent.standing}${agent.quarantinedAt?.length ? ` at ${agent.quarantinedAt.join(', ')}` : ''}`,
      target: link('overview', ['agent', agent.id]),
    }));
  const drained = devices.filter((each) => each.standing === 'draining' || each.standing === 'drained');
  if (drained.length) {
    odd.push({ tone: 'info', text: `${plural(drained.length, 'device')} out of service: ${drained.slice(0, 4).map((each) => `${each.id} ${each.standing}`).join(', ')}${drained.length > 4 ? ', …' : ''}`, target: link('overview', ['agent', drained[0].agentId]) });
  }
  return odd;
}

function leases(agents, ttls) {
  const found = [];
  for (const agent of agents) {
    for (const each of agent.links) {
      const ttl = ttls.get(each.hostId);
      if (agent.node.state === 'live' && each.state === 'attached' && ttl && each.leaseLeftMillis < ttl * 0.2) {
        found.push({ tone: 'bad', text: `Agent ${agent.id} has ${duration(Math.max(0, each.leaseLeftMillis))} of its lease left at ${each.hostId}`, target: link('overview', ['agent', agent.id]) });
      }
    }
  }
  return found;
}

function fences(pending) {
  return pending
    .map((fence) => ({ fence, age: serverNow() - Date.parse(fence.startedAt) }))
    .filter(({ age }) => age > OLD_FENCE_MILLIS)
    .sort((a, b) => b.age - a.age)
    .map(({ fence, age }) => {
      const late = fence.participants.filter((each) => each.resolution === 'pending').map((each) => each.device);
      return { tone: 'warn', text: `Fence ${fence.id} waits for ${late.join(', ') || 'its turn'}, ${duration(age)} so far`, target: link('fences', [fence.id]) };
    });
}
