package intake

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"zhanqun/protocol"
)

// Bounds on what one node has begun to bring and not ended. It sends one file after
// the other, so more than a few are ones it has given up, or one that means harm.
const (
	DefaultUnfinished = 2 << 30     // bytes, unless said otherwise
	mostUnfinished    = 500         // files
	leastUnfinished   = 64 << 10    // bytes one counts for at least: its journal and its row
	quotaWordEvery    = time.Minute // between two lines of the log about one node
)

// quota counts what nodes are refused because they have too much unfinished here.
type quota struct {
	refused atomic.Int64

	mu   sync.Mutex
	said map[string]time.Time // per node: when the log said so last
}

// QuotaRefused is how many offers were refused since the start because their nodes
// had too many unfinished files here.
func (s *Service) QuotaRefused() int64 { return s.quota.refused.Load() }

// mayBegin gives a fault if a node may not begin, or go on with, a file of a size:
// with all it has unfinished here it would hold more than its share of the disk. A
// file that is being brought counts whole, one that was left lying as far as it is
// here. What else the node says is not held up by it.
func (s *Service) mayBegin(ctx context.Context, key uploadKey, size int64) error {
	list, err := s.Store.Unfinished(ctx, key.node, mostUnfinished+1)
	if err != nil {
		return err
	}
	held := make(map[string]int64, len(list))
	for _, f := range list {
		held[f.SHA256] = f.Have
	}
	s.uploads.holding(key.node, held)
	delete(held, key.sha256)
	bytes := size
	for _, n := range held {
		bytes += max(n, leastUnfinished)
	}
	if bytes <= s.Unfinished && len(held) < mostUnfinished {
		return nil
	}
	s.quota.refused.Add(1)
	if s.quota.worthSaying(key.node, s.Now()) {
		s.Log.Warn("intake: a node has too much unfinished here, no further file of it is taken", "node", key.node, "files", len(held), "bytes", bytes-size, "limit", s.Unfinished)
	}
	return protocol.Fault{Code: protocol.CodeQuota, Detail: fmt.Sprintf("本节点有 %d 个附件没传完，已占满县级平台给一个节点的空间（%d MiB），这一个先等着；前面的传完就接着传，文字照常收发。不再要的附件，平台过一段时间自动清除；急用请联系县级管理员",
		len(held), s.Unfinished>>20)}
}

func (q *quota) worthSaying(node string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last, ok := q.said[node]; ok && now.Sub(last) < quotaWordEvery {
		return false
	}
	if q.said == nil {
		q.said = map[string]time.Time{} // as large as the registry at most
	}
	q.said[node] = now
	return true
}

// holding adds to held what a node is bringing, and what is not written down yet.
func (l *uploads) holding(node string, held map[string]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.left {
		if f.Node == node {
			held[f.SHA256] = f.Have
			if f.Done {
				delete(held, f.SHA256)
			}
		}
	}
	for key, u := range l.open {
		if key.node == node {
			held[key.sha256] = u.size
			if u.done.Load() {
				delete(held, key.sha256)
			}
		}
	}
}

// Dropped is what a node had begun and not gone on with for too long.
type Dropped struct {
	Node  string
	Files int
	Bytes int64
}
