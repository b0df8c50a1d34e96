// Applied before the first paint, so that nobody sees the other theme flash up.
(function () {
  'use strict';
  var chosen = null;
  try {
    chosen = localStorage.getItem('fenceline.theme');
  } catch (e) {
    // Storage may be forbidden; then the system's preference holds.
  }
  if (chosen === 'dark' || chosen === 'light') {
    document.documentElement.dataset.theme = chosen;
  }
})();
