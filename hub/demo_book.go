package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// demoBook is the demonstration's folder, and what has to be remembered from
// one start to the next beside what the programs themselves keep.
type demoBook struct {
	dir       string
	temporary bool
	known     bool // there was one already

	Password string            `json:"password"`
	Tokens   map[string]string `json:"tokens"`    // by place and login
	Addrs    map[string]string `json:"addresses"` // where each part listened
	Schema   string            `json:"schema,omitempty"`
	Seeded   bool              `json:"seeded,omitempty"`
	Repaired []string          `json:"repaired,omitempty"` // pages of the sites that are there again

	drop func() error // ends what the book keeps outside its folder
}

const demoBookName = "demo.json"

// openDemoBook makes the folder or reads what is in it. A folder of something
// else is left alone.
func openDemoBook(o demoOptions) (*demoBook, error) {
	b := &demoBook{dir: o.dir, Tokens: map[string]string{}, Addrs: map[string]string{}, Password: account.GeneratePassword(),
		drop: func() error { return nil }}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "zhanqun-demo-")
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "无法建立临时目录："+err.Error()+"。可以用 --dir 指定一个目录。", err)
		}
		b.dir, b.temporary = dir, true
		return b, b.save()
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Internal, "无法建立目录 "+b.dir+"："+err.Error(), err)
	}
	raw, err := os.ReadFile(filepath.Join(b.dir, demoBookName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := b.unused(); err != nil {
			return nil, err
		}
		return b, b.save()
	case err != nil:
		return nil, fault.Wrap(fault.Internal, "读不了 "+filepath.Join(b.dir, demoBookName)+"："+err.Error(), err)
	}
	if err := json.Unmarshal(raw, b); err != nil || b.Tokens == nil || b.Addrs == nil {
		return nil, fault.Wrap(fault.Invalid, filepath.Join(b.dir, demoBookName)+" 已损坏。请换一个目录，或删掉这个目录重新开始。", err)
	}
	b.known = true
	return b, nil
}

// unused makes sure that a folder without a book is empty.
func (b *demoBook) unused() error {
	list, err := os.ReadDir(b.dir)
	if err != nil {
		return fault.Wrap(fault.Internal, "读不了目录 "+b.dir+"："+err.Error(), err)
	}
	if len(list) > 0 {
		return fault.New(fault.Conflict, "目录 "+b.dir+" 里已有别的东西，不是演示的目录。请换一个空目录。")
	}
	return nil
}

// save writes the book so that it is whole or as it was.
func (b *demoBook) save() error {
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the demonstration's book: %w", err)
	}
	path := filepath.Join(b.dir, demoBookName)
	if err := os.WriteFile(path+".part", append(raw, '\n'), 0o600); err != nil {
		return fault.Wrap(fault.Internal, "无法写入 "+path+"："+err.Error(), err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fault.Wrap(fault.Internal, "无法写入 "+path+"："+err.Error(), err)
	}
	return nil
}

// close takes away what was only borrowed.
func (b *demoBook) close() error {
	if !b.temporary {
		return nil
	}
	err := b.drop()
	if gone := os.RemoveAll(b.dir); gone != nil {
		err = errors.Join(err, fault.Wrap(fault.Internal, "临时目录 "+b.dir+" 没有删干净："+gone.Error(), gone))
	}
	return err
}

// place returns where a part listens: where it did the last time or at the
// wanted port if that is free, and otherwise at any free one.
func (b *demoBook) place(part, host, port string) string {
	for _, addr := range []string{b.Addrs[part], net.JoinHostPort(host, port)} {
		if h, _, err := net.SplitHostPort(addr); err != nil || h != host {
			continue
		}
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close() // it was only asked whether it is free
			return addr
		}
	}
	return net.JoinHostPort(host, "0")
}
