// Package linkcheck asks whether one URL still answers, politely, and says how
// it failed; and it reads the links out of a page.
//
// It promises that
//
//   - a check ends in bounded time, memory and bytes, whatever the other side
//     sends: the time is Options.Timeout (15 s, the official limit), without
//     the waits that politeness costs;
//   - it never connects to an address the operator has not allowed: the rule
//     is applied to the resolved address at the moment of dialling, at every
//     hop, and no proxy is taken from the environment;
//   - the answer to a GET decides. HEAD is not used: too many servers refuse
//     it, never answer it or are kinder to it. What is not a page is judged
//     from its beginning without being fetched whole;
//   - a bot wall, a login, a rate limit or a silent line is Inconclusive,
//     never Dead. Dead is said of one look only; Policy.Next decides from
//     looks that are apart in time whether a link is dead;
//   - a bad certificate is a finding of its own beside the verdict: the page
//     behind it is judged all the same.
//
// The parts stand alone so that a crawler can be built on them: Links reads a
// page, Decode its characters, Throttle keeps the pace of each host, Policy
// the patience of each link. The package keeps nothing on disk.
//
// The verdicts follow the official classes of broken links (死链, 内容死链,
// 错链); see Class.
package linkcheck
