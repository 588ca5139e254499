package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-resty/resty/v2"
)

// check holds both ends against what people were told. It reads what the
// programs show while they run, stops them, and then reads the databases.
func (st *storm) check(ctx context.Context) {
	st.t.Helper()
	failed := st.strange()
	feed, gone, err := st.readFeed(ctx)
	failed = errors.Join(failed, err)
	for _, o := range st.towns {
		failed = errors.Join(failed, o.stop())
	}
	failed = errors.Join(failed, st.office.stop())
	out, err := st.hub.run(ctx, "", "audit", "verify")
	failed = errors.Join(failed, err)
	st.tally.saw("audit log: %s", strings.ReplaceAll(out, "\n", " "))
	db, err := st.hubData()
	if err != nil {
		st.t.Fatal(err)
	}
	defer db.Close()
	c := &checker{st: st, ctx: ctx, db: db}
	failed = errors.Join(failed, c.check(feed, gone))
	if st.broker != nil {
		failed = errors.Join(failed, st.broker.down())
	}
	if failed != nil {
		st.t.Errorf("%v\n%s", failed, st.logs())
	}
}

// readFeed walks the feed, and fetches each file in it. It returns the titles, and
// how many entries say that they were withdrawn.
func (st *storm) readFeed(ctx context.Context) (titles []string, gone int, err error) {
	reader := resty.New()
	files := 0
	for next := st.base + "/feed.json"; next != ""; {
		var page struct {
			Next  string `json:"next_url"`
			Items []struct {
				Title       string
				Attachments []struct{ URL string }
			}
		}
		if err := ask(reader.R().SetContext(ctx), http.MethodGet, next, nil, &page); err != nil {
			return nil, 0, err
		}
		for _, i := range page.Items {
			if strings.HasPrefix(i.Title, "〔已撤回〕") {
				gone++
				continue
			}
			titles = append(titles, i.Title)
			for _, f := range i.Attachments {
				files++
				got, err := reader.R().SetContext(ctx).Get(f.URL)
				first := strings.TrimSuffix(i.Title, "（改）")
				if err != nil || string(got.Body()) != strings.Repeat(first+"的附件\n", fileLines) {
					return nil, 0, fmt.Errorf("the file of %s, %d bytes: %w", i.Title, len(got.Body()), err)
				}
			}
		}
		next = page.Next
	}
	st.tally.saw("%d entries in the feed with %d files, %d withdrawn", len(titles), files, gone)
	slices.Sort(titles)
	return titles, gone, nil
}

// checker reads both ends at rest.
type checker struct {
	st  *storm
	ctx context.Context
	db  *sql.DB // the hub's
}

func (c *checker) check(feed []string, gone int) error {
	if c.st.dsn == "" {
		if err := c.sound(c.db); err != nil {
			return fmt.Errorf("the hub's database: %w", err)
		}
	}
	failed := errors.Join(c.hubItems(feed, gone), c.decisions(), c.events(), c.refusals())
	for _, o := range c.st.towns {
		if err := c.town(o); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", o.name, err))
		}
	}
	return failed
}

// sound lets SQLite look through its own file.
func (c *checker) sound(db *sql.DB) error {
	var verdict string
	var broken int
	err := db.QueryRowContext(c.ctx, "PRAGMA integrity_check(5)").Scan(&verdict)
	if err == nil {
		err = db.QueryRowContext(c.ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken)
	}
	if err != nil || verdict != "ok" || broken > 0 {
		return fmt.Errorf("%s, %d broken references, %w", verdict, broken, err)
	}
	return nil
}

// rows reads a whole answer into strings, which both databases give alike.
func rows(ctx context.Context, db *sql.DB, query string, args ...any) (list [][]string, err error) {
	r, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer r.Close()
	columns, err := r.Columns()
	if err != nil {
		return nil, err
	}
	for r.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := r.Scan(into...); err != nil {
			return nil, err
		}
		text := make([]string, len(row))
		for i, s := range row {
			text[i] = s.String
		}
		list = append(list, text)
	}
	return list, r.Err()
}

func (c *checker) hub(query string, args ...any) ([][]string, error) {
	return rows(c.ctx, c.db, query, args...)
}

// same holds one list against another, line by line.
func same(what string, got, want [][]string) error {
	for i := range max(len(got), len(want)) {
		var a, b []string
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if !slices.Equal(a, b) {
			return fmt.Errorf("%s, line %d of %d and %d: %q, want %q", what, i+1, len(got), len(want), a, b)
		}
	}
	return nil
}
