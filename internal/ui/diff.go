package ui

import (
	"strings"
	"unicode"
)

// Op says what became of a piece of text between two versions.
type Op string

// The operations of a diff. Changed is a paragraph with pieces of its own.
const (
	Same    Op = "same"
	Insert  Op = "ins"
	Delete  Op = "del"
	Changed Op = "changed"
	Folded  Op = "folded"
)

// Piece is a run of text within a paragraph.
type Piece struct {
	Op   Op
	Text string
}

// Para is one paragraph of a comparison. Count is the number of paragraphs a
// Folded one stands for.
type Para struct {
	Op     Op
	Pieces []Piece
	Count  int
}

// Comparison is how a new text differs from an old one.
type Comparison struct {
	Paras    []Para
	Inserted int  // characters added
	Deleted  int  // characters taken away
	Coarse   bool // too different or too long to compare word by word
}

// Bounds of the work of one Diff, in cells of comparison tables: of one table
// and of all together. A stretch beyond them is shown as replaced whole.
const (
	maxCells    = 2 << 20
	maxAllCells = 16 << 20
)

// foldAfter is how many unchanged paragraphs stay on each side of a change.
const foldAfter = 2

// Diff compares two plain texts paragraph by paragraph, and changed paragraphs
// character by character for Chinese, word by word for the rest. Its time and
// memory are bounded whatever it is given.
func Diff(old, new string) Comparison {
	c := comparing{cells: maxAllCells}
	c.run(old, new)
	return c.Comparison
}

func (c *comparing) run(old, new string) {
	ops, ok := c.align(paragraphs(old), paragraphs(new))
	c.Coarse = !ok
	for i := 0; i < len(ops); {
		if ops[i].op == Same {
			c.Paras = append(c.Paras, Para{Op: Same, Pieces: []Piece{{Same, ops[i].text}}})
			i++
			continue
		}
		var gone, come []string
		for ; i < len(ops) && ops[i].op != Same; i++ {
			if ops[i].op == Delete {
				gone = append(gone, ops[i].text)
			} else {
				come = append(come, ops[i].text)
			}
		}
		c.change(gone, come)
	}
	for _, p := range c.Paras {
		for _, piece := range p.Pieces {
			switch piece.Op {
			case Insert:
				c.Inserted += len([]rune(piece.Text))
			case Delete:
				c.Deleted += len([]rune(piece.Text))
			}
		}
	}
	c.Paras = fold(c.Paras)
}

// comparing is a comparison under way and what it may still cost.
type comparing struct {
	Comparison
	cells int
}

// change pairs paragraphs taken away with those that came in their place, in
// order, and compares each pair within.
func (c *comparing) change(gone, come []string) {
	n := min(len(gone), len(come))
	for i := range n {
		a, b := tokens(gone[i]), tokens(come[i])
		ops, ok := c.align(a, b)
		if !ok || similarity(ops) < 0.3 {
			c.Coarse = c.Coarse || !ok
			c.whole(Delete, gone[i])
			c.whole(Insert, come[i])
			continue
		}
		c.Paras = append(c.Paras, Para{Op: Changed, Pieces: merge(ops)})
	}
	for _, text := range gone[n:] {
		c.whole(Delete, text)
	}
	for _, text := range come[n:] {
		c.whole(Insert, text)
	}
}

func (c *comparing) whole(op Op, text string) {
	c.Paras = append(c.Paras, Para{Op: op, Pieces: []Piece{{op, text}}})
}

// paragraphs splits at line ends; blank lines carry no meaning here.
func paragraphs(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRightFunc(line, unicode.IsSpace); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// tokens splits a paragraph: each Chinese character or mark alone, letters and
// digits in words.
func tokens(text string) []string {
	var out []string
	start := -1
	for i, r := range text {
		word := r < 0x2E80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
		if word {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, text[start:i])
			start = -1
		}
		out = append(out, string(r))
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}

// fold replaces long unchanged stretches by one paragraph that counts them.
func fold(paras []Para) []Para {
	var out []Para
	for i := 0; i < len(paras); {
		j := i
		for j < len(paras) && paras[j].Op == Same {
			j++
		}
		if j == i {
			out = append(out, paras[i])
			i++
			continue
		}
		before, after := foldAfter, foldAfter
		if i == 0 {
			before = 0
		}
		if j == len(paras) {
			after = 0
		}
		if hidden := j - i - before - after; hidden > 1 && (before+after > 0) {
			out = append(out, paras[i:i+before]...)
			out = append(out, Para{Op: Folded, Count: hidden, Pieces: foldedPieces(paras[i+before : j-after])})
			out = append(out, paras[j-after:j]...)
		} else {
			out = append(out, paras[i:j]...)
		}
		i = j
	}
	return out
}

func foldedPieces(paras []Para) []Piece {
	var out []Piece
	for _, p := range paras {
		out = append(out, p.Pieces...)
	}
	return out
}
