-- Requests of clients that come again: each sends the entity tag of the list that it got before.
-- One line of the output is for `scripts/http-load`.

local tags = {}

function request()
   local category = tostring(math.random(50))
   local headers = {}
   if tags[category] then headers["If-None-Match"] = tags[category] end
   return wrk.format("GET", "/api/products?category=" .. category, headers)
end

function response(status, headers, body)
   if status ~= 200 then return end
   local tag = headers["etag"] or headers["ETag"]
   local category = body:match('"category":(%d+)')
   if tag and category then tags[category] = tag end
end

function done(summary, latency)
   local failed = summary.errors.status + summary.errors.read + summary.errors.timeout
   print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, summary.bytes,
      latency:percentile(99), failed))
end
