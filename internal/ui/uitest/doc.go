// Package uitest holds a program's pages to the promises of internal/ui: every
// text has an English entry and every entry is used; every page renders in both
// languages to well-formed HTML that a keyboard and a screen reader can use and
// that the content security policy lets through.
//
// A program calls Catalog and Pages once each from a test of its web package:
//
//	func TestCatalog(t *testing.T) {
//		uitest.Catalog(t, uitest.Sources{Templates: templates, Go: []fs.FS{os.DirFS(".")}})
//	}
//
//	func TestPages(t *testing.T) {
//		uitest.Pages(t, renderer, []uitest.Sample{{Page: "items", Data: &itemsPage{…}}})
//	}
package uitest
