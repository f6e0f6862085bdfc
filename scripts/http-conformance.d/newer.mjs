// Tests of the suite whose expectations have changed since the package was published. A cache that
// meets the newer expectation fails the packaged test.
//
// Each test is changed to the newer expectation, and runs as `newer-ID` beside the packaged one.

// RFC 9111, section 5.1: of several members of `Age` the first one counts, and a value that is not a
// number is ignored. None of these responses is stale then.
const age = 'a response with a bad or repeated `Age` was to be stale; RFC 9111 section 5.1 ignores a bad value and takes the first of several'

// The old test wants the answer to have a field that only the origin sets. The cache could not reach
// the origin, so its answer is a 502 without that field.
const closed = 'the answer of a proxy whose origin closed the connection is a 502 without the counter that the test reads'

// RFC 9111, section 3.2: a 304 updates every field except those that describe the stored bytes.
const updated = 'RFC 9111 section 3.2 has a 304 update this field'
const kept = 'the stored bytes have the type that came with them; the newer test wants the stored value'

// The only required tests that may fail, each with the reason.
export const reasons = {
  'age-parse-nonnumeric': age,
  'age-parse-negative': age,
  'age-parse-float': age,
  'age-parse-prefix-twoline': age,
  'age-parse-dup-0': age,
  'age-parse-dup-0-twoline': age,
  'age-parse-dup-old': age,
  'age-parse-parameter': age,
  'age-parse-numeric-parameter': age,
  'stale-close-must-revalidate': closed,
  'stale-close-proxy-revalidate': closed,
  'stale-close-no-cache': closed,
  'stale-close-s-maxage=2': closed,
  '304-etag-update-response-Content-MD5': updated,
  '304-etag-update-response-Content-Type': kept,
  '304-etag-update-response-ETag': updated
}

// Returns the changed tests.
export function newer (groups) {
  const tests = groups.flatMap(group => group.tests)
  return Object.entries(reasons).map(([id, reason]) => {
    const test = structuredClone(tests.find(test => test.id === id))
    change(test.requests, reason, id)
    return { ...test, id: `newer-${id}`, name: `${test.name} (newer)` }
  })
}

function change (requests, reason, id) {
  if (reason === age) {
    requests[1].expected_type = 'cached'
  } else if (reason === closed) {
    delete requests[1].expected_type
    requests[1].expected_status = 502
    requests[1].expected_response_text = null
  } else {
    updates(requests, id.split('-').slice(4).join('-'), reason === updated)
  }
}

// Changes a test of a 304 with another value of `field`, so that the answer to the second and to the
// third request has the new value if `isUpdated`, and the stored one if not.
function updates (requests, field, isUpdated) {
  const line = request => request.response_headers.find(([name]) => name === field)
  const wanted = line(requests[isUpdated ? 1 : 0])[1]
  for (const request of requests.slice(1)) {
    request.expected_response_headers = [[field, wanted]]
    // The origin's own value is not compared with the answer's.
    line(request)[2] = false
  }
}
