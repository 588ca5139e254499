package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/sample"
	"zhanqun/internal/account"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// demoGap is the time between two looks at a failing link. In earnest it is
// half an hour; nobody watches a demonstration for so long.
const demoGap = 5 * time.Second

// host is the part of --addr every listener shares, and whether the ports are
// to be chosen freely.
func (d *demo) host() (host string, free bool, err error) {
	if d.o.addr == "" {
		return "127.0.0.1", false, nil
	}
	host, port, err := net.SplitHostPort(d.o.addr)
	if err != nil {
		return "", false, fmt.Errorf("%w: --addr 要写成 127.0.0.1:8080 的样子", cli.ErrUsage)
	}
	return host, port == "0", nil
}

// build makes the hub and the sites, listening but not yet answering.
func (d *demo) build(ctx context.Context) error {
	host, free, err := d.host()
	if err != nil {
		return err
	}
	port := func(n string) string {
		if free {
			return "0"
		}
		return n
	}
	cfg := d.call.Cfg
	cfg.Dir = filepath.Join(d.book.dir, "hub")
	cfg.HTTP = config.HubHTTP{Addr: d.o.addr, AllowedHosts: cfg.HTTP.AllowedHosts}
	if d.o.addr == "" || free {
		cfg.HTTP.Addr = d.book.place("hub", host, port("8080"))
	}
	cfg.NATS = config.NATS{Listen: d.book.place("nats", "127.0.0.1", port("4222"))}
	cfg.TLS = config.TLS{Mode: config.TLSOff} // sample texts, and browsers that need not be convinced
	cfg.Database = config.Database{}
	cfg.Limits.DiskReserveBytes = 0
	cfg.Links.Enabled, cfg.Links.AllowPrivate, cfg.Links.PerHostDelayMS = true, true, 100
	if d.o.database != "" {
		address, err := d.book.useDatabase(ctx, d.o.database)
		if err != nil {
			return err
		}
		cfg.Database.URL = config.NewSecret(address)
	} else if d.book.Schema != "" {
		return fault.New(fault.Conflict, "目录 "+d.book.dir+" 里的演示用的是 PostgreSQL，请加上 --database。")
	}
	if d.county, err = build(ctx, cfg, d.log); err != nil {
		return err
	}
	d.county.health.Policy.Gap, d.county.health.Policy.Again = demoGap, time.Minute
	d.book.Addrs["hub"] = d.county.listener.Addr().String()
	d.book.Addrs["nats"] = strings.TrimPrefix(d.county.bus.Address(), "nats://")
	for i, s := range sample.Sites() {
		site, err := openSite(s, d.book, host, port(fmt.Sprint(8091+i)))
		if err != nil {
			return errors.Join(err, d.county.close())
		}
		d.sites = append(d.sites, site)
	}
	return nil
}

// settle brings in units, people, nodes and sites. It runs beside the answering
// hub, because nodes join by asking it.
func (d *demo) settle(ctx context.Context) error {
	host, free, err := d.host()
	if err != nil {
		return err
	}
	c := d.county
	var units strings.Builder
	for _, u := range sample.Units() {
		fmt.Fprintf(&units, "%s,%s,%s,%s\n", u.Code, u.Name, u.Level, u.Parent)
	}
	if _, _, err := c.access.ImportUnits(ctx, d.root, strings.NewReader("code,name,level,parent\n"+units.String())); err != nil {
		return err
	}
	d.nodes = demoNodes()
	d.accounts = make([]demoAccount, len(demoPeople))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, n := range d.nodes {
		g.Go(func() error {
			port := fmt.Sprint(8081 + i)
			if free {
				port = "0"
			}
			return n.open(gctx, d, d.book.place("node-"+n.unit.Code, host, port))
		})
	}
	for i, p := range demoPeople {
		g.Go(func() (err error) {
			d.accounts[i], err = d.addUser(gctx, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return errors.Join(err, d.closeNodes())
	}
	for _, n := range d.nodes {
		d.accounts = append(d.accounts, n.accounts...)
		d.book.Addrs["node-"+n.unit.Code] = n.station.Addr().String()
	}
	for _, a := range d.accounts {
		d.book.Tokens[a.key()] = a.Token
	}
	for _, s := range d.sites {
		err := c.health.SaveSite(ctx, d.root, health.Site{Unit: s.Unit, Name: s.Name, URL: s.url})
		if err != nil {
			return errors.Join(err, d.closeNodes())
		}
	}
	if err := d.registerColumns(ctx, c); err != nil {
		return errors.Join(err, d.closeNodes())
	}
	if err := d.book.save(); err != nil {
		return errors.Join(err, d.closeNodes())
	}
	return nil
}

// registerColumns has the columns of the sample sites watched.
func (d *demo) registerColumns(ctx context.Context, c *county) error {
	list := "site,name,url\n"
	for _, s := range d.sites {
		for path, name := range s.Columns {
			list += fmt.Sprintf("%s,%s,%s%s\n", s.url, name, s.url, strings.TrimPrefix(path, "/"))
		}
	}
	_, _, err := c.health.ImportColumns(ctx, d.root, strings.NewReader(list))
	return err
}

func (d *demo) closeNodes() error {
	var failed []error
	for _, n := range d.nodes {
		if n.station != nil {
			failed = append(failed, n.station.Close())
		}
	}
	return errors.Join(failed...)
}

// demoPerson is somebody of the county.
type demoPerson struct {
	login, name string
	role        account.Role
}

var demoPeople = []demoPerson{
	{"shenhe1", "李敏", account.RoleReviewer},
	{"shenhe2", "王海涛", account.RoleReviewer},
	{"fenguan", "陈国栋", account.RoleChief},
	{access.FirstLogin, "管理员", account.RoleAdmin},
	{"chakan", "赵晓梅", account.RoleViewer},
}

// demoAccount is an account as it is printed.
type demoAccount struct {
	Role     account.Role `json:"role"`
	Unit     string       `json:"unit"`
	User     string       `json:"user"`
	Password string       `json:"password"`
	Token    string       `json:"token"`
	URL      string       `json:"url"`

	unitName string
}

// key is under which the book keeps the account's token: logins are unique at
// each program only.
func (a demoAccount) key() string { return a.Unit + " " + a.User }

// addUser makes an account of the county, or finds the one of the last time.
func (d *demo) addUser(ctx context.Context, p demoPerson) (demoAccount, error) {
	a := demoAccount{Role: p.role, Unit: sample.County, User: p.login, Password: d.book.Password, URL: d.county.base,
		unitName: sample.Units()[0].Name}
	users := d.county.access
	switch u, err := users.UserByLogin(ctx, p.login); {
	case fault.Is(err, fault.NotFound):
		if _, _, err := users.AddUser(ctx, d.root, access.NewUser{Login: p.login, Name: p.name, Role: p.role, Password: a.Password}); err != nil {
			return a, err
		}
	case err != nil:
		return a, err
	case d.county.password != "" && p.login == access.FirstLogin:
		if err := users.ChangePassword(ctx, u, d.county.password, a.Password, "demo"); err != nil {
			return a, err
		}
	}
	if a.Token = d.book.Tokens[a.key()]; a.Token != "" {
		return a, nil
	}
	var err error
	a.Token, _, err = users.NewToken(ctx, d.root, p.login, "演示", 0)
	return a, err
}
