package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"zhanqun/internal/chinatime"
)

// When returns a time as people write it, or a dash for none.
func When(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(chinatime.Zone).Format("2006-01-02 15:04")
}

// WriteJSON writes v as one line of JSON.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// Table writes rows in columns; the first row are the heads. Control characters
// are left out: a machine's name comes from the machine.
func Table(w io.Writer, rows [][]string) error {
	var wide []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			row[i] = OneLine(strings.Map(printable, cell))
			wide[i] = max(wide[i], width(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if i == len(row)-1 {
				b.WriteString(cell)
				break
			}
			b.WriteString(pad(cell, wide[i]+2))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// width is how many columns of a terminal text takes: a Chinese character two.
func width(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= 0x2e80 {
			n++
		}
	}
	return n
}

// pad fills text up to n columns, with two blanks at least.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(2, n-width(text)))
}
