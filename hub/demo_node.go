package main

import (
	"context"
	"net"
	"path/filepath"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/sample"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/node/station"
)

// demoNode is a township's node with its people.
type demoNode struct {
	unit     catalog.Unit
	liaison  queue.Actor
	village  queue.Actor // who writes for a village here; empty without one
	station  *station.Station
	accounts []demoAccount
	url      string
}

// demoNodes are the townships of the sample county, each with a liaison, the
// first one with a village's as well.
func demoNodes() []*demoNode {
	logins := []queue.Actor{{Login: "yunling", Name: "周文静"}, {Login: "shiqiao", Name: "何建军"}, {Login: "songlin", Name: "吴晓燕"}}
	var list []*demoNode
	for _, u := range sample.Units() {
		switch u.Level {
		case catalog.LevelTownship:
			n := &demoNode{unit: u, liaison: logins[len(list)]}
			n.liaison.Role = account.RoleLiaison
			list = append(list, n)
		case catalog.LevelVillage:
			if n := list[len(list)-1]; len(list) == 1 && n.village.Login == "" {
				n.village = queue.Actor{Login: "xinghua", Name: "田秀英", Role: account.RoleVillage, Village: u.Code}
			}
		}
	}
	return list
}

// open opens the node's folder and brings the node into the county.
func (n *demoNode) open(ctx context.Context, d *demo, addr string) (err error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	o := station.Options{
		Dir: filepath.Join(d.book.dir, "node-"+n.unit.Code), Addr: addr, Reserve: -1, Version: version, Log: d.log,
		Hosts: d.call.Cfg.HTTP.AllowedHosts,
		// The hub may listen elsewhere than when the node joined.
		Line: station.Line{URL: strings.Join(d.county.nats, ",")},
	}
	if n.station, err = station.Open(ctx, o); fault.Is(err, fault.Unavailable) {
		o.Addr = net.JoinHostPort(host, "0") // taken since it was found free
		n.station, err = station.Open(ctx, o)
	}
	if err != nil {
		return err
	}
	n.url = "http://" + reachable(n.station.Addr(), d.county.own)
	if err := n.join(ctx, d); err != nil {
		return err
	}
	for _, who := range []queue.Actor{n.liaison, n.village} {
		if who.Login == "" {
			continue
		}
		a, err := n.addAccount(ctx, d.book, who)
		if err != nil {
			return err
		}
		n.accounts = append(n.accounts, a)
	}
	return nil
}

// join invites the node and lets it join, as an administrator and a clerk would.
func (n *demoNode) join(ctx context.Context, d *demo) error {
	_, err := n.station.Queue.Identity(ctx)
	if err == nil || !fault.Is(err, fault.Conflict) {
		return err
	}
	code, _, err := d.county.access.Invite(ctx, d.root, n.unit.Code, d.county.local, 0)
	if err != nil {
		return err
	}
	_, err = station.Join(ctx, n.station.Queue, code.String(), n.unit.Name+"党政办", station.Program(version))
	return err
}

// addAccount makes an account of the node, or finds the one of the last time.
func (n *demoNode) addAccount(ctx context.Context, b *demoBook, who queue.Actor) (demoAccount, error) {
	a := demoAccount{Role: who.Role, Unit: n.unit.Code, User: who.Login, Password: b.Password, URL: n.url, unitName: n.unit.Name}
	if who.Village != "" {
		a.Unit, a.unitName = who.Village, unitName(who.Village)
	}
	q := n.station.Queue
	if _, err := q.AccountByLogin(ctx, who.Login); fault.Is(err, fault.NotFound) {
		_, err = q.AddAccount(ctx, queue.Account{Login: who.Login, Name: who.Name, Role: who.Role, Village: who.Village}, b.Password, false)
		if err != nil {
			return a, err
		}
	} else if err != nil {
		return a, err
	}
	if a.Token = b.Tokens[a.key()]; a.Token != "" {
		return a, nil
	}
	var err error
	a.Token, err = q.CreateToken(ctx, who.Login, "演示", 0)
	return a, err
}

func unitName(code string) string {
	for _, u := range sample.Units() {
		if u.Code == code {
			return u.Name
		}
	}
	return code
}
