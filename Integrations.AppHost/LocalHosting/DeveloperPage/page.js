'use strict';

const $ = id => document.getElementById(id);
const KEPT_LINES = 5000;

// The token comes in the fragment, which is not sent anywhere, and leaves the address bar at once.
const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.has('token')) {
  sessionStorage.setItem('token', fragment.get('token'));
  history.replaceState(null, '', location.pathname);
}
const firstTab = fragment.get('show') === 'logs' ? 'logs' : 'resources';

let state = null;
let selected = null;
let environmentOf = null;

class Refused extends Error {}

async function call(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { Authorization: `Bearer ${sessionStorage.getItem('token') ?? ''}` } });
  if (response.status === 401) {
    throw new Refused(await response.text());
  }
  return response;
}

/** Reads a stream of JSON documents, one per line. */
async function* documents(path, signal) {
  const response = await call(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (true) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const parts = (rest + value).split('\n');
    rest = parts.pop();
    for (const part of parts) {
      yield JSON.parse(part);
    }
  }
}

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) {
    node.className = className;
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $('toast').hidden = true; }, 5000);
}

// ---------------------------------------------------------------- resources

const BUSY = ['Waiting', 'Starting', 'Stopping'];

function pill(resource) {
  const { state, health } = resource;
  if (BUSY.includes(state)) {
    return element('span', 'pill warn busy', state);
  }
  if (state === 'Running') {
    return health === 'Unhealthy'
      ? element('span', 'pill warn busy', resource.started_at && Date.now() - new Date(resource.started_at) < 20000 ? 'Starting' : 'Unhealthy')
      : element('span', 'pill good', health ?? 'Running');
  }
  if (state === 'Finished') {
    return element('span', 'pill good', 'Finished');
  }
  return element('span', state === 'FailedToStart' || resource.exit_code ? 'pill bad' : 'pill', state === 'FailedToStart' ? 'Failed to start' : state);
}

function time(text) {
  if (!text) {
    return '';
  }
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
}

function address(url) {
  if (url.url.startsWith('http')) {
    const link = element('a', '', url.text ?? url.url.split('#')[0]);
    link.href = url.url;
    link.target = '_blank';
    link.rel = 'noreferrer';
    link.title = url.url.split('#')[0];
    link.addEventListener('click', event => event.stopPropagation());
    return url.text ? element('div', '', link, element('span', '', new URL(url.url).host)) : link;
  }
  return element('span', '', `${url.name} ${url.url.replace(/^.*:/, ':')}`);
}

function action(resource, command, text, enabled) {
  const button = element('button', '', text);
  button.disabled = !enabled;
  button.addEventListener('click', async event => {
    event.stopPropagation();
    button.disabled = true;
    try {
      const response = await call(`/api/resources/${encodeURIComponent(resource.id)}/${command}`, { method: 'POST' });
      if (!response.ok) {
        toast(`${resource.id} could not be asked to ${command}.`);
      }
    } catch (problem) {
      toast(problem.message);
    }
  });
  return button;
}

function row(resource) {
  const note = resource.note ?? (resource.state === 'Running' && resource.health === 'Unhealthy' ? resource.health_text : null);
  const logs = element('button', '', 'Logs');
  logs.disabled = !state.logs.includes(resource.id);
  logs.addEventListener('click', event => { event.stopPropagation(); openLog(resource.id); });
  const node = element('tr', resource.parent ? 'child' : '',
    element('td', '', element('span', 'name', resource.id), element('span', 'kind', resource.kind)),
    element('td', '', pill(resource), note ? element('span', 'note', note) : null),
    element('td', 'started', time(resource.started_at)),
    element('td', 'addresses', ...resource.urls.map(address)),
    element('td', 'actions', logs, ...(resource.can_start || resource.can_stop ? [
      action(resource, 'start', 'Start', resource.can_start),
      action(resource, 'stop', 'Stop', resource.can_stop),
      action(resource, 'restart', 'Restart', resource.can_stop)] : [])));
  node.tabIndex = 0;
  node.classList.toggle('selected', resource.id === selected);
  const open = () => { selected = selected === resource.id ? null : resource.id; environmentOf = null; render(); };
  node.addEventListener('click', open);
  node.addEventListener('keydown', event => { if (event.key === 'Enter' && event.target === node) { open(); } });
  return node;
}

