import type { VNode } from './jsx-runtime.d.ts';

/** The type of preact-render-to-string, whose own brings those of a browser (jsx-runtime.d.ts). */
export function renderToString(element: VNode): string;
