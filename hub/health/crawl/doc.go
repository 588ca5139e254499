// Package crawl checks every link of a page, of some levels of a site, or of a
// whole site. It promises that
//
//   - it ends: on calendars, endless page numbers, session ids, permutations of
//     filters, paths that nest for ever and catch-all paths too, with the real
//     pages covered, and it says what it cut off and why (Totals.Cut);
//   - memory does not grow with what pages hold: of a link a few dozen bytes
//     are kept in memory, everything else in one file that only grows;
//   - one address is asked once, however many pages name it, and once more only
//     when it failed: a failure that is not repeated is none;
//   - only pages of the site are read for links; addresses elsewhere are asked,
//     as robots.txt there allows;
//   - with a folder to work in, a run that was stopped or killed goes on where
//     it was, and tells everything it had found again.
//
// The site is the host at which the start address arrives after its redirects;
// http and https, with and without "www.", are one site.
//
// Traps are told from real sites by asking: when pages of one shape, such as
// /cal?month=#, go on bringing nothing new, or follow on each other in a long
// chain, an address of that shape is asked that cannot be meant, far beyond the
// others. A site that has an answer even to that will have one for ever. Where
// there are no numbers, two addresses of other letters are asked when there are
// many pages in one folder: a site that has a page for either, and not the same
// one, makes them up.
//
// One goroutine (crawl.loop) owns all state; workers only ask.
package crawl
