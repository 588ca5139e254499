package idle

import "testing"

func TestWatcher(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name      string
		allocated []uint64 // between the looks
		gives     string   // one letter a look: g for given back
	}{
		{"start, then nothing", []uint64{20 * mib, 100, 100, 100, 100}, "-gggg"},
		{"never quiet", []uint64{20 * mib, 2 * mib, 9 * mib, 2 * mib}, "----"},
		{"work, rest, work, rest", []uint64{5 * mib, 0, 0, 0, 0, 0, 5 * mib, 0, 0, 0, 0, 0}, "-gggg--gggg-"},
		{"a little all the time", []uint64{mib / 2, mib / 2, mib / 2, mib / 2, mib / 2, mib / 2}, "--gggg"},
		{"nothing at all", []uint64{0, 0, 0}, "---"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			given, total, got := 0, uint64(0), ""
			w := watcher{give: func() { given++ }}
			for _, n := range tt.allocated {
				before := given
				total += n
				w.look(total)
				got += map[bool]string{true: "g", false: "-"}[given > before]
			}
			if got != tt.gives {
				t.Errorf("gave back at %s, want %s", got, tt.gives)
			}
		})
	}
}

func TestPercent(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[uint64]int{0: 100, 30 * mib: 100, 64 * mib: 100, 128 * mib: 50, 1024 * mib: 40} {
		if got := percent(live); got != want {
			t.Errorf("%d MiB in use: %d %%, want %d", live/mib, got, want)
		}
	}
}
