package intake

import (
	"context"
	"slices"
	"sync"

	"zhanqun/protocol"
)

// Keys are the public keys of one node. A log is signed with one key from its
// first entry to its last: a node that takes another key begins a new log with it.
type Keys struct {
	Present protocol.PublicKey
	// Unretired is the key it has given up without having used Present yet. A log
	// that is not among Former may be signed with either; nil for none.
	Unretired *protocol.PublicKey
	Epochs    []string    // of all its logs
	Former    []FormerKey // of those signed with a key it has given up
}

// FormerKey is the key one log is signed with.
type FormerKey struct {
	Epoch string
	Key   protocol.PublicKey
}

// of returns the key a log is signed with, and the one it may be signed with as
// well, if any.
func (k Keys) of(epoch string) (key protocol.PublicKey, or *protocol.PublicKey) {
	for _, f := range k.Former {
		if f.Epoch == epoch {
			return f.Key, nil
		}
	}
	return k.Present, k.Unretired
}

// either is the word of one of two keys.
type either struct{ one, other protocol.Verifier }

// Verify implements protocol.Verifier.
func (e either) Verify(data, sig []byte) bool {
	return e.one.Verify(data, sig) || e.other.Verify(data, sig)
}

// know reports whether all logs of some letters are among those of the keys.
func (k Keys) know(letters []Letter) bool {
	for i := range letters {
		e := letters[i].Entry.Epoch
		if (i == 0 || e != letters[i-1].Entry.Epoch) && !slices.Contains(k.Epochs, e) {
			return false
		}
	}
	return true
}

// keyring remembers the keys of nodes. Only nodes that exist are remembered, so it
// is as large as the registry. What it says of a log it knows stays true: a log it
// does not know may be signed with a newer key than it has.
type keyring struct {
	mu   sync.RWMutex
	keys map[string]Keys
}

// of returns the keys of those nodes of the batch that exist.
func (k *keyring) of(ctx context.Context, store Store, b *Batch) (map[string]Keys, error) {
	found := make(map[string]Keys, len(b.Letters))
	var missing []string
	k.mu.RLock()
	for _, id := range b.NodeIDs() {
		keys, ok := k.keys[id]
		if ok && keys.know(b.Letters[id]) {
			found[id] = keys
		} else {
			missing = append(missing, id)
		}
	}
	k.mu.RUnlock()
	if len(missing) == 0 {
		return found, nil
	}
	fresh, err := store.NodeKeys(ctx, missing)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[string]Keys{}
	}
	for id, keys := range fresh {
		k.keys[id], found[id] = keys, keys
	}
	return found, nil
}
