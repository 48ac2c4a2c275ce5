// Loaded by `node --require`: shifts the wall clock of this process by CLOCK_SHIFT_MS; what measures time that passes
// (performance.now, timers) stays, as it does when an administrator or NTP sets a real machine's clock.
const shift = Number(process.env.CLOCK_SHIFT_MS);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + shift);
    else super(...args);
  }
  static now() {
    return Real.now() + shift;
  }
};
