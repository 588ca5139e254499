package main

import (
	"context"
	"slices"

	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/internal/blob"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// line is what nodes reach over the bus.
type line struct {
	*intake.Service
	review *review.Service
}

var _ bus.Hub = line{}

// Chunk implements bus.Hub. An approved item may have waited for this file.
func (l line) Chunk(ctx context.Context, node, sha256 string, offset int64, data []byte) (protocol.OfferAnswer, error) {
	answer, err := l.Service.Chunk(ctx, node, sha256, offset, data)
	if err == nil && answer.Done {
		l.review.Wake()
	}
	return answer, err
}

// Recall implements bus.Hub. With the last word there is something to recover.
func (l line) Recall(ctx context.Context, node string, r protocol.Recall) (protocol.RecallAnswer, error) {
	answer, err := l.Service.Recall(ctx, node, r)
	if err == nil && r.Done {
		l.review.Wake()
	}
	return answer, err
}

// registry tells the bus which nodes there are.
type registry struct{ *access.Service }

var _ bus.Registry = registry{}

// NodeOfKey implements bus.Registry.
func (r registry) NodeOfKey(ctx context.Context, publicKey string) (string, error) {
	n, err := existing(r.NodeByKey(ctx, publicKey))
	return n.ID, err
}

// KeyOfNode implements bus.Registry.
func (r registry) KeyOfNode(ctx context.Context, node string) (string, error) {
	n, err := existing(r.NodeByID(ctx, node))
	return n.PublicKey, err
}

// existing turns an unknown and a revoked node into no node.
func existing(n access.Node, err error) (access.Node, error) {
	if fault.Is(err, fault.NotFound) || err == nil && n.State == access.NodeRevoked {
		return access.Node{}, nil
	}
	return n, err
}

// scan names what stands in HTML that should not be public.
func scan(text string) []string {
	kinds := []string{}
	for _, hit := range content.ScanHTML(text) {
		if !slices.Contains(kinds, string(hit.Kind)) {
			kinds = append(kinds, string(hit.Kind))
		}
	}
	return kinds
}

// inspect finds out what a file that has arrived really is.
func inspect(files *blob.Store) func(ctx context.Context, sha256 string) (string, error) {
	return func(_ context.Context, sha256 string) (string, error) {
		f, size, err := files.Get(sha256)
		if err != nil {
			return "", err
		}
		defer f.Close()
		info, err := content.Inspect("", f, size)
		return info.Type, err
	}
}
