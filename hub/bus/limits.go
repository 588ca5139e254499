package bus

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Limits bound what one node, or one address, may do to the line. Zero fields
// mean those of DefaultLimits.
type Limits struct {
	// Messages and Bytes are what a node may send in a second: frames, requests,
	// pieces of files and heartbeats together. burst seconds' worth may come at
	// once.
	Messages int
	Bytes    int64
	// Unread is how many frames of one node may lie in the stream: so many writes
	// to the disk others wait for at worst. A node that behaves has no more there
	// than are on their way through the hub, which is bounded by their bytes.
	Unread int64
	// Strangers is how many connections of one address may stand without having
	// signed in. Many nodes may share an address.
	Strangers int
	// Bar is how long a node stays out that goes on sending more than it may;
	// twice as long each further time, at most longestBar.
	Bar time.Duration
}

// DefaultLimits are far above what a node does that behaves: its frames and
// pieces carry up to 256 KiB each, and a disk that syncs every write takes about
// 1,000 messages a second of all nodes together.
func DefaultLimits() Limits {
	return Limits{Messages: 200, Bytes: 32 << 20, Unread: 48, Strangers: 2000, Bar: time.Minute}
}

const (
	burst      = 10             // seconds' worth of messages and bytes that may come at once
	longestBar = 24 * time.Hour // and after that long in peace, bars are forgotten
	signIns    = 1              // a second; a line that is cut every few seconds needs less
	signBurst  = 30             // at once
	offences   = 1              // a second: things a program that follows the protocol never does
	offBurst   = 50             // at once; more of them and the node is barred
)

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Messages > 0 {
		d.Messages = l.Messages
	}
	if l.Bytes > 0 {
		d.Bytes = l.Bytes
	}
	if l.Unread > 0 {
		d.Unread = l.Unread
	}
	if l.Strangers > 0 {
		d.Strangers = l.Strangers
	}
	if l.Bar > 0 {
		d.Bar = l.Bar
	}
	return d
}

// exceeded reports whether more was taken in elapsed seconds, of all nodes
// together, than one may send: reason to look who it was.
func (l Limits) exceeded(before, now server.MsgBytes, elapsed float64) bool {
	return float64(now.Msgs-before.Msgs) > elapsed*float64(l.Messages) || float64(now.Bytes-before.Bytes) > elapsed*float64(l.Bytes)
}

// bucket counts what leaks away by and by.
type bucket struct {
	level float64
	at    time.Time
}

// leak lets go of rate a second.
func (b *bucket) leak(now time.Time, rate float64) {
	b.level = max(0, b.level-rate*now.Sub(b.at).Seconds())
	b.at = now
}

// take adds n if it fits below most.
func (b *bucket) take(now time.Time, n, rate, most float64) bool {
	b.leak(now, rate)
	if b.level+n > most {
		return false
	}
	b.level += n
	return true
}

// add adds n, which cannot be undone, and reports whether it fitted.
func (b *bucket) add(now time.Time, n, rate, most float64) bool {
	b.leak(now, rate)
	b.level += n
	return b.level <= most
}

// brims adds n and reports whether that is more than rate a second for half a
// second, above which nothing is counted.
func (b *bucket) brims(now time.Time, n, rate float64) bool {
	fits := b.add(now, n, rate, rate/2)
	b.level = min(b.level, rate/2)
	return !fits
}

// spread adds n that came evenly over a time that ends now, and reports whether
// it fitted.
func (b *bucket) spread(n, rate float64, over time.Duration, most float64) bool {
	b.level = max(0, b.level+n-rate*over.Seconds())
	return b.level <= most
}
