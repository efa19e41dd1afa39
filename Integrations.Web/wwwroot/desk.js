// The desk in the browser itself: who is at a dialog, and the list of quick replies above the composer.
(() => {
  'use strict';

  // Told while the page is in sight; a tab that is hidden or gone falls silent, and the Api forgets it after 15 seconds.
  const RENEW = 6000;
  const STILL_TYPING = 5000;
  const TYPING_AGAIN = 3000;

  window.integrations.present = (messages, page) => {
    const thread = messages.parentElement;
    let typed = 0;
    let told = 0;
    const over = new AbortController();
    const say = async state => {
      try {
        await page.invokeMethodAsync('Present', state);
      } catch {
        // The circuit was lost; the page that comes after it tells anew.
        end();
      }
    };
    const timer = setInterval(() => {
      if (!messages.isConnected)
        end();
      else if (!document.hidden)
        say(Date.now() - typed < STILL_TYPING ? 'typing' : 'viewing');
    }, RENEW);
    function end() {
      clearInterval(timer);
      over.abort();
    }
    thread.addEventListener('input', e => {
      if (!messages.isConnected || !(e.target instanceof HTMLTextAreaElement) || e.target.form?.dataset.now === 'note')
        return;
      typed = e.target.value === '' ? 0 : Date.now();
      if (typed > 0 && typed - told > TYPING_AGAIN) {
        told = typed;
        say('typing');
      }
    }, { signal: over.signal });
    say('viewing');
  };

  const optionsOf = list => [...list.querySelectorAll('[role=option]')];

  window.integrations.quick = form => {
    const area = form.querySelector('textarea');
    const list = form.querySelector('[data-quick-list]');
    const button = form.querySelector('[data-quick]');
    let chosen = 0;
    // By the button the list stands open over what is written, and the choice goes in where the caret is.
    let byButton = false;
    const isOpen = () => !list.hidden;
    const shown = () => optionsOf(list).filter(option => !option.hidden);

    const choose = index => {
      const options = shown();
      chosen = options.length === 0 ? 0 : (index + options.length) % options.length;
      for (const option of optionsOf(list))
        option.setAttribute('aria-selected', String(option === options[chosen]));
      if (options[chosen]) {
        options[chosen].scrollIntoView({ block: 'nearest' });
        area.setAttribute('aria-activedescendant', options[chosen].id);
      } else {
        area.removeAttribute('aria-activedescendant');
      }
      list.querySelector('[data-quick-none]').hidden = options.length > 0;
      list.querySelector('[role=listbox]').hidden = options.length === 0;
    };

    const close = () => {
      list.hidden = true;
      byButton = false;
      area.removeAttribute('aria-activedescendant');
      button.setAttribute('aria-expanded', 'false');
    };

    const open = () => {
      const words = byButton ? '' : area.value.slice(1).trim().toLocaleLowerCase();
      for (const option of optionsOf(list)) {
        const inShortcut = option.dataset.shortcut.toLocaleLowerCase().startsWith(words);
        // A letter or two stand in almost every text.
        const inText = words.length > 2 && option.dataset.text.toLocaleLowerCase().includes(words);
        option.hidden = words !== '' && !inShortcut && !inText;
      }
      list.hidden = false;
      button.setAttribute('aria-expanded', 'true');
      choose(0);
    };

    const insert = option => {
      const text = option.dataset.text.replaceAll('{name}', form.dataset.name);
      if (byButton)
        area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
      else
        area.value = text;
      close();
      area.dispatchEvent(new Event('input', { bubbles: true }));
      area.focus();
    };

    area.addEventListener('input', () => {
      // A slash at the very beginning, and no second line or space: the name of a reply and not a text.
      if (/^\/\S*$/.test(area.value)) {
        byButton = false;
        open();
      } else if (isOpen()) {
        close();
      }
    });
    // Before the composer's own keys: Enter chooses here and does not send.
    form.addEventListener('keydown', e => {
      if (!isOpen() || e.isComposing)
        return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) {
        choose(chosen + step);
      } else if (e.key === 'Escape') {
        close();
        area.focus();
      } else if ((e.key === 'Enter' || e.key === 'Tab') && e.target === area && shown()[chosen]) {
        insert(shown()[chosen]);
      } else {
        return;
      }
      e.preventDefault();
      e.stopPropagation();
    }, true);
    button.addEventListener('click', () => {
      if (isOpen()) {
        close();
        return;
      }
      byButton = true;
      open();
      area.focus();
    });
    list.addEventListener('mousedown', e => {
      // The caret stays where it is.
      if (e.target instanceof Element && e.target.closest('[role=option]'))
        e.preventDefault();
    });
    list.addEventListener('click', e => {
      const option = e.target instanceof Element ? e.target.closest('[role=option]') : null;
      if (option)
        insert(option);
      else if (e.target instanceof Element && e.target.closest('button'))
        close();
    });
    document.addEventListener('pointerdown', e => {
      if (isOpen() && !form.contains(e.target))
        close();
    });
  };
})();
