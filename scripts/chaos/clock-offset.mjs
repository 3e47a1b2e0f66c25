// NODE_OPTIONS loads this before a program, whose JavaScript then sees a clock with an offset.

const offset = Number(process.env.CHAOS_CLOCK_OFFSET_MS);
const SystemDate = Date;

globalThis.Date = class Date extends SystemDate {
  constructor(...given) {
    super(...(given.length === 0 ? [SystemDate.now() + offset] : given));
  }

  static now() {
    return SystemDate.now() + offset;
  }
};
