package health

import (
	"sync/atomic"

	"zhanqun/hub/health/crawl"
)

// Counts are what the reading of sites came to since the start, for metrics.
type Counts struct {
	pages, requests, bytes atomic.Int64
}

// slice adds what a slice came to.
func (c *Counts) slice(t crawl.Totals) {
	c.pages.Add(int64(t.Pages - t.Earlier))
	c.requests.Add(int64(t.Requests))
	c.bytes.Add(t.Bytes)
}
