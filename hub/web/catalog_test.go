package web

import (
	"io/fs"
	"os"
	"testing"

	"zhanqun/internal/ui/uitest"
)

// What the store says of its own troubles is shown here.
func TestCatalog(t *testing.T) {
	uitest.Catalog(t, uitest.Sources{Templates: Templates(), Go: []fs.FS{os.DirFS(".")}, Seen: []fs.FS{os.DirFS("../store")}})
}
