package rules

// why says in one sentence what a clause lacks that was not checked, or not all of
// it.
func (j *judge) why(c Clause) string {
	switch c.Kind {
	case KindAvailability:
		if j.f.Availability == nil {
			return saysNotWatched
		}
		return saysFewVisits
	case KindHome:
		return saysNoHome
	case KindFewItems:
		return saysNoItems
	case KindStale, KindOverdue, KindBlank:
		if j.f.Columns == nil {
			return saysNoColumns
		}
		return saysColumnsUnread
	case KindDeadHome, KindDeadOther:
		return saysNoLinks
	}
	return saysByHand
}

// Lack is a clause of the scoring that lacks facts.
type Lack struct {
	Ref
	Group string `json:"group"`
	Why   string `json:"why"` // in one Chinese sentence
}
