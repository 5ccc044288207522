-- wrk: posts the bodies of a file, one a line, in turn; prints one line of JSON at the end.
local requests, sent = {}, 0

function init(arguments)
  for body in io.lines(arguments[1]) do
    local headers = { ["Content-Type"] = "application/json" }
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)  -- to the path of the address
  end
end

function request()
  sent = sent + 1
  return requests[sent % #requests + 1]
end

function done(summary, latency)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  local form = 'SUMMARY {"answers": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}\n'
  io.write(form:format(
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors))
end
