/**
 * Lets a path have a parameter as long as a URL can be: a long id is an unknown id, not a different error. Node refuses a
 * longer request head, in bytes (its `--max-http-header-size`).
 */
export const ROUTER_OPTIONS = { maxParamLength: 16 * 1024 };
