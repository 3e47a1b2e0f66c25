/** Ends what makes no progress: its signal aborts when nothing touched it for its time. */
export interface IdleLimit {
  readonly signal: AbortSignal;
  /** Progress was made: the time starts anew. */
  touch(): void;
  /** It is over: the signal will not abort. */
  clear(): void;
}

/** @param ms the longest pause, in milliseconds; the first one starts now. */
export function createIdleLimit(ms: number): IdleLimit {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException('no progress', 'TimeoutError'));
  }, ms).unref();
  return {
    signal: controller.signal,
    touch: () => {
      timer.refresh();
    },
    clear: () => {
      clearTimeout(timer);
    },
  };
}
