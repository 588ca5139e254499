package storetest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"zhanqun/hub/signer"

	"zhanqun/hub/bundle"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/internal/blob"
	"zhanqun/internal/content"
	"zhanqun/internal/dropbox"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Carrier is a county and a township without a line, and who carries the
// bundles between them.
type Carrier struct {
	*Sender
	Store  *store.Store
	HubKey protocol.Key
	Blobs  *blob.Store
	Intake *intake.Service
	Bundle *bundle.Service
	Clock  *Clock

	Number uint64 // of the last bundle of the township
	Down   uint64 // its cursor
	room   int64
	stop   func()
}

// NewCarrier opens a store with the sample county and a node of Sitang.
func NewCarrier(t *testing.T, open Open) *Carrier {
	t.Helper()
	c := &Carrier{Clock: NewClock(), room: 1 << 40}
	c.Store = open(t, c.Clock.Now)
	Units(t, c.Store)
	Columns(t, c.Store)
	c.Sender = NewSender(t, c.Store, Sitang)
	var err error
	if c.Blobs, err = blob.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	c.HubKey = HubKey(c.Store)
	c.Intake = intake.New(intake.Options{Store: c.Store, Files: c.Blobs, Now: c.Clock.Now, Inspect: c.inspect, Log: slog.New(slog.DiscardHandler)})
	c.Bundle = bundle.New(bundle.Options{Store: c.Store, Line: c.Intake, Registry: Access(c.Store), Keys: signer.Of(c.HubKey), Program: "hub test", Now: c.Clock.Now,
		Room: func(bytes int64) error {
			if bytes > c.room {
				return fault.New(fault.Full, "没有空间了。")
			}
			return nil
		}})
	c.stop = running(t, c.Intake)
	t.Cleanup(func() {
		c.stop()
		if err := c.Blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *Carrier) inspect(_ context.Context, sha string) (string, error) {
	f, size, err := c.Blobs.Get(sha)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := content.Inspect("", f, size)
	return info.Type, err
}

// Flush waits until what nodes said of themselves is on file.
func (c *Carrier) Flush(t *testing.T) {
	c.stop()
	c.stop = running(t, c.Intake)
}

// Index is that of the township's next bundle, with entries and files.
func (c *Carrier) Index(t testing.TB, entries []protocol.Entry, files ...string) (protocol.BundleIndex, [][]byte) {
	t.Helper()
	c.Number++
	x := protocol.BundleIndex{Dir: protocol.Up, To: c.Store.Key(), Node: c.Node.ID, Epoch: c.Epoch, Number: c.Number, At: c.Clock.Now(),
		Hello: &protocol.Hello{V: 1, Epoch: c.Epoch, Last: c.Seq, Down: c.Down, HubEpoch: c.Store.Epoch(), Program: "node test"}}
	var frames [][]byte
	for _, e := range entries {
		data := Frame(t, e) // one each, so that there are several
		frames = append(frames, data)
		x.Frames = append(x.Frames, part(data))
	}
	if len(entries) > 0 {
		x.First, x.Last = entries[0].Seq, entries[len(entries)-1].Seq
	}
	for _, f := range files {
		p := part([]byte(f))
		x.Files = append(x.Files, p)
		x.Offers = append(x.Offers, protocol.Offer{SHA256: p.SHA256, Size: p.Size})
	}
	return x, frames
}

func part(data []byte) protocol.BundlePart {
	return protocol.BundlePart{Size: int64(len(data)), SHA256: protocol.HashOf(data)}
}

// Seal writes a bundle.
func Seal(t testing.TB, x protocol.BundleIndex, key protocol.Key, frames [][]byte, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := protocol.WriteBundle(&b, x, key, protocol.BundleContent{
		Frame: func(i int) ([]byte, error) { return frames[i], nil },
		File: func(p protocol.BundlePart) (io.ReadCloser, error) {
			for _, f := range files {
				if part([]byte(f)) == p {
					return io.NopCloser(bytes.NewReader([]byte(f))), nil
				}
			}
			return io.NopCloser(bytes.NewReader(nil)), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Next makes the township's next bundle.
func (c *Carrier) Next(t testing.TB, entries []protocol.Entry, files ...string) []byte {
	t.Helper()
	x, frames := c.Index(t, entries, files...)
	return Seal(t, x, c.Key, frames, files...)
}

// Take lets the county take a bundle.
func (c *Carrier) Take(ctx context.Context, data []byte) (bundle.Report, error) {
	b, err := protocol.OpenBundle(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return bundle.Report{}, err
	}
	return c.Bundle.Take(ctx, "test", b)
}

// Answer lets the county answer and returns the index and what the township is
// told, checked as a node does. It does not move the township's cursor.
func (c *Carrier) Answer(t testing.TB) (protocol.BundleIndex, []protocol.Message) {
	t.Helper()
	path, err := c.Bundle.Answer(t.Context(), "test", c.Node.ID, t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := dropbox.ParseName(filepath.Base(path)); !ok || n.Who != c.Node.ID || n.Dir != protocol.Down {
		t.Errorf("the answer is called %s", path)
	}
	f, err := dropbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read from
	if f.Index.From != c.Store.Key() || f.Index.To != c.Key.Public() {
		t.Errorf("from %s to %s", f.Index.From, f.Index.To)
	}
	key, err := protocol.ParsePublic(c.Store.Key())
	if err != nil {
		t.Fatal(err)
	}
	var words []protocol.Message
	next := f.Index.First
	err = f.Walk(t.Context(), protocol.BundleParts{Frame: func(data []byte) error {
		entries, fault := protocol.DecodeFrame(bytes.Clone(data))
		if fault != nil {
			return *fault
		}
		for _, e := range entries {
			if fault := e.Check(protocol.Down, c.Node.ID, key); fault != nil || e.Seq != next {
				t.Errorf("entry %d where %d is due: %v", e.Seq, next, fault)
			}
			next++
			m, _ := protocol.ReadBody(protocol.Down, e)
			words = append(words, m)
		}
		return nil
	}})
	if err != nil || next != f.Index.Last+1 && f.Index.Last > 0 {
		t.Errorf("the answer ends before %d: %v", next, err)
	}
	return f.Index, words
}
