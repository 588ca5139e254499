package migrations_test

import (
	"database/sql"
	"testing"

	"zhanqun/migrations"
)

// A database of the first programs is lifted with its rows: what is new is
// filled in from what is there.
func TestOldRowsAreLifted(t *testing.T) {
	for _, tt := range []struct {
		name    string
		history migrations.History
		db      func(t *testing.T) *sql.DB
	}{{"postgres", migrations.Postgres, openPostgres}, {"sqlite", migrations.SQLite, openSQLite}} {
		t.Run(tt.name, func(t *testing.T) {
			db, ctx := tt.db(t), t.Context()
			p, err := tt.history.Provider(db, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.UpTo(ctx, 2); err != nil {
				t.Fatal(err)
			}
			for _, q := range []string{
				`INSERT INTO unit (code, name, level, parent, created_at) VALUES ('u1', '思唐街道', 'township', 'c', 1)`,
				`INSERT INTO item (id, node, unit, origin, column_slug, title, author, source, revision, live_revision, entry, state, step, flags, files,
					submitted_at, received_at, updated_at, claimed_by, claimed_until)
				VALUES ('i1', 'n1', 'u1', '', 'township', '标题', '', '', 2, 0, '', 'received', 1, '[]', 0, 10, 20, 20, '', 0),
					('i2', 'n1', 'u1', '', 'township', '没有正文', '', '', 1, 0, '', 'received', 1, '[]', 0, 30, 30, 30, '', 0)`,
				`INSERT INTO revision (item, revision, title, body, column_slug, author, source, reviewer, note, override, endorsed_by, attachments, flags, epoch, seq,
					submitted_at, received_at) VALUES ('i1', 1, '标题', '', 'township', '', '', '', '', '', '', '[]', '[]', 'e', 1, 10, 10),
					('i1', 2, '标题', '', 'township', '', '', '', '', '', '', '[]', '[]', 'e', 2, 20, 20)`,
				`INSERT INTO decision (id, item, revision, step, action, reason, fields, comment, override, columns, role, account, name, at)
				VALUES ('d1', 'i1', 1, 1, 'return', 'fact', '[]', '请核实', '', '[]', 'reviewer', 'a1', '申荷', 15)`,
				`INSERT INTO audit (seq, at, actor, act, ref, detail) VALUES (1, 15, 'shenhe', 'item.return', 'i1', '')`,
				`INSERT INTO target (id, url, state, looks, checked_at, next_at) VALUES ('t1', 'http://a.example/', 'dead', '[]', 5, 5), ('t2', 'http://b.example/', 'alive', '[]', 5, 5)`,
				`INSERT INTO place (target, owner, page, element, label, unit, item, seen_at) VALUES ('t2', 'site:s1', '/', 'a', '', 'u1', '', 5)`,
				`INSERT INTO finding (id, target, unit, node, site, item, state, class, status, reason, looks, first_bad, last_bad, note, answer, opened_at,
					answered_at, closed_at, updated_at) VALUES ('f1', 't1', 'u1', '', '', '', 'open', '死链', 404, '', 2, 1, 2, '', '', 2, 0, 0, 2)`,
			} {
				if _, err := db.ExecContext(ctx, q); err != nil {
					t.Fatalf("%s: %v", q, err)
				}
			}
			if err := tt.history.Up(ctx, db, nil); err != nil {
				t.Fatal(err)
			}
			for question, want := range map[string]string{
				`SELECT CAST(first_at AS text) FROM item WHERE id = 'i1'`:                      "10", // of the first text
				`SELECT CAST(first_at AS text) FROM item WHERE id = 'i2'`:                      "30",
				`SELECT title FROM item WHERE id = 'i1' AND NOT emergency AND publish_at = 0`:  "标题",
				`SELECT comment FROM decision WHERE id = 'd1' AND NOT emergency AND note = ''`: "请核实",
				`SELECT hash || actor FROM audit WHERE seq = 1`:                                "shenhe",
				`SELECT CAST(next_at AS text) FROM target WHERE id = 't1'`:                     "253402300799000", // nobody names it
				`SELECT CAST(next_at AS text) FROM target WHERE id = 't2'`:                     "5",
				`SELECT host || state FROM finding WHERE id = 'f1'`:                            "open",
			} {
				if got := query(t, db, question); len(got) != 1 || got[0] != want {
					t.Errorf("%s: %v, want %s", question, got, want)
				}
			}
		})
	}
}
