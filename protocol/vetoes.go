package protocol

import (
	"fmt"
	"time"
)

// Vetoes say how the vetoes of inspections (单项否决) stand of which a part is the
// unit's own: those that are near and those that hold. They take the place of all
// that was said before; an empty list says that the unit has no part in any.
type Vetoes struct {
	Vetoes []Veto    `json:"vetoes"`
	At     time.Time `json:"at"`
}

// States of a veto that a unit is told of.
const (
	VetoNear   = "near"   // it is warned of
	VetoFallen = "fallen" // it holds: the site fails the inspection
)

// Veto is one of a site.
type Veto struct {
	Site     string    `json:"site"`  // its name
	Title    string    `json:"title"` // of the clause
	English  string    `json:"english,omitempty"`
	State    string    `json:"state"`
	Says     string    `json:"says"` // how the whole site stands, in one sentence
	Count    int       `json:"count"`
	Limit    int       `json:"limit"`              // a count of this size fails
	Own      int       `json:"own"`                // how much of the count is the unit's
	Names    []string  `json:"names,omitempty"`    // of what is, the first of it: columns
	Falls    time.Time `json:"falls,omitzero"`     // day on which it falls if nothing changes
	Official bool      `json:"official,omitempty"` // else it is a number of the county's own
}

// Validate implements Message.
func (m *Vetoes) Validate() []Fault {
	var c checker
	if len(m.Vetoes) > MaxVetoes {
		c.add("vetoes", fmt.Sprintf("一次最多 %d 项", MaxVetoes))
		return c.faults
	}
	for i, v := range m.Vetoes {
		c.token(fmt.Sprintf("vetoes[%d].state", i), v.State)
		if len(v.Names) > MaxVetoNames {
			c.add(fmt.Sprintf("vetoes[%d].names", i), fmt.Sprintf("最多 %d 个名称", MaxVetoNames))
		}
	}
	return c.faults
}
