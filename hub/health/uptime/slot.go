package uptime

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"zhanqun/internal/chinatime"
)

// PerDay is how often a site is asked a day: 20 at least are official, and four
// more may be lost.
const PerDay = 24

// Each hour holds one visit: at the minute of the site, the same every hour and
// between 10 and 50, moved by up to ten minutes either way.
const (
	earliest = 10 * time.Minute
	spread   = 40 * time.Minute
	jitter   = 10 * time.Minute
)

// Slot returns when a site is due in the hour of Beijing that t lies in.
func Slot(site string, t time.Time) time.Time {
	t = t.In(chinatime.Zone)
	hour := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, chinatime.Zone)
	base := earliest + part(site, 0, spread)
	return hour.Add(base - jitter + part(site, hour.Unix(), 2*jitter)).Truncate(time.Second)
}

// Slots returns the times a site is due on the day in Beijing that t lies in.
func Slots(site string, t time.Time) []time.Time {
	day := Day0(t)
	list := make([]time.Time, PerDay)
	for h := range list {
		list[h] = Slot(site, day.Add(time.Duration(h)*time.Hour))
	}
	return list
}

// Next returns the first time a site is due after t.
func Next(site string, t time.Time) time.Time {
	for {
		if s := Slot(site, t); s.After(t) {
			return s
		}
		t = t.In(chinatime.Zone).Truncate(time.Hour).Add(time.Hour)
	}
}

// Day0 returns the midnight in Beijing with which the day of t begins there.
func Day0(t time.Time) time.Time {
	y, m, d := t.In(chinatime.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, chinatime.Zone)
}

// part returns a fixed part of whole, from 0 up to it, for a site and an hour.
func part(site string, hour int64, whole time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(site)) // never fails
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(hour)))
	return time.Duration(mix(h.Sum64()) % uint64(whole))
}

// mix spreads the bits of a sum whose inputs differ in a few bits only.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
