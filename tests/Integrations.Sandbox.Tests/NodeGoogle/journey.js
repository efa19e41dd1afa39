// Drives the simulated Google with the client googleapis: consent over HTTP, tokens, calendars, events, series, free and busy times,
// synchronisation and push channels.
// Usage: node journey.js ADDRESS CLIENT_ID CLIENT_SECRET REDIRECT_URI CONTROL_TOKEN. The last line of the output is the number of steps.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { google } = require('googleapis');

const [address, clientId, clientSecret, redirectUri, controlToken] = process.argv.slice(2);
const scopes = ['openid', 'email', 'https://www.googleapis.com/auth/calendar'];
let steps = 0;

async function step(name, work) {
  try {
    await work();
    steps++;
  } catch (error) {
    console.error(`${name}: ${error.stack} ${JSON.stringify(error.response?.data ?? {})}`);
    process.exit(1);
  }
}

async function refused(promise, status, reason) {
  const error = await promise.then(() => assert.fail('was not refused'), (e) => e);
  assert.equal(error.response?.status, status, error.stack);
  const data = error.response.data;
  assert.equal(data.error.errors?.[0].reason ?? data.error, reason);
}

async function control(method, path) {
  const answer = await fetch(`${address}sandbox/google${path}`, { method, headers: { authorization: `Bearer ${controlToken}` } });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
}

const newClient = () => new google.auth.OAuth2({
  clientId,
  clientSecret,
  redirectUri,
  // Also where the token's end is known and has not come.
  forceRefreshOnFailure: true,
  endpoints: {
    oauth2AuthBaseUrl: `${address}o/oauth2/v2/auth`,
    oauth2TokenUrl: `${address}token`,
    oauth2RevokeUrl: `${address}revoke`,
    tokenInfoUrl: `${address}tokeninfo`,
  },
});

// What a browser does with the page: its own fields, the account, and the button.
async function consent(url, decision) {
  const page = await (await fetch(url)).text();
  const form = new URLSearchParams();
  for (const [, name, value] of page.matchAll(/<input type=hidden name="([^"]*)" value="([^"]*)">/g)) form.append(name, value.replaceAll('&amp;', '&'));
  form.append('account', page.match(/name=account required value="([^"]*)"/)[1]);
  form.append('decision', decision);
  const answer = await fetch(`${address}o/oauth2/v2/auth`, { method: 'POST', body: form, redirect: 'manual' });
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get('location')).searchParams;
}

const at = (day, hour) => ({ dateTime: `2026-05-${day}T${hour}:00:00`, timeZone: 'Europe/Berlin' });
const meeting = (summary, day = '12', hour = '10', more = {}) =>
  ({ summary, start: at(day, hour), end: at(day, String(Number(hour) + 1)), ...more });

