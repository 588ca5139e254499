package protocol

import (
	"strconv"
	"time"
)

// Headers of NATS messages.
const (
	HeaderVersion = "Zq-Version" // wire version, on everything
	HeaderSig     = "Zq-Sig"     // base64 signature, on requests, answers and beats
	HeaderHub     = "Zq-Hub"     // on requests: public key the asker knows the hub by
	HeaderEpoch   = "Zq-Epoch"   // on frames: epoch; on pull answers: the hub's epoch
	HeaderFirst   = "Zq-First"   // on frames: seq of the first entry
	HeaderLast    = "Zq-Last"    // on frames: seq of the last entry
	HeaderHead    = "Zq-Head"    // on pull answers: seq of the newest down entry
	HeaderError   = "Zq-Error"   // on answers: a Code; the body is then a Fault
	HeaderFile    = "Zq-File"    // on chunks: SHA-256 of the whole file
	HeaderOffset  = "Zq-Offset"  // on chunks: position of the first byte
)

// Hello is the first word of a node on every connection.
type Hello struct {
	V         int       `json:"v"`
	Epoch     string    `json:"epoch"`            // of the node's store
	Last      uint64    `json:"last"`             // last seq of its up log
	Confirmed uint64    `json:"confirmed"`        // last seq a receipt has passed
	Down      uint64    `json:"down"`             // its cursor into the down log
	HubEpoch  string    `json:"hubEpoch"`         // the hub's epoch it knows; empty at first
	HubKey    string    `json:"hubKey,omitempty"` // public key it knows the hub by
	Program   string    `json:"program"`          // name and version, for people
	Clock     time.Time `json:"clock"`            // the node's clock, so that skew is seen
	DiskFree  uint64    `json:"diskFree"`         // bytes
	Knows     []Kind    `json:"knows,omitempty"`  // those of Later it reads
	Beat
}

// Beat is how a node's queue stands: inside Hello, and alone as heartbeat.
type Beat struct {
	Queued   int64      `json:"queued"`           // entries not yet handed to the broker
	Sent     int64      `json:"sent"`             // handed over, not yet confirmed
	OldestAt *time.Time `json:"oldest,omitempty"` // when the oldest unconfirmed entry was made
	Files    int64      `json:"files"`            // attachments not yet at the hub
}

// HelloAnswer tells the node where to go on.
type HelloAnswer struct {
	V        int       `json:"v"`
	HubEpoch string    `json:"hubEpoch"`
	Epoch    string    `json:"epoch"`    // the node's epoch as the hub knows it; empty at first
	Cursor   uint64    `json:"cursor"`   // last up seq the hub has committed in Epoch
	Backlog  uint64    `json:"backlog"`  // frames in the stream the hub has still to read
	Head     uint64    `json:"head"`     // newest seq of the node's down log
	MaxFrame int       `json:"maxFrame"` // bytes the hub wants in a frame at most
	Now      time.Time `json:"now"`      // the hub's clock
	// Before is the node's epoch the hub knew before Epoch; nil for none.
	Before *Mark `json:"before,omitempty"`
	// Past are the epochs the hub itself had, the latest last; none before its
	// first restore. Recall asks for what was said in them and is not on file.
	Past   []Past `json:"past,omitempty"`
	Recall bool   `json:"recall,omitempty"`
}

// Pull asks for down entries after a position. Asking for "after N" is the
// acknowledgement that everything through N is stored.
type Pull struct {
	HubEpoch string `json:"hubEpoch"`
	After    uint64 `json:"after"`
	MaxBytes int    `json:"maxBytes"` // of the answer; at most MaxFrameBytes
}

// Offer announces a file, or asks how much of it has arrived.
type Offer struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// OfferAnswer says how much of a file is on the hub's disk.
type OfferAnswer struct {
	Have  int64 `json:"have"`  // bytes from the start; go on from there
	Done  bool  `json:"done"`  // whole and verified
	Chunk int   `json:"chunk"` // bytes the hub wants in a chunk at most
}

// Bell is what a doorbell ring carries. Losing one does no harm.
type Bell struct {
	Head  uint64 `json:"head,omitempty"`  // newest down seq
	Hello bool   `json:"hello,omitempty"` // the hub misses entries: say hello again
}

// RequestText returns what a node signs on a request or beat: the subject, the
// reply subject and the digest of the payload. Binding the reply subject makes
// a copied request useless to anyone else.
func RequestText(subject, reply string, payload []byte) []byte {
	return []byte("zhanqun-ask-" + strconv.Itoa(Version) + "\n" + subject + "\n" + reply + "\n" + HashOf(payload))
}

// ChunkText returns what a node signs on a chunk: as RequestText, and the place
// of the bytes in the file.
func ChunkText(subject, reply, file string, offset int64, payload []byte) []byte {
	return append(RequestText(subject, reply, payload), "\n"+file+"\n"+strconv.FormatInt(offset, 10)...)
}

// AnswerText returns what the hub signs on an answer: the signature of the
// request it answers, the error code if any, and the digest of the payload.
func AnswerText(requestSig, errorCode string, payload []byte) []byte {
	return []byte("zhanqun-answer-" + strconv.Itoa(Version) + "\n" + requestSig + "\n" + errorCode + "\n" + HashOf(payload))
}
