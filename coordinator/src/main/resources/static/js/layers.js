// A layered layout: who waits stands left of whom it waits for; waits that close a circle run backwards.

const SWEEPS = 6;

/** Gives each node `layer` and `place`, and each edge `back` if it closes a circle. Ids that nobody knows are left out. */
export function layered(nodes, edges) {
  const byId = new Map(nodes.map((node) => [node.id, { ...node, out: [], in: [], layer: 0, place: 0 }]));
  const known = edges.filter((edge) => byId.has(edge.from) && byId.has(edge.to));
  const marked = markBack(byId, known);
  for (const edge of marked.filter((each) => !each.back)) {
    byId.get(edge.from).out.push(edge.to);
    byId.get(edge.to).in.push(edge.from);
  }
  assignLayers(byId);
  const layers = [];
  for (const node of byId.values()) {
    (layers[node.layer] ??= []).push(node);
  }
  const full = Array.from(layers, (layer) => layer ?? []);
  order(full, byId);
  return { nodes: [...byId.values()], edges: marked, layers: full };
}

/** Depth first, without recursion: an edge to a node whose visit has not ended closes a circle. */
function markBack(byId, edges) {
  const outgoing = new Map();
  edges.forEach((edge, index) => {
    const list = outgoing.get(edge.from) ?? [];
    list.push(index);
    outgoing.set(edge.from, list);
  });
  const state = new Map();
  const back = new Set();
  for (const root of byId.keys()) {
    if (state.has(root)) {
      continue;
    }
    state.set(root, 'open');
    const stack = [{ id: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const list = outgoing.get(top.id) ?? [];
      if (top.next === list.length) {
        state.set(top.id, 'done');
        stack.pop();
        continue;
      }
      const index = list[top.next++];
      const { to } = edges[index];
      if (state.get(to) === 'open') {
        back.add(index);
      } else if (!state.has(to)) {
        state.set(to, 'open');
        stack.push({ id: to, next: 0 });
      }
    }
  }
  return edges.map((edge, index) => ({ ...edge, back: back.has(index) }));
}

/** The longest way from one who is not waited for; without circles this ends. */
function assignLayers(byId) {
  const missing = new Map([...byId.values()].map((node) => [node.id, node.in.length]));
  const ready = [...byId.values()].filter((node) => node.in.length === 0);
  while (ready.length > 0) {
    const node = ready.pop();
    for (const id of node.out) {
      const target = byId.get(id);
      target.layer = Math.max(target.layer, node.layer + 1);
      missing.set(id, missing.get(id) - 1);
      if (missing.get(id) === 0) {
        ready.push(target);
      }
    }
  }
}

/** Barycentres, there and back, so that edges cross less. */
function order(layers, byId) {
  layers.forEach((layer) => layer.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true })).forEach((node, place) => (node.place = place)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    for (const layer of forward ? layers : layers.toReversed()) {
      const wish = new Map(layer.map((node) => [node, mean((forward ? node.in : node.out).map((id) => byId.get(id).place), node.place)]));
      layer.sort((a, b) => wish.get(a) - wish.get(b) || a.place - b.place).forEach((node, place) => (node.place = place));
    }
  }
}

function mean(values, otherwise) {
  return values.length === 0 ? otherwise : values.reduce((a, b) => a + b, 0) / values.length;
}
