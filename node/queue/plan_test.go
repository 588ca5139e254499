package queue_test

import (
	"strings"
	"testing"

	"zhanqun/node/queue"
)

// With years of items behind it, no list may look at each of them.
func TestListsWalkIndexes(t *testing.T) {
	q, _ := open(t)
	for _, s := range []queue.State{"", queue.Drafting, queue.Awaiting, queue.Queued, queue.Sent, queue.Received, queue.Refused, "returned", "adopted", "withdrawn"} {
		for _, who := range []queue.Actor{liaison, villager} {
			for _, due := range []bool{false, true} {
				plan, err := q.ListPlan(t.Context(), who, queue.Filter{State: s, Due: due})
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range plan {
					// The station has one row; sorting a page is no walk.
					if strings.HasPrefix(line, "SCAN") && line != "SCAN s" && line != "SCAN station" {
						t.Errorf("%q, due %v, %s: %s\n%s", s, due, who.Role, line, strings.Join(plan, "\n"))
					}
				}
			}
		}
	}
}

// A page of a log costs what the page holds, however long the log is.
func TestLogsWalkIndexes(t *testing.T) {
	q, _ := open(t)
	plan, err := q.LogPlans(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range plan {
		// The hub's former epochs are a few.
		if strings.HasPrefix(line, "SCAN") && !strings.HasPrefix(line, "SCAN p VIRTUAL") || strings.Contains(line, "TEMP B-TREE") {
			t.Errorf("%s\n%s", line, strings.Join(plan, "\n"))
		}
	}
}
