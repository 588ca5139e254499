package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/signer"
)

// seldom lets a look that runs a program be taken once a second.
func seldom(look func() (bool, error)) func() (bool, error) {
	var last time.Time
	return func() (bool, error) {
		if time.Since(last) < time.Second {
			return false, nil
		}
		last = time.Now()
		return look()
	}
}

// keysFollowed waits until all nodes know the hub by its present key, of which it
// has had so many, and returns its fingerprint.
func (d *disaster) keysFollowed(keys int) string {
	d.t.Helper()
	var list []keyState
	d.until(d.t, "all follow", seldom(func() (bool, error) {
		out := d.must(d.hub, "key", "list", "--json")
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			return false, err
		}
		return len(list) == keys && list[0].Present && list[0].Nodes == 1, nil
	}))
	return list[0].Fingerprint
}

// The hub takes one key after the other while it is killed at every step of it, and
// everything goes on. Restored from before the last one it is not believed, says
// what is wrong, and is itself again with the key's file put back.
func TestHubKeyAcrossKills(t *testing.T) {
	d := newDisaster(t, "ZHANQUN_TLS_MODE=on")
	seed := filepath.Join(d.hub.dir(), seedName)
	first := d.keysFollowed(1)

	// Killed when the key was on disk and nothing else was done.
	r, err := signer.Open(seed)
	if err == nil {
		err = r.Rotate(false)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := d.hubRuns.kill(); err != nil {
		t.Fatal(err)
	}
	d.serveHub()
	second := d.keysFollowed(2)

	// Killed while nodes are being told, without waiting for it.
	d.must(d.hub, "key", "rotate")
	if err := d.hubRuns.kill(); err != nil {
		t.Fatal(err)
	}
	d.must(d.hub, "key", "rotate") // while it is down, too
	if err := d.nodeRuns.kill(); err != nil {
		t.Fatal(err)
	}
	d.serveHub()
	d.serveNode()
	third := d.keysFollowed(4)
	if first == second || second == third {
		t.Errorf("keys %s, %s, %s", first, second, third)
	}
	id := d.handIn(t, "换过密钥以后")
	d.until(t, "it is received", d.itemIs(t, id, "received"))
	d.adopted(id)

	// A backup from before the last key.
	d.must(d.hub, "backup", d.file("hub.tar.zst"))
	d.must(d.hub, "key", "rotate")
	d.keysFollowed(5)
	newest, err := os.ReadFile(seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.hubRuns.stop(); err != nil {
		t.Fatal(err)
	}
	d.hub = d.hub.with("ZHANQUN_DIR=" + filepath.Join(d.dir, "another disk"))
	d.must(d.hub, "restore", d.file("hub.tar.zst"))
	d.serveHub()
	d.until(t, "the node says why it stops", seldom(func() (bool, error) {
		out, _ := d.node.run(t.Context(), "", "doctor")
		return strings.Contains(out, "旧密钥"), nil
	}))
	if err := d.hubRuns.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.hub.dir(), seedName), newest, 0o600); err != nil {
		t.Fatal(err)
	}
	d.serveHub()
	d.keysFollowed(5)
	d.until(t, "what it decided is there", d.atHub(map[string]string{id: "adopted"}))
}
