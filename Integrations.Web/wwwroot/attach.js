// Files of the composer: chosen by the button, dropped on the thread, or pasted into the text.
(() => {
  'use strict';

  // Takes files into the newest input of the form; Blazor hears its change and reads them from there.
  const give = (form, files) => {
    if (files.length === 0 || form.dataset.now === 'note')
      return;
    const inputs = form.querySelectorAll('[data-attach-input]');
    const input = inputs[inputs.length - 1];
    const transfer = new DataTransfer();
    for (const file of files)
      transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };

  window.integrations.attach = form => {
    const area = form.querySelector('textarea');
    const tray = form.querySelector('[data-attachments]');
    const button = form.querySelector('[data-attach]');
    const thread = form.closest('.thread') ?? form;
    if (!tray || !button)
      return;
    // Pictures are shown from the browser's own copy; nothing is fetched back.
    const known = [];
    form.addEventListener('change', e => {
      if (e.target instanceof HTMLInputElement && e.target.matches('[data-attach-input]'))
        known.push(...e.target.files);
    }, { capture: true });
    const shown = () => {
      for (const picture of tray.querySelectorAll('img[data-preview-name]:not([src])')) {
        const file = known.find(one => one.name === picture.dataset.previewName && String(one.size) === picture.dataset.previewSize);
        if (!file)
          continue;
        const url = URL.createObjectURL(file);
        picture.addEventListener('load', () => URL.revokeObjectURL(url), { once: true });
        picture.src = url;
      }
      area.dispatchEvent(new Event('input', { bubbles: true }));
    };
    new MutationObserver(shown).observe(tray, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-count'] });

    button.addEventListener('click', () => {
      const inputs = form.querySelectorAll('[data-attach-input]');
      inputs[inputs.length - 1].click();
    });
    area.addEventListener('paste', e => {
      if (e.clipboardData && e.clipboardData.files.length > 0) {
        e.preventDefault();
        give(form, e.clipboardData.files);
      }
    });
    const hasFiles = e => form.isConnected && form.dataset.now !== 'note' && e.dataTransfer && [...e.dataTransfer.types].includes('Files');
    thread.addEventListener('dragover', e => {
      if (!hasFiles(e))
        return;
      e.preventDefault();
      e.dataTransfer.dropEffect = 'copy';
      form.classList.add('dropping');
    });
    thread.addEventListener('dragleave', e => {
      if (!thread.contains(e.relatedTarget))
        form.classList.remove('dropping');
    });
    thread.addEventListener('drop', e => {
      form.classList.remove('dropping');
      if (!hasFiles(e))
        return;
      e.preventDefault();
      give(form, e.dataTransfer.files);
      area.focus();
    });
  };
})();
