package idle

import "testing"

func TestWatcher(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name      string
		allocated []uint64 // between the looks
		gives     string   // one letter a look: g for given back
	}{
		{"start, then nothing", []uint64{20 * mib, 100, 100, 100, 100}, "-gg--"},
		{"never quiet", []uint64{20 * mib, 2 * mib, 9 * mib, 2 * mib}, "----"},
		{"work, rest, work, rest", []uint64{5 * mib, 0, 0, 0, 5 * mib, 0, 0, 0}, "-gg--gg-"},
		{"a little all the time", []uint64{mib / 2, mib / 2, mib / 2, mib / 2, mib / 2, mib / 2}, "--gg-g"},
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
