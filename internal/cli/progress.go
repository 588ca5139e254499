package cli

import (
	"fmt"
	"io"
	"time"
)

// Size says a number of bytes the way people do.
func Size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// progressEvery is how often a command that takes long says how far it is.
const progressEvery = 5 * time.Second

// Progress returns what says now and then how many bytes are done. w is for
// people: what programs read stays free of it.
func Progress(w io.Writer, done string) func(bytes int64) {
	last := time.Now()
	return func(bytes int64) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			fmt.Fprintf(w, "%s %s\n", done, Size(bytes))
		}
	}
}
