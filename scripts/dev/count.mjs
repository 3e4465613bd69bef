// Adds up the results of several test runs and prints `N passed, N failed, N skipped`. A run without results and a test
// file that could not be loaded count as failures.
import fs from 'node:fs';

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  if (!fs.existsSync(file)) {
    process.stderr.write(`count: ${file} is missing: its test run did not end\n`);
    sum.failed++;
    continue;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    fs.readFileSync(file, 'utf8'),
  );
  sum.passed += numPassedTests;
  sum.failed +=
    numFailedTests +
    testResults.filter((each) => each.status === 'failed' && each.assertionResults.length === 0).length;
  sum.skipped += numPendingTests + numTodoTests;
}
if (sum.passed === 0) sum.failed ||= 1;
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed === 0 ? 0 : 1;
