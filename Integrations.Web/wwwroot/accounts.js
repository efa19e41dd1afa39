// Sessions that are pasted or read from a file stay in the field: they go to the server as one stream when they are asked for, and nowhere else.
(() => {
  'use strict';
  window.integrationsAccounts = {
    text: field => new Blob([field.value]),

    // The chosen file is read into the field, so that both ways end in what the person sees.
    fill: (picker, field) => picker.addEventListener('change', async () => {
      if (picker.files.length === 0)
        return;
      field.value = await picker.files[0].text();
      picker.value = '';
      field.focus();
    }),

    forget: field => { field.value = ''; },
  };
})();
