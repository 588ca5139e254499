package feed

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// Bounds of what is kept.
const (
	maxKept  = 32 << 20 // bytes of rendered answers
	maxAge   = time.Minute
	lookAge  = time.Second      // how long another program's change may go unseen
	fillTime = 20 * time.Second // for reading and rendering one answer
)

// cache keeps rendered answers until an entry changes. A minute is the longest
// anything is kept: names of columns change without an entry, and withdrawals
// run out by the clock.
type cache struct {
	read  func(context.Context) (int64, error)
	now   func() time.Time
	moves atomic.Int64 // how often something was committed
	group singleflight.Group

	mu     sync.Mutex
	head   int64
	looked time.Time
	seen   int64 // moves before head was read
	bytes  int
	order  *list.List // newest use in front
	byKey  map[string]*list.Element
}

// kept is one answer in the cache.
type kept struct {
	key  string
	head int64
	at   time.Time
	body *rendering
}

func newCache(head func(context.Context) (int64, error), now func() time.Time) *cache {
	return &cache{read: head, now: now, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *cache) changed() { c.moves.Add(1) }

// get returns the answer for key, made by fill if need be. Many who ask for
// the same at once wait for one fill.
func (c *cache) get(ctx context.Context, key string, fill func(context.Context) (*rendering, error)) (*rendering, error) {
	head, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	// Whoever asked first may go away while others wait for the answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTime)
	defer cancel()
	for {
		if r := c.find(key, head); r != nil {
			return r, nil
		}
		made, err, _ := c.group.Do(key, func() (any, error) {
			// The head is read before the entries: what is committed in between
			// makes the answer look older than it is, never newer.
			head, err := c.look(ctx)
			if err != nil {
				return nil, err
			}
			r, err := fill(ctx)
			if err != nil {
				return nil, err
			}
			k := &kept{key: key, head: head, at: c.now(), body: r}
			c.keep(k)
			return k, nil
		})
		if err != nil {
			return nil, err
		}
		// One that was begun before the change this asker knows of is no answer.
		if k, _ := made.(*kept); k.head >= head {
			return k.body, nil
		}
	}
}

// current returns the head of the feed, read anew if something was committed
// or some time has passed.
func (c *cache) current(ctx context.Context) (int64, error) {
	c.mu.Lock()
	head, age, seen := c.head, c.now().Sub(c.looked), c.seen
	c.mu.Unlock()
	if seen == c.moves.Load() && age >= 0 && age < lookAge {
		return head, nil
	}
	return c.look(ctx)
}

func (c *cache) look(ctx context.Context) (int64, error) {
	moves := c.moves.Load() // before the reading: what comes later is seen next time
	head, err := c.read(ctx)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head, c.seen, c.looked = max(c.head, head), max(c.seen, moves), c.now()
	return c.head, nil
}

func (c *cache) find(key string, head int64) *rendering {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	k, _ := e.Value.(*kept)
	if age := c.now().Sub(k.at); k.head < head || age < 0 || age >= maxAge {
		return nil
	}
	c.order.MoveToFront(e)
	return k.body
}

func (c *cache) keep(k *kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.byKey[k.key]; ok {
		c.drop(old)
	}
	c.byKey[k.key] = c.order.PushFront(k)
	c.bytes += k.body.size()
	for c.bytes > maxKept && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	k, _ := c.order.Remove(e).(*kept)
	delete(c.byKey, k.key)
	c.bytes -= k.body.size()
}
