// Drives the simulated Twilio with the official client: account, senders, messages both ways, statuses, templates, media, signatures.
// Usage: node journey.js ADDRESS ACCOUNT TOKEN KEY SECRET SENDER PERSON STRANGER. A line `do …` asks the caller for what only he can do.
// The last line of the output is the number of steps.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { parse } = require('node:querystring');
const twilio = require('twilio');

const [address, account, token, key, secret, sender, person, stranger] = process.argv.slice(2);
const [from, to, unknown] = [sender, person, stranger].map((number) => `whatsapp:${number}`);
let steps = 0;

// The client knows only the real hosts; this one sends what is for them to the simulated one.
class Here extends twilio.RequestClient {
  request(options) {
    const { pathname, search } = new URL(options.uri);
    return super.request({ ...options, uri: new URL(pathname + search, address).href });
  }
}

const client = (user, password, options = {}) => twilio(user, password, { httpClient: new Here(), ...options });
const please = (what) => console.log(`do ${what}`);

async function step(name, work) {
  try {
    await work();
    steps++;
  } catch (error) {
    console.error(`${name}: ${error.stack} ${JSON.stringify(error)}`);
    process.exit(1);
  }
}

async function refused(promise, status, code) {
  const error = await promise.then(() => assert.fail('was not refused'), (e) => e);
  assert.deepEqual([error.status, error.code], [status, code], error.stack);
  assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
}

async function until(look, isSo) {
  for (let i = 0; i < 400; i++) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('it did not come to that');
}

