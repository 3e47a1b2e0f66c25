import { DATA_CONVERTER } from './data-converter.ts';

/** Returns data of Temporal as text, with all payloads decrypted. */
export async function readable(value: unknown): Promise<string> {
  if (value === null || typeof value !== 'object') return `${String(value)} `;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString()} `;
  const fields = value as Record<string, unknown>;
  if (fields['metadata'] && fields['data'] instanceof Uint8Array) {
    const [payload] = (await DATA_CONVERTER.payloadCodecs?.[0]?.decode([fields])) ?? [];
    return `${Buffer.from(payload?.data ?? []).toString()} `;
  }
  const texts: string[] = [];
  for (const [name, each] of Object.entries(fields)) texts.push(`${name} ${await readable(each)}`);
  return texts.join('');
}
