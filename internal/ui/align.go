package ui

import "strings"

// step is one element of an alignment.
type step struct {
	op   Op
	text string
}

// align finds a longest common subsequence of a and b. It reports false when
// the middle that differs is too large, and then takes it as replaced whole.
func (c *comparing) align(a, b []string) ([]step, bool) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	out := make([]step, 0, len(a)+len(b))
	for _, s := range a[:head] {
		out = append(out, step{Same, s})
	}
	midA, midB := a[head:len(a)-tail], b[head:len(b)-tail]
	cells := (len(midA) + 1) * (len(midB) + 1)
	ok := cells <= min(maxCells, c.cells)
	if ok {
		c.cells -= cells
		out = lcs(out, midA, midB)
	} else {
		for _, s := range midA {
			out = append(out, step{Delete, s})
		}
		for _, s := range midB {
			out = append(out, step{Insert, s})
		}
	}
	for _, s := range a[len(a)-tail:] {
		out = append(out, step{Same, s})
	}
	return out, ok
}

// lcs appends the alignment of a and b to out. The table holds the length of
// the longest common subsequence of the rests; lengths are capped by maxCells,
// so uint32 is wide enough.
func lcs(out []step, a, b []string) []step {
	w := len(b) + 1
	table := make([]uint32, (len(a)+1)*w)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i*w+j] = table[(i+1)*w+j+1] + 1
			} else {
				table[i*w+j] = max(table[(i+1)*w+j], table[i*w+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, step{Same, a[i]})
			i, j = i+1, j+1
		case table[(i+1)*w+j] >= table[i*w+j+1]:
			out = append(out, step{Delete, a[i]})
			i++
		default:
			out = append(out, step{Insert, b[j]})
			j++
		}
	}
	for ; i < len(a); i++ {
		out = append(out, step{Delete, a[i]})
	}
	for ; j < len(b); j++ {
		out = append(out, step{Insert, b[j]})
	}
	return out
}

// merge joins neighbouring steps of one kind, deletions before insertions.
func merge(steps []step) []Piece {
	var out []Piece
	var gone, come strings.Builder
	flush := func() {
		if gone.Len() > 0 {
			out = append(out, Piece{Delete, gone.String()})
			gone.Reset()
		}
		if come.Len() > 0 {
			out = append(out, Piece{Insert, come.String()})
			come.Reset()
		}
	}
	for _, s := range steps {
		switch s.op {
		case Delete:
			gone.WriteString(s.text)
		case Insert:
			come.WriteString(s.text)
		default:
			flush()
			if n := len(out); n > 0 && out[n-1].Op == Same {
				out[n-1].Text += s.text
			} else {
				out = append(out, Piece{Same, s.text})
			}
		}
	}
	flush()
	return out
}

// similarity is the share of characters two texts have in common.
func similarity(steps []step) float64 {
	same, all := 0, 0
	for _, s := range steps {
		n := len(s.text)
		all += n
		if s.op == Same {
			same += n
			all += n
		}
	}
	if all == 0 {
		return 1
	}
	return 2 * float64(same) / float64(all)
}
