package crawl

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"zhanqun/hub/health/linkcheck"
)

// MemoryName is the name of the file in Options.Dir in which a run leaves what it
// remembers for the next one; see Options.Past.
const MemoryName = "pages.log"

// memory is what is remembered of addresses that were well: when they were asked,
// by what the server tells whether they have changed, and the links of pages. It
// is a help and no evidence: what cannot be read of it is asked for anew.
type memory struct {
	past  *journal // nil for none
	index []memo   // of past, by key
	now   *journal // nil if nothing is to be left
	pack  *zstd.Encoder
	open  *zstd.Decoder
}

// memo is where a record stands.
type memo struct {
	key uint64
	at  int64
}

// recollection is one record.
type recollection struct {
	key     uint64
	asked   int64 // when the server was asked last, in Unix seconds
	since   int64 // since when it has said the same
	whole   int64 // when it was read last, rather than said to be unchanged
	valid   linkcheck.Validators
	status  int
	final   string // where it arrived, if that is elsewhere
	content string // type
	page    bool   // what follows is known
	body    []byte // packed: see packPage
}

// openMemory opens what a former run left at past, and what this one is to leave
// in dir. Either may be "".
func openMemory(past, dir string) (*memory, error) {
	m := &memory{}
	var err error
	if m.pack, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(64<<10)); err != nil {
		return nil, fmt.Errorf("preparing memory of pages: %w", err)
	}
	if m.open, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20)); err != nil {
		return nil, fmt.Errorf("preparing memory of pages: %w", err)
	}
	if past != "" {
		if err := m.recall(past); err != nil {
			return m, err
		}
	}
	if dir != "" {
		if m.now, err = openJournal(filepath.Join(dir, MemoryName)); err != nil {
			return m, err
		}
		if err := m.now.reopen(func(int64, []byte) error { return nil }); err != nil {
			return m, err
		}
	}
	return m, nil
}

// recall reads where everything stands in a file, if there is one.
func (m *memory) recall(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	past, err := openJournal(path)
	if err != nil {
		return err
	}
	m.past = past
	err = past.reopen(func(at int64, record []byte) error {
		if len(record) >= 8 {
			m.index = append(m.index, memo{binary.LittleEndian.Uint64(record), at})
		}
		return nil
	})
	slices.SortStableFunc(m.index, func(a, b memo) int { return cmp.Compare(a.key, b.key) })
	return err
}

func (m *memory) close() {
	for _, j := range []*journal{m.past, m.now} {
		if j != nil {
			_ = j.close() // every record has been written
		}
	}
	m.open.Close()
	_ = m.pack.Close() // nothing is under way
}

// size is how much has been written.
func (m *memory) size() int64 {
	if m.now == nil {
		return 0
	}
	return m.now.base
}

// find returns what is remembered of an address.
func (m *memory) find(key uint64) (r recollection, ok bool) {
	at, found := slices.BinarySearchFunc(m.index, key, func(one memo, key uint64) int { return cmp.Compare(one.key, key) })
	if !found {
		return r, false
	}
	for at+1 < len(m.index) && m.index[at+1].key == key {
		at++ // the last word counts
	}
	record, err := m.past.read(m.index[at].at, nil)
	if err != nil {
		return r, false
	}
	r, err = readRecollection(record)
	return r, err == nil && r.key == key
}

// forget lets an address be asked for anew.
func (m *memory) forget(key uint64) {
	m.index = slices.DeleteFunc(m.index, func(one memo) bool { return one.key == key })
}

// put leaves a record for the next run. What cannot be written is not remembered.
func (m *memory) put(r *recollection) {
	if m.now == nil {
		return
	}
	m.now.begin()
	w := writer{m.now}
	w.sum(r.key)
	for _, n := range []int64{r.asked, r.since, r.whole, int64(r.status)} {
		w.number(uint64(max(n, 0)))
	}
	for _, s := range []string{r.valid.ETag, r.valid.Modified, r.final, r.content} {
		w.text(s)
	}
	w.byte(flag(r.page))
	w.text(string(r.body))
	m.now.end()
	if m.now.commit() != nil {
		m.now.frame = m.now.frame[:frameHeader]
	}
}

func flag(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

func readRecollection(record []byte) (r recollection, err error) {
	in := reader{rest: record}
	r.key = in.sum()
	r.asked, r.since, r.whole, r.status = int64(in.number()), int64(in.number()), int64(in.number()), int(in.number()) // #nosec G115 -- as put wrote them
	r.valid.ETag, r.valid.Modified, r.final, r.content = in.text(), in.text(), in.text(), in.text()
	r.page = in.byte() == 1
	r.body = in.bytes()
	if in.bad {
		return r, errRecord
	}
	return r, nil
}

// packPage returns what a crawl needs of a page, in short.
func (m *memory) packPage(p *linkcheck.Page) []byte {
	j := &journal{}
	w := writer{j}
	for _, s := range []string{p.URL, p.ContentType, p.Charset, p.Title} {
		w.text(s)
	}
	w.byte(flag(p.Partial))
	w.sum(p.Sum)
	w.sum(p.Plain)
	w.number(uint64(p.Words)) // #nosec G115 -- a count
	w.number(uint64(len(p.Anchors)))
	for _, a := range p.Anchors {
		j.frame = binary.LittleEndian.AppendUint32(j.frame, a)
	}
	w.number(uint64(len(p.Links)))
	for i := range p.Links {
		for _, s := range linkTexts(&p.Links[i]) {
			w.text(*s)
		}
	}
	return m.pack.EncodeAll(j.frame, nil)
}

// unpackPage is the reverse.
func (m *memory) unpackPage(body []byte) (p linkcheck.Page, ok bool) {
	plain, err := m.open.DecodeAll(body, nil)
	if err != nil {
		return p, false
	}
	in := reader{rest: plain}
	p.URL, p.ContentType, p.Charset, p.Title = in.text(), in.text(), in.text(), in.text()
	p.Partial = in.byte() == 1
	p.Sum, p.Plain, p.Words = in.sum(), in.sum(), int(in.number()) // #nosec G115 -- a count
	n := in.number()
	if in.bad || n > uint64(len(in.rest))/4 {
		return p, false
	}
	p.Anchors = make([]uint32, n)
	for i := range p.Anchors {
		p.Anchors[i] = binary.LittleEndian.Uint32(in.rest[4*i:])
	}
	in.rest = in.rest[4*n:]
	n = in.number()
	if in.bad || n > uint64(len(in.rest)) {
		return p, false
	}
	p.Links = make([]linkcheck.Link, n)
	for i := range p.Links {
		for _, s := range linkTexts(&p.Links[i]) {
			*s = in.text()
		}
	}
	return p, !in.bad
}

func linkTexts(l *linkcheck.Link) []*string {
	return []*string{&l.URL, &l.Raw, &l.Fragment, &l.Element, &l.Attr, &l.Label, (*string)(&l.Fault), (*string)(&l.Excluded), &l.Hidden}
}

// again is how long a server may say that something is unchanged before it is
// read as a whole all the same.
const again = 30 * 24 * time.Hour

// rests tells whether an address need not be asked at now: what has not changed
// for long is asked ever more rarely, up to rarely.
func (r *recollection) rests(now time.Time, rarely time.Duration) bool {
	stood := time.Duration(r.asked-r.since) * time.Second
	wait := min(stood/3, rarely)
	return wait > 0 && now.Unix()-r.asked < int64(wait/time.Second)
}
