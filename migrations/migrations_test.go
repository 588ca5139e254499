package migrations_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/sqlite"
	"zhanqun/internal/testenv"
	"zhanqun/migrations"
)

// A number that only one database has would make "the same schema" a lie.
func TestBothDatabasesHaveTheSameHistory(t *testing.T) {
	postgres, lite := names(t, "postgres"), names(t, "sqlite")
	if len(postgres) == 0 {
		t.Fatal("no migrations found")
	}
	if diff := cmp.Diff(postgres, lite); diff != "" {
		t.Errorf("postgres and sqlite differ (-postgres +sqlite):\n%s", diff)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	list, err := fs.Glob(os.DirFS(dir), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// Up, down to nothing, and up again must leave what the first up left.
func TestUpDownUp(t *testing.T) {
	const liteTables = `SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name`
	const postgresTables = `SELECT relname || ': ' || coalesce(pg_get_indexdef(c.oid), '') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i', 'S') AND relname NOT LIKE 'goose_%'
		UNION ALL SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' ORDER BY 1`
	for _, tt := range []struct {
		name    string
		history migrations.History
		db      func(t *testing.T) *sql.DB
		tables  string
	}{
		{"postgres", migrations.Postgres, openPostgres, postgresTables},
		{"sqlite", migrations.SQLite, openSQLite, liteTables},
		{"node", migrations.Node, openSQLite, liteTables},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, ctx := tt.db(t), t.Context()
			if err := tt.history.Up(ctx, db, nil); err != nil {
				t.Fatal(err)
			}
			first := query(t, db, tt.tables)
			if len(first) == 0 {
				t.Fatal("up made no tables")
			}
			p, err := tt.history.Provider(db, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.DownTo(ctx, 0); err != nil {
				t.Fatal(err)
			}
			if left := query(t, db, tt.tables); len(left) > 0 {
				t.Errorf("down left %v", left)
			}
			if err := tt.history.Up(ctx, db, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, query(t, db, tt.tables)); diff != "" {
				t.Errorf("the second up differs (-first +second):\n%s", diff)
			}
		})
	}
}

// A database written by a later program is left alone.
func TestNewerDatabaseIsRefused(t *testing.T) {
	db, ctx := openSQLite(t), t.Context()
	if err := migrations.SQLite.Up(ctx, db, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := migrations.SQLite.Up(ctx, db, nil); err == nil {
		t.Error("a newer database was accepted")
	}
}

func query(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db.Write
}

func openPostgres(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
