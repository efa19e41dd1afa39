// Delivers to a simulated receiver what the library standardwebhooks signs, and by ed25519 what Node's own cryptography does.
// Usage: node journey.js ADDRESS SECRET PRIVATE_KEY. The last line of the output is the number of steps.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { Webhook } = require('standardwebhooks');

const [address, secret, privateKey] = process.argv.slice(2);
const webhook = new Webhook(secret);
// PrivateKeyInfo of ed25519 up to the 32 bytes of the seed (RFC 8410).
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const seed = Buffer.from(privateKey.slice('whsk_'.length), 'base64').subarray(0, 32);
const signingKey = crypto.createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
const body = JSON.stringify({ type: 'contact.created', timestamp: new Date().toISOString(), data: { name: 'Łukasz ✓' } });
let steps = 0;

function edSign(id, at, payload) {
  const content = Buffer.from(`${id}.${Math.floor(at / 1000)}.${payload}`);
  return `v1a,${crypto.sign(null, content, signingKey).toString('base64')}`;
}

async function deliver(expected, id, { at = new Date(), payload = body, signature = webhook.sign(id, at, body), headers = {} } = {}) {
  const response = await fetch(address, {
    method: 'POST',
    body: payload,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': `${Math.floor(at / 1000)}`,
      'webhook-signature': signature,
      ...headers,
    },
  });
  assert.equal(response.status, expected, id);
  steps++;
}

(async () => {
  const now = new Date();
  const good = webhook.sign('msg_rotated', now, body);
  const other = new Webhook(`whsec_${Buffer.alloc(32, 9).toString('base64')}`);
  await deliver(200, 'msg_valid');
  await deliver(200, 'msg_valid');
  await deliver(200, 'msg_rotated', { at: now, signature: `${other.sign('msg_rotated', now, body)} v2,AAAA nonsense ${good} v1,` });
  await deliver(200, 'msg_ed25519', { at: now, signature: edSign('msg_ed25519', now, body) });
  await deliver(200, 'msg_early', { at: new Date(Date.now() + 290_000) });
  await deliver(401, 'msg_forged', { at: now, signature: other.sign('msg_forged', now, body) });
  await deliver(401, 'msg_changed', { payload: body.replace('contact', 'contract') });
  await deliver(401, 'msg_other_id', { at: now, signature: good });
  await deliver(401, 'msg_cut', { at: now, signature: webhook.sign('msg_cut', now, body).slice(0, -4) });
  await deliver(401, 'msg_ed25519_as_hmac', { at: now, signature: edSign('msg_ed25519_as_hmac', now, body).replace('v1a', 'v1') });
  await deliver(401, 'msg_old', { at: new Date(Date.now() - 310_000) });
  await deliver(401, 'msg_future', { at: new Date(Date.now() + 310_000) });
  await deliver(400, 'msg_no_signature', { headers: { 'webhook-signature': '' } });
  await deliver(401, 'msg_no_number', { headers: { 'webhook-timestamp': 'hello' } });
  console.log(steps);
})().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
