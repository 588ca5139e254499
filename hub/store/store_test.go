package store_test

import (
	"context"
	"testing"

	"zhanqun/hub/signer"

	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

func TestSQLite(t *testing.T)   { storetest.Run(t, storetest.SQLite) }
func TestPostgres(t *testing.T) { storetest.Run(t, storetest.Postgres) }

// A store keeps its epoch when it is opened again; another store has another.
func TestEpochIsTheStores(t *testing.T) {
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	open := func(dir string) string {
		s, err := store.Open(context.Background(), store.Options{Dir: dir, Keys: signer.Of(key)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return s.Epoch()
	}
	one, other := t.TempDir(), t.TempDir()
	first := open(one)
	if again := open(one); first == "" || again != first {
		t.Errorf("epoch %q, opened again %q", first, again)
	}
	if o := open(other); o == first {
		t.Error("two stores share an epoch")
	}
}
