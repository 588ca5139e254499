package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Event is one server-sent event. Pages of ours know the name "change", whose
// data lists the live regions to fetch anew, parted by blanks.
type Event struct {
	ID   string
	Name string
	Data string
}

// How a stream is kept: a sign of life so that proxies and dead lines show,
// and an end, after which the browser comes back by itself.
const (
	streamBeat  = 20 * time.Second
	streamLife  = 30 * time.Minute
	streamRetry = 3 * time.Second
)

// Stream sends events until the channel closes, the reader leaves, the server
// stops or half an hour has passed. It holds no queue: the sender decides what
// happens to a reader who is slower than the events. It returns an error only
// when nothing has been written.
func Stream(w http.ResponseWriter, r *http.Request, events <-chan Event) error {
	rc := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	send := func(text []byte) bool {
		if _, err := w.Write(text); err != nil {
			return false
		}
		return rc.Flush() == nil
	}
	if !send(fmt.Appendf(nil, "retry: %d\n\n", streamRetry.Milliseconds())) {
		return nil
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	end := time.NewTimer(streamLife)
	defer end.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-stopping(r.Context()):
			return nil
		case <-end.C:
			return nil
		case <-beat.C:
			if !send([]byte(": alive\n\n")) {
				return nil
			}
		case e, ok := <-events:
			if !ok || !send(e.encode()) {
				return nil
			}
		}
	}
}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ", "\x00", "")

// encode writes the event; data of several lines becomes several data fields,
// and id and name can hold none, so that no value can pose as another field.
func (e Event) encode() []byte {
	var b bytes.Buffer
	if e.ID != "" {
		fmt.Fprintf(&b, "id: %s\n", oneLine.Replace(e.ID))
	}
	if e.Name != "" {
		fmt.Fprintf(&b, "event: %s\n", oneLine.Replace(e.Name))
	}
	data := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(e.Data)
	for line := range strings.SplitSeq(data, "\n") {
		fmt.Fprintf(&b, "data: %s\n", line)
	}
	b.WriteByte('\n')
	return b.Bytes()
}
