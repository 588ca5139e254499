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
	pieceLimit   = 3 * time.Minute // for the answer to a piece
	pieceAsk     = askLimit        // after that long the hub is asked what became of it
	pieceDue     = 5 * time.Second // and that long after it has answered that, the answer is lost
	filesIdle    = time.Minute     // without files that long, the connection is given back
	noteEvery    = 2 * time.Second // how often progress is written down
	refusedRetry = time.Hour       // for a file the hub does not take
	damagedRetry = time.Minute     // for one whose bytes arrived wrong
	roomRetry    = time.Second     // for one that found no room, the first time
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
	case errors.As(err, &refusal) && refusal.Code == protocol.CodeQuota:
		// There is no room for as much as this; less may fit.
		err = l.u.q.FileCrowded(ctx, f, refusal.Detail, backoff(roomRetry, queue.MostRoomWait, f.Tries))
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
		a, err := l.piece(ctx, f, have, data)
		if err != nil {
			return fmt.Errorf("sending piece of file: %w", err)
		}
		if a.Have > have { // the line carries
			l.stride.answered(len(data), time.Since(began))
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

// piece sends one and waits for the answer.
func (l *lane) piece(ctx context.Context, f queue.File, at int64, data []byte) (protocol.OfferAnswer, error) {
	wait, err := l.w.chunk(f.SHA256, at, data)
	if err != nil {
		return protocol.OfferAnswer{}, err
	}
	limited, cancel := context.WithTimeout(ctx, pieceLimit)
	defer l.inquire(limited, cancel, f)()
	return wait(limited)
}

// inquire gives up waiting for the answer to a piece that will not come: a hub that
// dies behind a broker of its own takes it along, while the connection stands. The
// question what the hub has of the file travels behind the piece, however slow the
// line is; when that is answered, the piece should have been. The returned function
// ends it.
func (l *lane) inquire(ctx context.Context, giveUp context.CancelFunc, f queue.File) (end func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if !pause.For(ctx, pieceAsk) {
			return
		}
		// Whatever it is, it is an answer, unless the wait is over.
		_, _ = l.w.offer(ctx, protocol.Offer{SHA256: f.SHA256, Size: f.Size})
		if pause.For(ctx, pieceDue) {
			giveUp()
		}
	}()
	return func() {
		giveUp()
		<-ended
	}
}
