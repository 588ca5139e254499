package account

import (
	"crypto/rand"
	"strings"

	"zhanqun/internal/fault"
)

// codeAlphabet is Crockford's base 32: no I, L, O or U.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	codeData  = 19 // random characters: 95 bits
	codeGroup = 4
)

// NewCode returns a single-use secret a person can type, five groups of four
// such as "7K3M-Q2ZD-0HXV-9RTB-4EWN": 95 bits of chance and, as the last
// character, a check that catches every single wrong character and every pair
// swapped. Store HashToken of it; a typed code goes through ParseCode first.
func NewCode() string {
	var raw [codeData]byte
	_, _ = rand.Read(raw[:])
	code := make([]byte, 0, codeData+1)
	for _, x := range raw {
		code = append(code, codeAlphabet[x&31])
	}
	return groupCode(append(code, codeAlphabet[codeCheck(code)]))
}

// ParseCode turns what a person typed or pasted into the form NewCode gave. It
// accepts lower case, full-width characters, missing or extra separators, and
// O, I, L for the digits they look like. A code that cannot be right is an
// Invalid fault at the field "code".
func ParseCode(typed string) (string, error) {
	code := make([]byte, 0, codeData+1)
	for _, r := range typed {
		if r >= 0xFF01 && r <= 0xFF5E { // full-width forms of an input method
			r -= 0xFEE0
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		switch r {
		case ' ', '\t', '\r', '\n', '-', '_', '.', '　', '—', '–', '‐', '\u00a0', '\ufeff', '\u200b':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r > 'Z' || strings.IndexByte(codeAlphabet, byte(r)) < 0 || len(code) > codeData {
			return "", badCode()
		}
		code = append(code, byte(r))
	}
	if len(code) != codeData+1 || codeAlphabet[codeCheck(code[:codeData])] != code[codeData] {
		return "", badCode()
	}
	return groupCode(code), nil
}

func badCode() error {
	return fault.Field("code", "这个码不完整或有一处输错，请对照原码重新输入（共 20 位，5 组）。")
}

func groupCode(code []byte) string {
	var b strings.Builder
	for i, c := range code {
		if i > 0 && i%codeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// codeCheck is the sum of xᵢ·αⁱ⁺¹ over GF(32). With fewer than 31 positions all
// factors differ and none is 0 or 1, so no single error and no swap of two
// unequal characters leaves the sum as it was.
func codeCheck(code []byte) byte {
	var sum byte
	factor := byte(1)
	for _, c := range code {
		factor = gfMul(factor, 2)
		sum ^= gfMul(factor, byte(strings.IndexByte(codeAlphabet, c))) // #nosec G115 -- c is from the alphabet
	}
	return sum
}

// gfMul multiplies in GF(32) modulo x⁵+x²+1.
func gfMul(a, b byte) byte {
	var p byte
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		a <<= 1
		if a&32 != 0 {
			a ^= 0b100101
		}
	}
	return p
}
