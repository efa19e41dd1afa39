// Ctrl-K opens the palette; j and k walk through the rows of a list; what is marked data-copy is copied by a click.
(() => {
  'use strict';
  const byId = id => document.getElementById(id);
  let chosen = 0;
  const options = () => [...byId('palette-list').querySelectorAll('li:not([hidden])')];

  const choose = index => {
    const shown = options();
    chosen = shown.length === 0 ? 0 : (index + shown.length) % shown.length;
    for (const option of byId('palette-list').children)
      option.setAttribute('aria-selected', String(option === shown[chosen]));
    shown[chosen]?.scrollIntoView({ block: 'nearest' });
    const input = byId('palette-input');
    if (shown[chosen])
      input.setAttribute('aria-activedescendant', shown[chosen].id);
    else
      input.removeAttribute('aria-activedescendant');
    byId('palette-none').hidden = shown.length > 0;
  };

  const filter = () => {
    const words = byId('palette-input').value.toLocaleLowerCase().split(/\s+/).filter(word => word !== '');
    for (const option of byId('palette-list').children) {
      const text = option.textContent.toLocaleLowerCase();
      option.hidden = !words.every(word => text.includes(word));
    }
    choose(0);
  };

  const fill = async palette => {
    const answer = await fetch('/account/palette', { headers: { accept: 'application/json' } });
    if (!answer.ok)
      return;
    const places = await answer.json();
    const list = byId('palette-list');
    for (const old of list.querySelectorAll('[data-place]'))
      old.remove();
    places.forEach((place, index) => {
      const option = document.createElement('li');
      const name = document.createElement('span');
      const kind = document.createElement('small');
      name.textContent = place.name;
      kind.textContent = palette.dataset[place.kind];
      option.append(name, kind);
      option.id = `palette-place-${index}`;
      option.setAttribute('role', 'option');
      option.dataset.href = place.href;
      option.dataset.place = '';
      list.append(option);
    });
    filter();
  };

  const open = palette => {
    byId('palette-input').value = '';
    palette.showModal();
    byId('palette-input').focus();
    filter();
    // Without an answer the pages are what there is to choose from.
    fill(palette).catch(() => undefined);
  };

  const go = option => {
    if (!option)
      return;
    byId('palette').close();
    location.assign(option.dataset.href);
  };

  document.addEventListener('keydown', e => {
    const palette = byId('palette');
    if (palette && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.code === 'KeyK') {
      e.preventDefault();
      if (palette.open)
        palette.close();
      else if (!document.querySelector('.rz-dialog, dialog[open]'))
        open(palette);
      return;
    }
    if (palette?.open) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) {
        e.preventDefault();
        choose(chosen + step);
      } else if (e.key === 'Enter' && !e.isComposing) {
        e.preventDefault();
        go(options()[chosen]);
      }
      return;
    }
    // By the key's place, so that they are the same keys under a Cyrillic layout.
    const by = { KeyJ: 1, KeyK: -1 }[e.code];
    if (!by || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey || document.querySelector('.rz-dialog, dialog[open]'))
      return;
    if (e.target instanceof Element && e.target.closest('input, textarea, select, [contenteditable]'))
      return;
    const rows = [...document.querySelectorAll('[data-row]')].filter(row => row.offsetParent !== null);
    if (rows.length === 0)
      return;
    e.preventDefault();
    const at = rows.findIndex(row => row.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
    rows[next].focus();
    rows[next].scrollIntoView({ block: 'nearest' });
  });

  document.addEventListener('input', e => {
    if (e.target === byId('palette-input'))
      filter();
  });

  document.addEventListener('click', async e => {
    if (!(e.target instanceof Element))
      return;
    if (e.target === byId('palette'))
      byId('palette').close();
    if (e.target.closest('[data-palette]'))
      open(byId('palette'));
    go(e.target.closest('#palette-list li'));
    const copy = e.target.closest('[data-copy]');
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      copy.lastChild.textContent = copy.dataset.copied;
    }
  });
})();
