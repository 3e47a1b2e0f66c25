/** A request as the samples send it. */
export interface SampleRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

export type Language = 'curl' | 'javascript' | 'python' | 'go';

export const LANGUAGES: readonly { readonly id: Language; readonly name: string }[];

export function samplesOf(request: SampleRequest): Readonly<Record<Language, string>>;
