package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/signer"
	"zhanqun/hub/store"
	"zhanqun/internal/account"
	"zhanqun/internal/dirlock"
	"zhanqun/internal/fault"
)

// Names in the data folder.
const (
	seedName  = "hub.seed"   // the hub's key; whoever has it can speak as the hub
	filesName = "files"      // attached files
	openLock  = "open.lock"  // held while a program opens the database
	serveLock = "serve.lock" // held while serve runs
	keyLock   = "key.lock"   // held while the hub takes another key
)

// openTime bounds the wait for another program that is opening the database:
// its schema may be on the way up.
const openTime = 5 * time.Minute

// openStore opens the hub's database, making the data folder, the hub's key and
// the database on the first start. It returns the key as well.
func openStore(ctx context.Context, cfg config.Hub, log *slog.Logger) (s *store.Store, err error) {
	if err := makeFolder(cfg.Dir); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	lock, err := dirlock.Wait(wait, filepath.Join(cfg.Dir, openLock))
	if errors.Is(err, dirlock.ErrHeld) {
		return nil, fault.Wrap(fault.Unavailable, "另一个 hub 命令正在打开数据库，请稍后再试。", err)
	}
	if err != nil {
		return nil, unwritable(cfg.Dir, err)
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	ring, err := signer.Open(filepath.Join(cfg.Dir, seedName))
	if err != nil {
		return nil, err
	}
	s, err = store.Open(ctx, store.Options{URL: cfg.Database.URL.Reveal(), Dir: cfg.Dir, Keys: ring, Log: log, Sleep: sleep(cfg.Inspect)})
	if err != nil {
		return nil, noDatabase(cfg, err)
	}
	return s, nil
}

// noDatabase says what to look at when the database cannot be opened, unless the
// failure says it itself.
func noDatabase(cfg config.Hub, err error) error {
	var told *fault.Error
	if errors.As(err, &told) || !cfg.Database.URL.IsSet() {
		return fmt.Errorf("打不开数据库：%w", err)
	}
	return fault.Wrap(fault.Unavailable, "打不开数据库（"+err.Error()+"）。请检查设置 database.url，以及数据库是否在运行、能不能连上。", err)
}

// unwritable says what to look at when nothing can be written into the data folder.
func unwritable(dir string, err error) error {
	return fault.Wrap(fault.Internal, "无法写入数据目录 "+dir+"。请检查磁盘是不是满了或者只读，以及运行程序的用户有没有写权限。", err)
}

func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Internal, "无法建立数据目录 "+dir+"，请检查路径和权限："+err.Error(), err)
	}
	return nil
}

// withStore opens the database for one command and closes it again.
func withStore(ctx context.Context, c *call, f func(*store.Store) error) (err error) {
	s, err := openStore(ctx, c.Cfg, c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(s)
}

// withAccess is withStore for commands about units, people and nodes. They
// answer no node, so they need no address of the broker.
func withAccess(ctx context.Context, c *call, f func(*access.Service) error) error {
	return withStore(ctx, c, func(s *store.Store) error {
		a := newAccess(s, func() []string { return nil }, rulesOf(c.Cfg.Accounts))
		a.Approval = c.Cfg.Enrol.Approval
		return f(a)
	})
}

func newAccess(s *store.Store, nats func() []string, rules account.Rules) *access.Service {
	return access.New(access.Config{Store: s, HubEpoch: s.Epoch(), NATS: nats, Rules: rules, Now: s.Now})
}

func rulesOf(a config.Accounts) account.Rules {
	return account.Rules{Days: a.PasswordDays, Past: a.PasswordPast, Second: account.Demand(a.SecondFactor)}
}

// embedded reports whether the data folder itself is served: by one program.
func embedded(cfg config.Hub) bool { return !cfg.Database.URL.IsSet() || cfg.NATS.Embedded() }

// lockFolder makes this process the one that serves the data folder.
func lockFolder(dir string) (*dirlock.Lock, error) {
	l, holder, err := dirlock.Try(filepath.Join(dir, serveLock))
	if errors.Is(err, dirlock.ErrHeld) {
		if holder != "" {
			holder = "（" + holder + "）"
		}
		return nil, fault.Wrap(fault.Conflict, "数据目录 "+dir+" 已有一个 hub serve 在运行"+holder+"。请先停掉那一个，或者用 --config 指定另一个数据目录。", err)
	}
	if err != nil {
		return nil, unwritable(dir, err)
	}
	return l, nil
}
