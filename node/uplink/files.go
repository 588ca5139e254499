package uplink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"zhanqun/internal/fault"
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
	pieceLimit   = 60 * time.Second // for the answer to a piece
	filesIdle    = time.Minute      // without files that long, the connection is given back
	noteEvery    = 2 * time.Second  // how often progress is written down
	refusedRetry = time.Hour        // for a file the hub does not take
	passingRetry = time.Minute      // for one it cannot take now
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

// lane carries attached files on a connection of its own.
type lane struct {
	u     *Uplink
	dial  func() (fileWire, error)
	up    func() bool // whether the line itself stands; without it trying is no use
	w     fileWire    // nil while there is nothing to carry
	pace  *pace
	again delay
}

func newLane(u *Uplink, dial func() (fileWire, error), up func() bool) *lane {
	return &lane{u: u, dial: dial, up: up, pace: newPace(protocol.MinChunkBytes, protocol.MaxChunkBytes, u.o.Window),
		again: delay{least: time.Second, most: 2 * time.Minute}}
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
			pause(ctx, l.again.next())
		case !ok:
			if time.Since(used) >= filesIdle {
				l.hangUp()
			}
			if wait <= 0 || wait > filesIdle {
				wait = filesIdle
			}
			_ = changes.wait(ctx, wait) // the loop sees the end of ctx
		case !l.up():
			pause(ctx, time.Second)
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
	case errors.As(err, &refusal) && (refusal.Code.Passing() || refusal.Code == protocol.CodeHash):
		err = l.u.q.FileFailed(ctx, f.SHA256, refusal.Detail, passingRetry)
	case errors.As(err, &refusal):
		err = l.u.q.FileFailed(ctx, f.SHA256, refusal.Detail, refusedRetry)
	case errors.As(err, &told):
		err = l.u.q.FileFailed(ctx, f.SHA256, fault.Message(err), refusedRetry)
	default: // the line; the file waits for it
		l.pace.failed()
		pause(ctx, l.again.next())
		return
	}
	if err != nil {
		l.u.log.Error("uplink: failure of a file not written", "err", err)
		pause(ctx, l.again.next())
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

// piece is a part of a file on its way.
type piece struct {
	end  int64
	n    int
	at   time.Time
	wait func(context.Context) (protocol.OfferAnswer, error)
}

// pieces sends a file from where the hub has it, a few pieces at once, and
// follows the hub's word on where to go on.
func (l *lane) pieces(ctx context.Context, f queue.File, file io.ReaderAt, a protocol.OfferAnswer) error {
	most := protocol.MaxChunkBytes
	if a.Chunk > 0 {
		most = min(a.Chunk, most)
	}
	var aloft []piece
	at, noted := a.Have, time.Now()
	for {
		for len(aloft) < l.pace.window && at < f.Size {
			p, err := l.send(f, file, at, min(l.pace.size, most))
			if err != nil {
				return err
			}
			aloft, at = append(aloft, p), p.end
		}
		if len(aloft) == 0 {
			return errors.New("the hub has every byte and does not say done")
		}
		p := aloft[0]
		aloft = aloft[1:]
		limited, cancel := context.WithTimeout(ctx, pieceLimit)
		a, err := p.wait(limited)
		cancel()
		if err != nil {
			return fmt.Errorf("sending piece of file: %w", err)
		}
		l.pace.answered(p.n, time.Since(p.at))
		if a.Done {
			return l.u.q.FileDone(ctx, f.SHA256)
		}
		if a.Have < p.end {
			// Something got lost, or the hub begins again. Those still under way
			// are answered the same; going back once is enough.
			if at, err = l.settle(ctx, aloft, a.Have); err != nil {
				return err
			}
			aloft = nil
		}
		if time.Since(noted) >= noteEvery {
			noted = time.Now()
			if err := l.u.q.FileProgress(ctx, f.SHA256, a.Have); err != nil {
				return err
			}
		}
	}
}

func (l *lane) send(f queue.File, file io.ReaderAt, at int64, size int) (piece, error) {
	data := make([]byte, min(int64(size), f.Size-at))
	if _, err := file.ReadAt(data, at); err != nil {
		return piece{}, fault.Wrap(fault.Internal, "附件的文件读不出来，可能已损坏，请从备份恢复数据目录。", err)
	}
	wait, err := l.w.chunk(f.SHA256, at, data)
	return piece{at + int64(len(data)), len(data), time.Now(), wait}, err
}

// settle waits for pieces whose answers no longer matter and returns where the
// hub is after the last.
func (l *lane) settle(ctx context.Context, aloft []piece, have int64) (int64, error) {
	for _, p := range aloft {
		limited, cancel := context.WithTimeout(ctx, pieceLimit)
		a, err := p.wait(limited)
		cancel()
		if err != nil {
			return 0, fmt.Errorf("sending piece of file: %w", err)
		}
		have = a.Have
	}
	return have, nil
}
