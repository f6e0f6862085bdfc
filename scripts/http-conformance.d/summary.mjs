// Counts the results of a run, and prints each failed test with its message.
//
//   node summary.mjs SUITE_FOLDER RESULTS.json [--check] [--json OUT]
import fs from 'node:fs'
import { reasons } from './newer.mjs'
import { suite } from './suite.mjs'

// The least numbers of tests to pass, for `--check`.
const LEAST = { required: 141, optimal: 78, check: 48 }

// The optimal tests that may fail, for `--check`. docs/http-conformance.md has the reasons.
const OPTIMAL_FAILURES = [
  'partial-store-partial-reuse-partial',
  'partial-store-partial-reuse-partial-byterange',
  'partial-store-partial-reuse-partial-absent',
  'partial-store-partial-reuse-partial-suffix',
  'partial-store-partial-complete',
  'method-POST',
  'vary-normalise-lang-select',
  'conditional-lm-fresh-no-lm',
]

const [folder, file, ...options] = process.argv.slice(2)
const results = JSON.parse(fs.readFileSync(file, 'utf8'))
const groups = await suite(folder)
const tests = new Map(groups.flatMap(group => group.tests).map(test => [test.id, test]))
const ran = [...tests.values()].filter(test => test.id in results)

// A test that stands on one that failed says nothing: it counts as not passed.
const stands = id => (tests.get(id).depends_on ?? []).every(other => passed(other))
const passed = id => results[id] === true && stands(id)
const kind = test => test.kind ?? 'required'
const why = id => stands(id) ? results[id].join(': ') : `stands on ${tests.get(id).depends_on.filter(other => !passed(other)).join(', ')}`

const counts = {}
const failed = {}
for (const name of ['required', 'optimal', 'check']) {
  const all = ran.filter(test => kind(test) === name)
  failed[name] = all.filter(test => !passed(test.id)).map(test => test.id)
  counts[name] = { passed: all.length - failed[name].length, total: all.length }
}
const ofNewer = Object.keys(reasons).map(id => `newer-${id}`)
const failedNewer = ofNewer.filter(id => results[id] !== true)

for (const [name, { passed, total }] of Object.entries(counts)) {
  console.log(`${name.padEnd(9)} ${passed} of ${total}`)
}
console.log(`newer     ${ofNewer.length - failedNewer.length} of ${ofNewer.length}`)
for (const [name, ids] of Object.entries(failed)) {
  console.log(`\n${name}, not passed:`)
  for (const id of ids) {
    const known = name === 'required' && id in reasons ? ` (expected to fail: ${reasons[id]})` : ''
    console.log(`  ${id}: ${why(id)}${known}`)
  }
}
if (failedNewer.length) console.log('\nnewer expectations, not met:')
for (const id of failedNewer) console.log(`  ${id}: ${results[id]?.join(': ')}`)

const at = options.indexOf('--json')
if (at >= 0) {
  const written = { suite: '0.4.5', counts, failed, newer: { failed: failedNewer }, results }
  fs.writeFileSync(options[at + 1], JSON.stringify(written, null, 2) + '\n')
}
if (options.includes('--check')) {
  const problems = Object.entries(LEAST)
    .filter(([name, least]) => counts[name].passed < least)
    .map(([name, least]) => `${name}: ${counts[name].passed} passed, fewer than ${least}`)
  const others = {
    required: failed.required.filter(id => !(id in reasons)),
    optimal: failed.optimal.filter(id => !OPTIMAL_FAILURES.includes(id)),
  }
  for (const [name, ids] of Object.entries(others)) {
    if (ids.length) problems.push(`${name} tests failed that must pass: ${ids.join(', ')}`)
  }
  if (failedNewer.length) problems.push(`newer expectations not met: ${failedNewer.join(', ')}`)
  for (const problem of problems) console.error(`error: ${problem}`)
  process.exitCode = problems.length ? 1 : 0
}
