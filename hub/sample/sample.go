// Package sample is the small made-up county that the demonstration shows: its
// units, texts, photos, and two township sites with real faults. It promises
// that every name and number in it is invented.
package sample

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"zhanqun/hub/catalog"
)

// County is the code of the county; the codes are outside the national scheme.
const County = "529900"

// Units are the county, its townships and villages, parents first.
func Units() []catalog.Unit {
	county := catalog.Unit{Code: County, Name: "青溪县", Level: catalog.LevelCounty, Parent: "5299"}
	units := []catalog.Unit{county}
	for i, t := range []struct {
		name     string
		villages []string
	}{
		{"云岭镇", []string{"杏花村", "石门村", "大湾村"}},
		{"石桥镇", []string{"龙潭村", "白果村"}},
		{"松林乡", []string{"高坡村", "水井湾村"}},
	} {
		code := fmt.Sprintf("%s%03d", County, 101+i)
		units = append(units, catalog.Unit{Code: code, Name: t.name, Level: catalog.LevelTownship, Parent: County})
		for j, v := range t.villages {
			units = append(units, catalog.Unit{Code: fmt.Sprintf("%s%03d", code, 201+j), Name: v, Level: catalog.LevelVillage, Parent: code})
		}
	}
	return units
}

// Outcomes of an item: how far the demonstration takes it.
const (
	Draft     = "draft"     // on the node's disk only
	Awaiting  = "awaiting"  // waits for the township's endorsement
	Received  = "received"  // waits at the hub
	InReview  = "in_review" // passed the first of several steps
	Returned  = "returned"
	Revised   = "revised" // returned, corrected, and waiting again
	Rejected  = "rejected"
	Adopted   = "adopted"
	Corrected = "corrected" // adopted, and a later revision adopted after it
	Withdrawn = "withdrawn"
	Combined  = "combined" // adopted as part of one entry with others
)

// Item is one text and what becomes of it.
type Item struct {
	Unit     string   `json:"unit"`    // code of the township
	Village  string   `json:"village"` // code of the village it comes from
	Column   string   `json:"column"`
	Title    string   `json:"title"`
	Body     []string `json:"body"` // paragraphs
	Author   string   `json:"author"`
	Photo    string   `json:"photo"`    // description of the photo, if it has one
	Link     string   `json:"link"`     // "dead" or "good": a link to one of the sites at the end
	Override string   `json:"override"` // why personal data in it may be public
	Outcome  string   `json:"outcome"`
	Reason   string   `json:"reason"`
	Fields   []string `json:"fields"`
	Comment  string   `json:"comment"`
	Answer   string   `json:"answer"`  // paragraph added by the next revision
	Replace  []string `json:"replace"` // what else it changes: old, new, …
}

//go:embed items.json
var items []byte

// Items are the texts, in the order they are submitted.
func Items() ([]Item, error) {
	var list []Item
	if err := json.Unmarshal(items, &list); err != nil {
		return nil, fmt.Errorf("reading sample items: %w", err)
	}
	return list, nil
}
