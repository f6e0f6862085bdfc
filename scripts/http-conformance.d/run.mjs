// Runs the suite together with the tests of `newer.mjs`, and prints the results as JSON.
//
//   node run.mjs SUITE_FOLDER BASE_URL
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { newer } from './newer.mjs'
import { suite } from './suite.mjs'

const [folder, base] = process.argv.slice(2)
const { runTests, getResults } = await import(pathToFileURL(`${folder}/client/runner.mjs`))
const fetch = createRequire(`${folder}/cli.mjs`)('node-fetch')

const tests = await suite(folder)
await runTests([...tests, { tests: newer(tests) }], fetch, false, base)
console.log(JSON.stringify(getResults(), null, 2))
