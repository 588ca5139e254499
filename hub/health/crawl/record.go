package crawl

import (
	"encoding/binary"
	"errors"

	"zhanqun/hub/health/linkcheck"
)

// Kinds of records.
const (
	recordStart   = 'S' // what is being checked; the first record of a file
	recordTarget  = 'T' // a new address; they are numbered from 0 on
	recordMention = 'M' // a link on a page
	recordResult  = 'R' // what became of an address
)

var errRecord = errors.New("work file holds a record that cannot be read")

// writer appends fields to a frame.
type writer struct{ j *journal }

func (w writer) byte(b byte)     { w.j.frame = append(w.j.frame, b) }
func (w writer) number(n uint64) { w.j.frame = binary.AppendUvarint(w.j.frame, n) }
func (w writer) sum(n uint64)    { w.j.frame = binary.LittleEndian.AppendUint64(w.j.frame, n) }
func (w writer) text(s string) {
	w.number(uint64(len(s)))
	w.j.frame = append(w.j.frame, s...)
}

// reader takes them off a record again; bad tells that it was too short.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) number() uint64 {
	n, w := binary.Uvarint(r.rest)
	if w <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[w:]
	return n
}

func (r *reader) sum() uint64 {
	if len(r.rest) < 8 {
		r.bad = true
		return 0
	}
	n := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes()) }

// target is a T record.
type target struct {
	url   string
	depth uint16
	chain uint16
	flags byte
}

func (j *journal) addTarget(t target) int64 {
	j.begin()
	w := writer{j}
	w.byte(recordTarget)
	w.byte(t.flags)
	w.number(uint64(t.depth))
	w.number(uint64(t.chain))
	w.text(t.url)
	return j.end()
}

func readTarget(record []byte) (t target, err error) {
	r := reader{rest: record}
	r.byte()
	t.flags, t.depth, t.chain = r.byte(), uint16(r.number()), uint16(r.number())
	t.url = r.text()
	if r.bad {
		return t, errRecord
	}
	return t, nil
}

// mention is an M record. It points to the one before it that waits for the
// same target.
type mention struct {
	page, target   uint32
	before         int64
	element, attr  string
	raw, url       string // url is empty when it is the target's own
	label          string
	fragment       string
	fault          string
	hidden         string
	class, verdict string // of links that are not asked, with reason
	reason         string
}

// nowhere is the target of a link that cannot be asked.
const nowhere = ^uint32(0)

func (j *journal) addMention(m *mention) int64 {
	j.begin()
	w := writer{j}
	w.byte(recordMention)
	w.number(uint64(m.page))
	w.number(uint64(m.target))
	w.number(uint64(m.before))
	for _, s := range m.texts() {
		w.text(*s)
	}
	return j.end()
}

func (m *mention) texts() []*string {
	return []*string{&m.element, &m.attr, &m.raw, &m.url, &m.label, &m.fragment, &m.fault, &m.class, &m.verdict, &m.reason, &m.hidden}
}

func readMention(record []byte) (m mention, err error) {
	r := reader{rest: record}
	r.byte()
	m.page, m.target, m.before = uint32(r.number()), uint32(r.number()), int64(r.number())
	for _, s := range m.texts() {
		*s = r.text()
	}
	if r.bad {
		return m, errRecord
	}
	return m, nil
}

// result is an R record.
type result struct {
	id          uint32
	verdict     linkcheck.Verdict
	class       linkcheck.Class
	reason      linkcheck.Reason
	kind        linkcheck.ErrorKind
	status      int
	final       string // empty when it is the address itself
	detail      string
	contentType string
	certHost    string // whose certificate browsers warn of, on the way there
	certificate string // of what: problems joined by commas
	read        bool   // links were taken from it
	complete    bool   // anchors holds all there are
	words       int
	sum, plain  uint64
	anchors     []uint32
	at          int64 // when it was looked at, in Unix seconds
}

func (j *journal) addResult(r *result) int64 {
	j.begin()
	w := writer{j}
	w.byte(recordResult)
	w.number(uint64(r.id))
	flags := byte(0)
	if r.read {
		flags |= 1
	}
	if r.complete {
		flags |= 2
	}
	w.byte(flags)
	w.number(uint64(r.status))
	w.number(uint64(r.words))
	w.sum(r.sum)
	w.sum(r.plain)
	for _, s := range []string{string(r.verdict), string(r.class), string(r.reason), string(r.kind), r.final, r.detail, r.contentType, r.certHost, r.certificate} {
		w.text(s)
	}
	w.number(uint64(len(r.anchors)))
	for _, a := range r.anchors {
		j.frame = binary.LittleEndian.AppendUint32(j.frame, a)
	}
	w.number(uint64(max(r.at, 0)))
	return j.end()
}

func readResult(record []byte, anchors bool) (r result, err error) {
	in := reader{rest: record}
	in.byte()
	r.id = uint32(in.number())
	flags := in.byte()
	r.read, r.complete = flags&1 != 0, flags&2 != 0
	r.status, r.words = int(in.number()), int(in.number())
	r.sum, r.plain = in.sum(), in.sum()
	r.verdict, r.class = linkcheck.Verdict(in.text()), linkcheck.Class(in.text())
	r.reason, r.kind = linkcheck.Reason(in.text()), linkcheck.ErrorKind(in.text())
	r.final, r.detail, r.contentType, r.certHost, r.certificate = in.text(), in.text(), in.text(), in.text(), in.text()
	n := in.number()
	if in.bad || n > uint64(len(in.rest))/4 {
		return r, errRecord
	}
	if anchors {
		r.anchors = make([]uint32, n)
		for i := range r.anchors {
			r.anchors[i] = binary.LittleEndian.Uint32(in.rest[4*i:])
		}
	}
	in.rest = in.rest[4*n:]
	if r.at = int64(in.number()); in.bad { // #nosec G115 -- a moment
		return r, errRecord
	}
	return r, nil
}
