package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/internal/cli"
	"zhanqun/protocol"
)

// What an operator gives his NATS server lets every node in to its own subjects,
// and holds no secret.
func TestNATSUsers(t *testing.T) {
	node, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	own, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	nodes := []access.Node{
		{ID: "n1", PublicKey: node.Public(), State: access.NodeFrozen, UnitName: "塘头镇", Name: "党政办 }\n电脑"},
		{ID: "n3", PublicKey: waiting.Public(), State: access.NodePending, UnitName: "许家坝镇"},
		{ID: "n2", PublicKey: own.Public(), State: access.NodeRevoked},
	}
	t.Setenv("ZHANQUN_NATS_PASSWORD", "secret-of-the-hub")
	for name, cfg := range map[string]config.NATS{
		"password": {User: "hub", Password: config.NewSecret("secret-of-the-hub")},
		"seed":     {Seed: config.NewSecret(string(own.Seed()))},
	} {
		text, err := natsUsers(cfg, nodes)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(text, "secret") || strings.Contains(text, string(own.Seed())) {
			t.Errorf("%s: a secret in %s", name, text)
		}
		var o server.Options
		if err := o.ProcessConfigString(text); err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, text)
		}
		if hub := len(o.Users) == 1 && o.Users[0].Username == "hub" && o.Users[0].Password == "secret-of-the-hub"; hub != (name == "password") {
			t.Errorf("%s: users %+v", name, o.Users)
		}
		i := slices.IndexFunc(o.Nkeys, func(u *server.NkeyUser) bool { return u.Nkey == node.Public() })
		if i < 0 || len(o.Users)+len(o.Nkeys) != 3 {
			t.Fatalf("%s: users %+v %+v", name, o.Users, o.Nkeys)
		}
		if w := slices.IndexFunc(o.Nkeys, func(u *server.NkeyUser) bool { return u.Nkey == waiting.Public() }); w < 0 ||
			!slices.Equal(o.Nkeys[w].Permissions.Publish.Allow, []string{protocol.AskSubject("n3", protocol.VerbHello)}) {
			t.Errorf("%s: one that waits may %+v", name, o.Nkeys)
		}
		grants, p := protocol.GrantsOf("n1"), o.Nkeys[i].Permissions
		if !slices.Equal(p.Publish.Allow, grants.Publish) || !slices.Equal(p.Subscribe.Allow, grants.Subscribe) {
			t.Errorf("%s: may publish %v and subscribe %v", name, p.Publish.Allow, p.Subscribe.Allow)
		}
	}
	if _, err := natsUsers(config.NATS{}, nodes); err == nil {
		t.Error("a list without the hub itself")
	}
}

// The configuration with which a server asks the hub whom to let in holds public
// keys only, and is one that the server reads.
func TestNATSConf(t *testing.T) {
	p := newProgram(t)
	seed, says, code := p.run("", "nats", "seed")
	if code != 0 || !strings.HasPrefix(seed, "SU") || !strings.Contains(says, "不要外传") {
		t.Fatalf("nats seed: %d %q %q", code, seed, says)
	}
	seed = strings.TrimSpace(seed)
	if _, says, code := p.run("", "nats", "conf"); code != cli.Failed || !strings.Contains(says, "hub nats seed") {
		t.Errorf("without a seed: %d %q", code, says)
	}
	p.env = append(p.env, "ZHANQUN_NATS_URL=nats://127.0.0.1:4222", "ZHANQUN_NATS_SEED="+seed)
	text := p.must("nats", "conf")
	if regexp.MustCompile(`\bS[A-Z2-7]{57}`).MatchString(text) {
		t.Errorf("a secret in\n%s", text)
	}
	var o server.Options
	if err := o.ProcessConfigString(text); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	own, err := protocol.ParseKey([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	if o.AuthCallout == nil || !slices.Equal(o.AuthCallout.AuthUsers, []string{own.Public()}) || o.SystemAccount == "" {
		t.Errorf("callout %+v", o.AuthCallout)
	}
}
