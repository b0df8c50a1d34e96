// Modal dialogs on the browser's own element: focus is kept inside and given back.

import { h, render } from './vdom.js';
import { icon } from './icons.js';

/** Opens a dialog; `content(close)` describes its body. */
export function dialog(title, content, { wide = false } = {}) {
  const element = document.createElement('dialog');
  element.className = wide ? 'dialog wide' : 'dialog';
  element.setAttribute('aria-label', title);
  const close = () => element.close();
  const draw = () =>
    render(
      element,
      h(
        'div',
        { class: 'dialog-head' },
        h('h2', {}, title),
        h('button', { class: 'icon-button', 'aria-label': 'Close', onclick: close }, icon('close')),
      ),
      h('div', { class: 'dialog-body' }, content(close, draw)),
    );
  element.addEventListener('close', () => element.remove());
  element.addEventListener('click', (event) => event.target === element && close());
  document.body.append(element);
  draw();
  element.showModal();
  return { close, draw };
}

/**
 * Asks before something is done, does it, and says how it went.
 *
 * @param action title, text, verb, danger, fields of {name, label, value, type, hint}, run(values)
 */
export function confirm(action) {
  const values = Object.fromEntries((action.fields ?? []).map((field) => [field.name, field.value ?? '']));
  let state = { busy: false, error: null };
  dialog(action.title, (close, draw) => {
    const run = async (event) => {
      event.preventDefault();
      state = { busy: true, error: null };
      draw();
      try {
        const said = await action.run(values);
        close();
        toast(said ?? `${action.title}: done`);
      } catch (e) {
        state = { busy: false, error: e };
        draw();
      }
    };
    return h(
      'form',
      { class: 'form', onsubmit: run },
      h('p', {}, action.text),
      (action.fields ?? []).map((field) => inputOf(field, values)),
      state.error && h('p', { class: 'form-error', role: 'alert' }, h('strong', {}, state.error.title ?? 'Refused'), ` ${state.error.detail ?? state.error.message}`),
      h(
        'div',
        { class: 'form-buttons' },
        h('button', { type: 'button', class: 'button', onclick: close }, 'Keep as it is'),
        h('button', { type: 'submit', class: `button ${action.danger ? 'danger' : 'primary'}`, disabled: state.busy }, state.busy ? 'Working …' : action.verb),
      ),
    );
  });
}

function inputOf(field, values) {
  const id = `field-${field.name}`;
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, field.label),
    field.options
      ? h(
          'select',
          { id, onchange: (event) => (values[field.name] = event.target.value) },
          field.options.map((option) => h('option', { value: option, selected: option === values[field.name] }, option)),
        )
      : h('input', {
          id,
          type: field.type ?? 'text',
          autocomplete: 'off',
          maxlength: '256',
          value: values[field.name],
          'aria-describedby': field.hint ? `${id}-hint` : undefined,
          oninput: (event) => (values[field.name] = event.target.value),
        }),
    field.hint && h('p', { class: 'hint', id: `${id}-hint` }, field.hint),
  );
}

/** Says something in passing, to screen readers as well. */
export function toast(text) {
  let place = document.querySelector('.toasts');
  if (!place) {
    place = document.createElement('div');
    place.className = 'toasts';
    place.setAttribute('role', 'status');
    document.body.append(place);
  }
  const note = document.createElement('p');
  note.className = 'toast';
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), 6000);
}