(async () => {
  const heard = [];
  const waiting = [];
  const hook = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = { url: `${base}${request.url}`, signature: request.headers['x-twilio-signature'], body: Buffer.concat(chunks).toString() };
    if (waiting.length) waiting.shift()(call); else heard.push(call);
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const base = `http://127.0.0.1:${hook.address().port}`;
  const next = () => (heard.length ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve)));

  const api = client(account, token);
  let incoming;

  await step('the account, by its token and by a key', async () => {
    const found = await api.api.v2010.accounts(account).fetch();
    assert.deepEqual([found.sid, found.status], [account, 'active']);
    assert.equal((await client(key, secret, { accountSid: account }).api.v2010.accounts(account).fetch()).sid, account);
    await refused(client(account, 'wrong').api.v2010.accounts(account).fetch(), 401, 20003);
  });

  await step('a sender gets its webhook', async () => {
    const [found] = await api.messaging.v2.channelsSenders.list({ channel: 'whatsapp' });
    assert.equal(found.senderId, from);
    await api.messaging.v2.channelsSenders(found.sid).update({ webhook: { callback_url: `${base}/in?c=1#rc=2` } });
    const changed = await until(() => api.messaging.v2.channelsSenders(found.sid).fetch(), (one) => one.status === 'ONLINE');
    assert.equal(changed.webhook.callbackUrl, `${base}/in?c=1#rc=2`);
  });

  await step('a signed message comes in', async () => {
    please('write');
    const call = await next();
    const form = { ...parse(call.body) };
    incoming = form.MessageSid;
    assert.deepEqual([form.From, form.To, form.Body, call.url], [to, from, 'Привет, it\'s me & co', `${base}/in?c=1`]);
    assert.ok(twilio.validateRequest(token, call.signature, call.url, form));
    assert.ok(!twilio.validateRequest('wrong', call.signature, call.url, form));
    assert.ok(!twilio.validateRequest(token, call.signature, call.url, { ...form, Body: 'other' }));
    assert.ok(!twilio.validateRequest(token, call.signature, `${base}/other`, form));
  });

  await step('a forged message comes in', async () => {
    please('forge');
    const call = await next();
    assert.ok(!twilio.validateRequest(token, call.signature, call.url, { ...parse(call.body) }));
  });

  await step('a signed JSON webhook comes in', async () => {
    please(`json ${base}/json?a=b`);
    const call = await next();
    assert.ok(twilio.validateRequestWithBody(token, call.signature, call.url, call.body));
    assert.ok(!twilio.validateRequestWithBody(token, call.signature, call.url, `${call.body} `));
    assert.ok(!twilio.validateRequestWithBody('wrong', call.signature, call.url, call.body));
  });

  await step('typing', async () => {
    assert.equal((await api.messaging.v2.typingIndicator.create({ channel: 'whatsapp', messageId: incoming })).success, true);
  });

  await step('a message goes out, and its statuses are told', async () => {
    const sent = await api.messages.create({ from, to, body: 'Hello', statusCallback: `${base}/status?id=7` });
    assert.deepEqual([sent.status, sent.direction, sent.numMedia, sent.errorCode, sent.dateCreated instanceof Date], ['queued', 'outbound-api', '0', null, true]);
    const statuses = [];
    while (statuses.at(-1) !== 'delivered') {
      const call = await next();
      const form = { ...parse(call.body) };
      assert.ok(twilio.validateRequest(token, call.signature, call.url, form));
      assert.deepEqual([form.MessageSid, call.url], [sent.sid, `${base}/status?id=7`]);
      statuses.push(form.MessageStatus);
    }
    assert.deepEqual(statuses, ['queued', 'sent', 'delivered']);
    assert.equal((await api.messages(sent.sid).fetch()).status, 'delivered');
  });

  await step('outside the window a free text fails later', async () => {
    const { sid } = await api.messages.create({ from, to: unknown, body: 'Hello' });
    const failed = await until(() => api.messages(sid).fetch(), (message) => message.status === 'failed');
    assert.equal(failed.errorCode, 63016);
  });

  await step('a template is written, approved and sent', async () => {
    const content = await api.content.v1.contents.create({
      friendly_name: 'time', language: 'en', variables: { 1: 'you' }, types: { 'twilio/text': { body: 'Hi {{1}}' } },
    });
    await api.content.v1.contents(content.sid).approvalCreate.create({ name: 'time', category: 'UTILITY' });
    assert.equal((await api.content.v1.contents(content.sid).approvalFetch().fetch()).whatsapp.status, 'received');
    please(`approve ${content.sid}`);
    await until(() => api.content.v1.contents(content.sid).approvalFetch().fetch(), (approval) => approval.whatsapp.status === 'approved');
    const { sid } = await api.messages.create({ from, to: unknown, contentSid: content.sid, contentVariables: JSON.stringify({ 1: 'Boris' }) });
    const delivered = await until(() => api.messages(sid).fetch(), (message) => message.status === 'delivered');
    assert.equal(delivered.body, 'Hi Boris');
    assert.deepEqual((await api.content.v1.contents.list()).map((one) => one.sid), [content.sid]);
    assert.equal((await api.content.v1.contentAndApprovals.list())[0].approvalRequests.status, 'approved');
  });

  await step('messages are listed page by page', async () => {
    for (let i = 0; i < 5; i++) await api.messages.create({ from, to, body: `${i}` });
    const list = await api.messages.list({ from, to, pageSize: 2 });
    assert.deepEqual(list.map((message) => message.body), ['4', '3', '2', '1', '0', 'Hello']);
    const dated = await api.messages.list({ to, dateSentAfter: new Date('2000-01-01') });
    assert.ok(dated.length >= 1);
  });

  await step('a message is redacted and removed', async () => {
    const { sid } = await api.messages.create({ from, to, body: 'secret' });
    await until(() => api.messages(sid).fetch(), (message) => message.status === 'delivered');
    assert.equal((await api.messages(sid).update({ body: '' })).body, '');
    assert.equal(await api.messages(sid).remove(), true);
    await refused(api.messages(sid).fetch(), 404, 20404);
  });

  await step('a medium comes in', async () => {
    please('picture');
    const form = parse((await next()).body);
    const [medium] = await api.messages(form.MessageSid).media.list();
    assert.deepEqual([medium.contentType, medium.parentSid, form.NumMedia], ['image/png', form.MessageSid, '1']);
    assert.ok(form.MediaUrl0.endsWith(medium.uri.replace('.json', '')));
    const authorization = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`;
    const redirect = await fetch(form.MediaUrl0, { headers: { authorization }, redirect: 'manual' });
    assert.equal(await (await fetch(redirect.headers.get('location'))).text(), 'picture');
    assert.equal(await api.messages(form.MessageSid).media(medium.sid).remove(), true);
    await refused(api.messages(form.MessageSid).media(medium.sid).fetch(), 404, 20404);
  });

  await step('what is wrong is refused', async () => {
    await refused(api.messages.create({ from, to: 'whatsapp:1', body: 'x' }), 400, 21211);
    await refused(api.messages.create({ from, to, body: 'x'.repeat(1601) }), 400, 21617);
    await refused(api.messages.create({ from, to, body: '' }), 400, 21602);
    please('busy');
    await until(() => api.messages.list({ limit: 1 }).then(() => null, (error) => error), (error) => error?.status === 429 && error.code === 20429);
  });

  console.log(steps);
  process.exit(0);
})();
