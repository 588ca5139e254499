// Package protocol defines what crosses the wire between a township node and
// the county hub: the messages, the subjects they travel on, how they are
// signed and checked. It promises that whatever passes its checks can be
// stored and shown, and that each fault is named with its reason. It is also
// the specification: a third client can be written from this text and the
// files in testdata/vectors alone.
//
// # Two logs
//
// Each node keeps an append-only up log on its own disk: entries numbered 1, 2,
// 3 … without gaps, each signed with the node's key. The hub keeps, per node,
// an append-only down log in its database, numbered likewise and signed with
// the hub's key. Each side keeps a cursor into the other's log and moves it in
// the same transaction as the effect of the entry. NATS only carries; nothing
// rests on the broker's memory, its duplicate window, or a clock.
//
// An entry's position is (epoch, seq). The epoch is a random UUID made when a
// store is made, and made anew when one is restored from a backup. A hub that
// meets one position with two different digests has met two machines under one
// identity; it freezes the node and says so (code "clone").
//
// # Entry
//
// An entry has a head and a body. The body is one JSON value in UTF-8 of at
// most 204,800 bytes; its exact bytes are what is hashed, so a reader must keep
// them and never re-encode. The head is a JSON object on one line:
//
//	v       integer  wire version, 1
//	node    string   id of the node whose log it is: 1–32 of a–z 0–9
//	epoch   string   of the store that numbered it
//	seq     integer  from 1
//	kind    string   what the body is, see below
//	len     integer  bytes of the body
//	sha256  string   SHA-256 of the body, 64 lower-case hex digits
//	sig     string   Ed25519 signature, standard base64 with padding
//
// The signature is over these seven lines, joined by single line feeds, with no
// line feed at the end; the second is "up" or "down":
//
//	zhanqun-entry-1
//	up
//	<node>
//	<epoch>
//	<seq in decimal>
//	<kind>
//	<sha256>
//
// Keys are nkeys: a node's public key begins with U, a hub's with N. The raw 32
// bytes are the Ed25519 key. Subject permissions alone prove nothing, because a
// server delivers to any reply subject a publisher names; the signature does.
//
// A reader checks, in this order, and names the first fault: version, node,
// seq, form of the head, size, digest, signature, UTF-8 (see [Entry.Check]);
// then the kind, the JSON, and each field (see [ReadBody]). Fields it does not
// know are ignored. A kind it does not know is refused with code "kind".
//
// # Frame
//
// What travels is a frame: a run of consecutive entries of one node's log, at
// most 262,144 bytes:
//
//	ZQ1 <count>\n
//	<head>\n<body>\n      count times
//
// The body is exactly len bytes; the line feed behind it belongs to the frame.
//
// # Subjects
//
//	zq.up.<node>          frames, node → hub, JetStream stream ZQ_UP
//	zq.ask.<node>.<verb>  requests, node → hub, answered
//	zq.bell.<node>        doorbell, hub → node, may be lost
//	zq.beat.<node>        heartbeat, node → hub, not stored
//
// A node may publish its own up, ask and beat and subscribe its own bell and
// _INBOX_<node>.>, nothing else; it has no part in the JetStream API. It signs
// in to NATS with its nkey.
//
// A frame carries the headers Zq-Version, Zq-Epoch, Zq-First and Zq-Last; they
// help people who look at the stream, and no one trusts them.
//
// Requests, answers and beats carry the header Zq-Sig, standard base64. A node
// signs its request over four lines (the reply subject is empty for a beat):
//
//	zhanqun-ask-1
//	<subject>
//	<reply subject>
//	<SHA-256 of the payload in hex>
//
// A chunk of a file is signed over two more lines: the file's SHA-256 (header
// Zq-File) and the offset in decimal (header Zq-Offset). The hub signs its
// answer over:
//
//	zhanqun-answer-1
//	<Zq-Sig of the request>
//	<value of Zq-Error, or empty>
//	<SHA-256 of the payload in hex>
//
// An answer with Zq-Error carries a [Fault] as its body. Codes busy, frozen and
// quota are passing: the node keeps what it has and tries again later.
//
// # The line
//
// On every connection the node says [Hello] (verb "hello") and learns the hub's
// cursor. It goes on from there: it sends again what the hub does not have, and
// skips what it has. Backlog is the number of frames that lie in the stream
// unread; while it is not zero the node need not send again what the broker has
// acknowledged. It publishes frames in order with a few in flight; a missing
// acknowledgement means "unknown", so it stops and says hello again.
//
// The hub applies entries in order. At or below its cursor it only compares
// digests. Above cursor+1 there is a gap: it applies nothing of it and rings
// with [Bell].Hello set. An entry that can never be applied moves the cursor all
// the same: the hub keeps it whole and sends a [Refusal].
//
// The node pulls (verb "pull") after its own cursor; the answer is a frame of
// down entries, whose Zq-Head header names the newest seq there is. The node
// applies them and stores the cursor in one transaction. Asking after N
// acknowledges N. It pulls when the bell rings, on connect, and every few
// minutes with jitter.
//
// An entry of the up log is received when a [Receipt] has passed it, never
// before. A node keeps everything until then, and 90 days longer.
//
// # Files
//
// Files travel on a connection of their own, so that no text waits for them.
// The node offers (verb "offer") a SHA-256 and a size; the answer says how many
// bytes from the start are already on the hub's disk. The node sends the next
// chunk (verb "chunk", raw bytes), whose answer again says how far the file is;
// an answer is sent after the bytes are on disk. When the last byte is there the
// hub compares the SHA-256 and answers Done. Bytes that do not match are thrown
// away and have to be sent from the start.
//
// # Kinds
//
// Up: item.submit [Submit], item.withdraw [Withdraw], finding.answer [Answer].
// Down: receipt [Receipt], refusal [Refusal], item.status [Status], finding
// [Finding], notice [Notice], settings [Settings]. Their fields, and the rule
// each must keep, stand at the types and in their Validate methods; the limits
// stand in limits.go. Times are RFC 3339.
//
// # Joining
//
// A join code is "zq1-" and the unpadded base64url of a JSON object with the
// hub's address (h) and a secret (s) that works once. The node makes its key and
// posts [Enrol] to <h>/api/v1/enrol, signed over three lines:
//
//	zhanqun-enrol-1
//	<secret>
//	<public key>
//
// [EnrolAnswer] names the node id, the hub's key and where NATS listens. From
// then on the key is the identity.
//
// # Versions
//
// This is version 1. New fields may appear within a version. A new version is
// read by a hub at least one version before any node writes it.
package protocol
