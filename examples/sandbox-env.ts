// Writes DATA_DIR/client.env for `node --env-file`: what the examples need to use the stack of
// `npm start`. Reads DATA_DIR, the ports and TEMPORAL_… from the environment, as the stack does.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { portsFrom } from '../sandbox/ports.ts';
import { stackSettings } from '../sandbox/stack-settings.ts';

/** "Demo Telehealth", the organization of the published examples. */
const ORGANIZATION_ID = '0198a000-0000-7000-8000-000000000001';

const dataDir = path.resolve(process.env.DATA_DIR || '.data');
const secrets = JSON.parse(readFileSync(path.join(dataDir, 'secrets.json'), 'utf8')) as {
  postgresPassword: string;
  hashSecret: string;
  encryptionKeys: string;
  codecToken: string;
};
const { env, namespace } = stackSettings({
  env: process.env,
  ports: portsFrom(process.env),
  dataDir,
  secrets,
});
const { DATABASE_URL, HASH_SECRET, ENCRYPTION_KEYS, TEMPORAL_ADDRESS, TEMPORAL_UI_URL } = env;
const variables = {
  ...{ DATABASE_URL, HASH_SECRET, ENCRYPTION_KEYS, TEMPORAL_ADDRESS, TEMPORAL_UI_URL },
  TEMPORAL_NAMESPACE: namespace,
  ORGANIZATION_ID,
};

const file = path.join(dataDir, 'client.env');
const lines = Object.entries(variables).map(([name, value]) => `${name}=${value ?? ''}\n`);
// Readable by its owner only, because it opens the database.
writeFileSync(file, lines.join(''), { mode: 0o600 });
console.log(`wrote ${path.relative('', file)}`);
