package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zhanqun/internal/dirlock"
	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// nextName is where the key of an identity that is being taken waits: it replaces
// the present one once the database says that it speaks for the node.
const nextName = seedName + ".next"

// formerName is where the key lies that the node had before its present one: a hub
// that is restored from an older backup knows only that.
const formerName = seedName + ".former"

// FormerKey returns the key the node had before its present one, nil for none.
func (q *Queue) FormerKey() (*protocol.Key, error) {
	key, err := readKey(filepath.Join(q.dir, formerName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &key, err
}

// keepFormer keeps the present key beside the one that takes its place.
func (q *Queue) keepFormer(public string) error {
	key, err := q.signer(public)
	if err != nil {
		return err
	}
	return disk.WriteSecret(filepath.Join(q.dir, formerName), key.Seed())
}

// dropFormer forgets the former key: it spoke for another node.
func (q *Queue) dropFormer() error {
	if err := os.Remove(filepath.Join(q.dir, formerName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the former key: %w", err)
	}
	return nil
}

// Key returns the node's key for joining and makes it at the first call. It is
// on disk before it is returned, so that an answer of the hub that got lost can
// be asked for again with the same key.
func (q *Queue) Key(ctx context.Context) (protocol.Key, error) { return q.makeKey(ctx, seedName) }

// NextKey is Key for a node that takes another identity.
func (q *Queue) NextKey(ctx context.Context) (protocol.Key, error) { return q.makeKey(ctx, nextName) }

func (q *Queue) makeKey(ctx context.Context, name string) (key protocol.Key, err error) {
	l, err := dirlock.Wait(ctx, filepath.Join(q.dir, openName))
	if err != nil {
		return key, err
	}
	defer func() { err = errors.Join(err, l.Release()) }()
	key, err = readKey(filepath.Join(q.dir, name))
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = protocol.NewNodeKey(); err != nil {
		return protocol.Key{}, err
	}
	if err := disk.WriteSecret(filepath.Join(q.dir, name), key.Seed()); err != nil {
		return protocol.Key{}, fault.Wrap(fault.Internal, "本机密钥保存不了，请检查磁盘和权限："+err.Error(), err)
	}
	return readKey(filepath.Join(q.dir, name)) // what is on disk counts, not what was meant
}

func readKey(path string) (protocol.Key, error) {
	seed, err := os.ReadFile(path) // #nosec G304 -- a fixed name in the data folder
	if err != nil {
		return protocol.Key{}, fault.Wrap(fault.Internal, "读不到本机密钥文件 "+path+"。请从备份恢复它，或联系县级管理员重新入网。", err)
	}
	key, err := protocol.ParseKey(seed)
	if err != nil {
		return protocol.Key{}, fault.Wrap(fault.Internal, "本机密钥文件 "+path+" 已损坏。请从备份恢复它，或联系县级管理员重新入网。", err)
	}
	return key, nil
}

// errOtherKey says that no key file fits what the database says.
var errOtherKey = fault.New(fault.Internal, "本机密钥文件与入网信息不符。请从备份恢复数据目录，或联系县级管理员重新入网。")

// signer returns the key that speaks for the node, going by its public key; before
// it has joined that is empty, and the key is the one to join with.
func (q *Queue) signer(public string) (protocol.Key, error) {
	q.keyMu.Lock()
	defer q.keyMu.Unlock()
	if q.key != nil && (public == "" || q.key.Public() == public) {
		return *q.key, nil
	}
	key, err := readKey(filepath.Join(q.dir, seedName))
	if err == nil && public != "" && key.Public() != public {
		// Another identity or key was taken, and its file is not in place yet. It
		// may be put there between two looks.
		for _, name := range []string{nextName, seedName} {
			if key, err = readKey(filepath.Join(q.dir, name)); err == nil && key.Public() == public {
				break
			}
		}
		if err != nil || key.Public() != public {
			return protocol.Key{}, errOtherKey
		}
	}
	if err == nil {
		q.key = &key
	}
	return key, err
}

// placeKey puts a key in its place that the database says speaks for the node.
func (q *Queue) placeKey(ctx context.Context, public string) error {
	l, err := dirlock.Wait(ctx, filepath.Join(q.dir, openName))
	if err != nil {
		return fmt.Errorf("locking data folder: %w", err) // the next to open it settles the key
	}
	return errors.Join(q.settleKey(public), l.Release())
}

// settleKey puts the key of an identity that was taken in its place, if the
// process that took it was killed before it could. Whoever calls it holds the
// lock on opening.
func (q *Queue) settleKey(public string) error {
	next := filepath.Join(q.dir, nextName)
	if _, err := os.Lstat(next); public == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	key, err := readKey(next)
	if err != nil || key.Public() != public {
		return err // of an identity that was never taken; it may yet be
	}
	if err := os.Rename(next, filepath.Join(q.dir, seedName)); err != nil {
		return err
	}
	return disk.SyncDir(q.dir)
}