(async () => {
  const auth = newClient();
  const calendar = google.calendar({ version: 'v3', auth, rootUrl: address });
  const calendarId = 'primary';
  let tokens;
  let syncToken;

  await step('a person denies', async () => {
    const answer = await consent(auth.generateAuthUrl({ scope: scopes, state: 's1' }), 'deny');
    assert.deepEqual([answer.get('error'), answer.get('state'), answer.get('code')], ['access_denied', 's1', null]);
  });

  await step('a person allows, and the code is exchanged with PKCE', async () => {
    const { codeVerifier, codeChallenge } = await auth.generateCodeVerifierAsync();
    const url = auth.generateAuthUrl({ access_type: 'offline', prompt: 'consent', scope: scopes, state: 's2', code_challenge: codeChallenge, code_challenge_method: 'S256' });
    const answer = await consent(url, 'allow');
    assert.equal(answer.get('state'), 's2');
    await refused(auth.getToken({ code: answer.get('code'), codeVerifier: `${codeVerifier}x` }), 400, 'invalid_grant');
    ({ tokens } = await auth.getToken({ code: answer.get('code'), codeVerifier }));
    assert.ok(tokens.refresh_token && tokens.id_token && tokens.expiry_date > Date.now());
    await refused(auth.getToken({ code: answer.get('code'), codeVerifier }), 400, 'invalid_grant');
  });

  await step('a refresh', async () => {
    auth.setCredentials({ refresh_token: tokens.refresh_token });
    const { token } = await auth.getAccessToken();
    assert.notEqual(token, tokens.access_token);
    assert.equal(auth.credentials.refresh_token, tokens.refresh_token);
  });

  await step('who it is', async () => {
    const info = await auth.getTokenInfo(auth.credentials.access_token);
    assert.ok(info.scopes.includes('https://www.googleapis.com/auth/calendar'));
    const { data } = await google.oauth2({ version: 'v2', auth, rootUrl: address }).userinfo.get();
    assert.deepEqual([data.email, data.verified_email], ['anna@example.com', true]);
  });

  await step('the client refreshes by itself when a token has ended', async () => {
    await control('DELETE', '/access-tokens');
    const { data } = await calendar.calendars.get({ calendarId });
    assert.equal(data.timeZone, 'Europe/Berlin');
  });

  await step('calendars', async () => {
    const { data: made } = await calendar.calendars.insert({ requestBody: { summary: 'Rooms', timeZone: 'Europe/Paris' } });
    const { data } = await calendar.calendarList.list();
    assert.deepEqual(data.items.map((item) => [item.id, item.accessRole]), [['anna@example.com', 'owner'], [made.id, 'owner']]);
    assert.equal((await calendar.calendarList.get({ calendarId: made.id })).data.summary, 'Rooms');
  });

  await step('an event is made, changed and deleted', async () => {
    const { data: made } = await calendar.events.insert({ calendarId, requestBody: { id: 'booking1', ...meeting('Meeting') } });
    assert.equal(made.start.dateTime, '2026-05-12T10:00:00+02:00');
    await refused(calendar.events.insert({ calendarId, requestBody: { id: 'booking1', ...meeting('Twice') } }), 409, 'duplicate');
    const { data: patched } = await calendar.events.patch({ calendarId, eventId: made.id, requestBody: { location: 'Attic' } });
    assert.deepEqual([patched.summary, patched.location], ['Meeting', 'Attic']);
    await refused(
      calendar.events.update({ calendarId, eventId: made.id, requestBody: meeting('Lost') }, { headers: { 'If-Match': made.etag } }), 412, 'conditionNotMet');
    const { data: updated } = await calendar.events.update({ calendarId, eventId: made.id, requestBody: meeting('Kept') }, { headers: { 'If-Match': patched.etag } });
    assert.deepEqual([updated.summary, updated.location], ['Kept', undefined]);
    assert.equal((await calendar.events.delete({ calendarId, eventId: made.id })).status, 204);
    await refused(calendar.events.delete({ calendarId, eventId: made.id }), 410, 'deleted');
  });

  await step('a series and its occurrences', async () => {
    const { data: series } = await calendar.events.insert({ calendarId, requestBody: meeting('Weekly', '12', '10', { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] }) });
    const { data } = await calendar.events.instances({ calendarId, eventId: series.id });
    assert.deepEqual(data.items.map((item) => item.start.dateTime.slice(0, 10)), ['2026-05-12', '2026-05-19', '2026-05-26']);
    await calendar.events.patch({ calendarId, eventId: data.items[1].id, requestBody: { summary: 'Moved', start: at('20', '09'), end: at('20', '10') } });
    await calendar.events.delete({ calendarId, eventId: data.items[2].id });
    const { data: singles } = await calendar.events.list({ calendarId, singleEvents: true, orderBy: 'startTime' });
    assert.deepEqual(singles.items.map((item) => item.summary), ['Weekly', 'Moved']);
  });

  await step('free and busy times', async () => {
    const { data } = await calendar.freebusy.query({
      requestBody: { timeMin: '2026-05-12T00:00:00Z', timeMax: '2026-05-21T00:00:00Z', items: [{ id: 'primary' }, { id: 'nobody@example.com' }] },
    });
    assert.deepEqual(data.calendars.primary.busy.map((busy) => busy.start), ['2026-05-12T08:00:00Z', '2026-05-20T07:00:00Z']);
    assert.equal(data.calendars['nobody@example.com'].errors[0].reason, 'notFound');
  });

  await step('a full synchronisation, page by page, and what changed since', async () => {
    const ids = [];
    let pageToken;
    do {
      const { data } = await calendar.events.list({ calendarId, maxResults: 1, pageToken });
      ids.push(...data.items.map((item) => item.id));
      ({ nextPageToken: pageToken, nextSyncToken: syncToken } = data);
    } while (pageToken);
    assert.equal(ids.length, 3);
    const { data: made } = await calendar.events.insert({ calendarId, requestBody: meeting('New', '14') });
    await calendar.events.delete({ calendarId, eventId: made.id });
    const { data } = await calendar.events.list({ calendarId, syncToken });
    assert.deepEqual(data.items.map((item) => [item.id, item.status]), [[made.id, 'cancelled']]);
    syncToken = data.nextSyncToken;
  });

  await step('a token that is no longer good, and everything again', async () => {
    await control('DELETE', '/sync-tokens?calendarId=anna%40example.com');
    await refused(calendar.events.list({ calendarId, syncToken }), 410, 'fullSyncRequired');
    const { data } = await calendar.events.list({ calendarId });
    assert.equal((await calendar.events.list({ calendarId, syncToken: data.nextSyncToken })).data.items.length, 0);
  });

  await step('watch and stop', async () => {
    const pushes = [];
    let arrived = () => {};
    const receiver = http.createServer((request, response) => {
      pushes.push(request.headers);
      response.end();
      arrived();
    });
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const count = (number) => new Promise((resolve) => {
      arrived = () => pushes.length >= number && resolve();
      arrived();
    });
    const { data: channel } = await calendar.events.watch({
      calendarId, requestBody: { id: 'channel-1', type: 'web_hook', address: `http://127.0.0.1:${receiver.address().port}/push`, token: 'made-up' },
    });
    await count(1);
    await calendar.events.insert({ calendarId, requestBody: meeting('Told', '15') });
    await count(2);
    assert.deepEqual(pushes.map((headers) => headers['x-goog-resource-state']), ['sync', 'exists']);
    assert.ok(pushes.every((headers) => headers['x-goog-channel-token'] === 'made-up' && headers['x-goog-resource-id'] === channel.resourceId));
    const stop = { requestBody: { id: channel.id, resourceId: channel.resourceId } };
    assert.equal((await calendar.channels.stop(stop)).status, 204);
    await refused(calendar.channels.stop(stop), 404, 'notFound');
    receiver.closeAllConnections();
    receiver.close();
  });

  await step('a revoked grant', async () => {
    await auth.revokeToken(tokens.refresh_token);
    const late = newClient();
    late.setCredentials({ refresh_token: tokens.refresh_token });
    await refused(late.getAccessToken(), 400, 'invalid_grant');
  });

  console.log(steps);
})();
