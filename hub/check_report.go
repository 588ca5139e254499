package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/cli"
)

// checkReport gathers what is wrong by where the links lead: one dead address on
// four hundred pages is one thing to mend. What is well, and what is not for
// checking by nature, is only counted in the totals. Its zero value is empty.
type checkReport struct {
	troubles map[string]*trouble
	dropped  int // links beyond maxTroubles
}

// trouble is one address that something is wrong with, or one place on a page
// that is not there.
type trouble struct {
	rank   int
	line   crawl.Line // the first that led there
	word   string
	why    string
	places []place
	count  int
}

// place is where such a link stands.
type place struct{ page, label, raw string }

// Bounds on what is kept of a check until its end.
const (
	maxTroubles = 20_000
	maxPlaces   = 5 // of one address
)

// rankOf returns how bad a link is, the worst first, the word for it and why;
// the word is empty if there is nothing to tell.
func rankOf(l *crawl.Line) (rank int, word, why string) {
	rank, word, why = 3, l.Verdict.Label(), l.Detail
	switch {
	case l.Fragment != "":
		return 5, "注意", "页面里没有这个位置：#" + l.Fragment
	case l.Verdict == linkcheck.OK && l.Certificate != "":
		return 5, "注意", l.Certificate
	case l.Verdict == linkcheck.OK, l.Verdict == linkcheck.Excluded && l.Class == "" && l.Reason != crawl.ReasonRobots:
		return 0, "", ""
	case l.Class == linkcheck.ClassHijacked:
		rank = 0 // it must come off the page at once
	case l.Verdict == linkcheck.Dead:
		rank = 1
	case l.Verdict == linkcheck.Suspect:
		rank = 2
	case l.Verdict == linkcheck.Excluded:
		rank = 4
	}
	if label := l.Class.Label(); label != "" {
		word += "（" + label + "）"
	}
	if l.Status != 0 {
		word += " " + strconv.Itoa(l.Status)
	}
	return rank, word, why
}

// take takes in one link.
func (r *checkReport) take(l *crawl.Line) {
	rank, word, why := rankOf(l)
	if word == "" {
		return
	}
	address := l.URL
	if address == "" {
		address = l.Raw
	}
	key := address + " " + l.Fragment + " " + word
	t := r.troubles[key]
	if t == nil {
		if len(r.troubles) >= maxTroubles {
			r.dropped++
			return
		}
		if r.troubles == nil {
			r.troubles = map[string]*trouble{}
		}
		t = &trouble{rank: rank, line: *l, word: word, why: why}
		r.troubles[key] = t
	}
	if l.Page == "" {
		return // the address that was asked for stands nowhere
	}
	if t.count++; len(t.places) < maxPlaces {
		t.places = append(t.places, place{l.Page, l.Label, l.Raw})
	}
}

// write writes the troubles, the worst and commonest first.
func (r *checkReport) write(w io.Writer) {
	list := make([]*trouble, 0, len(r.troubles))
	for _, t := range r.troubles {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *trouble) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.count, a.count), cmp.Compare(a.line.URL, b.line.URL), cmp.Compare(a.line.Raw, b.line.Raw), cmp.Compare(a.line.Fragment, b.line.Fragment))
	})
	for _, t := range list {
		t.write(w)
		fmt.Fprintln(w)
	}
	if r.dropped > 0 {
		fmt.Fprintf(w, "另有 %d 处有问题的链接没有列出，加 --json 可以看到全部。\n\n", r.dropped)
	}
}

func (t *trouble) write(w io.Writer) {
	address := t.line.URL
	if address == "" {
		address = t.line.Raw
	}
	times := ""
	if t.count > 1 {
		times = fmt.Sprintf("，%d 处", t.count)
	}
	fmt.Fprintf(w, "%s%s  %s\n", t.word, times, cli.OneLine(address))
	if t.why != "" {
		fmt.Fprintf(w, "    %s\n", t.why)
	}
	if t.line.Final != "" && t.line.Final != t.line.URL {
		fmt.Fprintf(w, "    最后到达 %s\n", t.line.Final)
	}
	slices.SortStableFunc(t.places, func(a, b place) int { return cmp.Compare(a.page, b.page) })
	for _, p := range t.places {
		fmt.Fprintf(w, "    在 %s", p.page)
		if p.label != "" {
			fmt.Fprintf(w, " 的“%s”", cli.OneLine(p.label))
		}
		if p.raw != address {
			fmt.Fprintf(w, "，写作 %s", cli.OneLine(p.raw))
		}
		fmt.Fprintln(w)
	}
	if more := t.count - len(t.places); more > 0 {
		fmt.Fprintf(w, "    ……另有 %d 处，加 --json 可以看到全部\n", more)
	}
}
