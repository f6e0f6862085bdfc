// The tests of the installed suite.
import { pathToFileURL } from 'node:url'

// Returns the groups of tests in `folder`, without those of `Surrogate-Control`. The suite has
// replaced them since by tests of `CDN-Cache-Control` (RFC 9213), which the package does not have.
export async function suite (folder) {
  return (await import(pathToFileURL(`${folder}/tests/index.mjs`))).default
}
