// Takes the one-time token out of the address at once, so that it stays in no history entry, and keeps it for a second try.
const store = `link:${location.pathname}`;
const fromLink = new URLSearchParams(location.hash.slice(1)).get('token');
if (fromLink) {
  sessionStorage.setItem(store, fromLink);
  history.replaceState(null, '', location.pathname + location.search);
}
document.getElementById('token').value = sessionStorage.getItem(store) ?? '';
