// What the console does in the browser itself: keys, drafts, the composer.
(() => {
  'use strict';
  const byId = id => document.getElementById(id);
  const isTyping = target => target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;

  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented)
      return;
    if (e.key === 'Escape') {
      for (const menu of document.querySelectorAll('details.menu[open]')) {
        menu.open = false;
        menu.querySelector('summary').focus();
      }
      if (e.target instanceof HTMLElement && e.target.matches('[data-search]'))
        e.target.blur();
      return;
    }
    // A dialog in front has the keyboard to itself.
    if (isTyping(e.target) || document.querySelector('.rz-dialog, dialog[open]'))
      return;
    if (e.key === '/') {
      const search = document.querySelector('[data-search]');
      if (search) {
        e.preventDefault();
        search.focus();
        search.select();
      }
    } else if (e.key === '?') {
      e.preventDefault();
      byId('keys').showModal();
    }
  });

  document.addEventListener('click', e => {
    for (const menu of document.querySelectorAll('details.menu[open]'))
      if (!menu.contains(e.target))
        menu.open = false;
    if (!(e.target instanceof Element))
      return;
    if (e.target.closest('[data-keys]'))
      byId('keys').showModal();
    const reveal = e.target.closest('[data-reveal]');
    if (reveal) {
      const field = byId(reveal.dataset.reveal);
      field.type = field.type === 'password' ? 'text' : 'password';
      reveal.setAttribute('aria-pressed', String(field.type === 'text'));
      field.focus();
    }
  });

  const fit = area => {
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight + 2, 200)}px`;
  };

  window.integrations = {
    zone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,

    // What nobody looks at need not be read again.
    visible: () => document.visibilityState === 'visible',

    // Tells a page whether its window is in sight, now and whenever that changes, until the page is gone.
    watchSight: page => {
      const over = new AbortController();
      const tell = () => page.invokeMethodAsync('Turn', document.visibilityState === 'visible').catch(() => over.abort());
      document.addEventListener('visibilitychange', tell, { signal: over.signal });
      return tell();
    },

    // The address follows what is open, so that a reload opens it again.
    remember: path => history.replaceState(history.state, '', path),

    // A field is filled by the browser alone: no keystroke waits for the server, and none is lost with a circuit.
    compose: (form, page, key) => {
      const area = form.querySelector('textarea');
      const button = form.querySelector('button[type=submit]');
      let store = `draft:${key}`;
      // A reply and a note beside it are two texts; each has its own draft.
      const mode = () => form.querySelector('input[name=mode]:checked')?.value ?? 'reply';
      const place = () => (mode() === 'note' ? `${store}/note` : store);
      const hasFiles = () => mode() !== 'note' && form.querySelector('.attachment:not(.refused)') !== null;
      const changed = () => {
        button.disabled = area.value.trim() === '' && !hasFiles();
        if (area.value === '')
          localStorage.removeItem(place());
        else
          localStorage.setItem(place(), area.value);
        fit(area);
      };
      const turn = () => {
        form.dataset.now = mode();
        const words = form.dataset.now === 'note' ? 'note' : 'reply';
        area.setAttribute('aria-label', form.dataset[`${words}Label`]);
        area.placeholder = form.dataset[`${words}Placeholder`];
        button.setAttribute('aria-label', form.dataset[`${words}Send`]);
        button.title = form.dataset[`${words}Send`];
        area.value = localStorage.getItem(place()) ?? '';
        changed();
      };
      turn();
      area.readOnly = false;
      form.addEventListener('change', e => {
        if (e.target instanceof HTMLInputElement && e.target.name === 'mode') {
          turn();
          area.focus();
        }
      });
      form.keepDraftAs = other => {
        localStorage.removeItem(store);
        store = `draft:${other}`;
        changed();
      };
      area.addEventListener('input', changed);
      area.addEventListener('keydown', e => {
        if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
          e.preventDefault();
          form.requestSubmit();
        }
      });
      form.addEventListener('submit', async e => {
        e.preventDefault();
        const text = area.value;
        const method = mode() === 'note' ? 'Note' : 'Send';
        if (text.trim() === '' && !hasFiles())
          return;
        area.value = '';
        changed();
        area.focus();
        try {
          if (await page.invokeMethodAsync(method, text))
            return;
          throw new Error('refused');
        } catch {
          // It was not taken, or the circuit was lost on the way: the text goes back where it was.
          area.value = area.value === '' ? text : `${text}\n${area.value}`;
          changed();
        }
      });
    },

    // The first message made a dialog of it: what is being typed meanwhile is that dialog's.
    keepDraftAs: (form, key) => form.keepDraftAs?.(key),

    // Older messages load when the top comes near; a mark that is still in sight afterwards is told anew.
    watchTop: (mark, page) => {
      const watch = new IntersectionObserver(async seen => {
        if (!seen.some(entry => entry.isIntersecting))
          return;
        try {
          if (await page.invokeMethodAsync('LoadOlder')) {
            watch.unobserve(mark);
            watch.observe(mark);
          }
        } catch {
          // The circuit was lost; the page that comes after it watches anew.
          watch.disconnect();
        }
      }, { root: mark.closest('.messages'), rootMargin: '300px 0px 0px 0px' });
      watch.observe(mark);
    },

    toMessage: (messages, id) => messages.querySelector(`[data-message="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'center' }),
    toBottom: element => { element.scrollTop = element.scrollHeight; },
    focus: id => byId(id)?.focus(),
  };
})();
