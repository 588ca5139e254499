package account

import (
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"zhanqun/internal/fault"
)

// What every authenticator takes without being asked: RFC 6238 with SHA-1, six
// digits and steps of half a minute.
const (
	secondStep   = 30 * time.Second
	secondDigits = 6
	secondSecret = 20 // bytes, RFC 4226 §4 R6
	// secondSkew is how many steps before and after the present one count: the
	// clock of the telephone may be half a minute off, or the person slow.
	secondSkew = 1
)

// SecondSetup is how long a secret waits for the first code. After that another
// one is made.
const SecondSetup = time.Hour

// Second is what a person has beside the password: an authenticator on the
// telephone that shares a secret with the program and turns the time into codes
// (TOTP). It needs no line on either side.
type Second struct {
	Secret      []byte
	MadeAt      time.Time
	ConfirmedAt time.Time // zero until a first code showed that the authenticator works
	Step        uint64    // of the last code that was taken: none comes twice
	Codes       int       // recovery codes left
}

// On reports whether a code is asked for at sign-in.
func (s Second) On() bool { return !s.ConfirmedAt.IsZero() }

// Waits reports whether the secret still waits for its first code.
func (s Second) Waits(now time.Time) bool {
	age := now.Sub(s.MadeAt)
	return !s.On() && len(s.Secret) > 0 && age >= 0 && age < SecondSetup
}

// NewSecond returns one that waits for its first code.
func NewSecond(now time.Time) (Second, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "x", AccountName: "x", SecretSize: secondSecret})
	if err != nil {
		return Second{}, fmt.Errorf("making a secret: %w", err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Secret())
	if err != nil {
		return Second{}, fmt.Errorf("making a secret: %w", err)
	}
	return Second{Secret: secret, MadeAt: now}, nil
}

// URL is what the QR code for the authenticator says. issuer and login stand there
// in the authenticator's list.
func (s Second) URL(issuer, login string) (string, error) {
	plain := strings.NewReplacer(":", " ")
	key, err := totp.Generate(totp.GenerateOpts{Issuer: plain.Replace(issuer), AccountName: plain.Replace(login), Secret: s.Secret, SecretSize: secondSecret})
	if err != nil {
		return "", fmt.Errorf("writing the address of a secret: %w", err)
	}
	return key.URL(), nil
}

// Text is the secret for who types it, in groups of four.
func (s Second) Text() string {
	text := s.base32()
	var groups []string
	for len(text) > 0 {
		n := min(4, len(text))
		groups, text = append(groups, text[:n]), text[n:]
	}
	return strings.Join(groups, " ")
}

func (s Second) base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.Secret)
}

// Check returns the step a typed code belongs to: one around now, and later than
// any that was taken before. Store it in the same moment as taking the code.
func (s Second) Check(typed string, now time.Time) (step uint64, ok bool) {
	code := digits(typed)
	if len(code) != secondDigits || now.Unix() < 0 {
		return 0, false
	}
	present := uint64(now.Unix()) / uint64(secondStep/time.Second) // #nosec G115 -- not negative
	for step := max(present, secondSkew) - secondSkew; step <= present+secondSkew; step++ {
		if step <= s.Step {
			continue
		}
		right, err := hotp.ValidateCustom(code, step, s.base32(), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && right {
			return step, true
		}
	}
	return 0, false
}

// digits are the digits of what was typed, with or without blanks between them;
// empty if it holds anything else.
func digits(typed string) string {
	var b strings.Builder
	for _, r := range typed {
		if r >= '０' && r <= '９' { // full-width forms of an input method
			r -= '０' - '0'
		}
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ', r == '　', r == '\t', r == '\u00a0':
		default:
			return ""
		}
	}
	return b.String()
}

// RecoveryCodes is how many codes are given to somebody for the day the telephone
// is lost. Each opens once.
const RecoveryCodes = 8

// NewRecovery returns fresh recovery codes of an account and what is stored of
// them. The id of the account salts the digests.
func NewRecovery(id string) (codes, hashes []string) {
	for range RecoveryCodes {
		code := NewCode()
		codes, hashes = append(codes, code), append(hashes, recoveryHash(id, code))
	}
	return codes, hashes
}

func recoveryHash(id, code string) string { return HashToken(id + " " + code) }

// Recovery returns what would be stored of a typed text if it is a recovery code
// of the account, and "" if it cannot be one.
func Recovery(id, typed string) string {
	code, err := ParseCode(typed)
	if err != nil {
		return ""
	}
	return recoveryHash(id, code)
}

const wrongCode = "验证码不对、已经用过或过期了。请输入验证器上现在显示的 6 位数字；手机时间不准的，先校准。"

// The answers to a code that does not open: at sign-in, and where one is set up.
var (
	ErrSignInCode = fault.New(fault.Unauthenticated, wrongCode).With("code", wrongCode)
	ErrFirstCode  = fault.Field("code", wrongCode)
)

// Demand says whose accounts need a second factor. Whoever need not may have one.
type Demand string

// The demands.
const (
	DemandNone   Demand = "optional" // of nobody
	DemandAdmins Demand = "admins"   // of those who give others their accounts
	DemandAll    Demand = "all"
)

// Of reports whether one is demanded of somebody.
func (d Demand) Of(admin bool) bool { return d == DemandAll || d == DemandAdmins && admin }
