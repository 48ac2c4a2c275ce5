// Mocha's spec reporter, and one line with the counts for whoever runs this as a job.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const line = `${passes} passed, ${failures} failed, ${pending} skipped\n`;
      const file = process.env.SECCOMP_OPERATOR_RESULTS;
      if (file) writeFileSync(file, line);
    });
  }
};
