import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findings } from './dependencies.mjs';

it('a registry without advisories is no answer, and neither is no network', () => {
  assert.equal(findings(''), undefined);
  assert.equal(
    findings('{"message":"405 Method Not Allowed","statusCode":405,"error":{"summary":"","detail":""}}'),
    undefined,
  );
});

it('each package with an advisory is named, and one by way of another', () => {
  assert.deepEqual(findings('{"auditReportVersion":2,"vulnerabilities":{}}'), []);
  const report = {
    auditReportVersion: 2,
    vulnerabilities: {
      a: { name: 'a', severity: 'high', range: '<2', via: [{ title: 'It reads any file' }] },
      b: { name: 'b', severity: 'high', range: '*', via: ['a'] },
    },
  };
  assert.deepEqual(findings(JSON.stringify(report)), ['a <2: high: It reads any file', 'b *: high: by way of a']);
});
