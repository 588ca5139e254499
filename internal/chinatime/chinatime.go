// Package chinatime holds the time zone in which the county lives.
//
// It promises the same zone on every machine: it is fixed, not read from a time
// zone database, which old Windows PCs and bare containers do not have.
package chinatime

import "time"

// Zone is Beijing time, UTC+8 without daylight saving: the official time of the
// whole country (GB/T 7408.1-2023 writes it +08:00).
var Zone = time.FixedZone("CST", 8*60*60)
