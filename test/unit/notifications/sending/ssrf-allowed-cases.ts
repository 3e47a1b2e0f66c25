import { allowedUrls, INSIDE, inSandbox, named, PUBLIC, refusedUrls } from './ssrf-case.ts';

/* What is allowed, up to its edges; and the sandbox, which allows other things. */

export const ALLOWED = [
  ...allowedUrls([
    'https://hooks.example.com/',
    'https://hooks.example.com',
    'HTTPS://HOOKS.EXAMPLE.COM/Hook',
    'https://hooks.example.com:443/hook',
    'https://hooks.example.com:8443/hook?tenant=1',
    'https://h%6Foks.example.com/',
    'https://bücher.example/',
    'https://xn--bcher-kva.example/',
    'https://hooks.example.com/@127.0.0.1/',
    'https://hooks.example.com/?url=http://127.0.0.1/',
    'https://localhost.example.com/',
    'https://127.0.0.1.example.com/',
    'https://internal.example.com/',
    `https://hooks.example.com/${'a'.repeat(2_022)}`,
  ]),
  ...['1.0.0.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  ...['128.0.0.1', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.1.1'],
  ...['192.0.1.1', '192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255', PUBLIC],
  ...['2001:200::1', '2001:4860:4860::8888', '2003::1', '2606:4700:4700::1111', '2a00::1'],
].map((entry) => (typeof entry === 'string' ? named([[entry]], { connects: entry }) : entry));

export const SANDBOX = [
  inSandbox('http://127.0.0.1:4010/hook', { connects: '127.0.0.1' }),
  inSandbox('https://127.0.0.1:4010/hook', { connects: '127.0.0.1' }),
  inSandbox('http://127.9.9.9:1024/', { connects: '127.9.9.9' }),
  inSandbox('http://[::1]:65535/', { connects: '::1' }),
  inSandbox('http://2130706433:4010/', { connects: '127.0.0.1' }),
  inSandbox('http://localhost:4010/', { connects: '127.0.0.1' }, '127.0.0.1'),
  inSandbox('http://LOCALHOST:4010/', { connects: '::1' }, '::1'),
  inSandbox('http://hooks.localhost:4010/', { connects: '127.0.0.1' }, '127.0.0.1'),
  inSandbox('http://localhost:4010/', { refused: 'not_loopback' }, '127.0.0.1', PUBLIC),
  inSandbox('http://localhost:4010/', { refused: 'not_loopback' }, INSIDE),
  inSandbox('http://localhost:4010/', { refused: 'not_loopback' }, '::ffff:127.0.0.1'),
  inSandbox('http://localhost:4010/', { refused: 'not_an_address' }, '::1%lo'),
  ...refusedUrls(
    'address',
    [
      'http://93.184.215.14:4010/',
      'http://10.0.0.5:4010/',
      'http://169.254.169.254:8080/',
      'http://0.0.0.0:4010/',
      'http://[::]:4010/',
      'http://[::ffff:127.0.0.1]:4010/',
      'http://[2606:4700:4700::1111]:4010/',
      'http://128.0.0.1:4010/',
    ],
    true,
  ),
  ...refusedUrls(
    'host',
    [
      'https://hooks.example.com/',
      'http://hooks.example.com:4010/',
      'http://localhost.example.com:4010/',
      'http://notlocalhost:4010/',
      'http://postgres:5432/',
      'http://metadata.google.internal:8080/',
      'http://localhost.:4010/',
    ],
    true,
  ),
  ...refusedUrls(
    'port',
    [
      'http://127.0.0.1/',
      'https://127.0.0.1/',
      'http://127.0.0.1:22/',
      'http://127.0.0.1:1023/',
      'http://localhost:0/',
    ],
    true,
  ),
  ...refusedUrls('scheme', ['ftp://127.0.0.1:4010/', 'ws://127.0.0.1:4010/'], true),
  ...refusedUrls('credentials', ['http://a:b@127.0.0.1:4010/'], true),
  ...refusedUrls('fragment', ['http://127.0.0.1:4010/#a'], true),
];
