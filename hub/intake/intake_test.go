package intake

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"zhanqun/protocol"
)

// Waiting for the database goes on for ever, at growing intervals, shows while
// it lasts, and ends with the context.
func TestInsist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Log: slog.New(slog.DiscardHandler)})
		away := errors.New("away")
		var tries []time.Time
		began := time.Now()
		err := s.insist(t.Context(), "testing", func() error {
			tries = append(tries, time.Now())
			if w := s.Waiting(); len(tries) > 1 && (w == nil || !errors.Is(w.Err, away) || w.Since.Sub(began) > time.Second) {
				t.Errorf("waiting: %+v", w)
			}
			if time.Since(began) < time.Hour {
				return away
			}
			return nil
		})
		if err != nil || s.Waiting() != nil {
			t.Errorf("ended with %v, waiting %+v", err, s.Waiting())
		}
		if n := len(tries); n < 360 || n > 900 {
			t.Errorf("%d tries in an hour", n)
		}
		if first := tries[1].Sub(tries[0]); first > 50*time.Millisecond {
			t.Errorf("first pause %v", first)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.insist(ctx, "testing", func() error { return away }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestInOrder(t *testing.T) {
	var letters []Letter
	for _, p := range []struct {
		epoch string
		seq   uint64
	}{{"a", 3}, {"a", 1}, {"a", 2}, {"b", 2}, {"b", 1}, {"a", 0}} {
		letters = append(letters, Letter{Entry: protocol.Entry{Epoch: p.epoch, Seq: p.seq}})
	}
	inOrder(letters)
	var got []uint64
	for _, l := range letters {
		got = append(got, l.Entry.Seq)
	}
	if !slices.Equal(got, []uint64{1, 2, 3, 1, 2, 0}) {
		t.Errorf("order %v", got)
	}
}

// Everything readers would see is looked at, names and captions of files too.
func TestScanSeesAllThatIsPublic(t *testing.T) {
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	body, err := protocol.WriteBody(&protocol.Submit{Item: "0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a60", Revision: 1, Unit: "u", Column: "c", Title: "标题甲", Body: "正文乙",
		Author: "张三", Source: "党政办", Attachments: []protocol.Attachment{{SHA256: strings.Repeat("a", 64), Name: "名称丙.jpg", Size: 1, Type: "image/jpeg", Alt: "说明丁"}}})
	if err != nil {
		t.Fatal(err)
	}
	var f protocol.Frame
	f.Add(protocol.New(protocol.Up, "n1", "e", 1, protocol.KindSubmit, body, key), protocol.MaxFrameBytes)
	public, err := protocol.ParsePublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var seen string
	b := opened([]Frame{{Node: "n1", Seq: 1, Data: f.Bytes()}})
	b.verify(map[string]Keys{"n1": {Present: public}}, Rules{Limits: protocol.WireLimits(), Scan: func(text string) []string {
		seen = text
		return []string{"found"}
	}})
	if l := b.Letters["n1"][0]; l.Fault != nil || len(l.Flags) != 1 {
		t.Fatalf("letter %+v", l)
	}
	for _, want := range []string{"标题甲", "正文乙", "张三", "党政办", "名称丙", "说明丁"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%s is not looked at", want)
		}
	}
}

func TestSightingsJoin(t *testing.T) {
	var s sightings
	at := time.Unix(1000, 0)
	s.note(Sighting{Node: "n2", At: at, Ack: 5, Beat: &protocol.Beat{Queued: 1}})
	s.note(Sighting{Node: "n1", At: at})
	s.note(Sighting{Node: "n2", At: at.Add(1), Ack: 3, Hello: true, Program: "p"})
	list := s.take()
	if len(list) != 2 || list[0].Node != "n1" || list[1].Ack != 5 || list[1].Beat.Queued != 1 || list[1].Program != "p" || !list[1].At.Equal(at.Add(1)) {
		t.Fatalf("list %+v", list)
	}
	s.note(Sighting{Node: "n2", At: at.Add(2), Beat: &protocol.Beat{Queued: 9}})
	s.put(list) // could not be written
	list = s.take()
	if len(list) != 2 || list[1].Beat.Queued != 9 || list[1].Program != "p" {
		t.Errorf("list %+v", list)
	}
	if len(s.take()) != 0 {
		t.Error("taken twice")
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{"": "", "item.submit": "item.submit", "a\x00b c": "a?b c", "\xff": "?", strings.Repeat("汉", 5): "汉汉汉汉"} {
		if got := Visible(in, 13); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// Whatever comes on a subject, every part of it is either a letter of the
// subject's node or a stray, and only letters its node has signed are proven.
func FuzzVerify(f *testing.F) {
	key, err := protocol.NewNodeKey()
	if err != nil {
		f.Fatal(err)
	}
	public, err := protocol.ParsePublic(key.Public())
	if err != nil {
		f.Fatal(err)
	}
	var good protocol.Frame
	good.Add(protocol.New(protocol.Up, "n1", "e", 1, protocol.KindSubmit, []byte(`{"item":"x"}`), key), 1<<20)
	good.Add(protocol.New(protocol.Up, "n2", "e", 2, "other", []byte(`{}`), key), 1<<20)
	f.Add("n1", good.Bytes())
	f.Add("N!", good.Bytes())
	f.Add("n1", []byte("ZQ1 1\n{}\n\n"))
	f.Fuzz(func(t *testing.T, node string, data []byte) {
		b := opened([]Frame{{Node: node, Seq: 7, Data: data}})
		b.verify(map[string]Keys{"n1": {Present: public}}, Rules{Limits: protocol.WireLimits(), Scan: func(string) []string { return nil }})
		for id, letters := range b.Letters {
			for _, l := range letters {
				if id != node || l.Entry.Node != node || l.At != 7 {
					t.Errorf("letter of %q on %q", l.Entry.Node, node)
				}
				if l.Proven && !public.Verify(l.Entry.SigningText(protocol.Up), l.Entry.Sig) {
					t.Error("proven without a signature")
				}
				if !l.Proven && l.Fault == nil {
					t.Error("neither proven nor refused")
				}
			}
		}
		for _, s := range b.Strays {
			if !utf8.ValidString(s.Node) || len(s.Node) > 32 || s.Fault.Detail == "" {
				t.Errorf("stray %+v", s)
			}
		}
		if len(b.Letters)+len(b.Strays) == 0 {
			if entries, fault := protocol.DecodeFrame(data); fault != nil || len(entries) > 0 {
				t.Error("something was lost")
			}
		}
	})
}

// Everything that readers would meet is looked at: title, text, names and
// descriptions of files, and none of it can pass for markup.
func TestShown(t *testing.T) {
	m := &protocol.Submit{Title: `联系 <a 1>`, Body: "<p>正文</p>", Attachments: []protocol.Attachment{{Name: "名单.xlsx", Alt: "图<b>"}, {Name: "b.jpg"}}}
	want := "<p>联系 &lt;a 1&gt;</p><p>正文</p><p>名单.xlsx</p><p>图&lt;b&gt;</p><p>b.jpg</p>"
	if got := shown(m); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
