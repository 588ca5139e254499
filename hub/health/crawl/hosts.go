package crawl

// lanes is in how many queues the addresses of the site wait, by their area. They
// take turns, so that what has no end in one folder does not hold up another.
const lanes = 64

// queue is addresses that wait to be asked, in the order they were found.
type queue struct{ first, last uint32 } // numbers plus one

// host is one host with the addresses of it that wait to be asked.
type host struct {
	name    string
	queues  []queue // one, or as many as there are lanes
	turn    int     // the queue that is next
	waiting int
	flying  int  // requests under way
	most    int  // and how many there may be
	ready   bool // in hosts.line
	mute    int  // addresses in a row that got no answer in time
	silent  bool // given up
	site    bool // one of the site's own
}

// hosts are all hosts, the site's own in front.
type hosts struct {
	list  []*host
	names map[string]uint32
	own   []uint32 // hosts of the site with work to do, next first
	line  []uint32 // other hosts with work to do
	most  int      // requests at once to all of these, so that they cannot hold up the site
	out   int      // how many there are
	t     *table
}

func newHosts(t *table, most int) *hosts {
	return &hosts{names: map[string]uint32{}, most: most, t: t}
}

// number returns the number of a host.
func (h *hosts) number(name string, most int, site bool) uint32 {
	if n, ok := h.names[name]; ok {
		return n
	}
	n := uint32(len(h.list))
	queues := 1
	if site {
		queues = lanes
	}
	h.list = append(h.list, &host{name: name, most: most, site: site, queues: make([]queue, queues)})
	h.names[name] = n
	return n
}

// push puts an address at the end of its host's queue.
func (h *hosts) push(id uint32) {
	e := h.t.get(id)
	e.next, e.state = 0, stateWaiting
	on := h.list[e.host]
	q := &on.queues[int(e.lane)%len(on.queues)]
	if q.last == 0 {
		q.first = id + 1
	} else {
		h.t.get(q.last - 1).next = id + 1
	}
	q.last = id + 1
	on.waiting++
	h.lineUp(e.host)
}

func (h *hosts) lineUp(n uint32) {
	if on := h.list[n]; !on.ready && on.waiting > 0 && on.flying < on.most {
		on.ready = true
		if on.site {
			h.own = append(h.own, n)
		} else {
			h.line = append(h.line, n)
		}
	}
}

// pop takes the next address off the queue of the host whose turn it is: the
// site's first, then the others, which take turns.
func (h *hosts) pop() (id uint32, on *host, ok bool) {
	if id, on, ok = h.from(&h.own); ok {
		return id, on, true
	}
	if h.out >= h.most {
		return 0, nil, false
	}
	return h.from(&h.line)
}

func (h *hosts) from(line *[]uint32) (id uint32, on *host, ok bool) {
	for len(*line) > 0 {
		n := (*line)[0]
		*line = (*line)[1:]
		on = h.list[n]
		on.ready = false
		if on.waiting == 0 || on.flying >= on.most {
			continue
		}
		id = on.take(h.t)
		on.flying++
		if !on.site {
			h.out++
		}
		h.lineUp(n)
		return id, on, true
	}
	return 0, nil, false
}

// done says that a request to a host is over.
func (h *hosts) done(n uint32) {
	on := h.list[n]
	on.flying--
	if !on.site {
		h.out--
	}
	h.lineUp(n)
}

// take takes the next address off the queue whose turn it is.
func (on *host) take(t *table) (id uint32) {
	for on.queues[on.turn].first == 0 {
		on.turn = (on.turn + 1) % len(on.queues)
	}
	q := &on.queues[on.turn]
	on.turn = (on.turn + 1) % len(on.queues)
	id = q.first - 1
	if q.first = t.get(id).next; q.first == 0 {
		q.last = 0
	}
	on.waiting--
	return id
}
