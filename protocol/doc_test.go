package protocol_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"zhanqun/protocol"
)

// Every field that travels stands in the specification, under its type: who
// writes a client reads doc.go.
func TestEveryFieldIsSpecified(t *testing.T) {
	raw, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.ReplaceAll(string(raw), "\n// ", "\n")
	for _, v := range []any{
		protocol.Submit{}, protocol.Attachment{}, protocol.Withdraw{}, protocol.Answer{},
		protocol.Receipt{}, protocol.Refusal{}, protocol.Status{}, protocol.Finding{}, protocol.Findings{}, protocol.Place{}, protocol.Notice{},
		protocol.Settings{}, protocol.Unit{}, protocol.Column{}, protocol.Limits{},
		protocol.Hello{}, protocol.Beat{}, protocol.HelloAnswer{}, protocol.Pull{}, protocol.Offer{}, protocol.OfferAnswer{}, protocol.Bell{},
		protocol.Fault{}, protocol.Enrol{}, protocol.EnrolAnswer{},
		protocol.BundleIndex{}, protocol.BundlePart{}, protocol.BundleRef{}, protocol.BundleOffer{}, protocol.JoinRequest{}, protocol.BundleWelcome{},
		protocol.Mark{}, protocol.Past{}, protocol.Recall{}, protocol.RecallAnswer{}, protocol.Was{},
		protocol.Rekey{}, protocol.RekeyAnswer{}, protocol.Rotate{}, protocol.HubKey{}, protocol.Look{}, protocol.Looked{},
	} {
		typ := reflect.TypeOf(v)
		// The row of a type goes on in lines that begin in its third column.
		row := regexp.MustCompile(`(?m)^//\t.{16}` + typ.Name() + ` .*(\n//\t {28}.*)*$`).FindString(doc)
		if row == "" {
			t.Errorf("%s is not in the tables of doc.go", typ.Name())
			continue
		}
		for i := range typ.NumField() {
			name, option, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "" {
				continue // embedded
			}
			want := `\b` + name + `\b`
			if strings.Contains(option, "omitempty") {
				want = `\b` + name + `\?`
			}
			if !regexp.MustCompile(want).MatchString(row) {
				t.Errorf("%s: doc.go does not name %q as in %s", typ.Name(), name, want)
			}
		}
	}
	for _, dir := range []protocol.Direction{protocol.Up, protocol.Down} {
		for _, kind := range protocol.Kinds(dir) {
			if !strings.Contains(doc, "\n//\t"+string(kind)+" ") {
				t.Errorf("kind %s is not in doc.go", kind)
			}
		}
	}
}
