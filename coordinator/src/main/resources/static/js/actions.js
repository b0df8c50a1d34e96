// What operators do. Buttons exist only for roles that may press them; the server checks again.

import { newKey, send } from './api.js';
import { confirm } from './dialog.js';
import { may } from './session.js';
import { h } from './vdom.js';

/** A button that asks before it acts, or nothing when the role does not permit it. */
function button(label, action, role = 'operator') {
  return may(role)
    ? h('button', { class: `button small ${action.danger ? 'danger-text' : ''}`, onclick: () => confirm(action) }, label)
    : null;
}

function post(path, body) {
  return send('POST', path, body, newKey());
}

const REASON = { name: 'reason', label: 'Reason', hint: 'For whoever looks here next.' };

export function drainButton(path, what) {
  return button('Drain', {
    title: `Drain ${what}?`,
    text: 'It takes no new programs; those that run may end until the deadline and are preempted then. Its mirrors are closed.',
    verb: 'Drain',
    fields: [{ name: 'deadlineSeconds', label: 'Deadline in seconds', type: 'number', value: '30' }, REASON],
    run: async (values) => {
      await post(`${path}/drain`, { deadlineSeconds: Number(values.deadlineSeconds), reason: values.reason });
      return `${what} drains`;
    },
  });
}

export function returnButton(path, what) {
  return button('Return', {
    title: `Return ${what} to service?`,
    text: 'It takes work again, and attaches to hosts again if it had left or was quarantined.',
    verb: 'Return',
    run: async () => {
      await post(`${path}/return`, undefined);
      return `${what} is back in service`;
    },
  });
}

export function quarantineButton(agentId) {
  return button('Quarantine', {
    title: `Quarantine ${agentId}?`,
    text: 'Its sessions end at once at every host, the fences it owes resolve within the bound of its lease, and it is refused until it is returned or the hold is over.',
    verb: 'Quarantine',
    danger: true,
    fields: [
      { name: 'holdSeconds', label: 'Hold in seconds', type: 'number', value: '300', hint: '0: until somebody returns it.' },
      REASON,
    ],
    run: async (values) => {
      await post(`/agents/${encodeURIComponent(agentId)}/quarantine`, { holdSeconds: Number(values.holdSeconds), reason: values.reason });
      return `${agentId} is quarantined`;
    },
  });
}

export function invalidateButton(space, start, length, words) {
  return button('Invalidate', {
    title: 'Invalidate the range?',
    text: `Every device drops its translations of ${words}; they fault again when they use it. Nothing is lost.`,
    verb: 'Invalidate',
    fields: [{ name: 'mode', label: 'Wait', value: 'block', options: ['block', 'try'], hint: 'try: back off when a device has still to drain.' }],
    run: async (values) => {
      const done = await post(`/address-spaces/${encodeURIComponent(space)}/operations`, {
        type: 'invalidate',
        address: `0x${start.toString(16)}`,
        length,
        wait: { mode: values.mode },
      });
      return done.outcome === 'done' ? `Invalidated; ${done.fencesWaited} fences waited for` : 'Backed off: a device had still to drain';
    },
  });
}

export function cancelButton(programId) {
  return button('Cancel', {
    title: `Cancel program ${programId}?`,
    text: 'It ends at its next access. What it wrote stays written.',
    verb: 'Cancel program',
    danger: true,
    run: async () => {
      await send('DELETE', `/programs/${encodeURIComponent(programId)}`);
      return `${programId} is cancelled`;
    },
  });
}

export function unpinButton(pinId, owner) {
  return button(
    'Take back',
    {
      title: `Take pin ${pinId} back?`,
      text: `${owner || 'Its owner'} is not asked: whoever still reaches these pages by their frames reads and writes what is somebody else's. Ask first.`,
      verb: 'Take back',
      danger: true,
      run: async () => {
        const done = await send('DELETE', `/pins/${encodeURIComponent(pinId)}`);
        return `${pinId} is taken back: ${done.unpinnedPages} pages`;
      },
    },
    'admin',
  );
}
