// Package uptime says how available a site is: when it is asked, which answer
// counts as a failure, what a day and a week come to, and when a fault becomes
// an incident. It is rules only; it asks nobody and keeps nothing.
//
// It promises that
//
//   - the 24 times a day at which a site is asked follow from the site and the
//     day alone, so that a program that starts again neither asks twice nor
//     forgets;
//   - a visit fails as the inspection counts it: no complete answer before 15 s,
//     no connection, a status of 400 or more, or a page that is only an error,
//     a notice or an advertisement. Why it failed is kept;
//   - what this machine could not find out is no data: it is neither a failure
//     nor a good visit. A line of our own that is cut is told from a site that
//     is down by other hosts; see LineLost;
//   - a day with fewer than 20 valid visits, and a week with such a day, is an
//     insufficient sample (样本不足) and never passes;
//   - a site that fails while the line it is said to hang on does not answer
//     either, or while it opens from another line, brings no data;
//   - one failed visit is a record. An incident begins after several in a row
//     and ends after several good ones; where sites hang on one another there is
//     one incident, at the root;
//   - what is kept of a day is one small record, so that a year of a site is a
//     few hundred of them.
package uptime
