package content

// match appends the numbers of persons in the chain to out. From each chunk on
// it tries an identity number, then a bank card, then a mobile number; one
// stretch of text is one hit.
func (c *chain) match(out []span) []span {
	for i := range c.chunks {
		k := &c.chunks[i]
		k.left, k.right = glued(c.text, k.start), gluedAfter(c.text, k.end)
	}
	prevHit := false
	for i := 0; i < len(c.chunks); {
		kind, skip, n := c.matchAt(i, prevHit)
		if n == 0 {
			prevHit = false
			i++
			continue
		}
		start := c.chunks[i].start + skip
		if !inURL(c.text, start) {
			out = append(out, span{kind, start, c.chunks[i+n-1].end})
		}
		prevHit = true
		i += n
	}
	return out
}

// matchAt tries the number that begins at chunk i. n is how many chunks it
// takes, 0 for none; skip is the length of a country code before it.
func (c *chain) matchAt(i int, prevHit bool) (kind Kind, skip, n int) {
	if c.chunks[i].left {
		return "", 0, 0
	}
	total := 0
	for j := i; j < len(c.chunks) && total < 19; j++ {
		if j > i+1 && c.chunks[j].sep != c.chunks[i+1].sep {
			break // 6217-7900 0093…: two numbers, not one
		}
		total += c.chunks[j].n
		n = j - i + 1
		if c.chunks[j].right {
			continue
		}
		if total >= 15 && c.isID(i, n, total) {
			return KindID, 0, n
		}
		if total >= 16 && total <= 19 && c.standsAlone(i, n, prevHit) && c.isCard(i, n, total) {
			return KindCard, 0, n
		}
		if total >= 11 && total <= 15 && c.standsAlone(i, n, prevHit) {
			if skip, ok := c.isPhone(i, n, total); ok {
				return KindPhone, skip, n
			}
		}
	}
	return "", 0, 0
}

// standsAlone reports whether no hyphen ties the number to digits that are no
// number of a person: 2023-520624-51-02-825273 is one code.
func (c *chain) standsAlone(i, n int, prevHit bool) bool {
	if c.chunks[i].sep == '-' && !prevHit && !c.isCountryCode(i-1) {
		return false
	}
	if i+n == len(c.chunks) || c.chunks[i+n].sep != '-' {
		return true
	}
	next := c.chunks[i+n]
	return (next.n == 11 || next.n == 3) && c.digitsEqual(next.first, 1)
}

// isCountryCode reports whether chunk i is the 86 of +86 or 0086.
func (c *chain) isCountryCode(i int) bool {
	k := c.chunks[i]
	return k.n == 2 && c.digitsEqual(k.first, 8, 6) && plusBefore(c.text, k.start) ||
		k.n == 4 && c.digitsEqual(k.first, 0, 0, 8, 6)
}

// isID checks 18 digits, in any grouping, or 15 in one group where the text
// says what they are.
func (c *chain) isID(i, n, total int) bool {
	first, last := c.chunks[i].first, c.chunks[i+n-1]
	if n > 1 && c.chunks[i].n < 3 {
		return false
	}
	for j := i; j < i+n-1; j++ {
		if c.chunks[j].x {
			return false
		}
	}
	d := c.digits[first : first+total]
	switch {
	case total == 18:
		return d[0] != 0 && validDate(number(d[6:10]), number(d[10:12]), number(d[12:14])) && idCheck(d)
	case total == 15 && n == 1 && !last.x:
		return d[0] != 0 && validDate(1900+number(d[6:8]), number(d[8:10]), number(d[10:12])) &&
			near(c.text, c.chunks[i].start, idWords)
	}
	return false
}

// isCard checks 16 to 19 digits. Numbers that begin like a card of a Chinese
// bank (62) need the check digit only; others need to be called an account.
func (c *chain) isCard(i, n, total int) bool {
	k := c.chunks[i]
	if c.chunks[i+n-1].x || !c.cardGroups(i, n) {
		return false
	}
	d := c.digits[k.first : k.first+total]
	if !luhn(d) || named(c.text, k.start, otherNumbers) {
		return false
	}
	called := near(c.text, k.start, cardWords)
	if total == 18 && validDate(number(d[6:10]), number(d[10:12]), number(d[12:14])) {
		return called // an identity number with a slip, of Gansu (62) for example
	}
	if d[0] == 6 && d[1] == 2 {
		return true
	}
	return called && d[0] >= 3 && d[0] != 7 && d[0] != 8
}

// cardGroups reports whether chunks i … i+n-1 are grouped as cards are printed:
// fours and a rest, or six and a rest.
func (c *chain) cardGroups(i, n int) bool {
	if n == 1 || n == 2 && c.chunks[i].n == 6 {
		return true
	}
	for j := i; j < i+n; j++ {
		if m := c.chunks[j].n; m != 4 && (j < i+n-1 || m > 4) {
			return false
		}
	}
	return true
}

// isPhone checks 11 digits, or more with +86 or 0086 written into the first
// group, and returns the bytes of that country code.
func (c *chain) isPhone(i, n, total int) (skip int, ok bool) {
	k := c.chunks[i]
	if c.chunks[i+n-1].x || named(c.text, k.start, otherNumbers) {
		return 0, false
	}
	lead := total - 11
	switch {
	case lead == 0:
	case lead == 2 && c.digitsEqual(k.first, 8, 6) && plusBefore(c.text, k.start),
		lead == 4 && c.digitsEqual(k.first, 0, 0, 8, 6):
		for at := 0; at < lead; {
			_, size := digitAt(c.text, k.start+skip)
			if size > 0 {
				at++
			} else {
				size = invisible(c.text, k.start+skip)
			}
			skip += size
		}
	default:
		return 0, false
	}
	d := c.digits[k.first+lead : k.first+total]
	return skip, d[0] == 1 && d[1] >= 3 && c.phoneGroups(i, n, lead)
}

// phoneGroups reports whether the chunks are grouped as people write mobile
// numbers. A three and an eight that is a date are two numbers.
func (c *chain) phoneGroups(i, n, lead int) bool {
	shape := 0
	for j := i; j < i+n; j++ {
		m := c.chunks[j].n
		if j == i {
			m -= lead
		}
		if m < 1 || m > 11 {
			return false
		}
		shape = shape*12 + m
	}
	switch shape {
	case 11, (3*12+4)*12 + 4, (4*12+4)*12 + 3, (4*12+3)*12 + 4, (3*12+3)*12 + 5, 7*12 + 4, 5*12 + 6, 6*12 + 5:
		return true
	case 3*12 + 8:
		d := c.digits[c.chunks[i+1].first:]
		return !validDate(number(d[:4]), number(d[4:6]), number(d[6:8]))
	}
	return false
}
