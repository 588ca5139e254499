// Package protocol defines what crosses the wire between a township node and
// the county hub: the messages, the subjects they travel on, how they are
// signed and checked. It promises that whatever passes its checks can be
// stored and shown, and that each fault is named with its reason. It is also
// the specification: a third client can be written from this text and the
// files in testdata alone.
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
// store is made, and made anew when one is restored from a backup; see "Restored
// stores". A hub that meets one position with two different digests has met two
// machines under one identity; it freezes the node and says so (code "clone"). A
// node that is told by a [Receipt] of a digest that is not its own stops there
// and sends its own entry, so that the hub meets both.
//
// # Entry
//
// An entry has a head and a body. The body is one JSON value in UTF-8 of at
// most 204,800 bytes; its exact bytes are what is hashed, so a reader must keep
// them and never re-encode. The head is a JSON object on one line of at most
// 1,024 bytes:
//
//	v       integer  wire version, 1
//	node    string   id of the node whose log it is: 1–32 of a–z 0–9
//	epoch   string   of the store that numbered it, 1–36 of visible ASCII
//	seq     integer  from 1
//	kind    string   what the body is, see below; 1–40 of visible ASCII
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
// bytes are the Ed25519 key. (The text is base32 without padding of a prefix
// byte, 0xA0 for U and 0x68 for N, the 32 bytes, and the CRC-16/XMODEM of those
// 33, low byte first; a seed has two prefix bytes.) Subject permissions alone prove nothing, because a server
// delivers to any reply subject a publisher names; the signature does.
//
// A reader checks, in this order, and names the first fault: version, node,
// seq, form of the head, size, digest, signature, UTF-8 (see [Entry.Check]);
// then the kind, the JSON, and each field (see [ReadBody]). Fields it does not
// know are ignored. A kind it does not know is refused by a hub with code
// "kind"; a node keeps it and goes on. So a hub says a kind that is newer than
// the first nodes only to a node that names it in [Hello].Knows.
//
// # Frame
//
// What travels is a frame: a run of consecutive entries of one node's log, at
// most 4,096 of them and 262,144 bytes, which one entry never exceeds:
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
// in to NATS with its nkey: the signature is over the nonce of the server's INFO.
// The hub keeps one connection of a node for its log and one for its files,
// whose client name ends in "files"; a newer one of a kind ends the older.
//
// A frame carries the headers Zq-Version (1, as on everything), Zq-Epoch,
// Zq-First and Zq-Last; they help people who look at the stream, and no one
// trusts them. It is published with a reply subject, where the broker answers
// with JetStream's acknowledgement: {"stream":"ZQ_UP","seq":…} when the frame is
// on its disk, or {"error":{…}}. err_code 10077 says that there is no room now.
// No answer, or one without a position, says nothing: the frame may be there.
//
// # Asking
//
// Requests, answers and beats carry the header Zq-Sig, standard base64. A reply
// subject is a fresh one under _INBOX_<node>; a request that wants its answer
// elsewhere gets none. A node signs its request over four lines (the reply
// subject is empty for a beat):
//
//	zhanqun-ask-1
//	<subject>
//	<reply subject>
//	<SHA-256 of the payload in hex>
//
// A chunk of a file is signed over two more lines: the file's SHA-256 (header
// Zq-File) and the offset in decimal (header Zq-Offset). Other requests are JSON
// of at most 16,384 bytes. The hub signs its answer over:
//
//	zhanqun-answer-1
//	<Zq-Sig of the request>
//	<value of Zq-Error, or empty>
//	<SHA-256 of the payload in hex>
//
// A request says in the header Zq-Hub which public key of the hub its node knows; the
// answer is signed with that one, see "Another key of the hub". Without the header it
// is the one the node has joined with. The header itself is not signed: with another
// one in its place the answer is worth nothing to the node.
//
// An answer with Zq-Error, a code, carries a [Fault] as its body. Codes busy,
// frozen, pending and quota are passing: the node keeps what it has and tries again
// later. The codes stand in fault.go.
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
// If the answer names another epoch than the node's own, the hub has not yet
// read the end of the node's former log: the node says hello again a little
// later. A cursor beyond the node's last entry says that the node's store was
// put back to an older state; it must stop and wait for a person.
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
// minutes with jitter. Code "epoch" asks for a hello: the hub is another one, or
// was restored.
//
// An entry of the up log is received when a [Receipt] has passed it, never
// before. A node keeps everything until then, and 90 days longer.
//
// # Second opinion
//
// A hub that cannot make out from its own line whether an address is well may ask
// a node that knows the kind "look" to fetch it once ([Look]). The node asks with
// GET for at most 15 seconds, follows at most 5 redirects, connects to public
// addresses only, reads at most 256 KiB, and answers in its up log with facts
// ([Looked]). Of a page, and only if the hub asks for it, they hold the first 16 KiB
// without scripts and styles, from which the hub tells "not found" under status 200;
// the content of files never travels. After until it need not answer any more.
//
// # Restored stores
//
// A restored store knows less than the other side may hold. Each gives back what
// it has, and nothing is done twice.
//
// A restored node begins a new up log at 1, in a new epoch, with what its backup
// knows to be unconfirmed. The hub may have some of that under the old positions:
// a [Submit] of a revision that is on file from the same unit, word for word, is
// received without effect. [HelloAnswer].Before says how far the hub had the log
// before this one. If that is short of where the node's present log begins,
// because the hub was restored as well, the node begins one more epoch with
// everything behind that mark that it still holds.
//
// A restored hub goes on numbering each down log where its backup ends, in its
// new epoch. [HelloAnswer].Past names the epochs it had. A node whose cursor is in
// one of them takes it back to that Past's Through, if it is beyond; a node whose
// cursor is in an epoch that is not named reads the log from the start. Reading
// again does nothing twice: a [Status] with the same body is the same word.
// The node also offers its files again: the hub says which it has.
//
// While [HelloAnswer].Recall is set the hub lacks decisions. As soon as the hub
// has confirmed everything the node had handed in before that hello, the node
// sends its own copy of the down log (verb "recall", [Recall]), which it keeps
// for this: of a named epoch what lies beyond Recalled, and all of an epoch that
// is neither named nor the hub's present one, in the order it came; the last request
// has Done set. A request may be repeated. The hub knows its own signature on each
// entry. When it has them all it puts each item where its last word left it, if
// the revision judged is there and nobody has decided otherwise since, and says
// the words again in its present log, byte for byte. What it cannot carry out it
// keeps for the office to see, and tells the node how the item stands now.
//
// # Files
//
// Files travel on a connection of their own, so that no text waits for them.
// The node offers (verb "offer") a SHA-256 and a size; the answer says how many
// bytes from the start the hub has on its disk from this node. The node sends the
// next chunk (verb "chunk", raw bytes, 16 to 256 KiB, the last one less), one at a
// time and none while a frame or a request is on its way; the answer again says
// how far the file is, and is sent after the bytes are on disk. A chunk that begins
// beyond that changes nothing. When the last byte is there the hub compares the
// SHA-256 and answers done. Bytes that do not match are thrown away and have to be
// sent from the start.
//
// A hub bounds how much one node has begun and not ended; beyond that an offer is
// answered with code quota until something is ended. The same code says that the
// hub's disk is full. Both are about the size: the node goes on with smaller files
// and asks again as soon as one is done, or within half a minute. What lies without
// progress for long is dropped, and sent from the start then.
//
// Whether the hub has a file from another node shows in no answer. An item is
// complete when its own node has brought its files. A name, type or size that
// cannot be true refuses the item; one that is not the file's keeps the item from
// being published.
//
// # Bodies
//
// JSON objects. Times are RFC 3339. A field marked ? may be left out; ids are
// UUIDs in lower case, codes of units are 1–32 of visible ASCII, slugs of columns
// 1–40 of a–z 0–9 and hyphen; "line" is text without control characters of at
// most 200 characters, "text" may have lines and 4,000 of them. What each field
// means, and the rule it must keep, stands at the type and in its Validate
// method; the limits stand in limits.go.
//
// Up:
//
//	item.submit     Submit      item id, revision 1 2 3 …, unit code, origin? code of a village,
//	                            column slug, title line, body HTML at most 204,800 characters,
//	                            author line, source line, reviewer? line, note? text,
//	                            override? text, createdAt time, endorsedBy? line, attachments? list
//	                Attachment  sha256 of the file, name without path, size bytes, type media type,
//	                            alt? line
//	item.withdraw   Withdraw    item id, revision the last sent, reason text, by line, at time
//	finding.answer  Answer      finding id, answer "fixed" or "disputed", note? text (not with
//	                            disputed), by line, at time
//	looked          Looked      look id, status? final? where it ended, error? dns refused timeout tls
//	                            private toomanyredirects protocol, millis, bytes, cut? there was
//	                            more, sha256? of what was read, type? Content-Type, page? base64 of a
//	                            page's beginning, at time
//
// A body may hold an image as <img src="att:<sha256>">, naming an attachment. An
// item without a body must have one. A revision is one higher than the last the
// node has sent; after a refusal with code "revision" it is that number again, or
// one higher than the refusal says the hub has.
// Columns and villages are those of the last Settings.
//
// Down:
//
//	receipt         Receipt     epoch, through seq, sha256? of the entry at through
//	refusal         Refusal     epoch, seq, kind, item?, revision?, code, field?, message,
//	                            have? revision on file, with code "revision"
//	item.status     Status      item, revision, state, step? of steps?, stepName?, reason? code,
//	                            fields? names in Submit, comment?, by?, columns?, entry? id, url?,
//	                            outlet?, off? taken off the portal with its entry, combined?, at,
//	                            memo? base64
//	finding         Finding     id, kind? site column, state, class, target, site?, item?, places list, total, status?,
//	                            reason, looks, firstBad, lastBad, advice?, note?, due time, stage?
//	                            reminded overdue exposed supervised circulated,
//	                            ending? recovered removed struckoff waived, at
//	findings        Findings    findings list of Finding, at most 500; at. Only to a node that knows it
//	                Place       page, element?, label?
//	vetoes          Vetoes      vetoes list, at most 50, in the place of all said before; at. Only to a
//	                            node that knows it
//	                Veto        site name, title, english?, state near fallen, says, count, limit, own part
//	                            of the count, names? of what is the unit's, falls? time, official?
//	notice          Notice      id, title, text, at
//	look            Look        id, url http or https, page? its beginning is wanted, until time, at. Only to a node that knows it
//	rotate          Rotate      at
//	hubkey          HubKey      former public key, key that follows it, proof in standard base64, at.
//	                            Only to a node that knows it
//	settings        Settings    unit, villages list, columns list, county, portal?, limits?
//	                Unit        code, name
//	                Column      slug, name, steps names, closed?
//	                Limits      attachments per item, attachmentBytes, itemBytes
//
// Requests, answers and the bell:
//
//	hello           Hello       v 1, epoch, last seq, confirmed seq, down cursor, hubEpoch, hubKey? it
//	                            knows, program, clock, diskFree bytes, knows? later kinds of the
//	                            down log it reads (findings, look, hubkey, vetoes), and the fields of Beat
//	                Beat        queued, sent, oldest? time, files
//	                HelloAnswer v, hubEpoch, epoch, cursor, backlog, head seq, maxFrame bytes, now,
//	                            before? Mark, past? list of Past, recall?
//	                Mark        epoch, through seq
//	                Past        epoch, through seq, recalled seq
//	pull            Pull        hubEpoch, after seq, maxBytes
//	recall          Recall      hubEpoch, frame base64, done?, gone?; of at most 360,448 bytes
//	                RecallAnswer taken
//	rekey           Rekey       key, proof in standard base64
//	                RekeyAnswer key
//	offer           Offer       sha256, size
//	offer, chunk    OfferAnswer have bytes, done, chunk bytes wanted at most
//	bell            Bell        head? seq, hello?
//	any error       Fault       code, field?, detail
//
// # Joining
//
// A join code is "zq1-" and the unpadded base64url of a JSON object with the
// hub's address (h), a secret (s) that works once and, if the hub's certificate is
// not one every system trusts, the fingerprint (c) of the CA it comes from; see
// "Certificates". The node makes its key and
// posts [Enrol] as application/json to <h>/api/v1/enrol, signed over three lines:
//
//	zhanqun-enrol-1
//	<secret>
//	<public key>
//
//	                Enrol       secret, key, name of the machine, program, sig in standard base64,
//	                            was? Was
//	                Was         node, hubEpoch, down cursor
//	                EnrolAnswer node, unit Unit, hubKey, hubEpoch, nats addresses, now, pending?,
//	                            was? Mark
//
// Addresses have the scheme nats or tls for the broker itself, or ws or wss for
// NATS over WebSocket on the hub's HTTP side (path <h>/nats), which a node uses
// while it can reach none of the others. Everything else is the same there.
//
// From the answer on the key is the identity. Posting the same again, because
// the answer got lost, is answered the same. Any other status than 200 carries
// problem details (RFC 9457), whose detail is for a person.
//
// If the answer has Pending set, a person at the hub has to agree first. Until then
// the node may publish zq.ask.<node>.hello and nothing else, and is answered with
// code "pending"; it asks again about once a minute. When the person has agreed the
// hub ends the connection once, and on the next one the node may do everything. A
// bundle is answered with the same code. People compare keys by their fingerprint:
// the first 10 bytes of the SHA-256 of the public key's text, in base32, in groups
// of four.
//
// A node that has an identity may take another with a new key and a new code, for
// a lost, stolen or copied machine, and keep its items: it names the old one
// ([Enrol].Was), hears how far the hub has the old up log ([EnrolAnswer].Was), and
// begins a new epoch with the rest, signed anew. If the code was made to replace
// the old node, that one is revoked and its items, with their ids, belong to the
// new one.
//
// # Certificates
//
// Outside its own machine a hub speaks TLS, 1.2 or later, on its HTTP side (https,
// wss) and at the broker (tls: after NATS's INFO, as usual there). A fingerprint
// is the SHA-256 of a certificate's SubjectPublicKeyInfo in DER, unpadded base64url.
//
// A node that joins with a fingerprint in its code takes a certificate that was
// issued by a certificate with that fingerprint among those the hub sends, and no
// other. A node that has joined takes one issued by any CA the hub's key vouches
// for: a certificate among those sent has as a subject alternative name the URI
//
//	zhanqun-ca:<fingerprint of the CA>.<signature, unpadded base64url>
//
// whose Ed25519 signature by the hub's key is over two lines:
//
//	zhanqun-ca-1
//	<fingerprint of the CA>
//
// The certificate with that URI need not be the CA's own, and need not be part of
// the chain. In these two cases neither names nor times count, since
// only the hub has such certificates. Otherwise the ordinary rules hold: a CA
// the system trusts, the name, the time. testdata/certificates.json is an example.
//
// # Another key
//
// A node can take another key without losing a word, when a person wants it or the
// hub asks for it (a [Rotate] in the down log; one whose at is not later than that
// of the last is done with). It makes the key, keeps it on disk, and asks (verb
// "rekey", [Rekey]) with the present one. The new key proves itself over four lines:
//
//	zhanqun-rekey-1
//	<node>
//	<public key that signs the request>
//	<new public key>
//
// When the hub answers it has the new key on disk. In one transaction the node then
// takes it and begins a new log, in a new epoch, with all that is not confirmed,
// signed with the new key. So each epoch is signed with one key from its first entry
// to its last, and the hub keeps, for each epoch, which: what was signed before can
// be verified for ever.
//
// Until the new key has said hello both keys sign in, ask and beat, so that either
// side may die at any moment: a node that has not heard the answer asks again, with
// the same key or another one. With that hello the former key is worth nothing, and
// connections made with it end. A node keeps the former key: a hub that turns the
// present one away may have been restored from an older backup, and is asked again
// with the former. A hub refuses with code "state" while the node is not active.
//
// # Another key of the hub
//
// A hub can take another key while everything goes on. In the down log of each node
// that knows the kind it says [HubKey], signed with the key that log was signed with
// so far; what follows is signed with the new one. The new key proves itself over
// three lines:
//
//	zhanqun-hubkey-1
//	<former public key>
//	<new public key>
//
// So each down log is a chain from the key the node has joined with to the present
// one, with as many links as the hub has changed its key: a node that was away for
// years reads it link by link. A node follows a link only if its entry is the next of
// its log, signed by the key it knows the hub by, and the new key is none it has known
// before; then the new one is the key of the hub, in the transaction that applies the
// entry. It believes entries that any key of its chain has signed, since logs stay as
// they were signed. But whoever answers, makes a bundle, or vouches for a certificate
// has to do so with the last key of the chain: a former one is worth nothing then. A
// hub that can only speak with a former one was restored from a backup older than its
// present key; the node stops, and a person puts that key back.
//
// A hub keeps the keys it had and speaks to each node with the one that node names
// (Zq-Hub, to of a bundle), until the node has followed; all of them vouch for its
// certificates. A key that was stolen does none of this any more. A node that knows no
// other has to join again, since nobody could tell the hub's word from the thief's.
//
// # Bundles
//
// Where there is no line, a bundle carries the same entries and files as one
// file (extension .zqb), the way there as the way back. It is
//
//	ZQB1\n
//	gzip, one member:
//	  <bytes of the index in decimal> <signature>\n
//	  <index>\n
//	  frames, one after the other
//	  frames of recall, one after the other
//	  files, one after the other
//	ZQB1 end\n
//
// The index is a [BundleIndex] in JSON of at most 1,048,576 bytes. It names the
// size and SHA-256 of each frame and file that follows; there is nothing between
// them and nothing behind them. The signature is Ed25519 in standard base64,
// by the key the index names as from (U… for dir "up", N… for "down"), over
// three lines:
//
//	zhanqun-bundle-1
//	<dir>
//	<SHA-256 of the index in hex>
//
//	                BundleIndex v 1, dir, from key, to? key, node? id, epoch of the maker's store,
//	                            number 1 2 3 … in that epoch for that receiver, at time,
//	                            program?, first? and last? seq, frames? parts, files? parts (up);
//	                            up: hello? Hello, offers? Offers, join? JoinRequest for Hello,
//	                            recall? BundleRecall;
//	                            down: re? BundleRef, answer? HelloAnswer, fault? Fault for
//	                            answer, offered? BundleOffers, welcome? BundleWelcome
//	                BundlePart  size bytes, sha256
//	                BundleRef   epoch, number of a bundle up
//	                BundleOffer sha256, done? whole at the hub, fault? Fault why not taken
//	                BundleRecall hubEpoch, frames? parts, done?, gone?
//	                JoinRequest ticket, proof in standard base64, name of the machine
//	                BundleWelcome the fields of EnrolAnswer, and proof in standard base64
//
// A reader tells apart, in this order: what does not begin like a bundle; one
// without the last line (cut off, or still being copied: code "incomplete"); one
// whose signature, digests or compression are wrong (altered: "signature",
// "hash"); one that is for or from somebody else ("hub", "node"); one of a store
// that was left behind ("epoch"). It reads everything once before it applies
// anything. Then it applies frames as if they had come by the line, so that
// importing again, or what also came by the line, does no harm.
//
// A bundle up holds the frames after the last entry with a receipt, the word
// [Hello], and the offers of all files the hub may not have; some of these
// follow in the bundle. A bundle down holds the answer to Hello, the down log
// after the cursor that Hello named, what became of the offers, and the number
// of the newest bundle up that was taken: what that one carried and the answer
// does not confirm is carried again. Numbers tell whether one is missing; the
// next one heals it, because it begins at the last confirmed entry again.
//
// When the answer to Hello in a bundle down has Recall set, the next bundles up
// carry the words the hub asked for in frames of their own, behind those of the up
// log if these reach its end. The hub takes them when it has the up log through
// Hello's Last; if not, it asks again.
//
// A node without identity sends a [JoinRequest] in place of Hello and gets a
// [BundleWelcome]. With H the SHA-256 of the join code's secret in hex, ticket
// is the first 16 digits of H, and the proofs are HMAC-SHA-256 under the key H
// of these lines:
//
//	zhanqun-join-1          zhanqun-welcome-1
//	<key of the node>       <key of the node>
//	                        <key of the hub>
//	                        <node>
//
// # Versions
//
// This is version 1. New fields may appear within a version. A new version is
// read by a hub at least one version before any node writes it. What comes in a
// version the reader does not speak is refused with code "version".
package protocol
