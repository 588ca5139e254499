package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// useDatabase makes a schema of the demonstration's own in the given database,
// so that it neither meets nor leaves anything there, and returns the address
// that leads into it. The schema goes with the folder.
func (b *demoBook) useDatabase(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", fault.Wrap(fault.Invalid, "--database 要写成 postgres://用户:密码@主机/数据库 的样子。", err)
	}
	if b.known && b.Schema == "" {
		return "", fault.New(fault.Conflict, "目录 "+b.dir+" 里的演示用的是内置的 SQLite，不能改用 PostgreSQL。请换一个目录。")
	}
	if b.Schema == "" {
		b.Schema = "zhanqun_demo_" + uuid.NewString()[:8]
		if err := b.save(); err != nil {
			return "", err
		}
	}
	name := pq.QuoteIdentifier(b.Schema)
	if err := onDatabase(ctx, address, "CREATE SCHEMA IF NOT EXISTS "+name); err != nil {
		return "", fault.Wrap(fault.Unavailable, "用不了数据库："+cli.OneLine(err.Error())+"。请检查 --database 的地址、密码和权限。", err)
	}
	b.drop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := onDatabase(ctx, address, "DROP SCHEMA IF EXISTS "+name+" CASCADE"); err != nil {
			return fault.Wrap(fault.Internal, "数据库里的 "+b.Schema+" 没有删掉："+cli.OneLine(err.Error()), err)
		}
		return nil
	}
	query := u.Query()
	query.Set("search_path", b.Schema)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// onDatabase runs one statement.
func onDatabase(ctx context.Context, address, statement string) (err error) {
	connector, err := pq.NewConnector(address)
	if err != nil {
		return fmt.Errorf("reading database address: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, statement)
	return err
}
