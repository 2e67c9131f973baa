/** Adds up vitest's JSON reports: prints "N passed, N failed", exits with 1 unless every test ran and passed. */
import { existsSync, readFileSync } from 'node:fs';

let [passed, failed] = [0, 0];
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.error(`${file}: ${skipped} tests were skipped; that counts as failed`);
  // A file that does not load, or an error outside any test, fails a run without a failed test.
  const unseen = existsSync(`${file}.failed`) && report.numFailedTests === 0 ? 1 : 0;
  passed += report.numPassedTests;
  failed += report.numFailedTests + skipped + unseen;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
