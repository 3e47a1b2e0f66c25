// WEBHOOK_SECRET=whsec_… node verify.mjs ID TIMESTAMP SIGNATURES <body
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

function isGenuine(secret, { id, timestamp, signatures }, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  const matches = signatures.split(' ').some((text) => {
    const given = Buffer.from(text);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches && Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300;
}

const [id, timestamp, signatures] = process.argv.slice(2);
const body = readFileSync(0); // The raw bytes, before any parsing.
const genuine = isGenuine(process.env.WEBHOOK_SECRET, { id, timestamp, signatures }, body);
console.log(genuine ? 'genuine' : 'forged or too old');
process.exitCode = genuine ? 0 : 1;
