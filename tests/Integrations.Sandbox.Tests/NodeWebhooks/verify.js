// Judges deliveries with the library standardwebhooks, and those signed by ed25519, which it does not know, with Node's own cryptography.
// Usage: node verify.js DELIVERIES, a list in JSON: { key, id, timestamp, signature, body }, the body in base64.
// The last line of the output is a list of as many verdicts: "ok", or why not.
'use strict';

const crypto = require('node:crypto');
const { Webhook } = require('standardwebhooks');

// SubjectPublicKeyInfo of ed25519 up to the 32 bytes of the key (RFC 8410).
const spki = Buffer.from('302a300506032b6570032100', 'hex');

function verify({ key, id, timestamp, signature, body }) {
  const bytes = Buffer.from(body, 'base64');
  if (!key.startsWith('whpk_')) {
    new Webhook(key).verify(bytes, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }, { jsonParse: false });
    return;
  }

  const publicKey = crypto.createPublicKey({ key: Buffer.concat([spki, Buffer.from(key.slice(5), 'base64')]), format: 'der', type: 'spki' });
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), bytes]);
  const signatures = signature.split(' ').filter((item) => item.startsWith('v1a,')).map((item) => Buffer.from(item.slice(4), 'base64'));
  if (!signatures.some((item) => crypto.verify(null, content, publicKey, item))) throw new Error('No matching signature found');
}

console.log(JSON.stringify(JSON.parse(process.argv[2]).map((delivery) => {
  try {
    verify(delivery);
    return 'ok';
  } catch (error) {
    return error.message;
  }
})));
