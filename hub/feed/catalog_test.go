package feed

import (
	"io/fs"
	"os"
	"testing"

	"zhanqun/internal/ui/uitest"
)

func TestCatalog(t *testing.T) {
	uitest.Catalog(t, uitest.Sources{Templates: Templates(), Go: []fs.FS{os.DirFS(".")}})
}
