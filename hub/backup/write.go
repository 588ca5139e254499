package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"zhanqun/hub/store"
	"zhanqun/internal/archive"
	"zhanqun/internal/blob"
)

// Source is the hub that is kept.
type Source struct {
	Store   *store.Store
	Files   *blob.Store
	CA      []byte // of the hub's own; nil for none
	Program string // name and version
	// Progress, if not nil, is told now and then how many bytes have been read.
	Progress func(bytes int64)
}

// Write keeps src in the new file path. Attached files the disk has lost are in
// the report; everything else is in the backup.
func Write(ctx context.Context, src Source, path string) (r Report, err error) {
	w, err := archive.Create(path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, w.Abandon()) }()
	b := &writing{Source: src, w: w, counts: Counts{Rows: map[string]int64{}}}
	r.Manifest = Manifest{Format: format, Program: src.Program, At: src.Store.Now().UTC().Truncate(time.Second), Epoch: src.Store.Epoch()}
	begin := func(schema int64) error {
		// Read when the rows stand still: keys are on disk before rows name them.
		if err := src.Store.Keys().Reload(); err != nil {
			return err
		}
		r.Schema, r.HubKey = schema, src.Store.Key()
		return b.begin(r.Manifest)
	}
	if err := src.Store.Dump(ctx, begin, b.part); err != nil {
		return r, err
	}
	// After the rows: files are added and never changed, so all the rows name
	// are there by now.
	if err := b.files(ctx); err != nil {
		return r, err
	}
	if err := b.json(countsName, b.counts); err != nil {
		return r, err
	}
	v := &verifier{counts: Counts{Rows: map[string]int64{}}}
	sum, err := w.Commit(v.member)
	if err != nil {
		return r, err
	}
	r.Counts, r.Bytes = b.counts, sum.Bytes
	return r, nil
}

type writing struct {
	Source
	w      *archive.Writer
	counts Counts
	parts  int
}

func (b *writing) begin(m Manifest) error {
	if err := b.json(manifestName, m); err != nil {
		return err
	}
	if err := b.w.AddBytes(seedName, b.Store.Keys().Text()); err != nil || b.CA == nil {
		return err
	}
	return b.w.AddBytes(caName, b.CA)
}

func (b *writing) json(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return b.w.AddBytes(name, append(data, '\n'))
}

func (b *writing) part(p store.Part) error {
	head, err := json.Marshal(p)
	if err != nil {
		return err
	}
	b.parts++
	b.counts.Rows[p.Table] += int64(p.Rows)
	b.told()
	return b.w.AddBytes(fmt.Sprintf("%s%06d.jsonl", tablesDir, b.parts), bytes.Join([][]byte{head, p.Lines}, []byte("\n")))
}

func (b *writing) told() {
	if b.Progress != nil {
		b.Progress(b.w.Bytes())
	}
}

// filesPage is how many files are listed at a time.
const filesPage = 500

func (b *writing) files(ctx context.Context) error {
	for after := ""; ; {
		list, err := b.Store.Blobs(ctx, after, filesPage)
		if err != nil {
			return err
		}
		for _, f := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := b.file(ctx, f); err != nil {
				return err
			}
			after = f.SHA256
		}
		if len(list) < filesPage {
			return nil
		}
	}
}

// file adds one file, or notes that it is lost.
func (b *writing) file(ctx context.Context, f store.Blob) error {
	lost, err := b.w.AddBlob(ctx, b.Files, f.SHA256)
	switch {
	case err != nil:
		return err
	case lost:
		b.counts.Lost++
		if len(b.counts.Missing) < mostMissing {
			b.counts.Missing = append(b.counts.Missing, f.SHA256)
		}
	default:
		b.counts.Files++
	}
	b.told()
	return nil
}

// verifier counts what stands in an archive and compares it with what its last
// member says.
type verifier struct {
	counts Counts
	last   bool
}

func (v *verifier) member(m archive.Member, r io.Reader) error {
	file, err := m.IsBlob()
	switch {
	case err != nil:
		return err
	case v.last:
		return fmt.Errorf("%s stands behind the counts", m.Name)
	case strings.HasPrefix(m.Name, tablesDir):
		p, err := readPart(r)
		if err != nil {
			return err
		}
		v.counts.Rows[p.Table] += int64(p.Rows)
		return p.Read(func([]any) error { return nil })
	case file:
		v.counts.Files++
	case m.Name == countsName:
		v.last = true
		return v.compare(r)
	}
	return nil
}

func (v *verifier) compare(r io.Reader) error {
	var want Counts
	if err := json.NewDecoder(io.LimitReader(r, mostJSON)).Decode(&want); err != nil {
		return fmt.Errorf("reading counts: %w", err)
	}
	if !maps.Equal(want.Rows, v.counts.Rows) || want.Files != v.counts.Files {
		return fmt.Errorf("holds %d files and rows %v, should hold %d and %v", v.counts.Files, v.counts.Rows, want.Files, want.Rows)
	}
	v.counts = want
	return nil
}

// Bounds on what is read into memory: one is far above what is written, so that
// only a file made to do harm meets it.
const (
	mostHead = 64 << 10 // the first line of a part
	mostPart = 64 << 20
	mostJSON = 1 << 20
)

func readPart(r io.Reader) (p store.Part, err error) {
	data, err := io.ReadAll(io.LimitReader(r, mostPart+1))
	if err != nil {
		return p, err
	}
	if len(data) > mostPart {
		return p, errors.New("a part of a table is too large")
	}
	head, lines, ok := bytes.Cut(data, []byte("\n"))
	if !ok || len(head) > mostHead {
		return p, errors.New("a part of a table without a head")
	}
	if err := json.Unmarshal(head, &p); err != nil {
		return p, fmt.Errorf("reading the head of a part: %w", err)
	}
	p.Lines = lines
	return p, nil
}