/** Children directly below their parents. */
function ordered(resources) {
  const children = resources.filter(resource => resource.parent);
  return resources.filter(resource => !resource.parent)
    .flatMap(resource => [resource, ...children.filter(child => child.parent === resource.id)]);
}

function render() {
  const ready = state.resources.filter(resource => resource.ready).length;
  const all = state.resources.length;
  const failed = state.resources.some(resource => resource.state === 'FailedToStart' || (resource.state === 'Exited' && resource.exit_code));
  $('summary').replaceChildren(element('span', `pill ${ready === all ? 'good' : failed ? 'bad' : 'warn busy'}`, `${ready} of ${all} ready`));
  $('where').textContent = `${state.data_directory} · since ${time(state.started_at)}`;
  document.title = `${ready === all ? '' : `(${ready}/${all}) `}Integrations · developer page`;
  $('rows').replaceChildren(...ordered(state.resources).map(row));
  renderDetails(state.resources.find(resource => resource.id === selected));
  renderSources();
}

function renderDetails(resource) {
  $('details').hidden = !resource;
  if (!resource) {
    return;
  }
  $('details-name').textContent = resource.id;
  const facts = {
    Kind: resource.kind,
    State: resource.state,
    Health: resource.health ?? (resource.state === 'Running' ? 'not checked' : null),
    'Last check': resource.health_text,
    Note: resource.note,
    Process: resource.pid,
    Started: resource.started_at && new Date(resource.started_at).toLocaleString(),
    'Exit code': resource.exit_code,
    Restarts: resource.restarts || null,
    'Part of': resource.parent,
  };
  $('details-facts').replaceChildren(
    ...Object.entries(facts).filter(([, value]) => value !== null && value !== undefined && value !== '')
      .flatMap(([name, value]) => [element('dt', '', name), element('dd', '', String(value))]),
    ...resource.urls.flatMap(url => [element('dt', '', url.name ?? 'address'), element('dd', '', url.url.startsWith('http') ? address({ ...url, text: null }) : url.url)]));
  $('details-environment').hidden = !resource.has_environment;
  if (resource.has_environment && environmentOf !== `${resource.id} ${resource.pid}`) {
    environmentOf = `${resource.id} ${resource.pid}`;
    loadEnvironment(resource.id);
  }
}

let environment = [];

async function loadEnvironment(id) {
  try {
    environment = await (await call(`/api/resources/${encodeURIComponent(id)}/environment`)).json();
    renderEnvironment();
  } catch (problem) {
    toast(problem.message);
  }
}

function renderEnvironment() {
  const filter = $('environment-filter').value.toLowerCase();
  $('environment').replaceChildren(...environment
    .filter(variable => variable.key.toLowerCase().includes(filter) || variable.value.toLowerCase().includes(filter))
    .map(variable => element('tr', '', element('td', '', variable.key), element('td', '', variable.value))));
}

async function followResources() {
  while (true) {
    try {
      for await (const update of documents('/api/resources')) {
        $('locked').hidden = true;
        if (!state) {
          state = update;
          renderSources();
          show(firstTab);
        }
        state = update;
        render();
      }
    } catch (problem) {
      if (problem instanceof Refused) {
        lock();
        return;
      }
    }
    $('summary').replaceChildren(element('span', 'pill bad busy', 'Not connected'));
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
}

function lock() {
  state = null;
  $('resources').hidden = $('logs').hidden = true;
  $('locked').hidden = false;
  $('summary').replaceChildren();
  $('unlock-problem').textContent = sessionStorage.getItem('token') ? 'That token is not the right one.' : '';
  $('token').focus();
}

$('unlock').addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem('token', $('token').value.trim());
  followResources();
});
$('details-close').addEventListener('click', () => { selected = null; render(); });
$('environment-filter').addEventListener('input', renderEnvironment);

