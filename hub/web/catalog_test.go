package web

import (
	"io/fs"
	"os"
	"testing"

	"zhanqun/internal/ui/uitest"
)

// Faults of the areas and of what keeps their records are shown on these pages,
// and so are the states their sentences name. Columns, steps and what the areas
// write for townships and readers have words of their own.
func TestCatalog(t *testing.T) {
	uitest.Catalog(t, uitest.Sources{Templates: Templates(), Chips: chips,
		Every: []fs.FS{os.DirFS("."), os.DirFS("../review"), os.DirFS("../access"), os.DirFS("../health"), uitest.Without(os.DirFS("../health/urge"), "csv.go"), os.DirFS("../health/uptime"), os.DirFS("../health/prober"), uitest.Without(os.DirFS("../health/verdict"), "verdict.go"), uitest.Without(os.DirFS("../health/rules"), "check.go", "load.go", "period.go", "points.go", "set.go"), os.DirFS("../intake"), os.DirFS("../listfile"), uitest.Without(os.DirFS("../ranking"), "csv.go", "rule.go", "tenths.go"), uitest.Without(os.DirFS("../webhook"), "message.go", "veto.go"), os.DirFS("../store")},
		Seen:  []fs.FS{os.DirFS("../catalog"), os.DirFS("../health/rules")}})
}
