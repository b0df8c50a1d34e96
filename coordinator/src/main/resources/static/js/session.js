// Who one is, and what one may do.

import { get, send } from './api.js';

const RANKS = { viewer: 1, operator: 2, admin: 3 };
const listeners = new Set();

let session = { known: false, signedIn: false, name: '', role: null, secured: true };

export function current() {
  return session;
}

export function may(role) {
  return (RANKS[session.role] ?? 0) >= RANKS[role];
}

export function onSession(listener) {
  listeners.add(listener);
}

function set(next) {
  session = { known: true, ...next };
  listeners.forEach((listener) => listener(session));
}

function understand(answer) {
  const role = answer.role ?? answer.roles?.toSorted((a, b) => RANKS[b] - RANKS[a])[0] ?? null;
  set({
    signedIn: Boolean(role),
    name: answer.name ?? answer.subject ?? '',
    role,
    secured: answer.authentication !== 'none' && answer.secured !== false,
  });
}

export async function refresh() {
  try {
    understand(await get('/session'));
  } catch (e) {
    if (e.status === 401 || e.status === 403) {
      set({ signedIn: false, name: '', role: null, secured: true });
    } else if (e.status === 404) {
      // A coordinator without access control: it will refuse by itself what it does not offer.
      set({ signedIn: true, name: '', role: 'admin', secured: false });
    }
  }
}

/** The server does not know us any more. */
export function lost() {
  if (session.signedIn) {
    set({ signedIn: false, name: '', role: null, secured: true });
  }
}

export async function signIn(token) {
  await send('POST', '/session', { token });
  await refresh();
}

export async function signOut() {
  await send('DELETE', '/session');
  await refresh();
}
