// Draws an address space: what is mapped and resident, and below it a lane for each device that holds translations.

import { colour } from './charts.js';
import { placeOf } from './clusters.js';
import { PAGE, address, bytes } from './format.js';
import { deviceColour, isDark } from './marks.js';
import { ticks } from './viewport.js';

export const AXIS = 30;
const MEMORY = 52;
const HOLDERS = 14;
const LANE = 20;
const GAP = 8;
const LABELS = 116;
const NARROW_LABELS = 92;

export function labelWidth(width) {
  return width < 560 ? NARROW_LABELS : LABELS;
}

/** The height that so many device lanes take. */
export function heightFor(lanes) {
  return AXIS + MEMORY + GAP + HOLDERS + GAP + lanes * LANE + 4;
}

export function addressAt(viewport, width, x) {
  const left = labelWidth(width);
  return viewport.start + ((x - left) / (width - left)) * (viewport.end - viewport.start);
}

/** Draws into a canvas of the given size in CSS pixels. */
export function drawMap(canvas, width, scene) {
  const height = heightFor(scene.lanes.length);
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.setProperty('height', `${height}px`);
  const g = canvas.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  const frame = { g, width, height, left: labelWidth(width), viewport: scene.viewport };
  drawAxis(frame);
  drawTracks(frame, scene);
  if (scene.map) {
    drawCells(frame, scene);
  }
  drawSelection(frame, scene);
  drawLabels(frame, scene);
}

function xOf({ left, width, viewport }, at) {
  return left + ((at - viewport.start) / (viewport.end - viewport.start)) * (width - left);
}

function drawAxis(frame) {
  const { g, width, left, viewport, height } = frame;
  const { step, marks } = ticks(viewport, Math.max(2, (width - left) / 150));
  g.font = '11px "JetBrains Mono", monospace';
  g.textBaseline = 'middle';
  for (const at of marks) {
    const x = xOf(frame, at);
    g.strokeStyle = colour('--line');
    g.beginPath();
    g.moveTo(Math.round(x) + 0.5, AXIS - 8);
    g.lineTo(Math.round(x) + 0.5, height);
    g.stroke();
    const text = address(at);
    const room = x + g.measureText(text).width / 2 > width ? 'right' : x - g.measureText(text).width / 2 < left ? 'left' : 'center';
    g.textAlign = room;
    g.fillStyle = colour('--muted');
    g.fillText(text, x, 11);
  }
  g.textAlign = 'left';
  g.fillStyle = colour('--muted');
  g.font = '11px Inter, system-ui, sans-serif';
  g.fillText(`▏${bytes(step)}`, 0, 11);
}

function drawTracks({ g, width, left }, { lanes }) {
  g.fillStyle = colour('--sunken');
  g.fillRect(left, AXIS, width - left, MEMORY);
  g.fillRect(left, holdersTop(), width - left, HOLDERS);
  lanes.forEach((lane, index) => g.fillRect(left, laneTop(index) + 3, width - left, LANE - 6));
}

function holdersTop() {
  return AXIS + MEMORY + GAP;
}

function laneTop(index) {
  return holdersTop() + HOLDERS + GAP + index * LANE;
}

function drawCells(frame, scene) {
  const { g } = frame;
  const { map, lanes } = scene;
  const cellBytes = map.cellPages * PAGE;
  const laneOf = new Map(lanes.map((lane, index) => [lane.position, index]));
  const colours = lanes.map((lane) => deviceColour(lane.device, isDark()));
  const most = Math.max(1, ...map.cells.map((cell) => cell.holderCount));
  const paint = { mapped: colour('--map-mapped'), resident: colour('--map-resident'), invalidating: colour('--map-invalidating'), holders: colour('--accent') };
  for (const cell of map.cells) {
    const from = map.start + cell.index * cellBytes;
    const box = boxOf(frame, from, Math.min(map.end, from + cellBytes));
    if (!box) {
      continue;
    }
    drawMemory(g, box, cell, map.cellPages, paint);
    if (cell.holderCount > 0) {
      g.globalAlpha = 0.25 + 0.75 * (cell.holderCount / most);
      g.fillStyle = paint.holders;
      g.fillRect(box.x, holdersTop(), box.w, HOLDERS);
      g.globalAlpha = 1;
    }
    for (const position of cell.holders) {
      const index = laneOf.get(position);
      if (index !== undefined) {
        g.fillStyle = colours[index];
        g.fillRect(box.x, laneTop(index) + 3, box.w, LANE - 6);
      }
    }
  }
}

