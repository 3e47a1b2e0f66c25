// Loaded before a program (NODE_OPTIONS) whose clock is to be off: its JavaScript sees another time.

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
