// Package ranking counts what each unit sent in and what became of it in a
// period, gives points by a rule that is data, and ranks the units.
//
// It promises:
//   - everything but the reading is a pure function of facts and rules: the same
//     facts in any order give the same table;
//   - the points are the county's own setting. They are never called official,
//     and every table names the rules it was made by;
//   - points are counted in tenths, so that half a point is exact;
//   - each point can be explained: the ledger of a unit names the items, what
//     happened to them and what it was worth;
//   - what a village sends in counts for its township and, in a list of their
//     own, for the village; ranks are given among townships and among
//     departments apart, never among villages, which have no say in what their
//     township passes on;
//   - units with equal points share a rank, and the next rank is skipped;
//   - what happens later is booked in the period in which it happens: an entry
//     taken down for its faults takes back then what it had earned before, and
//     so does one that was published in an emergency and rejected afterwards.
//
// # What is counted
//
// submitted: items whose first text arrived in the period. adopted: items that
// the county's portal took over in the period, each once, and apart from that
// adoptions by outlets above the county, each publication once, by the day that
// was noted for it. An item counts in every column its entry stands in.
// returned: items returned in the period, each once. rejected: items that were
// refused for good. withdrawn: items taken back, by the county or by the unit
// itself, before or after publication.
package ranking
