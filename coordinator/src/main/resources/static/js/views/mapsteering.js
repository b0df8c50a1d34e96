// Wheel, drag, pinch, keyboard on the map.

import { PAGE } from '../format.js';
import { addressAt, labelWidth } from '../mapcanvas.js';
import { pan, zoom } from '../viewport.js';

const CLICK_PIXELS = 4;

/** Makes the canvas answer to hands; `view` has viewport, look, pick, select, step, lookAtAll, hover, unhover, centre. */
export function steer(canvas, view) {
  const fingers = new Map();
  let drag = null;

  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        const pixels = event.deltaX || event.deltaY;
        view.look(pan(view.viewport, (pixels / canvas.clientWidth) * lengthOf(view)));
      } else {
        view.look(zoom(view.viewport, 1.0025 ** event.deltaY, addressAt(view.viewport, canvas.clientWidth, event.offsetX)));
      }
    },
    { passive: false },
  );

  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event.offsetX);
    drag = { x: event.offsetX, moved: 0, viewport: view.viewport, spread: spreadOf(fingers) };
  });

  canvas.addEventListener('pointermove', (event) => {
    if (!fingers.has(event.pointerId)) {
      view.hover(event.offsetX, event.offsetY);
      return;
    }
    fingers.set(event.pointerId, event.offsetX);
    if (fingers.size === 2 && drag.spread) {
      const middle = addressAt(drag.viewport, canvas.clientWidth, [...fingers.values()].reduce((a, b) => a + b) / 2);
      view.look(zoom(drag.viewport, drag.spread / Math.max(1, spreadOf(fingers)), middle));
      drag.moved = CLICK_PIXELS + 1;
    } else {
      const pixels = event.offsetX - drag.x;
      drag.moved = Math.max(drag.moved, Math.abs(pixels));
      if (drag.moved > CLICK_PIXELS) {
        const room = canvas.clientWidth - labelWidth(canvas.clientWidth);
        view.look(pan(drag.viewport, (-pixels / room) * (drag.viewport.end - drag.viewport.start)));
      }
    }
  });

  canvas.addEventListener('pointerup', (event) => {
    fingers.delete(event.pointerId);
    if (drag && drag.moved <= CLICK_PIXELS && event.offsetX > labelWidth(canvas.clientWidth)) {
      view.pick(addressAt(view.viewport, canvas.clientWidth, event.offsetX));
    }
    drag = null;
  });

  canvas.addEventListener('pointercancel', (event) => {
    fingers.delete(event.pointerId);
    drag = null;
  });
  canvas.addEventListener('pointerleave', () => view.unhover());
  canvas.addEventListener('keydown', (event) => onKey(event, view));
}

function spreadOf(fingers) {
  const [a, b] = [...fingers.values()];
  return b === undefined ? 0 : Math.abs(a - b);
}

function lengthOf({ viewport }) {
  return viewport.end - viewport.start;
}

function onKey(event, view) {
  const length = lengthOf(view);
  const selectBy = (pages) => view.select((view.selected ?? view.centre()) + pages * PAGE);
  const actions = {
    ArrowLeft: () => (event.shiftKey ? selectBy(-1) : view.look(pan(view.viewport, -length / 8))),
    ArrowRight: () => (event.shiftKey ? selectBy(1) : view.look(pan(view.viewport, length / 8))),
    PageUp: () => view.look(pan(view.viewport, -length)),
    PageDown: () => view.look(pan(view.viewport, length)),
    '+': () => view.look(zoom(view.viewport, 1 / 2, view.centre())),
    '=': () => view.look(zoom(view.viewport, 1 / 2, view.centre())),
    '-': () => view.look(zoom(view.viewport, 2, view.centre())),
    0: () => view.lookAtAll(),
    '[': () => view.step(-1),
    ']': () => view.step(1),
    Enter: () => view.select(view.centre()),
    Escape: () => view.select(null),
  };
  const action = actions[event.key];
  if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
