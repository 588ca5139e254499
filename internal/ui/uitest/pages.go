package uitest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"zhanqun/internal/ui"
)

// Sample is one page with data to show.
type Sample struct {
	Page string
	Name string // tells samples of one page apart; may be empty
	Data ui.Data
	URL  string // address asked for; "" means /
}

// Pages renders every sample in both languages and checks the HTML. Each page
// of the program needs a sample.
func Pages(t *testing.T, r *ui.Renderer, samples []Sample) {
	t.Helper()
	have := map[string]bool{} // those that are shared are checked in internal/ui
	for _, page := range []string{"confirm", "error", "second", "secondstep", "recovery"} {
		have[page] = true
	}
	for _, s := range samples {
		have[s.Page] = true
		for _, lang := range []string{"zh", "en"} {
			t.Run(s.Page+"/"+s.Name+"/"+lang, func(t *testing.T) {
				for _, problem := range Check(Render(t, r, s, lang)) {
					t.Error(problem)
				}
			})
		}
	}
	for _, page := range r.Pages() {
		if !have[page] {
			t.Errorf("page %q has no sample", page)
		}
	}
	for page := range have {
		if !slices.Contains(r.Pages(), page) {
			t.Errorf("sample for page %q, which does not exist", page)
		}
	}
}

// Render renders one sample in a language ("zh" or "en").
func Render(t testing.TB, r *ui.Renderer, s Sample, lang string) []byte {
	t.Helper()
	url := s.URL
	if url == "" {
		url = "/"
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	req.AddCookie(&http.Cookie{ //nolint:gosec // sent by the test itself
		Name: ui.LangCookie, Value: lang,
	})
	w := httptest.NewRecorder()
	if err := r.Render(w, req, http.StatusOK, s.Page, s.Data); err != nil {
		t.Fatalf("rendering %s: %v", s.Page, err)
	}
	return w.Body.Bytes()
}
