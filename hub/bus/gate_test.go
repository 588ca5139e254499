package bus_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

func TestOnlyEnrolledKeysGetIn(t *testing.T) {
	c := newCounty(t)
	n := storetest.NewSender(t, c.store, storetest.Sitang)
	c.connect(n)
	stranger := *n
	var err error
	if stranger.Key, err = protocol.NewNodeKey(); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string][]nats.Option{
		"stranger": {nats.Nkey(stranger.Key.Public(), func(nonce []byte) ([]byte, error) { return stranger.Key.Sign(nonce), nil })},
		"thief":    {nats.Nkey(n.Key.Public(), func(nonce []byte) ([]byte, error) { return stranger.Key.Sign(nonce), nil })},
		"password": {nats.UserInfo("hub", "hub")},
		"nothing":  {},
	} {
		for _, at := range []string{"nats://" + c.addr, c.webSocket()} {
			nc, err := nats.Connect(at, append(options, nats.NoReconnect())...)
			if err == nil {
				nc.Close()
				t.Errorf("%s got in at %s", name, at)
			} else if !errors.Is(err, nats.ErrAuthorization) {
				t.Errorf("%s at %s: %v", name, at, err)
			}
		}
	}
}

// A node reaches its own subjects and nobody else's.
func TestNodesAreKeptApart(t *testing.T) {
	c := newCounty(t)
	a, b := storetest.NewSender(t, c.store, storetest.Sitang), storetest.NewSender(t, c.store, storetest.Tangtou)
	violations := make(chan error, 100)
	report := nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { violations <- err })
	t.Run("own port", func(t *testing.T) { keptApart(t, c.connect(a, report), violations, a, b) })
	t.Run("WebSocket", func(t *testing.T) {
		nc, err := dialAt(c.webSocket(), a, report)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		keptApart(t, nc, violations, a, b)
	})
}

func keptApart(t *testing.T, nc *nats.Conn, violations chan error, a, b *storetest.Sender) {
	own, other := a.Node.ID, b.Node.ID
	for _, subject := range []string{protocol.UpSubject(other), protocol.AskSubject(other, "pull"), protocol.BeatSubject(other), protocol.BellSubject(own),
		"$JS.API.INFO", "$JS.API.STREAM.PURGE.ZQ_UP", "$JS.API.STREAM.MSG.GET.ZQ_UP", "$SYS.REQ.SERVER.PING", protocol.InboxPrefix(other) + ".x", "zq.up.x.y"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, nc, violations, "publish to "+subject)
	}
	for _, subject := range []string{protocol.BellSubject(other), "zq.bell.*", protocol.InboxPrefix(other) + ".>", "_INBOX.>", ">", "zq.up.>", protocol.UpSubject(own), "$SYS.>"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, nc, violations, "subscribe to "+subject)
	}
}

func refusedWith(t testing.TB, nc *nats.Conn, violations chan error, what string) {
	t.Helper()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-violations:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("%s was allowed", what)
	}
}