/** Nothing that is there may vanish for being small: two pixels at least. Gaps between boxes show single pages. */
function boxOf(frame, start, end) {
  const from = xOf(frame, start);
  const to = xOf(frame, end);
  if (to < frame.left || from > frame.width) {
    return null;
  }
  const x = Math.max(frame.left, from);
  const gap = to - from > 9 ? 1 : 0;
  return { x, w: Math.max(2, Math.min(frame.width, to) - x - gap) };
}

function drawMemory(g, { x, w }, cell, cellPages, paint) {
  g.fillStyle = paint.mapped;
  g.fillRect(x, AXIS, w, MEMORY);
  if (cell.residentPages > 0) {
    const height = Math.max(3, MEMORY * Math.min(1, cell.residentPages / Math.max(1, Math.min(cellPages, cell.mappedPages))));
    g.fillStyle = paint.resident;
    g.fillRect(x, AXIS + MEMORY - height, w, height);
  }
  if (cell.invalidatingPages > 0) {
    g.fillStyle = paint.invalidating;
    g.fillRect(x, AXIS, w, Math.max(6, MEMORY * Math.min(1, cell.invalidatingPages / cellPages)));
  }
}

function drawSelection(frame, { selected }) {
  if (selected === null) {
    return;
  }
  const { g, height } = frame;
  const box = boxOf(frame, selected, selected + PAGE);
  if (box) {
    g.strokeStyle = colour('--text');
    g.lineWidth = 2;
    g.strokeRect(box.x - 1, AXIS - 3, box.w + 2, height - AXIS + 1);
    g.lineWidth = 1;
  }
}

function drawLabels({ g, left }, { lanes }) {
  g.clearRect(0, AXIS - 4, left, 9999);
  g.textAlign = 'left';
  g.textBaseline = 'middle';
  g.font = '12px Inter, system-ui, sans-serif';
  g.fillStyle = colour('--text');
  g.fillText('Memory', 0, AXIS + MEMORY / 2);
  g.fillText(left > 90 ? 'Holders' : 'Held', 0, holdersTop() + HOLDERS / 2);
  g.font = '11.5px "JetBrains Mono", monospace';
  lanes.forEach((lane, index) => {
    g.fillStyle = deviceColour(lane.device, isDark());
    g.fillRect(0, laneTop(index) + LANE / 2 - 4, 8, 8);
    g.fillStyle = colour('--text');
    g.fillText(fitted(g, lane.label, left - 22), 14, laneTop(index) + LANE / 2 + 0.5);
  });
}

function fitted(g, text, width) {
  if (g.measureText(text).width <= width) {
    return text;
  }
  let kept = text;
  while (kept.length > 1 && g.measureText(`…${kept}`).width > width) {
    kept = kept.slice(1);
  }
  return `…${kept}`;
}

/** The strip of everything that is mapped, gaps folded, with the part that is looked at. */
export function drawStrip(canvas, width, { folded, viewport }) {
  const height = 26;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.setProperty('height', `${height}px`);
  const g = canvas.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  folded.forEach((group, index) => drawGroup(g, group, folded[index + 1]));
  const from = placeOf(folded, viewport.start);
  const to = Math.max(from + 6, placeOf(folded, viewport.end));
  const x = Math.max(1, Math.min(width - 7, from));
  g.strokeStyle = colour('--accent');
  g.lineWidth = 2;
  g.strokeRect(x, 3, Math.max(5, Math.min(width - 1, to) - x), 20);
}

function drawGroup(g, group, next) {
  g.fillStyle = colour('--sunken');
  g.fillRect(group.x, 7, group.w, 12);
  g.fillStyle = colour('--map-resident');
  const scale = group.w / (group.end - group.start);
  for (const part of group.parts) {
    g.fillRect(group.x + (part.start - group.start) * scale, 7, Math.max(1.5, (part.end - part.start) * scale), 12);
  }
  if (next) {
    g.fillStyle = colour('--muted');
    const middle = (group.x + group.w + next.x) / 2;
    [-5, 0, 5].forEach((shift) => g.fillRect(middle + shift - 1, 12, 2, 2));
  }
}
