// Drives the simulated Vault with the client node-vault: set-up by an operator, work by a service, and the sealed hours.
// Usage: node journey.js ADDRESS ROOT_TOKEN SERVICE_ACCOUNT_TOKEN. The last line of the output is the number of steps.
'use strict';

const assert = require('node:assert/strict');
const vault = require('node-vault');

const [endpoint, rootToken, jwt] = process.argv.slice(2);
const base64 = (text) => Buffer.from(text).toString('base64');
const as = (token) => vault({ endpoint, token });
let steps = 0;

async function step(name, work) {
  try {
    await work();
    steps++;
  } catch (error) {
    console.error(`${name}: ${error.stack} ${JSON.stringify(error.response ?? {})}`);
    process.exit(1);
  }
}

async function refused(promise, status, message) {
  const error = await promise.then(() => assert.fail('was not refused'), (e) => e);
  assert.equal(error.response?.statusCode, status, error.message);
  if (message) assert.match(error.message, message);
}

(async () => {
  const root = as(rootToken);
  let service;

  await step('health and seal status', async () => {
    const health = await root.health();
    assert.deepEqual([health.initialized, health.sealed, health.standby], [true, false, false]);
    const status = await root.status();
    assert.deepEqual([status.type, status.t, status.n], ['shamir', 1, 1]);
    assert.equal((await root.initialized()).initialized, true);
  });

  await step('mounts', async () => {
    const { data } = await root.mounts();
    assert.equal(data['secret/'].options.version, '2');
    assert.equal(data['transit/'].type, 'transit');
    await root.mount({ mount_point: 'other', type: 'transit' });
    await root.unmount({ mount_point: 'other' });
  });

  await step('AppRole with a policy and a wrapped secret id', async () => {
    await root.addPolicy({
      name: 'service',
      policy: `path "transit/encrypt/t-*" { capabilities = ["update"] }
               path "transit/decrypt/t-*" { capabilities = ["update"] }
               path "transit/keys/t-*" { capabilities = ["read"] }
               path "secret/data/svc/*" { capabilities = ["create", "read", "update"] }
               path "secret/data/svc/denied" { capabilities = ["deny"] }`,
    });
    assert.match((await root.getPolicy({ name: 'service' })).data.rules, /transit\/encrypt/);
    await root.enableAuth({ mount_point: 'approle', type: 'approle' });
    await root.addApproleRole({ role_name: 'svc', policies: 'service', token_ttl: 1200, token_max_ttl: 3600 });
    const { data: { role_id } } = await root.getApproleRoleId({ role_name: 'svc' });
    const wrapped = await root.write('auth/approle/role/svc/secret-id', {}, { headers: { 'X-Vault-Wrap-TTL': '120s' } });
    const secret = await as(wrapped.wrap_info.token).unwrap({ token: wrapped.wrap_info.token });
    await refused(as(wrapped.wrap_info.token).unwrap({ token: wrapped.wrap_info.token }), 400, /wrapping token is not valid/);
    service = as();
    const login = await service.approleLogin({ role_id, secret_id: secret.data.secret_id });
    assert.deepEqual(login.auth.policies, ['default', 'service']);
    assert.equal(login.auth.lease_duration, 1200);
    await refused(as().approleLogin({ role_id, secret_id: 'wrong' }), 400, /invalid role or secret ID/);
  });

  await step('token look-up and renewal', async () => {
    const self = await service.tokenLookupSelf();
    assert.equal(self.data.path, 'auth/approle/login');
    const renewed = await service.tokenRenewSelf({ increment: '2h' });
    assert.ok(renewed.auth.lease_duration <= 3600);
  });

  await step('transit keys', async () => {
    await root.write('transit/keys/t-1', {});
    const again = await root.write('transit/keys/t-1', { derived: true });
    assert.deepEqual([again.warnings, again.data.derived], [['key t-1 already existed'], false]);
    await refused(root.write('transit/keys/t-2', { auto_rotate_period: '5m' }), 400, /at least an hour/);
    await refused(service.write('transit/keys/t-3', {}), 403, /permission denied/);
  });

  let first;
  await step('encryption with associated data, and its rotation', async () => {
    const sealed = await service.encryptData({ name: 't-1', plaintext: base64('clear'), associated_data: base64('row 1') });
    first = sealed.data.ciphertext;
    assert.match(first, /^vault:v1:/);
    const opened = await service.decryptData({ name: 't-1', ciphertext: first, associated_data: base64('row 1') });
    assert.equal(opened.data.plaintext, base64('clear'));
    await refused(service.decryptData({ name: 't-1', ciphertext: first, associated_data: base64('row 2') }), 400, /message authentication failed/);
    await root.write('transit/keys/t-1/rotate', {});
    const next = await service.encryptData({ name: 't-1', plaintext: base64('clear') });
    assert.match(next.data.ciphertext, /^vault:v2:/);
    await service.decryptData({ name: 't-1', ciphertext: first, associated_data: base64('row 1') });
    await refused(root.transitRewrap?.({ name: 't-1', ciphertext: first }) ?? root.write('transit/rewrap/t-1', { ciphertext: first }), 400, /message authentication failed/);
    const plain = await service.encryptData({ name: 't-1', plaintext: base64('x'), key_version: 1 });
    const rewrapped = await root.write('transit/rewrap/t-1', { ciphertext: plain.data.ciphertext });
    assert.match(rewrapped.data.ciphertext, /^vault:v2:/);
    await refused(service.encryptData({ name: 't-none', plaintext: base64('x') }), 403);
    await refused(service.decryptData({ name: 't-none', ciphertext: first }), 400, /encryption key not found/);
    await refused(service.decryptData({ name: 't-1', ciphertext: 'clear' }), 400, /no prefix/);
  });

  await step('batches fail in part', async () => {
    const items = [{ plaintext: base64('a'), reference: 'one' }, { plaintext: '***', reference: 'two' }];
    const error = await service.write('transit/encrypt/t-1', { batch_input: items }).catch((e) => e);
    assert.equal(error.response.statusCode, 400);
    assert.deepEqual(error.response.body.data.batch_results.map((r) => [r.reference, Boolean(r.error)]), [['one', false], ['two', true]]);
    const partial = await service.write('transit/encrypt/t-1', { batch_input: items, partial_failure_response_code: 200 });
    assert.equal(partial.data.batch_results.length, 2);
    await refused(service.write('transit/encrypt/t-1', { batch_input: [{ plaintext: '', context: base64('c') }, { plaintext: '' }] }), 400, /in all the request blocks or in none/);
  });

  await step('data keys', async () => {
    const { data } = await root.write('transit/datakey/plaintext/t-1', {});
    assert.equal(Buffer.from(data.plaintext, 'base64').length, 32);
    assert.equal((await root.decryptData({ name: 't-1', ciphertext: data.ciphertext })).data.plaintext, data.plaintext);
    assert.equal((await root.write('transit/datakey/wrapped/t-1', { bits: 512 })).data.plaintext, undefined);
  });

  await step('old versions are disallowed, and a key is deleted', async () => {
    await root.write('transit/keys/t-1/config', { min_decryption_version: 2 });
    await refused(service.decryptData({ name: 't-1', ciphertext: first }), 400, /too old/);
    await refused(root.delete('transit/keys/t-1'), 400, /deletion is not allowed/);
    await root.write('transit/keys/t-1/config', { deletion_allowed: true });
    await root.delete('transit/keys/t-1');
    await refused(root.read('transit/keys/t-1'), 404);
  });

  await step('key-value secrets', async () => {
    const written = await service.write('secret/data/svc/app', { options: { cas: 0 }, data: { id: '7' } });
    assert.equal(written.data.version, 1);
    await refused(service.write('secret/data/svc/app', { options: { cas: 0 }, data: {} }), 400, /did not match the current version/);
    await service.write('secret/data/svc/app', { options: { cas: 1 }, data: { id: '8' } });
    assert.equal((await service.read('secret/data/svc/app')).data.data.id, '8');
    assert.equal((await service.read('secret/data/svc/app?version=1')).data.data.id, '7');
    await refused(service.read('secret/data/svc/denied'), 403);
    await refused(service.read('secret/data/svc/none'), 404);
    await root.delete('secret/data/svc/app');
    const gone = await service.read('secret/data/svc/app').catch((e) => e);
    assert.equal(gone.response.statusCode, 404);
    assert.deepEqual([gone.response.body.data.data, gone.response.body.data.metadata.version], [null, 2]);
    await root.write('secret/undelete/svc/app', { versions: [2] });
    await root.write('secret/destroy/svc/app', { versions: [1] });
    const { data } = await root.read('secret/metadata/svc/app');
    assert.deepEqual([data.current_version, data.versions['1'].destroyed, data.versions['2'].deletion_time], [2, true, '']);
    assert.deepEqual((await root.list('secret/metadata/svc')).data.keys, ['app']);
    await root.delete('secret/metadata/svc/app');
    await refused(root.list('secret/metadata/svc'), 404);
  });

  await step('Kubernetes', async () => {
    await root.enableAuth({ mount_point: 'kubernetes', type: 'kubernetes' });
    await root.write('auth/kubernetes/config', { kubernetes_host: 'https://cluster' });
    await root.write('auth/kubernetes/role/api', {
      bound_service_account_names: ['api'], bound_service_account_namespaces: ['backend'], token_policies: ['service'], token_ttl: '10m',
    });
    const login = await as().kubernetesLogin({ mount_point: 'kubernetes', role: 'api', jwt });
    assert.equal(login.auth.metadata.service_account_name, 'api');
    await refused(as().kubernetesLogin({ mount_point: 'kubernetes', role: 'api', jwt: 'forged' }), 403);
  });

  await step('a revoked token', async () => {
    await service.tokenRevokeSelf();
    await refused(service.tokenLookupSelf(), 403);
  });

  await step('sealed', async () => {
    await root.seal();
    assert.equal((await root.health()).sealed, true);
    await refused(root.read('secret/data/svc/app'), 503, /sealed/);
    assert.equal((await root.unseal({ key: rootToken })).sealed, false);
    await root.read('sys/mounts');
  });

  console.log(steps);
})();
