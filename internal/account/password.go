package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of one hash: 19 MiB and two passes (the OWASP minimum) take about 40 ms
// of one core. A higher cost would starve the small PCs nodes run on.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	saltLen      = 16
	keyLen       = 32
)

// Upper bounds for a stored string, so that a damaged or planted row cannot
// make sign-in take gigabytes or minutes.
const (
	maxStoredTime    = 16
	maxStoredMemory  = 256 * 1024 // KiB
	maxStoredThreads = 8
)

// ErrMalformed is returned by Verify for a stored string it cannot read.
var ErrMalformed = errors.New("malformed password hash")

// slots bounds the memory and cores that sign-ins may take at once: two times
// 19 MiB, however many people sign in on Monday morning.
var slots = make(chan struct{}, 2)

var b64 = base64.RawStdEncoding

// Hash returns the PHC string to store for password. It waits for one of two
// slots and returns ctx's error if ctx ends first.
func Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails: crypto/rand aborts the program instead
	p := phc{time: argonTime, memory: argonMemory, threads: argonThreads, salt: salt}
	key, err := p.derive(ctx, password, keyLen)
	if err != nil {
		return "", err
	}
	p.key = key
	return p.String(), nil
}

// Verify reports whether password is the one stored as stored. needsRehash is
// true for a right password kept at another cost than today's: store a fresh
// Hash then. A stored string that cannot be read is ErrMalformed, never a match.
func Verify(ctx context.Context, stored, password string) (ok, needsRehash bool, err error) {
	p, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	key, err := p.derive(ctx, password, uint32(len(p.key))) // #nosec G115 -- parsePHC bounds the length
	if err != nil {
		return false, false, err
	}
	if subtle.ConstantTimeCompare(key, p.key) != 1 {
		return false, false, nil
	}
	return true, p.outdated(), nil
}

// VerifyNobody costs what Verify costs and matches nothing. Call it for a login
// that does not exist, so that answering time does not tell which logins do.
func VerifyNobody(ctx context.Context, password string) error {
	p := phc{time: argonTime, memory: argonMemory, threads: argonThreads, salt: make([]byte, saltLen)}
	_, err := p.derive(ctx, password, keyLen)
	return err
}

// phc is the parsed form of $argon2id$v=19$m=…,t=…,p=…$salt$key.
type phc struct {
	time, memory uint32
	threads      uint8
	salt, key    []byte
}

func (p phc) derive(ctx context.Context, password string, n uint32) ([]byte, error) {
	// A free slot must not win against a context that has already ended.
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("waiting to hash a password: %w", err)
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to hash a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, n), nil
}

func (p phc) outdated() bool {
	return p.time != argonTime || p.memory != argonMemory || p.threads != argonThreads ||
		len(p.salt) != saltLen || len(p.key) != keyLen
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.memory, p.time, p.threads, b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

func parsePHC(s string) (phc, error) {
	part := strings.Split(s, "$")
	if len(s) > 512 || len(part) != 6 || part[0] != "" || part[1] != "argon2id" ||
		part[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, ErrMalformed
	}
	cost := strings.Split(part[3], ",")
	if len(cost) != 3 {
		return phc{}, ErrMalformed
	}
	m, err1 := costValue(cost[0], "m=", maxStoredMemory)
	t, err2 := costValue(cost[1], "t=", maxStoredTime)
	n, err3 := costValue(cost[2], "p=", maxStoredThreads)
	salt, err4 := b64.DecodeString(part[4])
	key, err5 := b64.DecodeString(part[5])
	if errors.Join(err1, err2, err3, err4, err5) != nil || len(salt) < 8 || len(key) < 16 {
		return phc{}, ErrMalformed
	}
	return phc{time: t, memory: m, threads: uint8(n), salt: salt, key: key}, nil // #nosec G115 -- n ≤ 8
}

// costValue reads "m=19456" and its like, between 1 and limit.
func costValue(s, prefix string, limit uint32) (uint32, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, ErrMalformed
	}
	v, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || v == 0 || v > uint64(limit) {
		return 0, ErrMalformed
	}
	return uint32(v), nil
}
