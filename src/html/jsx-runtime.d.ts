/*
 * The types of preact's JSX runtime, as far as pages rendered on the server need them. package.json's
 * `imports` pairs this file with preact. Preact's own types bring those of a browser, which replace
 * Node's: `response.json()` would be `any`, and `window` would exist.
 */

/** An element before it is rendered. */
export interface VNode {
  readonly type: unknown;
  readonly props: unknown;
}

/** What may stand between two tags. Texts are escaped; `null`, `undefined` and booleans show nothing. */
export type ComponentChildren =
  | VNode
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly ComponentChildren[];

export namespace JSX {
  type Element = VNode;
  type ElementType = string | ((props: never) => VNode | null);
  interface ElementChildrenAttribute {
    children: unknown;
  }
  interface IntrinsicAttributes {
    key?: string | number;
  }
  interface Attributes extends IntrinsicAttributes {
    children?: ComponentChildren;
    [name: string]: ComponentChildren;
  }
  /** Names and attributes are written as in HTML and SVG. A server has no event handlers. */
  interface IntrinsicElements {
    [tag: string]: Attributes;
  }
}

export function jsx(type: unknown, props: unknown, key?: string | number): VNode;
export function jsxs(type: unknown, props: unknown, key?: string | number): VNode;
export function Fragment(props: { readonly children?: ComponentChildren }): VNode;
