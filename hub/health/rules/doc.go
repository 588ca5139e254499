// Package rules judges a site by the rules of an inspection: which veto has
// fallen or how far it is, what is deducted and why, what the score comes to,
// and on which day a veto will fall if nothing changes.
//
// It promises that
//
//   - a rule set is data: a file with an id, the text it follows and the day it
//     holds from, and for every clause its source and how sure that is (Mark).
//     What is not confirmed is called 县内参考值, a value of the county's own,
//     and never official;
//   - judging is a pure function of a set and of facts. A fact that is absent is
//     "not checked" and never passes; what is not checked can only make the
//     result worse, so a score is the best one possible and says so;
//   - every number can be traced: a clause names what it counted, its window and
//     its sample, and the unit that answers for each part of it;
//   - a column counts against a site once: a blank one is not stale as well, and
//     nothing that is already deducted is deducted again.
//
// Windows are days in Beijing that end with the day of the check point. A column
// that has to change within 14 days and last did on the 1st is still good on the
// 15th and stale on the 16th. Months are those of the calendar: what was current
// on 31 August is so until the end of February.
package rules
