import { describe, expect, it } from 'vitest';
import type { ForeignAccess } from '../../../src/egress/destination.ts';
import {
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import {
  downloadLink,
  FORBIDDEN,
  openLink,
  redirect,
  sentSecret,
  useDocumentServers,
} from './document-servers.ts';
import { errorOf, text } from './fake-pharmacy.ts';

const servers = useDocumentServers();

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    'with %i to another server is followed without credentials',
    async (status) => {
      servers.pharmacy.answer(
        redirect(`${servers.storage.url}/bucket/a?X-Amz-Signature=abc#x`, status),
      );
      servers.storage.answer(text(200, 'the bytes'));

      expect((await downloadLink(servers, '/documents/1')).toString()).toBe('the bytes');
      expect(sentSecret(servers.pharmacy)).toEqual([true]);
      expect(servers.storage.seen.map(({ url }) => url)).toEqual(['/bucket/a?X-Amz-Signature=abc']);
      expect(sentSecret(servers.storage)).toEqual([false]);
    },
  );

  it('within the pharmacy keeps the credentials, also with a relative target', async () => {
    servers.pharmacy.answer((response, request) => {
      if (request.url === '/documents/1') redirect('final?x=1')(response, request);
      else text(200, 'the bytes')(response, request);
    });
    expect((await downloadLink(servers, '/documents/1')).toString()).toBe('the bytes');
    expect(servers.pharmacy.seen.map(({ url }) => url)).toEqual([
      '/documents/1',
      '/documents/final?x=1',
    ]);
    expect(sentSecret(servers.pharmacy)).toEqual([true, true]);
  });

  it('from another server to the pharmacy gets no credentials, and none later', async () => {
    servers.storage.answer(redirect(`${servers.pharmacy.url}/admin`));
    servers.pharmacy.answer((response, request) => {
      if (request.url === '/documents/1') redirect(`${servers.storage.url}/a`)(response, request);
      else if (request.url === '/admin') redirect('/admin/2')(response, request);
      else text(200, 'public')(response, request);
    });
    expect((await downloadLink(servers, '/documents/1')).toString()).toBe('public');
    expect(servers.pharmacy.seen.map(({ url }) => url)).toEqual([
      '/documents/1',
      '/admin',
      '/admin/2',
    ]);
    expect(sentSecret(servers.pharmacy)).toEqual([true, false, false]);
  });

  it('may be the last of five, but not of six', async () => {
    const after = (redirects: number) => {
      let left = redirects;
      servers.storage.answer((response, request) => {
        left -= 1;
        if (left < 0) text(200, 'the bytes')(response, request);
        else redirect(`/next/${left}`)(response, request);
      });
    };
    after(5);
    expect((await downloadLink(servers, `${servers.storage.url}/a`)).toString()).toBe('the bytes');
    after(6);
    expect(await errorOf(openLink(servers, `${servers.storage.url}/a`))).toEqual(
      new PharmacyFaultError('DOCUMENT_REDIRECTS_TOO_OFTEN'),
    );
  });

  it('in a circle between both servers ends', async () => {
    servers.pharmacy.answer(redirect(`${servers.storage.url}/a`));
    servers.storage.answer(redirect(`${servers.pharmacy.url}/documents/1`));
    expect(await errorOf(openLink(servers, '/documents/1'))).toEqual(
      new PharmacyFaultError('DOCUMENT_REDIRECTS_TOO_OFTEN'),
    );
    expect(sentSecret(servers.pharmacy)).toEqual([true, false, false]);
    expect(sentSecret(servers.storage)).not.toContain(true);
  });

  it.each([
    ['file:///etc/passwd', 'DOCUMENT_URL_MALFORMED'],
    ['data:text/plain,x', 'DOCUMENT_URL_MALFORMED'],
    ['http://[', 'DOCUMENT_URL_MALFORMED'],
    ['http://example.com:8080/a', 'DOCUMENT_DESTINATION_FORBIDDEN'],
    ['http://169.254.169.254/latest/meta-data', 'DOCUMENT_DESTINATION_FORBIDDEN'],
    ['http://127.0.0.1/a', 'DOCUMENT_DESTINATION_FORBIDDEN'],
  ])('to %s is refused', async (target, code) => {
    servers.pharmacy.answer(redirect(target));
    expect(await errorOf(openLink(servers, '/documents/1'))).toEqual(new PharmacyFaultError(code));
  });

  it('without a target is a fault', async () => {
    for (const server of [servers.pharmacy, servers.storage]) {
      server.answer(text(302, 'x'));
      expect(await errorOf(openLink(servers, `${server.url}/a`))).toEqual(
        new PharmacyFaultError('PHARMACY_HTTP_302'),
      );
    }
  });

  it('leaves no connection open', async () => {
    const closed = new Promise<void>((resolve) => {
      servers.storage.answer((response) => {
        response.on('close', resolve);
        response.writeHead(302, { location: `${servers.pharmacy.url}/a` });
        response.write('a body without an end');
      });
    });
    servers.pharmacy.answer(text(200, 'the bytes'));
    expect(
      (await downloadLink(servers, `${servers.storage.url}/a`, { timeoutMs: 1_000 })).toString(),
    ).toBe('the bytes');
    await closed;
    // The time-out of the first answer passes without an unhandled error.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  });
});