// --------------------------------------------------------------------- tabs

function show(tab) {
  for (const name of ['resources', 'logs']) {
    $(name).hidden = name !== tab;
    $(`tab-${name}`).setAttribute('aria-selected', String(name === tab));
  }
  if (tab === 'logs' && !log.source) {
    openLog('all');
  }
}

$('tab-resources').addEventListener('click', () => state && show('resources'));
$('tab-logs').addEventListener('click', () => state && show('logs'));
document.addEventListener('keydown', event => {
  if (event.key === '/' && !event.target.matches('input, select')) {
    event.preventDefault();
    if (state) {
      show('logs');
      $('search').focus();
    }
  }
});

// --------------------------------------------------------------------- logs

const log = { source: null, lines: [], abort: null, paused: false, query: '' };

function renderSources() {
  const wanted = ['all', ...state.logs];
  const known = [...$('source').options].map(option => option.value);
  if (wanted.join() !== known.join()) {
    $('source').replaceChildren(...wanted.map(id => {
      const option = element('option', '', id === 'all' ? 'All' : id);
      option.value = id;
      return option;
    }));
    $('source').value = log.source ?? 'all';
  }
}

function openLog(id) {
  log.source = id;
  $('source').value = id;
  show('logs');
  log.abort?.abort();
  log.abort = new AbortController();
  followLog(id, log.abort.signal);
}

async function followLog(id, signal) {
  let last = 0;
  $('lines').replaceChildren(element('div', 'empty', 'Reading …'));
  log.lines = [];
  while (!signal.aborted) {
    try {
      for await (const lines of documents(`/api/logs/${encodeURIComponent(id)}?after=${id === 'all' ? 0 : last}`, signal)) {
        if (id === 'all' && last === 0) {
          log.lines = [];
          $('lines').replaceChildren();
        }
        last = Math.max(last, ...lines.map(line => line.number));
        append(lines);
      }
    } catch (problem) {
      if (problem instanceof Refused || signal.aborted) {
        return;
      }
    }
    if (id === 'all') {
      last = 0;
    }
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
}

function append(lines) {
  const box = $('lines');
  box.querySelector('.empty')?.remove();
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const nodes = document.createDocumentFragment();
  for (const line of lines) {
    line.node = lineNode(line);
    nodes.append(line.node);
    log.lines.push(line);
  }
  box.append(nodes);
  while (log.lines.length > KEPT_LINES) {
    log.lines.shift().node.remove();
  }
  if (log.lines.length === 0) {
    box.replaceChildren(element('div', 'empty', 'Nothing yet.'));
  }
  countMatches();
  if (atEnd && !log.paused) {
    box.scrollTop = box.scrollHeight;
  }
  $('latest').hidden = atEnd && !log.paused;
}

function lineNode(line) {
  const at = new Date(line.at);
  const stamp = element('time', '', `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`);
  stamp.dateTime = line.at;
  stamp.title = at.toLocaleString();
  const from = log.source === 'all' ? element('span', 'from', line.source) : null;
  const text = element('span', 'text');
  const node = element('div', 'line', stamp, from, text);
  fill(text, node, line);
  const level = LEVEL.exec(line.plain.slice(0, 90));
  if (level) {
    node.classList.add(level[1] ? 'bad' : 'warn');
  }
  return node;
}

/** The word for a level as the hosts and the servers write it, near the beginning of the line. */
const LEVEL = /(?:^|[\s[])(?:(fail|crit|error|critical|fatal|panic)|warn|warning)(?:[\s:\]]|$)/;

/** Splits text at its colour codes: ESC [ 1 ; 32 m. Other control sequences are dropped. */
function* coloured(text) {
  let classes = new Set();
  let index = 0;
  for (const match of text.matchAll(/\x1b\[([0-9;?]*)([A-Za-z])/g)) {
    if (match.index > index) {
      yield [text.slice(index, match.index), [...classes].join(' ')];
    }
    index = match.index + match[0].length;
    if (match[2] === 'm') {
      classes = next(classes, match[1].split(';').map(Number));
    }
  }
  if (index < text.length) {
    yield [text.slice(index), [...classes].join(' ')];
  }
}

function next(classes, codes) {
  const drop = letter => { for (const name of classes) { if (name.startsWith(letter)) { classes.delete(name); } } };
  classes = new Set(classes);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) { classes = new Set(); }
    else if (code === 1) { classes.add('b'); }
    else if (code === 2) { classes.add('d'); }
    else if (code === 3) { classes.add('i'); }
    else if (code === 4) { classes.add('u'); }
    else if (code === 22) { classes.delete('b'); classes.delete('d'); }
    else if (code === 38 || code === 48) { i += codes[i + 1] === 5 ? 2 : 4; }
    else if (code === 39) { drop('f'); }
    else if (code === 49) { drop('g'); }
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) { drop('f'); classes.add(`f${code % 10}`); }
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) { drop('g'); classes.add(`g${code % 10}`); }
  }
  return classes;
}

