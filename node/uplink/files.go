package uplink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/pause"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// fileWire is what the lane of files needs of its connection.
type fileWire interface {
	offer(ctx context.Context, o protocol.Offer) (protocol.OfferAnswer, error)
	chunk(sha string, offset int64, data []byte) (func(context.Context) (protocol.OfferAnswer, error), error)
	connected(ctx context.Context) bool // waits until it is, but not for ever
	close()
}

const (
	pieceLimit   = 3 * time.Minute // for the answer to a piece, on a line nothing is known of
	pieceLeast   = askLimit        // and on any line
	filesIdle    = time.Minute     // without files that long, the connection is given back
	noteEvery    = 2 * time.Second // how often progress is written down
	refusedRetry = time.Hour       // for a file the hub does not take
	damagedRetry = time.Minute     // for one whose bytes arrived wrong
)

func (w *natsWire) connected(ctx context.Context) bool {
	limit := time.NewTimer(askLimit)
	defer limit.Stop()
	for !w.isUp() {
		select {
		case <-w.ups:
		case <-limit.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// lane carries attached files on a connection of its own, one piece at a time,
// and begins none while words are on their way: what a clerk hands in, and what
// the county decides, waits for one piece at most.
type lane struct {
	u      *Uplink
	dial   func() (fileWire, error)
	up     func() bool // whether the line itself stands; without it trying is no use
	w      fileWire    // nil while there is nothing to carry
	stride stride
	took   time.Duration // by the last piece that was answered, 0 when not known
	again  delay
}

func newLane(u *Uplink, dial func() (fileWire, error), up func() bool) *lane {
	return &lane{u: u, dial: dial, up: up, stride: stride{size: protocol.MinChunkBytes}, again: delay{least: 200 * time.Millisecond, most: 2 * time.Minute}}
}

// run sends one file after another until ctx ends.
func (l *lane) run(ctx context.Context) {
	defer l.hangUp()
	changes := l.u.watch()
	used := time.Now()
	for ctx.Err() == nil {
		f, wait, ok, err := l.u.q.NextFile(ctx)
		switch {
		case err != nil && ctx.Err() != nil: // stopping, no trouble
		case err != nil:
			l.u.log.Error("uplink: looking for files", "err", err)
			pause.For(ctx, l.again.next())
		case !ok:
			if time.Since(used) >= filesIdle {
				l.hangUp()
			}
			if wait <= 0 || wait > filesIdle {
				wait = filesIdle
			}
			_ = changes.wait(ctx, wait) // the loop sees the end of ctx
		case l.w == nil && !l.up(): // one that stood comes back by itself
			pause.For(ctx, time.Second)
		default:
			l.try(ctx, f)
			used = time.Now()
		}
	}
}

func (l *lane) hangUp() {
	if l.w != nil {
		l.w.close()
		l.w = nil
	}
}

// try carries one file, or notes why it could not be carried.
func (l *lane) try(ctx context.Context, f queue.File) {
	err := l.carry(ctx, f)
	if err == nil {
		l.again.reset()
		return
	}
	if ctx.Err() != nil {
		return
	}
	l.u.log.Warn("uplink: file not carried", "sha256", f.SHA256, "err", err)
	var refusal protocol.Fault
	var told *fault.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == protocol.CodeUnknown:
		// The hub has just started and does not know of the offer: make it again.
		pause.For(ctx, l.again.next())
		return
	case errors.As(err, &refusal) && refusal.Code.Passing():
		// It is not about this file: no other one fares better now.
		wait := l.again.next()
		if err = l.u.q.FileFailed(ctx, f.SHA256, refusal.Detail, wait); err == nil {
			pause.For(ctx, wait)
		}
	case errors.As(err, &refusal) && refusal.Code == protocol.CodeHash:
		err = l.u.q.FileFailed(ctx, f.SHA256, refusal.Detail, damagedRetry)
	case errors.As(err, &refusal):
		err = l.u.q.FileFailed(ctx, f.SHA256, refusal.Detail, refusedRetry)
	case errors.As(err, &told):
		err = l.u.q.FileFailed(ctx, f.SHA256, fault.Message(err), refusedRetry)
	default: // the line; the file waits for it
		l.took = 0
		l.stride.failed()
		pause.For(ctx, l.again.next())
		return
	}
	if err != nil {
		l.u.log.Error("uplink: failure of a file not written", "err", err)
		pause.For(ctx, l.again.next())
	}
}

// carry sends what the hub has not got of one file.
func (l *lane) carry(ctx context.Context, f queue.File) error {
	if l.w == nil {
		w, err := l.dial()
		if err != nil {
			return err
		}
		l.w = w
	}
	if !l.w.connected(ctx) {
		return errDown
	}
	limited, cancel := context.WithTimeout(ctx, askLimit)
	a, err := l.w.offer(limited, protocol.Offer{SHA256: f.SHA256, Size: f.Size})
	cancel()
	if err != nil {
		return fmt.Errorf("offering file: %w", err)
	}
	if a.Done {
		return l.u.q.FileDone(ctx, f.SHA256)
	}
	file, err := l.u.q.Blob(f.SHA256)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read from
	return l.pieces(ctx, f, file, a)
}

// pieces sends a file from where the hub has it, and follows the hub's word on
// where to go on.
func (l *lane) pieces(ctx context.Context, f queue.File, file io.ReaderAt, a protocol.OfferAnswer) error {
	noted := time.Now()
	for have := a.Have; ; {
		if have >= f.Size {
			return errors.New("the hub has every byte and does not say done")
		}
		if err := l.u.words.lull(ctx); err != nil {
			return err
		}
		size := int64(l.stride.size)
		if a.Chunk > 0 {
			size = min(size, int64(a.Chunk))
		}
		data := make([]byte, min(size, f.Size-have))
		if _, err := file.ReadAt(data, have); err != nil {
			return fault.Wrap(fault.Internal, "附件的文件读不出来，可能已损坏，请从备份恢复数据目录。", err)
		}
		began := time.Now()
		a, err := l.piece(ctx, f.SHA256, have, data)
		if err != nil {
			return fmt.Errorf("sending piece of file: %w", err)
		}
		if a.Have > have { // the line carries
			l.took = time.Since(began)
			l.stride.answered(len(data), l.took)
			l.again.reset()
		}
		if a.Done {
			return l.u.q.FileDone(ctx, f.SHA256)
		}
		have = a.Have
		if time.Since(noted) >= noteEvery {
			noted = time.Now()
			if err := l.u.q.FileProgress(ctx, f.SHA256, have); err != nil {
				return err
			}
		}
	}
}

// patience is how long to wait for the answer to a piece. A hub that dies behind a
// broker of its own takes the answer with it while the connection stands. Where
// it is known what a piece takes, that need not cost minutes.
func (l *lane) patience() time.Duration {
	if l.took == 0 {
		return pieceLimit
	}
	return min(max(10*l.took, pieceLeast), pieceLimit)
}

// piece sends one and waits for the answer.
func (l *lane) piece(ctx context.Context, sha string, at int64, data []byte) (protocol.OfferAnswer, error) {
	wait, err := l.w.chunk(sha, at, data)
	if err != nil {
		return protocol.OfferAnswer{}, err
	}
	limited, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	return wait(limited)
}
