import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

it('npm run test:collector builds the release of the collector that compose runs', () => {
  const [, release] =
    /opentelemetry-collector-contrib:(\S+)$/m.exec(read('docker-compose.yml')) ?? [];
  const goModule = read('tools/otel-collector/go.mod');
  const direct = goModule.split('\n)')[0] ?? '';
  const parts = [...direct.matchAll(/opentelemetry-collector-contrib\/\S+ v(\S+)$/gm)];
  expect(parts.length).toBeGreaterThan(2);
  expect(new Set(parts.map(([, version]) => version))).toEqual(new Set([release]));
  expect(goModule).toContain(`go.opentelemetry.io/collector/otelcol v${release}\n`);
  expect(read('tools/otel-collector/main.go')).toContain(`Version: "${release}"`);
});
