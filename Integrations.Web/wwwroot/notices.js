// Notifications of the browser: only where the person switched them on in this browser, and only while the page is out of sight.
(() => {
  'use strict';
  const store = 'notices:browser';
  const state = () => {
    if (!('Notification' in window))
      return 'unsupported';
    if (Notification.permission === 'denied')
      return 'denied';
    return Notification.permission === 'granted' && localStorage.getItem(store) === 'on' ? 'on' : 'off';
  };
  window.integrationsNotices = {
    state,

    turn: async on => {
      if (on && 'Notification' in window && await Notification.requestPermission() === 'granted')
        localStorage.setItem(store, 'on');
      else
        localStorage.removeItem(store);
      return state();
    },

    show: (id, title, body, href) => {
      if (document.visibilityState === 'visible' || state() !== 'on')
        return;
      // The same notice replaces itself: two open tabs show it once.
      const shown = new Notification(title, { body, tag: id });
      shown.addEventListener('click', () => {
        window.focus();
        location.assign(href);
      });
    },
  };
})();
