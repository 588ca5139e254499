package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/hub/health"
	"zhanqun/hub/review"
	"zhanqun/hub/signer"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

// A list over a million items opens as fast as over ten thousand only if every
// query walks an index and stops. This asks both databases how they would go
// about each of them: nothing may read a whole table or sort what it found.
func TestListsWalkAnIndex(t *testing.T) {
	for name, o := range map[string]Options{"sqlite": {Dir: t.TempDir()}, "postgres": {}} {
		t.Run(name, func(t *testing.T) {
			if name == "postgres" {
				o.URL = testenv.Postgres(t)
			}
			s := openBare(t, o)
			fill(t, s, 4_000)
			for what, q := range listQueries() {
				plan := s.explain(t, q.text, q.args)
				if bad := q.bad(plan); bad != "" {
					t.Errorf("%s: %q in\n%s\n%s", what, bad, q.text, plan)
				}
			}
		})
	}
}

func openBare(t testing.TB, o Options) *Store {
	t.Helper()
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	o.Keys = signer.Of(key)
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fill puts n items on file, as they lie after years: nearly all decided, a few
// waiting; two units and three columns, each with more than a search looks at.
func fill(t testing.TB, s *Store, n int) {
	t.Helper()
	series := fmt.Sprintf("generate_series(1, %d) AS g(n)", n)
	if !s.d.postgres {
		series = fmt.Sprintf("(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %d) SELECT n FROM g) AS g", n)
	}
	id := "'01935f00-0000-7000-8000-' || substr('000000000000' || n, length('000000000000' || n) - 11)"
	state := "CASE WHEN n % 400 = 0 THEN 'received' WHEN n % 401 = 0 THEN 'in_review' WHEN n % 5 = 1 THEN 'rejected' ELSE 'adopted' END"
	due := "CASE WHEN n % 400 = 0 THEN 'reviewer' WHEN n % 401 = 0 THEN 'chief' ELSE '' END"
	at := "1700000000000 + n * 1000"
	for _, q := range []string{
		`INSERT INTO item (id, node, unit, origin, column_slug, title, author, source, revision, live_revision, entry, state, step, due_role, flags, files,
			submitted_at, received_at, updated_at, claimed_by, claimed_until)
		SELECT ` + id + `, 'n' || (n % 50), 'u' || (n % 2), '', 'c' || (n % 3), '第' || n || '条信息', '张三', '党政办', 1, 0, '', ` + state + `, 1, ` + due + `, '[]', 0,
			` + at + `, ` + at + `, ` + at + `, '', 0 FROM ` + series,
		`INSERT INTO revision (item, revision, title, body, column_slug, author, source, reviewer, note, override, endorsed_by, attachments, flags, epoch, seq, submitted_at, received_at)
		SELECT id, 1, title, '<p>正文</p>', column_slug, author, source, '', '', '', '', '[]', '[]', 'e', 1, submitted_at, received_at FROM item`,
		`INSERT INTO decision (id, item, revision, step, action, reason, fields, comment, override, columns, role, account, name, at)
		SELECT 'd' || id, id, 1, 1, 'approve', '', '[]', '', '', '[]', 'reviewer', 'a' || (received_at / 1000 % 9), '申荷', received_at FROM item WHERE due_role = ''`,
		`INSERT INTO entry (id, title, body, state, version, combined, credit, note, reason, published_at, updated_at, withdrawn_at)
		SELECT id, title, '<p>正文</p>', CASE WHEN received_at / 1000 % 9 = 0 THEN 'withdrawn' ELSE 'live' END, 1, false, '', '', '', received_at, received_at, 0 FROM item`,
		`INSERT INTO entry_list (entry, kind, key, state, updated_at) SELECT e.id, 'column', i.column_slug, e.state, e.updated_at FROM entry e JOIN item i ON i.id = e.id`,
		`INSERT INTO entry_file (entry, sha256, name, type, size, alt, position) SELECT id, 'x' || id, 'a', 'b', 1, '', 1 FROM entry`,
		// Addresses: most answer, some are named nowhere any more and were due long
		// ago; of each some fault was found and closed, few are open.
		`INSERT INTO target (id, url, state, looks, checked_at, next_at) SELECT 't' || n, 'http://h' || (n % 40) || '.example/' || n,
			CASE WHEN n % 7 = 0 THEN 'dead' ELSE 'alive' END, '[]', ` + at + `, ` + at + ` FROM ` + series,
		`INSERT INTO place (target, owner, page, element, label, unit, item, seen_at)
		SELECT id, 'site:s' || (checked_at / 1000 % 20), 'p' || (checked_at / 1000 % 90), 'a', '', 'u1', '', checked_at FROM target WHERE checked_at / 1000 % 3 > 0`,
		`UPDATE target SET next_at = 253402300799000 WHERE checked_at / 1000 % 3 = 0`,
		`INSERT INTO finding (id, target, unit, node, site, item, state, class, status, reason, looks, first_bad, last_bad, note, answer, opened_at,
			answered_at, closed_at, updated_at, host) SELECT 'f' || id, id, 'u' || (checked_at / 1000 % 2), '', 's' || (checked_at / 1000 % 20), '',
			CASE WHEN checked_at / 1000 % 100 = 7 THEN 'open' ELSE 'closed' END, '死链', 404, '', 2, checked_at, checked_at, '', '', checked_at, 0,
			CASE WHEN checked_at / 1000 % 100 = 7 THEN 0 ELSE checked_at END, checked_at, CASE WHEN checked_at / 1000 % 50 = 7 THEN 'h7.example' ELSE '' END FROM target`,
		`INSERT INTO event (seq, at, kind, ref, data) SELECT n, ` + at + `, 'item.decided', 'x', '' FROM ` + series,
		`ANALYZE`,
	} {
		if _, err := s.write.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// planned is a query with its arguments.
type planned struct {
	text string
	args []any
	// sorts says that it sorts a handful: what several bounded walks have found,
	// or the entries of one file.
	sorts bool
}

func listQueries() map[string]planned {
	now := time.UnixMilli(1700010000000)
	after := review.Position{At: now, ID: "01935f00-0000-7000-8000-000000010000"}
	list := map[string]planned{
		"due":         {dueItems, []any{"reviewer", millis(now), after.ID, "a1", millis(now), catalog.ActionApprove, 50}, false},
		"count state": {countState, []any{"adopted", 1001}, false},
		"count due":   {countDue, []any{"chief", 1001}, false},
		"events":      {eventsAfter, []any{1000, 50}, false},
	}
	list["approved"] = planned{approvedItems, []any{string(protocol.StateApproved), millis(now), after.ID, millis(now), 100}, false}
	walk := []any{millis(now), after.ID, 100}
	list["under review"], list["provisional"] = planned{underReview, walk, false}, planned{provisional, walk, false}
	list["next hour"], list["next held"] = planned{nextHour, []any{millis(now)}, false}, planned{nextHeld, []any{millis(now)}, false}
	list["pinned"] = planned{pinned, []any{millis(now), 5}, false}
	list["pinned of a column"] = planned{pinnedOf, []any{millis(now), 5, feed.KindColumn, "c1"}, false}
	list["public file"] = planned{publicFile, []any{"x" + after.ID}, true}
	for name, l := range map[string]feed.List{"feed": {}, "column feed": {Kind: feed.KindColumn, Key: "c1"}} {
		for _, q := range []feed.Query{{}, {After: feed.Position(after)}, {Before: feed.Position(after)}} {
			q.List, q.Limit = l, 51
			text, args := feedPage(q)
			list[fmt.Sprintf("%s page %v %v", name, q.After.ID != "", q.Before.ID != "")] = planned{text, args, true}
		}
		text, args := feedNewest(l)
		list[name+" newest"] = planned{text, args, true}
		text, args = feedWithdrawn(l)
		list[name+" withdrawn"] = planned{text, append(slices.Clone(args), millis(now)), false}
	}
	for name, q := range map[string]health.FindingQuery{
		"all": {}, "active": {State: health.StateActive}, "state": {State: protocol.FindingOpen}, "unit": {Unit: "u1"}, "site": {Site: "s3"},
		"active of a unit": {Unit: "u1", State: health.StateActive}, "active of a site": {Site: "s3", State: health.StateActive},
	} {
		for _, p := range []time.Time{{}, now} {
			q.Before, q.BeforeID, q.Limit = p, "f", 50
			text, args := findings(q)
			list[fmt.Sprintf("findings, %s %v", name, p.IsZero())] = planned{text, args, false}
		}
	}
	list["facts"] = planned{factsOf, []any{millis(now), millis(now) + 60_000, 100}, false}
	list["ranked units"] = planned{rankedUnits, []any{100}, true}
	list["due targets"] = planned{dueTargets, []any{millis(now), 200}, false}
	list["next due"] = planned{nextDue, nil, false}
	list["next site"] = planned{nextSite, nil, false}
	list["last answered"] = planned{lastAnswered, []any{50}, false}
	list["silent hosts"] = planned{silentUnits, []any{"h7.example", "t7"}, true}
	list["about"], list["open about"] = planned{lastAbout, []any{health.AboutColumn, "c1"}, true}, planned{openAbout, []any{health.AboutSite}, true}
	list["changed entries"] = planned{changedEntries, []any{millis(now), after.ID, 50}, true}
	list["audits"] = planned{`SELECT ` + auditColumns + ` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, []any{5, 50}, false}
	for name, q := range map[string]review.Query{
		"all": {}, "all, oldest": {Oldest: true}, "state": {State: protocol.StateAdopted}, "open state": {State: protocol.StateReceived},
		"unit": {Unit: "u1"}, "column": {Column: "c2"}, "unit and state": {Unit: "u1", State: protocol.StateAdopted},
		"unit and open state": {Unit: "u1", State: protocol.StateReceived}, "text": {Text: "条"}, "unit and text": {Unit: "u1", Text: "条"},
		"role": {Role: "reviewer"}, "origin": {Origin: "u1"},
	} {
		for _, p := range []review.Position{{}, after} {
			q.After, q.Limit = p, 50
			w := walkOf(q)
			text, end := w.page(itemColumns+itemBody, q.Limit)
			list[name+p.String()] = planned{text, w.args, false}
			list["end of "+name+p.String()] = planned{end, w.args[:w.walkArgs], false}
		}
	}
	return list
}

var (
	wholeTable = regexp.MustCompile(`(?m)Seq Scan on (item|decision|event|revision|entry|target|place|finding|audit)|` +
		`SCAN (item|i|d|r|e|f|t|decision|event|revision|entry|target|place|finding|audit)( *\||$)`)
	sorting = regexp.MustCompile(`USE TEMP B-TREE FOR ORDER BY|Sort Key`)
)

// bad returns what is wrong with a plan, or "".
func (q planned) bad(plan string) string {
	if m := wholeTable.FindString(plan); m != "" {
		return m
	}
	if q.sorts {
		return ""
	}
	return sorting.FindString(plan)
}

// explain returns the plan of a query. Parameters are typed like the columns
// they are compared with, by giving values.
func (s *Store) explain(t testing.TB, text string, args []any) string {
	t.Helper()
	conn, err := s.read.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	prefix := "EXPLAIN QUERY PLAN "
	if s.d.postgres {
		prefix = "EXPLAIN "
		// This table is small enough to be read whole; the question is whether
		// there is a way that does not need it.
		if _, err := conn.ExecContext(t.Context(), `SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off`); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(t.Context(), prefix+text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		last, _ := values[len(values)-1].(*sql.NullString)
		b.WriteString(last.String + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// BenchmarkLists opens the first page of the lists of a reviewer over 10,000
// and over 200,000 items. "slower" is the second against the first; it says
// whether cost grows with history.
func BenchmarkLists(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			var stores [2]*Store
			for i, n := range []int{10_000, 200_000} {
				o := Options{Dir: b.TempDir()}
				if name == "postgres" {
					o = Options{URL: testenv.Postgres(b)}
				}
				stores[i] = openBare(b, o)
				fill(b, stores[i], n)
			}
			var took [2]time.Duration
			for b.Loop() {
				for i, s := range stores {
					start := time.Now()
					page(b, s)
					took[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "slower")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func page(b *testing.B, s *Store) {
	b.Helper()
	ctx := context.Background()
	for _, q := range []review.Query{{}, {State: protocol.StateAdopted}, {Unit: "u1"}, {Unit: "u1", State: protocol.StateReceived}} {
		q.Limit = 50
		if _, _, err := s.Items(ctx, q); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := s.DueItems(ctx, "reviewer", "a1", review.Position{}, 50); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Counts(ctx, 1000); err != nil {
		b.Fatal(err)
	}
}
