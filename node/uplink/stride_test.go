package uplink

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"zhanqun/protocol"
)

// A piece grows as far as it makes the line faster and no further.
func TestStrideFollowsTheLine(t *testing.T) {
	for _, tt := range []struct {
		name        string
		speed       float64       // bytes a second
		trip        time.Duration // there and back, and the hub's disk
		least, most int
	}{
		{"64 kbit/s", 8 << 10, 100 * time.Millisecond, 16 << 10, 16 << 10},
		{"2 kbit/s", 256, time.Second, 16 << 10, 16 << 10},
		{"1 MB/s nearby", 1 << 20, 6 * time.Millisecond, 16 << 10, 32 << 10},
		{"1 MB/s by satellite", 1 << 20, 600 * time.Millisecond, 256 << 10, 256 << 10},
		{"10 MB/s across a province", 10 << 20, 60 * time.Millisecond, 256 << 10, 256 << 10},
		{"a LAN and a slow disk", 100 << 20, 40 * time.Millisecond, 256 << 10, 256 << 10},
	} {
		s := stride{size: protocol.MinChunkBytes}
		settled := map[int]int{}
		for range 300 {
			settled[s.size]++
			s.answered(s.size, tt.trip+time.Duration(float64(s.size)/tt.speed*float64(time.Second)))
		}
		usual := 0
		for size, n := range settled {
			if n > settled[usual] {
				usual = size
			}
		}
		if usual < tt.least || usual > tt.most {
			t.Errorf("%s: pieces of %d KiB, want %d to %d", tt.name, usual>>10, tt.least>>10, tt.most>>10)
		}
		s.answered(100, time.Hour)
		for range 5 {
			s.failed()
		}
		if s.size != protocol.MinChunkBytes {
			t.Errorf("%s: pieces of %d bytes after failures", tt.name, s.size)
		}
	}
}

func TestFilesWaitForALull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var words traffic
		if err := words.lull(t.Context()); err != nil {
			t.Error(err)
		}
		words.begin()
		words.begin()
		through := make(chan error, 1)
		go func() { through <- words.lull(t.Context()) }()
		words.end()
		synctest.Wait()
		select {
		case <-through:
			t.Fatal("a file went on beside words")
		default:
		}
		words.end()
		if err := <-through; err != nil {
			t.Error(err)
		}
		words.begin()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if words.lull(ctx) == nil {
			t.Error("waits on although it is stopped")
		}
	})
}
