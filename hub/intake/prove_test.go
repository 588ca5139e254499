package intake

import (
	"fmt"
	"slices"
	"testing"

	"zhanqun/protocol"
)

// What is proven together is what is proven alone: n good letters, and the same
// with one of them spoilt in every way a letter can be.
func TestProve(t *testing.T) {
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := protocol.ParsePublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	write := func(seq int, key protocol.Key) Letter {
		body := fmt.Appendf(nil, `{"n":%d}`, seq)
		return Letter{Entry: protocol.New(protocol.Up, "n1", "e1", uint64(seq), protocol.KindSubmit, body, key)}
	}
	spoil := map[string]func(l *Letter){
		"nothing":            func(*Letter) {},
		"R":                  func(l *Letter) { l.Entry.Sig[3] ^= 1 },
		"no point":           func(l *Letter) { l.Entry.Sig = append(make([]byte, 31), l.Entry.Sig[31:]...) },
		"s":                  func(l *Letter) { l.Entry.Sig[40] ^= 1 },
		"s beyond the order": func(l *Letter) { l.Entry.Sig[63] |= 0xf0 },
		"short":              func(l *Letter) { l.Entry.Sig = l.Entry.Sig[:63] },
		"none":               func(l *Letter) { l.Entry.Sig = nil },
		"zeros":              func(l *Letter) { l.Entry.Sig = make([]byte, 64) },
		"position":           func(l *Letter) { l.Entry.Seq++ },
		"digest":             func(l *Letter) { l.Entry.Hash = protocol.HashOf(nil) },
		"other key":          func(l *Letter) { *l = write(int(l.Entry.Seq), stranger) },
	}
	for name, f := range spoil {
		for _, n := range []int{1, fewTogether, mostTogether} {
			for _, at := range []int{0, n / 2, n - 1} {
				letters := make([]Letter, n)
				for i := range letters {
					letters[i] = write(i+1, key)
					letters[i].Entry.Sig = slices.Clone(letters[i].Entry.Sig)
				}
				f(&letters[at])
				who := prove(letters, public)
				for i := range letters {
					e := letters[i].Entry
					text := e.SigningText(protocol.Up)
					if got, want := who.Verify(text, e.Sig), public.Verify(text, e.Sig); got != want || want != (i != at || name == "nothing") {
						t.Errorf("%s in letter %d of %d: letter %d proven %v, want %v", name, at, n, i, got, want)
					}
				}
			}
		}
	}
}

// Two faults that cancel each other out in a plain sum do not.
func TestProveSwapped(t *testing.T) {
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := protocol.ParsePublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	letters := make([]Letter, fewTogether)
	for i := range letters {
		letters[i].Entry = protocol.New(protocol.Up, "n1", "e1", uint64(i+1), protocol.KindSubmit, nil, key)
	}
	a, b := letters[0].Entry.Sig, letters[1].Entry.Sig
	for i := 32; i < 64; i++ {
		a[i], b[i] = b[i], a[i]
	}
	if together(letters, public) {
		t.Error("signatures with exchanged halves were proven")
	}
}

func BenchmarkProve(b *testing.B) {
	key, err := protocol.NewNodeKey()
	if err != nil {
		b.Fatal(err)
	}
	public, err := protocol.ParsePublic(key.Public())
	if err != nil {
		b.Fatal(err)
	}
	letters := make([]Letter, mostTogether)
	for i := range letters {
		letters[i].Entry = protocol.New(protocol.Up, "n1", "e1", uint64(i+1), protocol.KindSubmit, nil, key)
	}
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			for i := range letters {
				if e := &letters[i].Entry; !public.Verify(e.SigningText(protocol.Up), e.Sig) {
					b.Fatal("not proven")
				}
			}
		}
	})
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			if !together(letters, public) {
				b.Fatal("not proven")
			}
		}
	})
}
