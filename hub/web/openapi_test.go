package web

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

// The description and the routes are the same list: nothing is offered that is
// not described, and nothing described that is not offered.
func TestOpenAPIListsEveryRoute(t *testing.T) {
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(openAPIText, &doc); err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	offered := []string{"POST " + protocol.EnrolPath}
	for _, r := range new(Server).apiRoutes() {
		offered = append(offered, r.pattern)
	}
	slices.Sort(described)
	slices.Sort(offered)
	if diff := cmp.Diff(offered, described); diff != "" {
		t.Errorf("routes (-offered +described):\n%s", diff)
	}
	for _, m := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(string(openAPIText), -1) {
		if doc.Components.Schemas[m[1]] == nil {
			t.Errorf("there is no schema %s", m[1])
		}
	}
}