// A node is cut off the moment it is revoked, and what it sends after that, and
// what of it was still unread, does not count.
func TestRevokedNodeIsGone(t *testing.T) {
	c := newCounty(t)
	n := storetest.NewSender(t, c.store, storetest.Sitang)
	var gone [2]chan struct{}
	for i, name := range []string{"zhanqun line", "zhanqun files"} {
		gone[i] = make(chan struct{})
		at := []string{"nats://" + c.addr, c.webSocket()}[i]
		nc, err := dialAt(at, n, nats.Name(name), nats.ClosedHandler(func(*nats.Conn) { close(gone[i]) }))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	people := storetest.Access(c.store)
	people.OnRevoked(func(n access.Node) { c.bus.Drop(n.ID) })
	began := time.Now()
	if _, err := people.RevokeNode(t.Context(), storetest.Admin(), n.Node.ID, "电脑被盗"); err != nil {
		t.Fatal(err)
	}
	known := time.Now()
	for i := range gone {
		select {
		case <-gone[i]:
		case <-time.After(5 * time.Second):
			t.Fatal("still connected")
		}
	}
	t.Logf("revoking took %v, and %v later both connections were gone", known.Sub(began), time.Since(known))
	for _, at := range []string{"nats://" + c.addr, c.webSocket()} {
		if nc, err := dialAt(at, n); err == nil {
			nc.Close()
			t.Errorf("back in at %s", at)
		}
	}
}

// What a revoked node had sent and the hub had not read yet does not count.
func TestRevokedNodesFramesDoNotCount(t *testing.T) {
	c := newCounty(t)
	c.stop()
	stuck := make(chan struct{})
	c.startWith(blocked{c.intake, stuck})
	n := c.client(storetest.Sitang)
	other := c.client(storetest.Tangtou)
	n.send(n.Submit(n.Text()))
	other.send(other.Submit(other.Text()))
	if _, err := storetest.Access(c.store).RevokeNode(t.Context(), storetest.Admin(), n.Node.ID, "电脑被盗"); err != nil {
		t.Fatal(err)
	}
	c.stop()
	close(stuck)
	c.start()
	c.await("the other one's is received", func() bool { return c.cursor(other.Node.ID) == 1 })
	if at := c.cursor(n.Node.ID); at != 0 {
		t.Errorf("cursor %d", at)
	}
}

// Connections that never say who they are do not pile up, and keep nobody out.
func TestStrangersDoNotPileUp(t *testing.T) {
	c := newCounty(t)
	c.stop()
	c.limits = bus.Limits{Strangers: 20}
	c.start()
	n := c.client(storetest.Sitang)
	for range 200 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	c.connect(storetest.NewSender(t, c.store, storetest.Tangtou))
	c.await("few are left", func() bool { return c.connections() <= 22 })
	n.send(n.Submit(n.Text()))
	c.await("received", func() bool { return c.cursor(n.Node.ID) == 1 })
	if !c.log.says("connections that have not signed in", "127.0.0.1") {
		t.Error("the log says nothing of it")
	}
}

// A node has one session for its log and one for its files; a newer one of a
// kind ends the older.
func TestOneSessionOfAKind(t *testing.T) {
	c := newCounty(t)
	n := storetest.NewSender(t, c.store, storetest.Sitang)
	gone := make(chan string, 4)
	open := func(name, as string) {
		c.connect(n, nats.Name(as), nats.DisconnectErrHandler(func(*nats.Conn, error) { gone <- name }))
	}
	open("line 1", "zhanqun line")
	open("files 1", "zhanqun files")
	open("line 2", "zhanqun line")
	select {
	case name := <-gone:
		if name != "line 1" {
			t.Errorf("%s had to go", name)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("both stayed")
	}
	open("files 2", "zhanqun files")
	if name := <-gone; name != "files 1" {
		t.Errorf("%s had to go", name)
	}
}

func TestRequestsMustBeSigned(t *testing.T) {
	c := newCounty(t)
	n, other := c.client(storetest.Sitang), c.client(storetest.Tangtou)
	body := jsonText(t, protocol.Pull{HubEpoch: c.store.Epoch(), MaxBytes: 1 << 20})
	for name, change := range map[string]func(*nats.Msg){
		"no signature": func(m *nats.Msg) { m.Header.Del(protocol.HeaderSig) },
		"of another node": func(m *nats.Msg) {
			m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(other.Key.Sign(protocol.RequestText(m.Subject, m.Reply, m.Data))))
		},
		"over another body": func(m *nats.Msg) { m.Data = append(m.Data, ' ') },
		"over another reply": func(m *nats.Msg) {
			m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(n.Key.Sign(protocol.RequestText(m.Subject, "x", m.Data))))
		},
		"as a chunk": func(m *nats.Msg) { m.Header.Set(protocol.HeaderFile, strings.Repeat("a", 64)) },
	} {
		m, err := n.request(protocol.VerbPull, body, change)
		if err != nil || m.Header.Get(protocol.HeaderError) != string(protocol.CodeSignature) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	for _, v := range []string{"2", "x"} {
		m, err := n.request(protocol.VerbPull, body, func(m *nats.Msg) { m.Header.Set(protocol.HeaderVersion, v) })
		if err != nil || m.Header.Get(protocol.HeaderError) != string(protocol.CodeVersion) {
			t.Errorf("version %s: %v, %v", v, m, err)
		}
	}
	if m, err := n.request(protocol.VerbPull, []byte("no"), nil); err != nil || m.Header.Get(protocol.HeaderError) != string(protocol.CodeMalformed) {
		t.Errorf("unreadable: %v, %v", m, err)
	}
	if m, err := n.request(protocol.VerbPull, make([]byte, protocol.MaxAskBytes+1), nil); err != nil || m.Header.Get(protocol.HeaderError) != string(protocol.CodeTooLarge) {
		t.Errorf("too large: %v, %v", m, err)
	}
}

func jsonText(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Subject permissions do not bind reply subjects: a node may name another's
// subject as the place for an answer, of the hub or of the broker itself.
func TestRepliesInjectNothing(t *testing.T) {
	c := newCounty(t)
	n, victim := c.client(storetest.Sitang), c.client(storetest.Tangtou)
	victim.send(victim.Submit(victim.Text()))
	c.await("received", func() bool { return c.cursor(victim.Node.ID) == 1 })

	up := protocol.UpSubject(victim.Node.ID)
	m := nats.NewMsg(protocol.AskSubject(n.Node.ID, protocol.VerbPull))
	m.Reply, m.Data = up, jsonText(t, protocol.Pull{HubEpoch: c.store.Epoch(), MaxBytes: 1 << 20})
	m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(n.Key.Sign(protocol.RequestText(m.Subject, m.Reply, m.Data))))
	if err := n.nc.PublishMsg(m); err != nil {
		t.Fatal(err)
	}
	// The broker's own acknowledgement does land there.
	if err := n.nc.PublishRequest(protocol.UpSubject(n.Node.ID), up, storetest.Frame(t, n.Submit(n.Text()))); err != nil {
		t.Fatal(err)
	}
	kept := func() []intake.Kept {
		list, err := c.intake.Refusals(t.Context(), intake.KeptQuery{Node: victim.Node.ID})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	c.await("the stray is kept", func() bool { return len(kept()) > 0 })
	if list := kept(); len(list) != 1 || list[0].Code != protocol.CodeMalformed || list[0].Seq != 0 {
		t.Errorf("kept %+v", list)
	}
	victim.send(victim.Submit(victim.Text()))
	c.await("the victim goes on", func() bool { return c.cursor(victim.Node.ID) == 2 })
	if words := told(c, victim); words[len(words)-1] != "receipt 2" {
		t.Errorf("told %v", words)
	}
}

// Beats are taken when signed; files go through offer and chunk.
func TestBeatsAndFiles(t *testing.T) {
	c := newCounty(t)
	n := c.client(storetest.Sitang)
	content := []byte("照片")
	sha := protocol.HashOf(content)
	data, err := n.ask(c, protocol.VerbOffer, protocol.Offer{SHA256: sha, Size: int64(len(content))})
	if err != nil || string(data) != `{"have":0,"done":false,"chunk":262144}` {
		t.Fatalf("offer: %s, %v", data, err)
	}
	chunk := func(offset string, sign int64) *nats.Msg {
		m, err := n.request(protocol.VerbChunk, content, func(m *nats.Msg) {
			m.Header.Set(protocol.HeaderFile, sha)
			m.Header.Set(protocol.HeaderOffset, offset)
			sig := n.Key.Sign(protocol.ChunkText(m.Subject, m.Reply, sha, sign, m.Data))
			m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(sig))
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := chunk("0", 7); m.Header.Get(protocol.HeaderError) != string(protocol.CodeSignature) {
		t.Errorf("chunk signed for another place: %s", m.Data)
	}
	if m := chunk("x", -1); m.Header.Get(protocol.HeaderError) != string(protocol.CodeMalformed) {
		t.Errorf("chunk without a place: %s", m.Data)
	}
	if m := chunk("0", 0); string(m.Data) != `{"have":6,"done":true,"chunk":262144}` {
		t.Errorf("chunk: %s", m.Data)
	}
	if _, err := n.ask(c, protocol.VerbOffer, protocol.Offer{SHA256: "x"}); faultCode(err) != protocol.CodeField {
		t.Errorf("bad offer: %v", err)
	}
}
