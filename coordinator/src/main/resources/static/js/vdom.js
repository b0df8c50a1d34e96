// A small virtual DOM: views describe what should be there, render() changes what differs. Focus, scroll
// positions and handlers survive, and no markup is ever parsed from a string.

const SVG = 'http://www.w3.org/2000/svg';

/** Describes an element. Props: attributes, `on*` handlers, `css` (custom properties and styles), `key`, `ref`, `opaque`. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flat(children, []) };
}

function flat(children, into) {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === true) {
      continue;
    }
    if (Array.isArray(child)) {
      flat(child, into);
    } else {
      into.push(typeof child === 'object' ? child : String(child));
    }
  }
  return into;
}

/** Makes the children of the container what is described. */
export function render(container, ...described) {
  patchChildren(container, flat(described, []), container.namespaceURI === SVG);
}

function patchChildren(parent, described, svg) {
  const keyed = keyedChildren(parent);
  let current = parent.firstChild;
  for (const child of described) {
    const found = match(child, current, keyed);
    const node = found ?? create(child, svg);
    if (found) {
      patch(found, child, svg);
    }
    if (node === current) {
      current = current.nextSibling;
    } else {
      parent.insertBefore(node, current);
    }
    if (!found && node.__ref) {
      node.__ref(node);
    }
  }
  while (current) {
    const next = current.nextSibling;
    parent.removeChild(current);
    current = next;
  }
}

function keyedChildren(parent) {
  let keyed = null;
  for (let node = parent.firstChild; node; node = node.nextSibling) {
    if (node.__key !== undefined) {
      keyed ??= new Map();
      keyed.set(node.__key, node);
    }
  }
  return keyed;
}

function match(child, current, keyed) {
  if (typeof child === 'string') {
    return current?.nodeType === 3 ? current : null;
  }
  const key = child.props.key;
  const candidate = key === undefined ? current : keyed?.get(key);
  const fits =
    candidate?.nodeType === 1 && candidate.__key === key && candidate.localName === child.tag;
  return fits ? candidate : null;
}

function create(child, svgParent) {
  if (typeof child === 'string') {
    return document.createTextNode(child);
  }
  const svg = svgParent || child.tag === 'svg';
  const node = svg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  node.__key = child.props.key;
  node.__props = {};
  node.__ref = child.props.ref;
  patch(node, child, svg);
  return node;
}

function patch(node, child, svg) {
  if (typeof child === 'string') {
    if (node.data !== child) {
      node.data = child;
    }
    return;
  }
  const before = node.__props ?? {};
  const after = child.props;
  for (const name in before) {
    if (!(name in after)) {
      change(node, name, before[name], undefined);
    }
  }
  if (!after.opaque) {
    patchChildren(node, child.children, svg || child.tag === 'svg');
  }
  // Behind the children: the value of a select is one of its options.
  for (const name in after) {
    if (after[name] !== before[name] || name === 'css' || name === 'value') {
      change(node, name, before[name], after[name]);
    }
  }
  node.__props = after;
}

function change(node, name, before, after) {
  if (name === 'key' || name === 'ref' || name === 'opaque') {
    return;
  }
  if (name.startsWith('on')) {
    setHandler(node, name.slice(2), after);
  } else if (name === 'css') {
    setStyles(node, before ?? {}, after ?? {});
  } else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'open') {
    setProperty(node, name, after);
  } else if (after === undefined || after === null || after === false) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, after === true ? '' : after);
  }
}

function setHandler(node, type, handler) {
  node.__handlers ??= {};
  if (!(type in node.__handlers)) {
    node.addEventListener(type, (event) => node.__handlers[type]?.(event));
  }
  node.__handlers[type] = handler;
}

function setStyles(node, before, after) {
  for (const name in before) {
    if (!(name in after)) {
      node.style.removeProperty(name);
    }
  }
  for (const name in after) {
    if (after[name] !== before[name]) {
      node.style.setProperty(name, after[name]);
    }
  }
}

function setProperty(node, name, value) {
  const wanted = value ?? (name === 'value' ? '' : false);
  if (node[name] !== wanted) {
    node[name] = wanted;
  }
}
