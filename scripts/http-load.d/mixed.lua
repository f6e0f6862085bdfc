-- Requests of many clients: mostly products, some pages of categories and some lists. A few products
-- are asked for much more often than the others. One line of the output is for `scripts/http-load`.

local function product()
   -- The cube of a uniform number: half of the requests are for an eighth of the products.
   return "/api/products/" .. 1 + math.floor(2000 * math.random() ^ 3)
end

function request()
   local kind = math.random(10)
   if kind <= 7 then return wrk.format("GET", product()) end
   local category = math.random(50)
   if kind <= 9 then return wrk.format("GET", "/api/categories/" .. category) end
   return wrk.format("GET", "/api/products?category=" .. category .. "&sort=price")
end

-- Mean number of milliseconds, more than one, before the next request of a connection, for less than
-- the full load. wrk waits for whole milliseconds, so that the fraction decides how often it is one more.
local pause = tonumber(os.getenv("HTTP_LOAD_PAUSE") or "0")
if pause > 0 then
   function delay() return 1 + math.floor(2 * (pause - 1) * math.random() + math.random()) end
end

function done(summary, latency)
   local failed = summary.errors.status + summary.errors.read + summary.errors.timeout
   print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, summary.bytes,
      latency:percentile(99), failed))
end