function fill(target, node, line) {
  const query = log.query;
  const parts = [...coloured(line.text)];
  line.plain ??= parts.map(([text]) => text).join('').toLowerCase();
  const matches = query !== '' && `${line.source} ${line.plain}`.includes(query);
  node.classList.toggle('match', matches || query === '');
  line.matches = matches;
  target.replaceChildren(...parts.flatMap(([text, classes]) => {
    const span = element('span', classes);
    if (!matches) {
      span.textContent = text;
      return [span];
    }
    const lower = text.toLowerCase();
    let from = 0;
    for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, from)) {
      span.append(text.slice(from, at), element('mark', '', text.slice(at, at + query.length)));
      from = at + query.length;
    }
    span.append(text.slice(from));
    return [span];
  }));
}

function countMatches() {
  const count = log.lines.filter(line => line.matches).length;
  $('matches').textContent = log.query === '' ? '' : `${count} of ${log.lines.length} lines`;
}

$('source').addEventListener('change', () => openLog($('source').value));
$('search').addEventListener('input', () => {
  log.query = $('search').value.toLowerCase();
  for (const line of log.lines) {
    fill(line.node.querySelector('.text'), line.node, line);
  }
  countMatches();
});
$('search').addEventListener('keydown', event => {
  if (event.key === 'Enter') {
    const below = log.lines.filter(line => line.matches && line.node.offsetTop > $('lines').scrollTop + 60);
    (below[0] ?? log.lines.find(line => line.matches))?.node.scrollIntoView({ block: 'center' });
  }
});
for (const [box, className, inverted] of [['only-matches', 'only-matches'], ['wrap', 'wrap'], ['times', 'no-times', true]]) {
  const apply = () => $('lines').classList.toggle(className, $(box).checked !== Boolean(inverted));
  $(box).addEventListener('change', apply);
  apply();
}
$('pause').addEventListener('click', () => {
  log.paused = !log.paused;
  $('pause').textContent = log.paused ? 'Follow' : 'Pause';
  if (!log.paused) {
    $('lines').scrollTop = $('lines').scrollHeight;
  }
});
$('clear').addEventListener('click', () => { log.lines = []; $('lines').replaceChildren(element('div', 'empty', 'Cleared here; the file keeps everything.')); countMatches(); });
$('lines').addEventListener('scroll', () => {
  const box = $('lines');
  $('latest').hidden = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
});
$('latest').addEventListener('click', () => { $('lines').scrollTop = $('lines').scrollHeight; });
$('download').addEventListener('click', async () => {
  if (log.source === 'all') {
    toast('Pick one resource to download its log.');
    return;
  }
  try {
    const blob = await (await call(`/api/logs/${encodeURIComponent(log.source)}/file`)).blob();
    const link = element('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${log.source}.log`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (problem) {
    toast(problem.message);
  }
});

followResources();
