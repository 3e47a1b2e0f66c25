import { expect, test } from 'vitest';
import { runCanaries } from '../../scripts/canaries/run.ts';

// A short form of `npm run canaries`: a few paths, all storage places, the same search.

const MINUTE_MS = 60_000;

test(
  'patient data is nowhere in clear text: not in stores, documents, logs, metrics or temporary files',
  async ({ signal }) => {
    const { markers, findings } = await runCanaries(
      ['completed', 'rejected', 'invalid', 'console', 'crashed'],
      () => undefined,
      signal,
    );

    expect(markers).toBeGreaterThan(150);
    const hits = findings.flatMap(({ place, hits: found }) =>
      found.map(({ file, field, encoding }) => `${place}: ${file}: ${field} (${encoding})`),
    );
    expect(hits).toEqual([]);
    const searched = findings.filter(({ bytes }) => bytes > 0).map(({ place }) => place);
    expect(searched).toEqual(
      expect.arrayContaining([
        ...['postgres', 'temporal', 'documents', 'logs', 'metrics'],
        ...['tables, dumped', 'workflows, dumped', 'output of stack and rx'],
      ]),
    );
  },
  5 * MINUTE_MS,
);
