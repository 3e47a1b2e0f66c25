import type { FastifyReply } from 'fastify';

/** The end of a call: an answer, or a dropped connection. */
export type Answer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'file'; readonly contentType: string; readonly bytes: Uint8Array }
  /** The simulator drops the connection. */
  | { readonly kind: 'reset' }
  /** The simulator sends nothing for a time and then drops the connection. */
  | { readonly kind: 'hang'; readonly ms: number };

/** Makes an answer in JSON. A text as its body is JSON already. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { kind: 'json', status, body, headers };
}

/** Makes an error answer: a code for programs, a message for people. */
export function problem(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(status, { code, message }, headers);
}

/** Sends the answer, or drops the connection instead. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  switch (answer.kind) {
    case 'json':
      return reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .type('application/json; charset=utf-8')
        .send(answer.body);
    case 'file':
      return reply.type(answer.contentType).send(Buffer.from(answer.bytes));
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return reply;
    case 'hang': {
      reply.hijack();
      const timer = setTimeout(() => reply.raw.destroy(), answer.ms);
      reply.raw.once('close', () => clearTimeout(timer));
      return reply;
    }
  }
}
