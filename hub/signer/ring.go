// Package signer holds the hub's own keys: the present one, and those it had
// before.
//
// It promises:
//   - A key is on disk, whole, before anything is signed with it, and all of them
//     are replaced together or not at all.
//   - A former key is kept: what it has signed and sealed can be read for ever, and
//     a node that was away can be spoken to with the key it knows until it has
//     heard of the next one.
//   - A key that was stolen signs nothing any more. Who knows no other has to join
//     again.
//
// The file has one seed a line, the present one first. A line that begins with
// "stolen " is such a key.
package signer

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"

	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
	"zhanqun/protocol"
)

// Most is how many keys a hub may have had: each vouches for its certificate in
// every handshake.
const Most = 32

// stolenMark begins the line of a key that signs nothing any more.
const stolenMark = "stolen "

// Ring is the hub's keys. It may be used from several goroutines.
type Ring struct {
	path string // "" for one that lives in memory

	mu   sync.RWMutex
	text []byte
	keys []held
}

type held struct {
	protocol.Key
	stolen bool
}

// Of returns a ring of keys that is on no disk, the present one first.
func Of(keys ...protocol.Key) *Ring {
	r := &Ring{}
	for _, k := range keys {
		r.keys = append(r.keys, held{Key: k})
	}
	r.text = write(r.keys)
	return r
}

// Open reads the ring in the file path, or makes one with a new key. The error is
// for the operator.
func Open(path string) (*Ring, error) {
	r := &Ring{path: path}
	err := r.Reload()
	if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	key, err := protocol.NewHubKey()
	if err != nil {
		return nil, err
	}
	if err := r.save([]held{{Key: key}}); err != nil {
		return nil, err
	}
	return r, nil
}

// Parse reads what Text has written.
func Parse(text []byte) (*Ring, error) {
	keys, err := parse(text)
	return &Ring{text: text, keys: keys}, err
}

func parse(text []byte) ([]held, error) {
	var keys []held
	for line := range strings.Lines(string(bytes.TrimSpace(text))) {
		seed, stolen := strings.CutPrefix(strings.TrimSpace(line), stolenMark)
		key, err := protocol.ParseKey([]byte(seed))
		if err != nil {
			return nil, err
		}
		keys = append(keys, held{key, stolen})
	}
	if len(keys) == 0 || keys[0].stolen || len(keys) > Most {
		return nil, errors.New("no present key, or too many")
	}
	return keys, nil
}

func write(keys []held) []byte {
	if len(keys) == 1 && !keys[0].stolen {
		return keys[0].Seed() // as it was before hubs could have two
	}
	var b bytes.Buffer
	for _, k := range keys {
		if k.stolen {
			b.WriteString(stolenMark)
		}
		b.Write(append(k.Seed(), '\n'))
	}
	return b.Bytes()
}

// Reload reads the file again: another program may have taken another key.
func (r *Ring) Reload() error {
	if r.path == "" {
		return nil
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return fault.Wrap(fault.Internal, "读不了本平台的密钥 "+r.path+"，请检查权限。", err)
	}
	r.mu.RLock()
	same := r.keys != nil && bytes.Equal(text, r.text)
	r.mu.RUnlock()
	if same {
		return nil
	}
	keys, err := parse(text)
	if err != nil {
		return fault.Wrap(fault.Internal, "本平台的密钥 "+r.path+" 已损坏，请从备份恢复这个文件，不要删除它。", err)
	}
	r.set(text, keys)
	return nil
}

func (r *Ring) set(text []byte, keys []held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text, r.keys = text, keys
}

func (r *Ring) save(keys []held) error {
	text := write(keys)
	if r.path != "" {
		if err := disk.WriteSecret(r.path, text); err != nil {
			return fault.Wrap(fault.Internal, "无法保存本平台的密钥 "+r.path+"，请检查磁盘和权限。", err)
		}
	}
	r.set(text, keys)
	return nil
}

// Rotate makes another key the present one, on disk when it returns. With stolen
// the keys so far sign nothing any more.
func (r *Ring) Rotate(stolen bool) error {
	key, err := protocol.NewHubKey()
	if err != nil {
		return err
	}
	before := r.all()
	if len(before) == Most {
		return fault.New(fault.Conflict, "本平台的密钥已经换过很多次，不能再换。")
	}
	keys := []held{{Key: key}}
	for _, k := range before {
		keys = append(keys, held{k.Key, k.stolen || stolen})
	}
	return r.save(keys)
}

func (r *Ring) all() []held {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys
}

// Text is all keys as the file holds them. It is a secret.
func (r *Ring) Text() []byte {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return bytes.Clone(r.text)
}

// Present returns the key that signs.
func (r *Ring) Present() protocol.Key { return r.all()[0].Key }

// All returns the keys, the present one first, and stolen ones too.
func (r *Ring) All() []protocol.Key {
	var list []protocol.Key
	for _, k := range r.all() {
		list = append(list, k.Key)
	}
	return list
}

// Knows reports whether a public key is the present one or was.
func (r *Ring) Knows(public string) bool {
	for _, k := range r.all() {
		if k.Public() == public {
			return true
		}
	}
	return false
}

// Find returns the key that may sign for those who know the hub by a public key:
// that one, unless it was stolen.
func (r *Ring) Find(public string) (key protocol.Key, ok bool) {
	for _, k := range r.all() {
		if k.Public() == public && !k.stolen {
			return k.Key, true
		}
	}
	return key, false
}

// For is Find with the present key for all others: who knows another key will not
// believe it, and says so.
func (r *Ring) For(public string) protocol.Key {
	if key, ok := r.Find(public); ok {
		return key
	}
	return r.Present()
}

// Former returns the public keys that are not present, stolen or not.
func (r *Ring) Former() (given, stolen []string) {
	for _, k := range r.all()[1:] {
		if k.stolen {
			stolen = append(stolen, k.Public())
		} else {
			given = append(given, k.Public())
		}
	}
	return given, stolen
}

// Vouch is what the hub says for the CA with a fingerprint, by every key a node may
// know.
func (r *Ring) Vouch(fingerprint string) []*url.URL {
	var list []protocol.Key
	for _, k := range r.all() {
		if !k.stolen {
			list = append(list, k.Key)
		}
	}
	return trust.By(list...)(fingerprint)
}
