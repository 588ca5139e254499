package uplink

import (
	"context"
	"math/rand/v2"

	"zhanqun/internal/pause"
	"zhanqun/protocol"
)

// beats says "still here" at jittered intervals while there is a connection.
func (u *Uplink) beats(ctx context.Context, w interface{ beat(protocol.Beat) error }) {
	for pause.For(ctx, u.o.Beat/2+rand.N(u.o.Beat)) { // #nosec G404 -- jitter
		if u.line.waits() {
			continue // it may only ask whether it may
		}
		b, err := u.q.Beat(ctx)
		if err == nil {
			err = w.beat(b)
		}
		if err != nil && ctx.Err() == nil {
			u.log.Debug("uplink: no heartbeat", "err", err)
		}
	}
}
