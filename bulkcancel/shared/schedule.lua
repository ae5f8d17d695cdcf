-- One schedule of sends for all processes that name the same key. Redis runs this as a whole, so no
-- two processes are ever given the same slot; all times are by the clock of its own machine.
--
-- KEYS[1]  the schedule
-- ARGV     rate (sends per second), how many slots, for how long all are to send nothing (seconds)
-- returns  seconds until the first slot (up to 0.02 ago), seconds between slots, slots,
--          seconds for which nothing may be sent, rate in force
local LATE = 2e4      -- so many microseconds late a slot is still given out, not made anew
local STALE = 1e7     -- for so long the lowest rate counts that anybody asked for
local AHEAD = 1e7     -- further ahead than this, and than so many slots, nobody plans:
local MOST_SLOTS = 5e3 -- then the clock was set back
local KEEP = 6e7      -- a schedule that nobody asks for is forgotten after that

local time = redis.call('TIME')
-- Counted from 2023 on: a number then holds fractions of a microsecond too.
local now = (time[1] - 1672531200) * 1e6 + time[2]
local own, wanted, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]) * 1e6
local kept = redis.call('HMGET', KEYS[1], 'next', 'rate', 'rate_at', 'paused', 'pause')
local next_slot, rate, rate_at = tonumber(kept[1]), tonumber(kept[2]), tonumber(kept[3])
local paused, told = tonumber(kept[4]) or now, tonumber(kept[5]) or 0

if not rate then
  rate, rate_at = own, 0 -- as of whoever only looks, it binds nobody
end
local stale = math.max(STALE, 3e6 / rate)
if wanted > 0 and (own <= rate or now - rate_at > stale or now < rate_at) then
  rate, rate_at = own, now
end
local interval = 1e6 / rate

-- A pause that seems longer than it was told to be: the clock was set back.
paused = math.min(paused, now + told)
if now + pause > paused then
  paused, told = now + pause, pause
end

local ahead = math.max(AHEAD, MOST_SLOTS * interval)
if not next_slot or now - next_slot > LATE or next_slot - now > ahead then
  next_slot = now -- nobody asked for a while: what was not used is not made up for
end
local granted, wait = 0, 0
if wanted > 0 and paused <= now then
  granted, wait = wanted, next_slot - now
  next_slot = next_slot + wanted * interval
end

local function text(number) return string.format('%.17g', number) end
if wanted > 0 or pause > 0 then
  redis.call('HSET', KEYS[1], 'next', text(next_slot), 'rate', text(rate),
    'rate_at', text(rate_at), 'paused', text(paused), 'pause', text(told))
  local keep = math.max(next_slot, paused, rate_at + stale) - now + KEEP
  redis.call('PEXPIRE', KEYS[1], string.format('%d', keep / 1e3))
end
return {text(wait / 1e6), text(interval / 1e6), granted, text((paused - now) / 1e6), text(rate)}
