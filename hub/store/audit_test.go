package store

import (
	"context"
	"testing"

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
			for range 4 {
				if err := s.tx(t.Context(), "noting acts", func(t *tx) error {
					for _, act := range []string{"user.add", "user.edit"} {
						if err := t.audit("admin", act, "u1", map[string]string{"login": "申荷"}); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			whole := func(acts, broken uint64) {
				t.Helper()
				n, at, err := s.CheckAudits(t.Context())
				if err != nil || n != acts || at != broken {
					t.Errorf("%d acts, broken at %d (%v), want %d and %d", n, at, err, acts, broken)
				}
			}
			whole(8, 0)
			for _, tamper := range []struct {
				name, do, undo string
				acts, broken   uint64
			}{
				{"a changed actor", `UPDATE audit SET actor = 'root' WHERE seq = 5`, `UPDATE audit SET actor = 'admin' WHERE seq = 5`, 4, 5},
				{"a changed digest", `UPDATE audit SET hash = '' WHERE seq = 1`, ``, 1, 2},
			} {
				t.Run(tamper.name, func(t *testing.T) {
					alter(t, s, tamper.do)
					n, at, err := s.CheckAudits(t.Context())
					if err != nil || n != tamper.acts || at != tamper.broken {
						t.Errorf("%d acts, broken at %d (%v), want %d and %d", n, at, err, tamper.acts, tamper.broken)
					}
					if tamper.undo != "" {
						alter(t, s, tamper.undo)
						whole(8, 0)
					}
				})
			}
		})
	}
}

// Acts that were cut off at the end, or noted before there was a chain.
func TestAuditChainEnds(t *testing.T) {
	s := openBare(t, Options{Dir: t.TempDir()})
	note := func() {
		t.Helper()
		if err := s.tx(t.Context(), "noting an act", func(t *tx) error { return t.audit("admin", "user.add", "u1", nil) }); err != nil {
			t.Fatal(err)
		}
	}
	note()
	note()
	alter(t, s, `UPDATE audit SET hash = ''`) // as an older program left them
	note()
	if n, at, err := s.CheckAudits(t.Context()); err != nil || n != 3 || at != 0 {
		t.Errorf("older acts: %d, broken at %d, %v", n, at, err)
	}
	alter(t, s, `DELETE FROM audit WHERE seq = 3`)
	if n, at, err := s.CheckAudits(t.Context()); err != nil || n != 2 || at != 3 {
		t.Errorf("cut off: %d, broken at %d, %v", n, at, err)
	}
}

func alter(t testing.TB, s *Store, query string) {
	t.Helper()
	if _, err := s.write.ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}