describe('in production', () => {
  const resolving = (...addresses: string[]): ForeignAccess => ({
    policy: { sandbox: false },
    lookup: async () => addresses.map((address) => ({ address, family: 4 })),
  });

  it.each([
    'http://files.example.com/a',
    'https://files.example.com:444/a',
    'https://127.0.0.1/a',
    'https://[::1]/a',
    'https://10.0.0.8/a',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:10.0.0.8]/a',
    'https://2130706433/a',
    'https://metadata.google.internal/a',
    'https://localhost/a',
    'https://files/a',
  ])('refuses %s, as a link and as the target of a redirect', async (link) => {
    const foreign = resolving('93.184.215.14');
    expect(await errorOf(openLink(servers, link, { foreign }))).toEqual(FORBIDDEN);
    servers.pharmacy.answer(redirect(link));
    expect(await errorOf(openLink(servers, '/documents/1', { foreign }))).toEqual(FORBIDDEN);
  });

  it.each([['10.0.0.8'], ['127.0.0.1'], ['169.254.169.254'], ['93.184.215.14', '192.168.1.1']])(
    'refuses a name that resolves to %s',
    async (...addresses) => {
      const foreign = resolving(...addresses);
      expect(await errorOf(openLink(servers, 'https://files.example.com/a', { foreign }))).toEqual(
        FORBIDDEN,
      );
    },
  );

  it('retries when the name does not resolve', async () => {
    const foreign: ForeignAccess = {
      policy: { sandbox: false },
      lookup: () => Promise.reject(new Error('files.example.com was not found')),
    };
    expect(await errorOf(openLink(servers, 'https://files.example.com/a', { foreign }))).toEqual(
      new PharmacyUnavailableError('DOCUMENT_HOST_UNRESOLVED'),
    );
  });

  it('still opens the own server, which an operator configured', async () => {
    servers.pharmacy.answer(text(200, 'the bytes'));
    const foreign = resolving();
    expect((await downloadLink(servers, '/documents/1', { foreign })).toString()).toBe('the bytes');
  });

  it('does not open the own server after a redirect from elsewhere, if it is private', async () => {
    // The link has another origin, so the destination rules apply to it.
    const { port } = new URL(servers.pharmacy.url);
    const foreign = resolving('127.0.0.1');
    for (const link of [`http://localhost:${port}/a`, `https://127.0.0.1:${port}/a`]) {
      expect(await errorOf(openLink(servers, link, { foreign }))).toEqual(FORBIDDEN);
    }
    expect(servers.pharmacy.seen).toEqual([]);
  });
});
