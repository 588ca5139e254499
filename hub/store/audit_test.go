package store

import (
	"context"
	"errors"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/internal/testenv"
)

// Whoever changes, takes out, puts in or cuts off acts in the database itself
// is found out, on both databases.
func TestAuditChainShowsTampering(t *testing.T) {
	for name, o := range map[string]Options{"sqlite": {Dir: t.TempDir()}, "postgres": {}} {
		t.Run(name, func(t *testing.T) {
			if name == "postgres" {
				o.URL = testenv.Postgres(t)
			}
			s := openBare(t, o)
			for _, tamper := range []struct {
				name, do string
				broken   uint64
			}{
				{"nothing", ``, 0},
				{"a changed actor", `UPDATE audit SET actor = 'root' WHERE seq = 5`, 5},
				{"a changed digest of what was done", `UPDATE audit SET after = '' WHERE seq = 3`, 3},
				{"a hash taken away", `UPDATE audit SET hash = '' WHERE seq = 1`, 1},
				{"an act taken out", `DELETE FROM audit WHERE seq = 4`, 4},
				{"an act put in", `INSERT INTO audit SELECT 9, at, actor, act, ref, before, after, detail, hash FROM audit WHERE seq = 8`, 9},
				{"the end cut off", `DELETE FROM audit WHERE seq > 6`, 7},
			} {
				t.Run(tamper.name, func(t *testing.T) {
					alter(t, s, `DELETE FROM audit`)
					alter(t, s, `UPDATE counter SET value = 0 WHERE name = 'audit'`)
					noteActs(t, s)
					if tamper.do != "" {
						alter(t, s, tamper.do)
					}
					end, err := s.VerifyAudit(t.Context(), nil)
					var b *catalog.Broken
					switch errors.As(err, &b); {
					case tamper.broken == 0 && (err != nil || end.Seq != 8):
						t.Errorf("ends at %d, %v", end.Seq, err)
					case tamper.broken > 0 && (b == nil || b.Seq != tamper.broken):
						t.Errorf("found %v, want act %d", err, tamper.broken)
					}
				})
			}
		})
	}
}

// Acts of a program that knew no chain get one when the store is opened; a log
// somebody emptied of some hashes does not.
func TestOldActsAreChained(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "", "postgres": testenv.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			s := openBare(t, Options{Dir: t.TempDir(), URL: url})
			noteActs(t, s)
			alter(t, s, `UPDATE audit SET hash = '' WHERE seq < 8`)
			if err := s.chainOld(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.VerifyAudit(t.Context(), nil); err == nil {
				t.Error("a log somebody tampered with was mended")
			}
			alter(t, s, `UPDATE audit SET hash = ''`)
			if err := s.chainOld(t.Context()); err != nil {
				t.Fatal(err)
			}
			noteActs(t, s)
			if end, err := s.VerifyAudit(t.Context(), nil); err != nil || end.Seq != 16 {
				t.Errorf("ends at %d, %v", end.Seq, err)
			}
		})
	}
}

// noteActs notes eight acts in four transactions.
func noteActs(t *testing.T, s *Store) {
	t.Helper()
	for range 4 {
		if err := s.tx(t.Context(), "noting acts", func(t *tx) error {
			for _, act := range []string{"user.add", "user.edit"} {
				if err := t.audit("admin", act, "u1", change{after: "x", detail: map[string]string{"login": "申荷"}}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func alter(t testing.TB, s *Store, query string) {
	t.Helper()
	if _, err := s.write.ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}
