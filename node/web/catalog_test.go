package web

import (
	"io/fs"
	"os"
	"testing"

	"zhanqun/internal/ui/uitest"
)

// The faults of the queue and of the line are shown here too, and what the
// county's reviewers' desk and its checks say by themselves comes down. Columns have
// names of the county's choosing and stay as they are.
func TestCatalog(t *testing.T) {
	uitest.Catalog(t, uitest.Sources{Templates: Templates(), Chips: chips,
		Every: []fs.FS{os.DirFS("."), uitest.Without(os.DirFS("../queue"), "columns.go"), os.DirFS("../uplink"), os.DirFS("../../internal/trust")},
		Seen:  []fs.FS{os.DirFS("../../hub/review"), os.DirFS("../../hub/health"), os.DirFS("../../hub/health/fresh"), os.DirFS("../../hub/health/uptime")}})
}
