// Package fresh tells from a column's list page when the column was last
// updated, and whether that is in time.
//
// It reads what a visitor sees: the items of the page's main list and the dates
// printed beside them, in whatever way they are written. Where the list shows
// none, the date may stand in an item's address, and at last in the articles
// themselves, of which a few are asked for. It promises that
//
//   - what is no publication is not taken for one: clocks, copyright years, hit
//     counts, dates in titles, deadlines, side boxes, menus, the time at which a
//     page was generated. Dates that lie ahead are reported and never count;
//   - a verdict needs grounds. A list that is filled by a script, a page that
//     cannot be read, a column that is gone are Unknown, with the reason: only
//     a page that was read and shows nothing is Blank;
//   - every date can be traced: the item it belongs to, the text it was read
//     from, and where that stands;
//   - it ends in bounded time and memory on any page: the tree is bounded in
//     depth and size, and at most Options.Articles further pages are asked for.
//
// Weigh adds the second witness, the time at which each item was first seen,
// and finds items whose date was made up afterwards.
//
// The rules come from the national inspection (news within 14 days, notices and
// policy documents within 6 months); see Class. Nothing here knows any site.
package fresh
