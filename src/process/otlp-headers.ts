import { z } from 'zod';

/** `name=value,…`; the values are percent-encoded (OpenTelemetry specification, "Protocol Exporter"). */
export const otlpHeaders = z.string().transform((text, context): Record<string, string> => {
  try {
    return Object.fromEntries(
      text.split(',').map((pair) => {
        const [, name = '', value = ''] = /^\s*([\w-]+)\s*=(.*)$/.exec(pair) ?? [];
        if (name === '') throw new Error('no name');
        return [name, decodeURIComponent(value.trim())];
      }),
    );
  } catch {
    context.addIssue({
      code: 'custom',
      message: 'must be name=value,… with percent-encoded values',
    });
    return z.NEVER;
  }
});
