// Package store implements each area's Store on PostgreSQL or embedded SQLite
// and decides nothing else. It promises that one exported method is one
// transaction, that what goes down a node's log is written in the transaction
// of its cause, and that both databases pass the same suite (storetest).
//
// Lock order, kept by every method so that no two wait for each other: node
// rows by id, item rows by id, entry rows by id, then the counters. Counters
// come last because they serialise whoever holds them until the commit.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health/fresh"
	"zhanqun/hub/signer"
	"zhanqun/internal/sqlite"
	"zhanqun/migrations"
)

// Options say where the data is and who signs the down log.
type Options struct {
	URL  string           // postgres://…; empty for SQLite in Dir
	Dir  string           // data folder
	Keys *signer.Ring     // the hub's keys: they sign every entry of the down logs
	Now  func() time.Time // nil for time.Now
	Log  *slog.Logger     // nil for slog.Default
	// Sleep says which columns are called asleep when they are read.
	Sleep fresh.Limits
}

// Store is the hub's database.
type Store struct {
	write *sql.DB
	read  *sql.DB
	close func() error
	d     dialect
	keys  *signer.Ring
	epoch string
	now   func() time.Time
	log   *slog.Logger
	sleep fresh.Limits

	hooks sync.RWMutex
	rung  []func(heads map[string]uint64)
	moved []func(head uint64)
}

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{keys: o.Keys, now: o.Now, log: o.Log, sleep: o.Sleep}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	var err error
	if o.URL != "" {
		err = s.openPostgres(ctx, o.URL)
	} else {
		err = s.openSQLite(ctx, filepath.Join(o.Dir, "hub.db"))
	}
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("preparing store: %w", closing(s, err))
	}
	return s, nil
}

func closing(s *Store, err error) error {
	_ = s.close()
	return err
}

// prepare reads the store's epoch, making it in a new store, and checks the key.
func (s *Store) prepare(ctx context.Context) error {
	history := migrations.SQLite
	if s.d.postgres {
		history = migrations.Postgres
	}
	if err := history.Up(ctx, s.write, nil); err != nil {
		return err
	}
	if err := s.chainOld(ctx); err != nil {
		return err
	}
	const q = `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = setting.value RETURNING value`
	if err := s.write.QueryRowContext(ctx, q, "epoch", uuid.NewString()).Scan(&s.epoch); err != nil {
		return fmt.Errorf("reading epoch: %w", err)
	}
	// Every node knows the hub by its key: with another one they would all
	// refuse what it says.
	var known string
	if err := s.write.QueryRowContext(ctx, q, hubKeySetting, s.Key()).Scan(&known); err != nil {
		return fmt.Errorf("reading the hub's key: %w", err)
	}
	if !s.keys.Knows(known) {
		return errOtherKey
	}
	// Logs begun before a hub could have two keys.
	if _, err := s.write.ExecContext(ctx, `UPDATE node SET signer = $1 WHERE signer = ''`, known); err != nil {
		return fmt.Errorf("noting who signs the down logs: %w", err)
	}
	return s.TakeKey(ctx, "hub")
}

func (s *Store) openSQLite(ctx context.Context, path string) error {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("opening hub database: %w", err)
	}
	s.write, s.read, s.close, s.d = db.Write, db.Read, db.Close, sqliteDialect
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.close() }

// Epoch returns the random id of this store, made when it was made.
func (s *Store) Epoch() string { return s.epoch }

// Key returns the hub's present public key.
func (s *Store) Key() string { return s.keys.Present().Public() }

// Keys returns the hub's keys.
func (s *Store) Keys() *signer.Ring { return s.keys }

// Now is the store's clock: the time its transactions are noted under.
func (s *Store) Now() time.Time { return s.now() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// OnDown registers f to be called after each commit that wrote down entries,
// with the new head of each node concerned. f must not block.
func (s *Store) OnDown(f func(heads map[string]uint64)) {
	s.hooks.Lock()
	defer s.hooks.Unlock()
	s.rung = append(s.rung, f)
}

// OnEvent registers f to be called after each commit that wrote events, with
// the newest number. f must not block.
func (s *Store) OnEvent(f func(head uint64)) {
	s.hooks.Lock()
	defer s.hooks.Unlock()
	s.moved = append(s.moved, f)
}

func (s *Store) committed(heads map[string]uint64, event uint64) {
	s.hooks.RLock()
	defer s.hooks.RUnlock()
	if len(heads) > 0 {
		for _, f := range s.rung {
			f(heads)
		}
	}
	if event > 0 {
		for _, f := range s.moved {
			f(event)
		}
	}
}
