// How a page lives with its circuit: it connects again by itself, quickly at first and without ever giving up; where the circuit is gone for
// good it opens again as soon as a copy of the console answers, with what was typed.
(() => {
  'use strict';
  const modal = () => document.getElementById('components-reconnect-modal');
  // A blink of the network costs nothing; a restart takes seconds; whoever is not looking does not hurry.
  const QUICK = [0, 250, 500, 1000, 1000, 2000, 2000];
  const STEADY = 3000;
  const UNSEEN = 30000;
  const KEPT = 'circuit:typed';

  // What a field held when its page had to be loaded again; drafts of messages keep themselves. Secrets are not kept.
  const fields = () => document.querySelectorAll('main :is(input:not([type]), input[type=text], input[type=search], input[type=tel], input[type=email], textarea):is([id], [data-search])');
  const nameOf = field => field.id || 'search';
  const keep = () => {
    const typed = {};
    for (const field of fields())
      if (field.value !== '' && field.value !== field.defaultValue && !field.closest('form.compose'))
        typed[nameOf(field)] = field.value;
    if (Object.keys(typed).length > 0)
      sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, typed }));
  };

  const giveBack = () => {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
    sessionStorage.removeItem(KEPT);
    if (kept?.path !== location.pathname)
      return;
    // A field comes when its page is live; one that does not come within a while is not there any more.
    const fill = () => {
      for (const field of fields()) {
        const name = nameOf(field);
        if (!Object.hasOwn(kept.typed, name))
          continue;
        if (field.value === '') {
          field.value = kept.typed[name];
          field.dispatchEvent(new Event('input', { bubbles: true }));
          field.dispatchEvent(new Event('change', { bubbles: true }));
        }
        delete kept.typed[name];
      }
    };
    const watch = new MutationObserver(fill);
    watch.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => watch.disconnect(), 20000);
    fill();
  };

  // Asked first, so that nobody lands on the browser's own page of failure.
  let opening = false;
  const openAgain = async address => {
    if (opening)
      return;
    opening = true;
    keep();
    for (let attempt = 0; ; attempt++) {
      try {
        if ((await fetch('/alive', { cache: 'no-store' })).ok)
          break;
      } catch {
        // Nobody there yet.
      }
      await new Promise(next => setTimeout(next, QUICK[attempt + 1] ?? STEADY));
    }
    if (address)
      location.assign(address);
    else
      location.reload();
  };

  const lost = () => modal()?.classList.contains('components-reconnect-show') || modal()?.classList.contains('components-reconnect-rejected');
  new MutationObserver(() => {
    const classes = modal().classList;
    if (classes.contains('components-reconnect-rejected') || classes.contains('components-reconnect-failed'))
      openAgain();
    else if (classes.contains('components-reconnect-hide'))
      // A failed try shows it although the next one succeeds.
      document.getElementById('blazor-error-ui').style.display = 'none';
  }).observe(modal(), { attributes: true, attributeFilter: ['class'] });

  // A link that is followed while nobody answers is followed when somebody does.
  document.addEventListener('click', e => {
    const link = e.target instanceof Element ? e.target.closest('a[href]') : null;
    if (!link || link.target || link.origin !== location.origin || e.ctrlKey || e.metaKey || e.shiftKey || !lost())
      return;
    e.preventDefault();
    e.stopPropagation();
    openAgain(link.href);
  }, true);

  // Straight to the WebSocket: a round trip less before a page is live, and no second request that could reach another copy.
  Blazor.start({
    circuit: {
      configureSignalR: connection => connection.withUrl('_blazor', { skipNegotiation: true, transport: 1 }),
      reconnectionOptions: {
        maxRetries: undefined,
        retryIntervalMilliseconds: attempt => QUICK[attempt] ?? (document.visibilityState === 'visible' ? STEADY : UNSEEN),
      },
    },
  });
  giveBack();
})();
