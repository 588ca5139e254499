package fresh

import (
	"regexp"
	"strconv"
)

// inAddress are the ways content systems write the day of an item into its
// address: /202611/t20261101_123.html, /2026-11/01/, /art/2026/11/1/,
// /20261101/, /20261101102030123.html, ?date=2026-11-01.
var inAddress = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|[/_=\-])[tcT]?((?:19|20)\d\d)[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])(?:[/_.\-&?]|$)`),
	regexp.MustCompile(`(?:^|[/_=])((?:19|20)\d\d)[-/_](1[0-2]|[1-9])[-/_](3[01]|[12]\d|[1-9])(?:[/_.&?]|$)`),
	regexp.MustCompile(`(?:^|[/_=\-])[tc]?((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d\d*(?:[/_.\-&?]|$)`),
}

// addressDay returns the day written into an item's address, none if there is
// none.
func addressDay(address string) Day {
	for _, form := range inAddress {
		for _, m := range form.FindAllStringSubmatch(address, 4) {
			y, _ := strconv.Atoi(m[1])
			month, _ := strconv.Atoi(m[2])
			d, _ := strconv.Atoi(m[3])
			if day := dayAt(y, month, d); day != "" && y >= firstYear {
				return day
			}
		}
	}
	return ""
}

var monthInAddress = regexp.MustCompile(`/((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])/`)

// addressMonth returns the middle of the month an address lies in, for telling
// the year of a date; none if it names no month.
func addressMonth(address string) Day {
	if m := monthInAddress.FindStringSubmatch(address); m != nil {
		return Day(m[1] + "-" + m[2] + "-15")
	}
	return ""
}
