import { expect } from 'chai';
import type { Finding, Severity } from '../../../../src/core/lint/finding.ts';
import { lintReport, reportBefore } from '../../../../src/core/status/lint-report.ts';

const finding = (severity: Severity, rule: string, message = 'this is wrong'): Finding => ({
  rule,
  severity,
  message,
  fix: 'Do that.',
  where: { field: 'spec.syscalls[0]' },
  docs: '',
});

describe('what a status says of the linter', () => {
  it('is True and quiet where nothing was found', () => {
    const { warnings, condition } = lintReport([finding('info', 'a')]);
    expect(warnings).to.deep.equal([]);
    expect(condition).to.include({ type: 'Linted', status: 'True', reason: 'NothingFound' });
  });

  it('is True with warnings alone', () => {
    const { warnings, condition } = lintReport([finding('warning', 'a')]);
    expect(warnings).to.deep.equal([
      { rule: 'a', severity: 'Warning', field: 'spec.syscalls[0]', message: 'this is wrong. Do that.' },
    ]);
    expect(condition).to.include({
      status: 'True',
      reason: 'WarningsFound',
      message: '1 warning: a; see status.warnings',
    });
  });

  it('is False with errors, and counts all', () => {
    const { condition } = lintReport([finding('error', 'a'), finding('error', 'a'), finding('warning', 'b')]);
    expect(condition).to.include({ status: 'False', reason: 'ErrorsFound' });
    expect(condition.message).to.equal('2 errors, 1 warning: a, b; see status.warnings');
  });

  it('stays within the bounds of the CRD', () => {
    const many = Array.from({ length: 30 }, (_, at) => finding('error', `rule-${at}`, 'x'.repeat(2_000)));
    const { warnings, condition } = lintReport(many);
    expect(warnings).to.have.lengthOf(10);
    for (const { message } of warnings) expect(message.length).to.be.at.most(512);
    expect(condition.message.length).to.be.at.most(1_024);
  });

  it('stands for the same generation until there is a new one', () => {
    const { warnings, condition } = lintReport([finding('error', 'a')]);
    const status = {
      warnings: [...warnings],
      conditions: [{ ...condition, observedGeneration: 2, lastTransitionTime: '2026-11-25T00:00:00Z' }],
    };
    expect(reportBefore(status, 2)).to.deep.equal({ warnings, condition });
    expect(reportBefore(status, 3)).to.equal(undefined);
    expect(reportBefore(undefined, 1)).to.equal(undefined);
  });
});
