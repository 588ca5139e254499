package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/internal/blob"
	"zhanqun/internal/testenv"
)

// A hub whose disk fills up says so, keeps what it has acknowledged, refuses
// what is new, and goes on by itself when there is room again; first with some
// room kept back, then with none, so that even the broker cannot write.
func TestHubOnAFullDisk(t *testing.T) {
	t.Parallel()
	for name, reserve := range map[string]int64{"reserve": 16 << 20, "to the last byte": 0} {
		t.Run(name, func(t *testing.T) {
			hub, node := programs(t)
			disk := testenv.SmallDisk(t, 64<<20)
			hub = hub.with("ZHANQUN_DIR="+filepath.Join(disk, "hub"), fmt.Sprintf("ZHANQUN_LIMITS_DISK_RESERVE_BYTES=%d", reserve))
			p := newPair(t, hub, node)

			first := p.handIn(t, "第一条")
			p.until(t, "the first item is received", p.itemIs(t, first, "received"))

			filler := fill(t, disk, reserve/2)
			if reserve > 0 {
				p.until(t, "the hub has seen it", p.hubSays(http.StatusServiceUnavailable))
			}
			// Long ones: what the broker has begun a block of the disk for still fits.
			later := []string{p.handIn(t, "第二条"), p.handIn(t, "第三条"), p.handIn(t, "第四条")}
			p.until(t, "the node says that the county has no room", func() (bool, error) {
				var q struct{ Error string }
				err := ask(p.node.R(), http.MethodGet, "/api/v1/queue", nil, &q)
				return strings.Contains(q.Error, "满"), err
			})
			p.until(t, "the hub is not ready", p.hubSays(http.StatusServiceUnavailable))
			if reserve == 0 {
				err := p.decide(first)
				var said *problem
				if !errors.As(err, &said) || said.Status != http.StatusInsufficientStorage || !strings.Contains(said.Detail, "磁盘") {
					t.Errorf("a decision on a full disk: %v", err)
				}
			}
			if state := p.nodeState(t, later[2]); state != "queued" {
				t.Errorf("the last item is %s", state)
			}

			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			p.until(t, "the last item is received", p.itemIs(t, later[2], "received"))
			p.until(t, "the hub is ready", p.hubSays(http.StatusOK))
			for _, id := range append(later, first) {
				if err := p.decide(id); err != nil {
					t.Error(err)
				}
				p.until(t, "the item is adopted", p.itemIs(t, id, "adopted"))
			}
		})
	}
}

// A node whose disk fills up refuses what is new with words a clerk understands,
// loses nothing it has taken, and goes on when there is room again.
func TestNodeOnAFullDisk(t *testing.T) {
	t.Parallel()
	for name, reserve := range map[string]int64{"reserve": 8 << 20, "to the last byte": 0} {
		t.Run(name, func(t *testing.T) {
			hub, node := programs(t)
			disk := testenv.SmallDisk(t, 32<<20)
			p := newPair(t, hub, node.with("ZHANQUN_DIR="+filepath.Join(disk, "node"), fmt.Sprintf("ZHANQUN_LIMITS_DISK_RESERVE_BYTES=%d", reserve)))
			taken := []string{p.handIn(t, "第一条")}
			filler := fill(t, disk, reserve/2)

			// The last block or two still take some.
			var said *problem
			for n := 2; said == nil && n < 50; n++ {
				id, err := p.tryHandIn(fmt.Sprintf("第%d条", n))
				if err != nil && !errors.As(err, &said) {
					t.Fatal(err)
				}
				if err == nil {
					taken = append(taken, id)
				}
			}
			if said == nil || said.Status != http.StatusInsufficientStorage || !strings.Contains(said.Detail, "磁盘") || !strings.Contains(said.Detail, "清理") {
				t.Fatalf("%d items were taken on a full disk, then: %v\nnode: %s", len(taken), said, p.nodeRuns.errs)
			}
			photo := p.node.R().SetQueryParam("name", "现场.jpg")
			if err := ask(photo, http.MethodPost, "/api/v1/attachments", bytes.Repeat([]byte{1}, 1<<20), nil); !errors.As(err, &said) || said.Status != http.StatusInsufficientStorage {
				t.Errorf("a photo on a full disk: %v", err)
			}
			for _, id := range taken {
				if state := p.nodeState(t, id); state == "draft" {
					t.Errorf("an item that was taken is a draft")
				}
			}

			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			taken = append(taken, p.handIn(t, "有空间了"))
			for _, id := range taken {
				p.until(t, "the item is received", p.itemIs(t, id, "received"))
			}
			var atHub struct{ Items []catalog.Item }
			if err := ask(p.hub.R().SetQueryParam("limit", "200"), http.MethodGet, "/api/v1/items", nil, &atHub); err != nil || len(atHub.Items) != len(taken) {
				t.Errorf("the hub has %d items, taken were %d (%v)", len(atHub.Items), len(taken), err)
			}
		})
	}
}

// fill writes a file until no more than left bytes are free.
func fill(t *testing.T, disk string, left int64) (path string) {
	t.Helper()
	path = filepath.Join(disk, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		free, err := blob.Free(disk)
		if err != nil {
			t.Fatal(err)
		}
		more := int64(free) - left // #nosec G115 -- a small disk
		if more <= 0 {
			return path
		}
		if _, err := io.CopyN(f, zeros{}, min(more, 1<<20)); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
